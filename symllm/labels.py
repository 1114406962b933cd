"""What a step says of itself: the words that stand for each rule, and whether the step looks as its rule says.

That a step is true is proved elsewhere; here a true step is kept from calling itself something that it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import sympy

from .errors import SymllmError
from .polynomial import WHOLE

if TYPE_CHECKING:
    from .derivation import Facts, Step

#: What a reader is told of a step by its rule; rules that are not here are told by their definition, assumptions or limit.
WORDS: Final[Mapping[str, str]] = {
    "substitute": "put together", "expand": "multiplied out", "collect": "collected in", "factor": "common factors taken out",
    "drop": "what is subtracted is left out", "state": "the closed form",
}  # fmt: skip


def check(before: sympy.Expr, step: Step, facts: Facts) -> None:
    """Raise `SymllmError` where a step's rule, reason or symbol is not what the step shows."""
    if step.rule not in _LOOKS:
        raise SymllmError(f"there is no rule of the name {step.rule!r}; rules are {', '.join(_LOOKS)}")
    wrong = next(_LOOKS[step.rule](before, step, facts), None)
    if wrong is not None:
        raise SymllmError(wrong)
    if step.because and (step.rule != "define" or step.because != facts.reasons.get(before)):
        raise SymllmError(f"the reason {step.because[:60]!r} is not that of the definition of '{before}'")


def _define(before: sympy.Expr, step: Step, facts: Facts) -> Iterator[str]:
    if facts.definitions.get(before) != step.expression:
        yield f"'{step.expression}' is not how '{before}' is defined"


def _assume(before: sympy.Expr, step: Step, facts: Facts) -> Iterator[str]:
    if not step.uses:
        yield "it puts in no assumption"
    left = {item.symbol for item in step.uses} & step.expression.free_symbols
    if left:
        yield f"{sorted(map(str, left))[0]} is assumed, and still there"


def _unfold(before: sympy.Expr, step: Step, facts: Facts) -> Iterator[str]:
    if step.uses:
        yield "to write out definitions takes no assumption"


def _expand(before: sympy.Expr, step: Step, facts: Facts) -> Iterator[str]:
    for term in sympy.Add.make_args(step.expression):
        for factor in sympy.Mul.make_args(term) if term.is_Mul else ():
            base, power = factor.as_base_exp()
            if base.is_Add and power.is_Integer and power > 0:
                yield f"'{factor}' is not multiplied out"


def _collect(before: sympy.Expr, step: Step, facts: Facts) -> Iterator[str]:
    if step.symbol is None:
        yield "it needs the symbol whose powers are collected"
        return
    powers = [_power(term, step.symbol) for term in sympy.Add.make_args(step.expression)]
    for power in powers:
        if power != 0 and powers.count(power) > 1:
            yield f"{step.symbol}**{power} stands in two terms"


def _power(term: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    bases = (factor.as_base_exp() for factor in sympy.Mul.make_args(term))
    return sympy.Add(*(power for base, power in bases if base == symbol))


def _factor(before: sympy.Expr, step: Step, facts: Facts) -> Iterator[str]:
    terms = sympy.Add.make_args(step.expression)
    shared = set.intersection(*({factor.as_base_exp()[0] for factor in sympy.Mul.make_args(term)} for term in terms))
    for base in shared if len(terms) > 1 else ():
        if base.is_Symbol or isinstance(base, WHOLE):
            yield f"'{base}' is common to all terms"


def _dominant(before: sympy.Expr, step: Step, facts: Facts) -> Iterator[str]:
    if step.relation != "≈":
        yield "a largest term is no more than near the whole: it is written with ≈"
    if step.expression.is_Add:
        yield f"'{step.expression}' is no single term"


def _bound(before: sympy.Expr, step: Step, facts: Facts) -> Iterator[str]:
    if step.relation != "≤":
        yield "a bound is written with ≤"


def _any(before: sympy.Expr, step: Step, facts: Facts) -> Iterator[str]:
    yield from ()


_LOOKS: Final[Mapping[str, Callable[[sympy.Expr, Step, Facts], Iterator[str]]]] = {
    "define": _define, "unfold": _unfold, "assume": _assume, "substitute": _any, "expand": _expand, "collect": _collect,
    "factor": _factor, "dominant": _dominant, "bound": _bound, "drop": _bound, "state": _any,
}  # fmt: skip
