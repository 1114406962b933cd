"""Expressions and derivations as LaTeX, from the same layout as the text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import sympy

from ..assumptions import Assumption
from ..derivation import Chain, Derivation, Evaluation
from ..layout import NOTHING_OMITTED, Call, Fraction, Layout, Name, Number, Power, Product, Sum, Value, latex_form, layout
from . import text
from . import words as shared
from .words import Segment, Segments

_PLAIN_VALUE = re.compile(r"[A-Za-z0-9,.]+")
_BRACKETS: Final = {
    "ceil": r"\left\lceil {} \right\rceil", "floor": r"\left\lfloor {} \right\rfloor",
    "min": r"\min\left( {} \right)", "max": r"\max\left( {} \right)",
}  # fmt: skip
_ESCAPES: Final = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "{": r"\{", "}": r"\}",
                   "$": r"\$", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_",
                   "·": r"$\cdot$", "ᵀ": r"$^{\mathsf{T}}$", "²": r"$^{2}$", "³": r"$^{3}$", "→": r"$\to$", "≤": r"$\le$", "≥": r"$\ge$",
                   "≈": r"$\approx$", "×": r"$\times$", "−": r"$-$", "η": r"$\eta$", "⌈": r"$\lceil$", "⌉": r"$\rceil$",
                   "⊙": r"$\odot$", "←": r"$\gets$", "α": r"$\alpha$", "β": r"$\beta$", "σ": r"$\sigma$", "τ": r"$\tau$", "Δ": r"$\Delta$",
                   "Σ": r"$\Sigma$"}  # fmt: skip
_RELATIONS: Final = {"=": "=", "≈": r"\approx", "≤": r"\le"}
_PREAMBLE: Final = (r"\documentclass{article}", r"\usepackage[utf8]{inputenc}", r"\usepackage{amsmath}", r"\allowdisplaybreaks",
                    r"\begin{document}")  # fmt: skip
#: Columns of plain text that a line of mathematics, and a remark beside one, may take on a page.
_LONGEST, _BESIDE = 64, 40


def expression(expr: sympy.Expr | int, values: Mapping[sympy.Symbol, str] | None = None,
               omit: Collection[str] = NOTHING_OMITTED) -> str:  # fmt: skip
    """An expression as LaTeX. values: what to write in place of a symbol; omit: unit symbols that are not written."""
    return write(layout(expr, values, omit))


def number(shown: str) -> str:
    """A number's text in mathematics: its thousands' commas without the space of a list's."""
    return shown.replace(",", "{,}")


def value(shown: str) -> str:
    """A text that stands for a symbol: numbers and quotients of numbers as mathematics, all else as words."""
    over, slash, under = shown.partition("/")
    if slash and _PLAIN_VALUE.fullmatch(over) and _PLAIN_VALUE.fullmatch(under):
        return rf"\frac{{{number(over)}}}{{{number(under)}}}"
    return number(shown) if _PLAIN_VALUE.fullmatch(shown) else rf"\text{{{words(shown)}}}"


def words(prose: str) -> str:
    """Prose with the characters that LaTeX reads as commands escaped."""
    return "".join(_ESCAPES.get(letter, letter) for letter in prose)


def write(node: Layout) -> str:
    """A layout as LaTeX."""
    match node:
        case Number(amount):
            return number(f"{amount:,}")
        case Name(symbol):
            return latex_form(symbol)
        case Value(shown):
            return value(shown)
        case Product(factors):
            return _product(factors)
        case Fraction(over, under):
            return rf"\frac{{{write(over)}}}{{{write(under)}}}"
        case Sum(terms):
            return "".join(_signed(sign, term, first=i == 0) for i, (sign, term) in enumerate(terms))
        case Power(base, exponent):
            return f"{write(base) if _single(base) else _bracketed(base)}^{{{write(exponent)}}}"
        case Call(function, arguments):
            return _BRACKETS[function].format(", ".join(map(write, arguments)))


def _single(base: Layout) -> bool:
    """Whether an exponent can stand at it without parentheses; a name that has a superscript already cannot take one."""
    if isinstance(base, Name):
        return "^" not in latex_form(base.symbol)
    return isinstance(base, Number) or (isinstance(base, Value) and bool(_PLAIN_VALUE.fullmatch(base.text)))


def _signed(sign: int, term: Layout, first: bool) -> str:
    shown = _bracketed(term) if isinstance(term, Sum) else write(term)
    if first:
        return shown if sign > 0 else f"-{shown}"
    return f" {'+' if sign > 0 else '-'} {shown}"


def _bracketed(node: Layout) -> str:
    return rf"\left( {write(node)} \right)"


def _product(factors: tuple[Layout, ...]) -> str:
    texts = [_bracketed(factor) if isinstance(factor, Sum) else write(factor) for factor in factors]
    result = texts[0]
    for before, after, shown in zip(factors, factors[1:], texts[1:], strict=False):
        result += (r" \cdot " if _dotted(before, after) else r"\,") + shown
    return result


def _dotted(before: Layout, after: Layout) -> bool:
    """A thin space would run two numbers, or a word and its neighbour, together."""
    return _starts_with_digit(after) or _word(before) or _word(after)


def _starts_with_digit(node: Layout) -> bool:
    node = node.base if isinstance(node, Power) else node
    return isinstance(node, (Number, Value, Fraction))


def _word(node: Layout) -> bool:
    node = node.base if isinstance(node, Power) else node
    return isinstance(node, Name) and latex_form(node.symbol).startswith(r"\mathrm")


