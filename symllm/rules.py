"""The rules that authors of derivations name; each computes the next expression from the one before.

    Draft(P, facts).then(define(), assume(), collect(d), dominant(d)).chain()

A rule that changes nothing leaves no step. What a rule computes is checked again where the derivation is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import sympy

from . import asymptotics
from .assumptions import Assumption
from .bounds import Bound, bounded
from .derivation import Chain, Evaluation, Facts, Part, Step, equal, with_uses
from .errors import SymllmError
from .polynomial import around, expanded

Rule = Callable[[sympy.Expr, Facts], Step]


@dataclass(frozen=True)
class Draft:
    """A chain in the making: its left side, what holds, the steps so far, and assumptions that no step has made use of yet."""

    left: sympy.Expr
    facts: Facts
    steps: tuple[Step, ...] = ()
    pending: tuple[Assumption, ...] = ()

    @property
    def current(self) -> sympy.Expr:
        """The expression reached."""
        return self.steps[-1].expression if self.steps else self.left

    def then(self, *rules: Rule) -> Draft:
        """The draft with the steps of further rules; steps that change nothing are left out."""
        draft = self
        for rule in rules:
            step = rule(draft.current, draft.facts)
            facts, pending = draft.facts.with_(step.adds), (*draft.pending, *step.adds)
            if step.expression == draft.current:
                draft = replace(draft, facts=facts, pending=pending)
            else:
                draft = replace(draft, facts=facts, steps=(*draft.steps, replace(step, adds=pending)), pending=())
        return draft

    def chain(self, title: str = "", evaluation: Evaluation | None = None) -> Chain:
        """The chain; raises where no rule changed anything."""
        if not self.steps:
            raise SymllmError(f"nothing to derive: no rule changes {self.left}")
        return Chain(self.left, self.steps, title, evaluation)


def define(parts: tuple[Part, ...] = ()) -> Rule:
    """A symbol replaced by its definition."""

    def rule(expr: sympy.Expr, facts: Facts) -> Step:
        if expr not in facts.definitions:
            raise SymllmError(f"'{expr}' has no definition to write out")
        return Step("define", "=", facts.definitions[expr], facts.reasons.get(expr, ""), parts=parts)

    return rule


def unfold(*symbols: sympy.Symbol) -> Rule:
    """Symbols (all, if none is named) inside the expression replaced by their definitions."""

    def rule(expr: sympy.Expr, facts: Facts) -> Step:
        wanted = {s: facts.definitions[s] for s in symbols or expr.free_symbols if s in facts.definitions}
        return Step("unfold", "=", expr.xreplace(wanted))

    return rule


def assume(*added: Assumption) -> Rule:
    """The assumptions in force, and those added here, put in.

    Raises `SymllmError` for one that contradicts another, goes in a circle, or is on a symbol that does not occur.
    """

    def rule(expr: sympy.Expr, facts: Facts) -> Step:
        facts = facts.assuming(added, expr)
        return with_uses(expr, Step("assume", "=", facts.assumed(expr), adds=added), facts)

    return rule


def substitute(part: sympy.Expr, by: sympy.Expr) -> Rule:
    """A sub-expression replaced by one that is equal under the facts, such as a symbol by what was derived for it."""
    return lambda expr, facts: with_uses(expr, Step("substitute", "=", expr.xreplace({part: by})), facts)


def expand() -> Rule:
    """Products of sums multiplied out, like terms added."""
    return lambda expr, facts: Step("expand", "=", expanded(expr))


def collect(symbol: sympy.Symbol) -> Rule:
    """Terms gathered by powers of a symbol."""
    return lambda expr, facts: Step("collect", "=", around(expr, lambda part: sympy.collect(sympy.expand(part), symbol)), symbol=symbol)


def factor() -> Rule:
    """What all terms share taken out in front."""
    return lambda expr, facts: Step("factor", "=", around(expr, sympy.factor_terms))


def dominant(symbol: sympy.Symbol) -> Rule:
    """The term that outgrows all others as one symbol grows."""

    def rule(expr: sympy.Expr, facts: Facts) -> Step:
        found = asymptotics.dominant(facts.unfolded(expr, symbol), symbol)
        if equal(found, sympy.Integer(0), facts):  # what stands folded in its coefficient cancels
            found = asymptotics.dominant(facts.unfolded(expr), symbol)
        return with_uses(expr, Step("dominant", "≈", found, symbol=symbol), facts)

    return rule


def bound(*bounds: Bound) -> Rule:
    """Parts replaced by what they are at most: a ceiling by its argument plus 1, a Min by one of its branches."""
    return lambda expr, facts: with_uses(expr, Step("bound", "≤", bounded(expr, bounds), bounds=bounds), facts)


def drop_subtracted() -> Rule:
    """Negative terms of a sum left out, which makes it larger."""

    def rule(expr: sympy.Expr, facts: Facts) -> Step:
        kept = [term for term in sympy.Add.make_args(expr) if term.is_nonpositive is not True]
        return Step("drop", "≤", sympy.Add(*kept))

    return rule
