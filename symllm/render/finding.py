"""Crossovers and elasticities as LaTeX, Markdown and HTML; the terminal's form is among the tables."""

from __future__ import annotations

from html import escape
from typing import Any

from ..units import show
from . import latex as typeset


def latex(found: Any, standalone: bool) -> str:
    """The closed form with its value, or the elasticities as an array; else the sentence. standalone: a whole document."""
    if found.rows:
        rows = [rf"\text{{{typeset.words(name)}}} & \text{{{typeset.words(title)}}} & {value:+.3f}" for name, title, value in found.rows]
        body = typeset.aligned(rows).replace("{aligned}", "{array}{llr}", 1).replace(r"\end{aligned}", r"\end{array}")
    elif found.latex:
        body = found.latex + (rf" = \text{{{typeset.words(_value(found))}}}" if found.value is not None else "")
    else:
        body = rf"\text{{{typeset.words(found.says)}}}"
    if not standalone:
        return body
    notes = [f"Note: {note}." for note in found.notes]
    return typeset.page(found.title, body, (f"{found.says}.", *notes) if found.latex or found.rows else notes)


def markdown(found: Any) -> str:
    """The sentence, the closed form with its value, the elasticities as a table."""
    parts = [f"### {found.title}", found.says]
    if found.latex:
        parts.append(f"$$\n{latex(found, False)}\n$$")
    if found.rows:
        rows = [f"| `{name}` | {title} | {value:+.3f} |" for name, title, value in found.rows]
        parts.append("\n".join(("| symbol | | elasticity |", "| --- | --- | ---: |", *rows)))
    return "\n\n".join((*parts, *(f"*Note: {note}.*" for note in found.notes))) + "\n"


def html(found: Any) -> str:
    """The same as a page of its own."""
    from .html import whole

    lines = [f"<h1>{escape(found.title)}</h1>", f"<p>{escape(found.says)}</p>"]
    if found.text:
        lines.append(f"<p>{escape(found.text)}{' = ' + escape(_value(found)) if found.value is not None else ''}</p>")
    if found.rows:
        rows = (f"<tr><td>{escape(name)}</td><td>{escape(title)}</td><td>{value:+.3f}</td></tr>" for name, title, value in found.rows)
        lines.append(f"<table>{''.join(rows)}</table>")
    lines += [f"<p>Note: {escape(note)}.</p>" for note in found.notes]
    return whole(found.title, "\n".join(lines))


def _value(found: Any) -> str:
    return show(found.value, found.unit)