def derivation(made: Derivation) -> str:
    """A derivation as one `aligned` environment, to stand inside displayed mathematics (needs amsmath)."""
    rows = [row for chain in made.chains for row in chain_rows(chain)]
    rows += [row for evaluation in made.evaluations for row in evaluation_rows(evaluation)]
    return aligned(rows)


def aligned(rows: Iterable[str], environment: str = "aligned") -> str:
    """Rows of an alignment."""
    return "\n".join((rf"\begin{{{environment}}}", " \\\\\n".join(rows), rf"\end{{{environment}}}"))


def page(title: str, body: str) -> str:
    """A LaTeX document of one displayed formula under a title in words."""
    return "\n".join((*_PREAMBLE, rf"\section*{{{words(title)}}}", r"\[", body, r"\]", r"\end{document}", ""))


def document(made: Derivation) -> str:
    """A derivation as a LaTeX document that compiles as it is."""
    lines = [*_PREAMBLE, rf"\section*{{{inline(shared.heading(made))}}}"]
    if conditions := shared.conditions(made):
        lines.append(f"{inline(conditions).capitalize()}.")
    lines.append(aligned((row for chain in made.chains for row in chain_rows(chain)), "align*"))
    if made.evaluations:
        lines.append(rf"\noindent {words(made.subject or 'in numbers')}:")
        lines.append(aligned((row for each in made.evaluations for row in evaluation_rows(each)), "align*"))
    lines += [rf"\noindent Note: {words(note)}." + "\n" for note in made.notes]
    return "\n".join((*lines, r"\end{document}", ""))


def chain_rows(chain: Chain) -> list[str]:
    """A chain's lines: left side once, then relation, expression and note."""
    rows: list[str] = []
    for step in chain.steps:
        sides = _broken(step.expression)
        rows.append(f"{'' if rows else _math(chain.left)} &{_RELATIONS[step.relation]} {sides[0]}")
        rows += [rf" &\qquad {side}" for side in sides[1:]]
        remark = shared.note(step)
        if remark and len(sides) == 1 and len(text.written(remark)) <= _BESIDE:
            rows[-1] += f" && {_remark(remark)}"
        else:
            rows += [rf" &\qquad {_remark(line)}" for line in _lines(remark)]
    if chain.evaluation is not None:
        rows += [f" &= {side}" for side in _numbers(chain.evaluation)]
    return rows


def evaluation_rows(evaluation: Evaluation) -> list[str]:
    """A result in numbers, and its shares."""
    sides = [side for side in dict.fromkeys((_math(evaluation.expression), *_numbers(evaluation))) if side != _math(evaluation.left)]
    rows = [f"{_math(evaluation.left) if i == 0 else ''} &= {side}" for i, side in enumerate(sides)]
    for share in evaluation.shares:
        part = words(shared.percent(evaluation.result, share.value))
        rows.append(rf" &\qquad \text{{{part} of }} {_math(share.expression)} = {number(shared.number(share.value))}")
    return rows


def _numbers(evaluation: Evaluation) -> list[str]:
    shown = expression(evaluation.expression, shared.values(evaluation), shared.UNITS)
    result = rf"\text{{{words(shared.result(evaluation))}}}"
    return [result] if shown == number(shared.plain(evaluation)) else [shown, result]


def _math(expr: sympy.Expr) -> str:
    return expression(expr, omit=shared.UNITS)


def _broken(expr: sympy.Expr) -> list[str]:
    """A long sum in several lines, each of some terms."""
    made = layout(expr, omit=shared.UNITS)
    if not isinstance(made, Sum):
        return [write(made)]
    lines, length = [""], 0
    for i, (sign, term) in enumerate(made.terms):
        long = len(text.write(term))
        if lines[-1] and length + long > _LONGEST:
            lines.append("")
            length = 0
        lines[-1] += _signed(sign, term, first=i == 0)
        length += long + 3
    return [line.strip() for line in lines]


def _remark(segments: Segments) -> str:
    """Words and mathematics beside a line of mathematics."""
    return "".join(rf"\text{{{words(s)}}}" if isinstance(s, str) else _mathematics(s) for s in _rejoined(segments) if s != "")


def inline(segments: Segments) -> str:
    """Words and mathematics in a paragraph."""
    return "".join(words(s) if isinstance(s, str) else f"${_mathematics(s)}$" for s in segments)


def _mathematics(item: sympy.Expr | Assumption) -> str:
    return f"{_math(item.symbol)} = {_math(item.expression)}" if isinstance(item, Assumption) else _math(item)


def _lines(segments: Segments) -> list[Segments]:
    """A remark cut into lines, between words or before an expression."""
    lines: list[list[Segment]] = [[]] if segments else []
    length = 0
    pieces: list[Segment] = [piece for s in segments for piece in (re.findall(r"\S+\s*|\s+", s) if isinstance(s, str) else [s])]
    for piece in pieces:
        long = len(text.written((piece,)))
        if lines[-1] and length + long > _LONGEST:
            lines.append([])
            length = 0
        lines[-1].append(piece)
        length += long
    return [tuple(_rejoined(line)) for line in lines]


def _rejoined(pieces: Iterable[Segment]) -> Iterator[Segment]:
    """Neighbouring words as one segment again."""
    words_so_far = ""
    for piece in pieces:
        if isinstance(piece, str):
            words_so_far += piece
            continue
        yield from (words_so_far, piece) if words_so_far else (piece,)
        words_so_far = ""
    if words_so_far:
        yield words_so_far
