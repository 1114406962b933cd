"""Expressions and derivations as LaTeX, from the same layout as the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

import sympy

from ..assumptions import Assumption
from ..derivation import Chain, Derivation, Evaluation
from ..layout import NOTHING_OMITTED, Call, Fraction, Layout, Name, Number, Power, Product, Sum, Value, latex_form, layout
from . import latex_lines, latex_width
from . import words as shared
from .latex_lines import Piece
from .words import Segments

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
_PREAMBLE: Final = (r"\documentclass[fleqn]{article}", r"\usepackage[utf8]{inputenc}", r"\usepackage[a4paper,margin=2cm]{geometry}",
                    r"\usepackage{amsmath}", r"\allowdisplaybreaks", r"\setlength{\mathindent}{1em}", r"\begin{document}")  # fmt: skip
#: Points that a line may take in a document of one's own, on the page written here, and at least beside a wide left side.
_ROOM, _PAGE, _LEAST = 440.0, 475.0, 220.0
#: Stand for \\text{ and } until neighbouring words are joined.
_OPEN, _CLOSE = "\x02", "\x03"


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
    return "".join(_ESCAPES.get(letter) or (letter if letter.isascii() else _plainer(letter)) for letter in prose)


def _plainer(letter: str) -> str:
    """A letter that LaTeX is not sure to know, without its accents; a question mark where nothing is left."""
    kept = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return "".join(_ESCAPES.get(plain, plain) for plain in kept) or "?"


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
        result += (r" \cdot " if _dotted(before, after) else " " if shown.startswith(r"\left") else r"\,") + shown
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
    room = _room([*(chain.left for chain in made.chains), *(evaluation.left for evaluation in made.evaluations)])
    rows = [row for chain in made.chains for row in chain_rows(chain, room)]
    rows += [row for evaluation in made.evaluations for row in evaluation_rows(evaluation, room)]
    return aligned(rows)


def _room(lefts: Iterable[sympy.Expr], line: float = _ROOM) -> float:
    """What is left of a line beside the widest left side and a relation."""
    widest = max((latex_width.expression(layout(left, omit=shared.UNITS)) for left in lefts), default=0.0)
    return max(line - widest - latex_width.SIGN, _LEAST)


def aligned(rows: Iterable[str], environment: str = "aligned") -> str:
    """Rows of an alignment."""
    return "\n".join((rf"\begin{{{environment}}}", " \\\\\n".join(rows), rf"\end{{{environment}}}"))


def page(title: str, body: str, prose: Iterable[str] = ()) -> str:
    """A LaTeX document of one displayed formula under a title in words, followed by sentences."""
    lines = [rf"\par\noindent {words(sentence)}" for sentence in prose]
    return "\n".join((*_PREAMBLE, rf"\section*{{{words(title)}}}", r"\[", body, r"\]", *lines, r"\end{document}", ""))


def document(made: Derivation) -> str:
    """A derivation as a LaTeX document that compiles as it is."""
    lines = [*_PREAMBLE, rf"\section*{{{inline(shared.heading(made))}}}"]
    if conditions := shared.conditions(made):
        lines.append(rf"\noindent {inline(('Under ', *conditions[1:]))}:")
    room = _room((chain.left for chain in made.chains), _PAGE)
    lines.append(aligned((row for chain in made.chains for row in chain_rows(chain, room)), "align*"))
    if made.evaluations:
        lines.append(rf"\noindent {words(made.subject or 'in numbers')}:")
        lines.append(aligned((row for each in made.evaluations for row in evaluation_rows(each, _room((each.left,), _PAGE))), "align*"))
    lines += [rf"\par\noindent Note: {words(note)}." + "\n" for note in made.notes]
    return "\n".join((*lines, r"\end{document}", ""))


def chain_rows(chain: Chain, room: float | None = None) -> list[str]:
    """A chain's lines: left side once, then relation, expression and note. room: points for what stands after the relation."""
    rows: list[str] = []
    room = _room((chain.left,)) if room is None else room
    for step in chain.steps:
        made = layout(step.expression, omit=shared.UNITS)
        sides = latex_lines.lines(made, write, room)
        rows.append(f"{'' if rows else _math(chain.left)} &{_RELATIONS[step.relation]} {sides[0]}")
        rows += [rf" &\qquad {side}" for side in sides[1:]]
        remark = _remark(shared.note(step), room)
        beside = sum(piece.width for piece in remark) + latex_width.expression(made) + latex_width.INDENT <= room
        if remark and len(sides) == 1 and beside:
            rows[-1] += rf" \qquad {_remark_lines(remark, room)[0]}"
        elif remark:
            rows += [rf" &\qquad {line}" for line in _remark_lines(remark, room - latex_width.INDENT)]
    if chain.evaluation is not None:
        rows += _numbers(chain.evaluation, room)
    return rows


