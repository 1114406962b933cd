"""Derivations as an HTML page: MathML, no script, light or dark as the reader's system is."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import sympy

from ..assumptions import Assumption
from ..derivation import Chain, Derivation, Evaluation
from . import mathml, text, words
from .words import Segments

_STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td{padding:.3rem .5rem;vertical-align:top}td.left{text-align:right}"
    ".note{opacity:.75;font-size:.9rem;margin-left:1.5em}div{overflow-x:auto}"
)


def derivation(made: Derivation) -> str:
    """A derivation as a whole HTML page that works as a file of its own."""
    return whole(text.written(words.heading(made)), fragment(made))


def whole(title: str, inside: str) -> str:
    """A page around its inside."""
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width"/>'
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style></head><body>",
            inside,
            "</body></html>",
            "",
        )
    )


def fragment(made: Derivation) -> str:
    """A derivation as the inside of a page."""
    lines = [f"<h1>{_prose(words.heading(made))}</h1>"]
    if conditions := words.conditions(made):
        lines.append(f"<p>{_prose(conditions)}</p>")
    lines.append("<div><table>")
    lines += [row for chain in made.chains for row in _chain(chain)]
    lines.append("</table></div>")
    if made.evaluations:
        lines.append(f"<h2>{escape(made.subject or 'In numbers')}</h2>")
        lines += [f"<p>{line}</p>" for evaluation in made.evaluations for line in _evaluation(evaluation)]
    lines += [f"<p>Note: {escape(note)}.</p>" for note in made.notes]
    return "\n".join(lines)


def _chain(chain: Chain) -> Iterator[str]:
    left = _math(chain.left)
    for step in chain.steps:
        yield _row(left, step.relation, _math(step.expression), _prose(words.note(step)))
        left = ""
    if chain.evaluation is not None:
        for side in _numbers(chain.evaluation):
            yield _row("", "=", side, "")


def _row(left: str, relation: str, right: str, note: str) -> str:
    beside = f' <span class="note">{note}</span>' if note else ""
    return f'<tr><td class="left">{left}</td><td>{relation}</td><td>{right}{beside}</td></tr>'


def _evaluation(evaluation: Evaluation) -> Iterator[str]:
    sides = dict.fromkeys((_math(evaluation.left), _math(evaluation.expression), *_numbers(evaluation)))
    yield " = ".join(sides)
    for share in evaluation.shares:
        part = words.percent(evaluation.result, share.value)
        yield f"{escape(part)} of {_math(share.expression)} = {words.number(share.value)}"


def _numbers(evaluation: Evaluation) -> list[str]:
    shown = _wrapped(mathml.parts(evaluation.expression, words.values(evaluation), words.UNITS))
    result = escape(words.result(evaluation))
    return [result] if isinstance(evaluation.expression, sympy.Symbol) else [shown, result]


def _prose(segments: Segments) -> str:
    return "".join(_segment(item) for item in segments)


def _segment(item: words.Segment) -> str:
    if isinstance(item, Assumption):
        return f"{_math(item.symbol)} = {_math(item.expression)}"
    return escape(item) if isinstance(item, str) else _math(item)


def _math(expr: sympy.Expr) -> str:
    return _wrapped(mathml.parts(expr, omit=words.UNITS))


def _wrapped(parts: list[str]) -> str:
    return "\u200b".join(f"<math>{inside}</math>" for inside in parts)
