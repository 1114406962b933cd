"""What every renderer of a derivation says in the same words: notes, numbers and shares.

A note is a tuple of segments: words, expressions and assumptions, each of which a renderer writes its own way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, TypeAlias

import sympy

from ..assumptions import Assumption
from ..derivation import Derivation, Evaluation, Part, Step
from ..labels import WORDS
from ..units import DIMENSIONS, Number, exact, rounded, show, significant

Segment: TypeAlias = "str | sympy.Expr | Assumption"
Segments: TypeAlias = "tuple[Segment, ...]"

#: Names such as W_Q or K, which are set as mathematics; all others are words.
_TENSOR = re.compile(r"[A-Za-z](_[A-Za-zΔαβ0-9]+){0,2}")

#: Unit symbols have the value 1 and say nothing that the unit of the result does not say.
UNITS: Final = frozenset(DIMENSIONS)


def heading(derivation: Derivation) -> Segments:
    """What is derived, and its symbol."""
    title = derivation.title[:1].upper() + derivation.title[1:]
    return (f"{title}, ", derivation.symbol)


def conditions(derivation: Derivation) -> Segments:
    """The assumptions that hold throughout; empty where there are none."""
    return ("under ", *_listed(derivation.facts.assumptions)) if derivation.facts.assumptions else ()


def note(step: Step) -> Segments:
    """Why a step holds: a definition's reason, its summands, the assumptions put in, the growing symbol, or its rule."""
    if step.parts:
        lead = f"{step.because}: " if step.because else ""
        return (lead, *_parts(step.parts))
    if step.relation == "≈" and step.symbol is not None:
        said = WORDS.get(step.rule)
        return (f"{said}: " if said else "", "largest term in ", step.symbol, " (ratio → 1)")
    if step.rule == "assume":  # other rules rest on assumptions that the lines before them have put in
        return ("as ", *_listed(step.uses))
    if step.rule == "collect" and step.symbol is not None:
        return (f"{WORDS['collect']} ", step.symbol)
    said = step.because or WORDS.get(step.rule, "")
    return (said,) if said else ()


def _listed(items: tuple[Assumption, ...]) -> Iterator[Segment]:
    for i, item in enumerate(items):
        if i:
            yield ", "
        yield item


def _parts(parts: tuple[Part, ...]) -> Iterator[Segment]:
    """"W_Q, W_O: h·d·d_h each; b_O: d"; a single one needs no size beside the line itself."""
    for i, part in enumerate(parts):
        for j, name in enumerate(part.names):
            yield ("; " if i else "") if j == 0 else ", "
            yield sympy.Symbol(name) if _TENSOR.fullmatch(name) else name
        if len(parts) > 1 or len(part.names) > 1:
            yield ": "
            yield part.expression
            if len(part.names) > 1:
                yield " each"


def number(value: Number) -> str:
    """A value as it is written in place of a symbol: 8,192; 0.9; 1/3."""
    value = exact(value)
    if isinstance(value, int):
        return f"{value:,}"
    rest, digits = value.denominator, 0
    while rest % 10 == 0 or rest % 2 == 0 or rest % 5 == 0:
        rest, digits = rest // (10 if rest % 10 == 0 else 2 if rest % 2 == 0 else 5), digits + 1
    return rounded(value, digits) if rest == 1 and digits <= 4 else f"{value.numerator:,}/{value.denominator:,}"


def values(evaluation: Evaluation) -> dict[sympy.Symbol, str]:
    """The text of the number that stands for each symbol."""
    return {symbol: number(value) for symbol, value in evaluation.numbers}


def result(evaluation: Evaluation) -> str:
    """The number at the end with its unit: exact, and rounded to a size that can be read."""
    value, unit = exact(evaluation.result), evaluation.unit
    base = unit.partition("/")[0]
    if base not in DIMENSIONS:
        return show(value, unit)
    whole = f"{value:,}" if isinstance(value, int) else f"~{significant(value, 6)}"
    short = show(value, unit)
    return short if short.startswith(f"{whole} ") else f"{whole} {unit} ({short})"


def plain(evaluation: Evaluation) -> str:
    """The number at the end without its unit."""
    value = exact(evaluation.result)
    return f"{value:,}" if isinstance(value, int) else significant(value, 6)


def percent(part: Number, whole: Number) -> str:
    """The share of one number in another, in percent with two decimals; never rounded up to all of it."""
    if whole == 0:
        return "no share"
    share = Fraction(part) / Fraction(whole) * 100
    text = rounded(share, 2)
    if text == "100.00" and share != 100:
        return "more than 99.99 %" if share < 100 else "a little over 100 %"
    return f"{'100' if share == 100 else text} %"