def evaluation_rows(evaluation: Evaluation, room: float | None = None) -> list[str]:
    """A result in numbers, and its shares."""
    room = _room((evaluation.left,)) if room is None else room
    left = _math(evaluation.left)
    rows = [] if evaluation.expression == evaluation.left else _equal(evaluation.expression, {}, room)
    rows += [row for row in _numbers(evaluation, room) if row not in rows]
    rows[0] = left + rows[0]
    for share in evaluation.shares:
        part = words(shared.percent(evaluation.result, share.value))
        rows.append(rf" &\qquad \text{{{part} of }} {_math(share.expression)} = {number(shared.number(share.value))}")
    return rows


def _numbers(evaluation: Evaluation, room: float) -> list[str]:
    values = shared.values(evaluation)
    result = rf" &= \text{{{words(shared.result(evaluation))}}}"
    if expression(evaluation.expression, values, shared.UNITS) == number(shared.plain(evaluation)):
        return [result]
    return [*_equal(evaluation.expression, values, room), result]


def _equal(expr: sympy.Expr, values: Mapping[sympy.Symbol, str], room: float) -> list[str]:
    first, *more = latex_lines.lines(layout(expr, values, shared.UNITS), write, room)
    return [f" &= {first}", *(rf" &\qquad {line}" for line in more)]


def _math(expr: sympy.Expr) -> str:
    return expression(expr, omit=shared.UNITS)


def _remark(segments: Segments, room: float) -> list[Piece]:
    """Words and mathematics beside or below a line of mathematics, in pieces that can be cut into lines."""
    made: list[Piece] = []
    for item in segments:
        if not isinstance(item, str):
            shown = _remarked(item, room)
            if made and len(shown) == 1 and made[-1].text.endswith(f": {_CLOSE}"):  # a name and its size stay together
                shown = [replace(shown[0], text=made[-1].text + shown[0].text, width=made.pop().width + shown[0].width)]
            made += shown
            continue
        for word in re.findall(r"\s*\S+\s*|\s+", item):
            piece = Piece(f"{_OPEN}{words(word)}{_CLOSE}", latex_width.words(word))
            if made and word[0] in " ,;:.)":  # such a word never begins a line
                piece = replace(made[-1], text=made[-1].text + piece.text, width=made.pop().width + piece.width)
            made.append(piece)
    return made


def _remarked(item: sympy.Expr | Assumption, room: float) -> list[Piece]:
    if isinstance(item, Assumption):
        width = sum(latex_width.expression(layout(side, omit=shared.UNITS)) for side in (item.symbol, item.expression))
        return [Piece(_mathematics(item), width + latex_width.SIGN)]
    return latex_lines.pieces(layout(item, omit=shared.UNITS), write, room)


def _remark_lines(remark: list[Piece], room: float) -> list[str]:
    """A remark in lines, neighbouring words in one \\text."""
    joined = (line.replace(_CLOSE + _OPEN, "").removesuffix(f" {_CLOSE}") for line in latex_lines.packed(remark, room))
    closed = (line + _CLOSE if line.count(_OPEN) > line.count(_CLOSE) else line for line in joined)
    closer = (re.sub(rf"(\\right\S+){_OPEN}(?=[,;:])", rf"\1\\!{_OPEN}", line) for line in closed)  # \right adds a thin space
    return [line.replace(_OPEN, r"\text{").replace(_CLOSE, "}") for line in closer]


def inline(segments: Segments) -> str:
    """Words and mathematics in a paragraph."""
    return "".join(words(s) if isinstance(s, str) else f"${_mathematics(s)}$" for s in segments)


def _mathematics(item: sympy.Expr | Assumption) -> str:
    return f"{_math(item.symbol)} = {_math(item.expression)}" if isinstance(item, Assumption) else _math(item)
