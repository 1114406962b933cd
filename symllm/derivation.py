"""Derivations as data: chains of steps, each checked where the derivation is made.

A step says how its expression relates to the one before, and which assumptions that rests on. "=" is proved by a
difference that expands to 0 under the definitions and those assumptions alone, "≈" by a ratio that goes to 1 as one
named symbol grows, "≤" by the bounds it names, each a known one. Every step is tried in numbers besides, by code that
shares nothing with the proof. A derivation with a wrong step cannot be made, so it cannot be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

import sympy

from . import assumptions as assuming
from . import asymptotics, labels, tree
from .assumptions import Assumption
from .bounds import Bound, bounded
from .crossing import lower
from .errors import SymllmError
from .polynomial import expanded, is_zero
from .symbols import NamedSymbol
from .units import Number
from .witness import Claim, testify

Relation = Literal["=", "≈", "≤"]
#: Definitions of up to so many operations are put in together when an equality is proved, longer ones one by one.
_SHORT = 60


@dataclass(frozen=True)
class Part:
    """Equal summands of a definition: their names (tensors, products, cache entries) and the size of one."""

    names: tuple[str, ...]
    expression: sympy.Expr


@dataclass(frozen=True)
class Step:
    """One line: the rule that made it, how it relates to the line before, and its expression. All it says is checked.

    because: a definition's own reason. symbol: the one that grows ("≈") or in which terms are collected. uses: the
    assumptions that the change rests on, each needed and no other. adds: assumptions that hold from here on.
    bounds: what "≤" replaces. parts: the summands the expression was added up from.
    """

    rule: str
    relation: Relation
    expression: sympy.Expr
    because: str = ""
    symbol: sympy.Symbol | None = None
    uses: tuple[Assumption, ...] = ()
    adds: tuple[Assumption, ...] = ()
    bounds: tuple[Bound, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Share:
    """How large a number is beside another: `expression` is the whole, worth `value`."""

    expression: sympy.Expr
    value: Number


@dataclass(frozen=True)
class Evaluation:
    """left = expression = the same with numbers = result; `numbers` holds the value of each symbol written."""

    left: sympy.Expr
    expression: sympy.Expr
    numbers: tuple[tuple[sympy.Symbol, Number], ...]
    result: Number
    unit: str
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True)
class Chain:
    """left, step, step, ...; with numbers at its end where they were asked for."""

    left: sympy.Expr
    steps: tuple[Step, ...]
    title: str = ""
    evaluation: Evaluation | None = None


def reachable(symbol: sympy.Symbol, rows: Mapping[sympy.Symbol, sympy.Expr]) -> set[sympy.Symbol]:
    """The symbol and all that its definition rests on."""
    found: set[sympy.Symbol] = set()
    waiting = [symbol]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += rows[here].free_symbols if here in rows else ()
    return found


@dataclass(frozen=True)
class Facts:
    """What a derivation rests on: the book's definitions, each with its reason where it has one, and assumptions.

    Raises `SymllmError` where assumptions contradict each other or go in a circle, if need be through definitions.
    """

    definitions: Mapping[sympy.Symbol, sympy.Expr] = field(default_factory=dict)
    assumptions: tuple[Assumption, ...] = ()
    reasons: Mapping[sympy.Symbol, str] = field(default_factory=dict)
    _assumed: dict[sympy.Symbol, sympy.Expr] = field(init=False, repr=False, compare=False)
    _unfolded: dict[tuple[sympy.Symbol, sympy.Symbol | None], sympy.Expr | None] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_assumed", assuming.resolved(self.assumptions))
        for assumption in self.assumptions:
            for used in sorted(assumption.expression.free_symbols, key=str):
                if assumption.symbol in reachable(used, {**self.definitions, **self._assumed}):
                    raise SymllmError(f"{assumption.symbol} is defined in a circle: by the assumption {assumption} it rests on {used}, "
                                      f"and {used} rests on it")  # fmt: skip

    def with_(self, more: tuple[Assumption, ...]) -> Facts:
        """These facts and further assumptions."""
        new = tuple(item for item in dict.fromkeys(more) if item not in self.assumptions)
        return replace(self, assumptions=(*self.assumptions, *new)) if new else self

    def assuming(self, more: tuple[Assumption, ...], expr: sympy.Expr) -> Facts:
        """These facts and assumptions about what `expr` rests on.

        Raises `SymllmError` for one on a symbol that does not occur (any more), and for contradictions and circles.
        """
        made = self.with_(more)
        spoken = {*self.inputs_of(expr), *(symbol for item in made.used(expr) for symbol in self.inputs_of(item.expression))}
        for assumption in more:
            if assumption.symbol not in spoken:
                raise SymllmError(f"the assumption {assumption} changes nothing: {assumption.symbol} does not occur in '{_short(expr)}'")
        return made

    def only(self, kept: tuple[Assumption, ...]) -> Facts:
        """The same definitions under some of the assumptions alone; raises for one that is not in force."""
        for assumption in kept:
            if assumption not in self.assumptions:
                raise SymllmError(f"{assumption} is not assumed")
        return self if kept == self.assumptions else replace(self, assumptions=kept)

    def inputs_of(self, expr: sympy.Expr) -> set[sympy.Symbol]:
        """Every symbol that `expr` rests on, those of definitions among them."""
        return {below for symbol in expr.free_symbols for below in reachable(symbol, self.definitions)}

    @property
    def equalities(self) -> Mapping[sympy.Symbol, sympy.Expr]:
        """What each assumed symbol stands for, all other assumptions put in."""
        return self._assumed

    def assumed(self, expr: sympy.Expr) -> sympy.Expr:
        """`expr` with every assumed symbol replaced."""
        return expr.xreplace(self._assumed)

    def used(self, expr: sympy.Expr) -> tuple[Assumption, ...]:
        """The assumptions that speak of what `expr` rests on."""
        reached = self.inputs_of(expr)
        while True:
            more = {s for a in self.assumptions if a.symbol in reached for s in self.inputs_of(a.expression)} - reached
            if not more:
                return tuple(dict.fromkeys(a for a in self.assumptions if a.symbol in reached))
            reached |= more

    def unfolded(self, expr: sympy.Expr, holding: sympy.Symbol | None = None) -> sympy.Expr:
        """`expr` over inputs alone: every definition and every assumption put in.

        holding: leave folded what does not depend on this symbol, as a limit in it does not turn on that.
        """
        expr = self.assumed(expr)
        opened = (s for s in expr.free_symbols if self.foldable(s) and (holding is None or holding in self.under(s)))
        return expr.xreplace({s: self._whole(s, holding) for s in opened})

    def under(self, symbol: sympy.Symbol) -> frozenset[sympy.Symbol]:
        """The symbol and every one that its definition rests on, under the assumptions."""
        found: set[sympy.Symbol] = set()
        waiting = [symbol]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                waiting += self.assumed(self.definitions[here]).free_symbols if self.foldable(here) else ()
        return frozenset(found)

    def foldable(self, symbol: sympy.Symbol) -> bool:
        """Whether a symbol has a definition that is still to be put in."""
        return symbol in self.definitions and symbol not in self._assumed

    def once(self, expr: sympy.Expr) -> sympy.Expr:
        """`expr` with definitions put in of those of its symbols that no other of them rests on: the short ones, or else one."""
        mine = [symbol for symbol in expr.free_symbols if self.foldable(symbol)]
        inner = {below for symbol in mine for below in self.under(symbol) - {symbol}}
        top = [symbol for symbol in mine if symbol not in inner] or mine
        top.sort(key=lambda symbol: (self.definitions[symbol].count_ops(), symbol.name))
        short = [symbol for symbol in top if self.definitions[symbol].count_ops() <= _SHORT] or top[:1]
        return expr.xreplace({symbol: self.assumed(self.definitions[symbol]) for symbol in short})

    def _whole(self, symbol: sympy.Symbol, holding: sympy.Symbol | None) -> sympy.Expr:
        key = (symbol, holding)
        if key not in self._unfolded:
            self._unfolded[key] = None  # under way: to meet it again is a circle
            self._unfolded[key] = self.unfolded(self.definitions[symbol], holding)
        found = self._unfolded[key]
        if found is None:
            raise SymllmError(f"{symbol} is defined in a circle: its definition and the assumptions lead back to it")
        return found

    def number(self, expr: sympy.Expr, values: Mapping[sympy.Symbol, Number]) -> Number:
        """The exact value of `expr`: inputs from `values`, other symbols from their definitions; no assumption is used."""
        known = {symbol.name: value for symbol, value in values.items()}

        def value(part: sympy.Expr) -> Number:
            for symbol in part.free_symbols:
                if symbol.name not in known and symbol in self.definitions:
                    known[symbol.name] = value(self.definitions[symbol])
            return tree.evaluate(lower(part), known)

        return value(expr)


@dataclass(frozen=True)
class Derivation:
    """Chains of checked steps from definitions to a result, and what the result is in numbers.

    title: what is derived. values: the numbers of the inputs, as far as known. subject: whose numbers they are.
    Raises `SymllmError` on construction, naming chain and step, where anything in it does not hold.
    """

    title: str
    symbol: NamedSymbol
    facts: Facts
    chains: tuple[Chain, ...]
    evaluations: tuple[Evaluation, ...] = ()
    values: Mapping[sympy.Symbol, Number] = field(default_factory=dict)
    subject: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for chain in self.chains:
            check(chain, self.facts)
            if chain.evaluation is not None:
                self._check_numbers(chain.evaluation)
        for evaluation in self.evaluations:
            self._check_numbers(evaluation)

    def _check_numbers(self, evaluation: Evaluation) -> None:
        sides = [(evaluation.left, evaluation.result), (evaluation.expression, evaluation.result), *evaluation.numbers,
                 *((share.expression, share.value) for share in evaluation.shares)]  # fmt: skip
        for side, claimed in sides:
            found = self.facts.number(side, self.values)
            if found != claimed:
                raise SymllmError(f"derivation of {self.symbol}: '{side}' is {found}, not {claimed}")

    @property
    def result(self) -> sympy.Expr:
        """The last expression of the last chain."""
        return self.chains[-1].steps[-1].expression

    def without_numbers(self) -> Derivation:
        """The same derivation, symbols only."""
        bare = tuple(replace(chain, evaluation=None) for chain in self.chains)
        return replace(self, chains=bare, evaluations=(), values={})


def check(chain: Chain, facts: Facts) -> None:
    """Raise `SymllmError` unless every step of the chain holds under the assumptions it names, and says no more than it does.

    An "≈" must hold under every assumption of the chain besides, later ones too: they may make its leading term vanish.
    """
    if not chain.steps:
        raise SymllmError(f"derivation of {chain.left}: a chain needs at least one step")
    final = facts.with_(tuple(added for step in chain.steps for added in step.adds))
    before = chain.left
    for number, step in enumerate(chain.steps, 1):
        where = f"step {number} of {chain.left} ({step.rule})"
        with _at(where):
            facts = facts.assuming(step.adds, before)
            used = facts.only(step.uses)
        _prove(before, step, used, where)
        if step.relation == "≈" and final.assumptions != used.assumptions:
            _prove(before, step, final, f"{where}, under {', '.join(map(str, final.assumptions))},")
        _check_uses(before, step, facts, where)
        _check_parts(step, where)
        with _at(where):
            labels.check(before, step, facts)
        before = step.expression


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Errors inside name the step."""
    try:
        yield
    except SymllmError as error:
        raise SymllmError(f"{where}: {error}") from None


def _prove(before: sympy.Expr, step: Step, facts: Facts, where: str) -> None:
    """By algebra, and then by numbers."""
    _CHECKS[step.relation](before, step, facts, where)
    testify(Claim(before, step.relation, step.expression, facts.definitions, facts.equalities, step.symbol), where)


def _holds(before: sympy.Expr, step: Step, facts: Facts) -> bool:
    try:
        _CHECKS[step.relation](before, step, facts, "")
    except SymllmError:
        return False
    return True


def _check_uses(before: sympy.Expr, step: Step, facts: Facts, where: str) -> None:
    """A step may name only assumptions that it needs; that it needs no other is shown by the proof under these alone."""
    for assumption in step.uses:
        if _holds(before, step, facts.only(tuple(other for other in step.uses if other != assumption))):
            raise SymllmError(f"{where} says that it uses {assumption}, but it holds without")


def with_uses(before: sympy.Expr, step: Step, facts: Facts) -> Step:
    """The step with the assumptions that it needs; with all that speak of it where it does not hold under them either."""
    if _holds(before, step, facts.only(())):
        return replace(step, uses=())
    needed = tuple(item for item in facts.assumptions if item in {*facts.used(before), *facts.used(step.expression)})
    if not _holds(before, step, facts.only(needed)):
        return replace(step, uses=needed)
    for assumption in needed:
        fewer = tuple(other for other in needed if other != assumption)
        if _holds(before, step, facts.only(fewer)):
            needed = fewer
    return replace(step, uses=needed)


def _check_equal(before: sympy.Expr, step: Step, facts: Facts, where: str) -> None:
    if not equal(before, step.expression, facts):
        under = f" under {', '.join(map(str, facts.assumptions))}" if facts.assumptions else ""
        raise SymllmError(f"{where} does not hold: '{_short(before)}' = '{_short(step.expression)}' cannot be shown{under}")


def equal(one: sympy.Expr, other: sympy.Expr, facts: Facts) -> bool:
    """Whether two expressions are proved equal: their difference expands to 0, if need be over inputs alone.

    What the two share cancels before definitions are put in, so that only what differs is ever unfolded.
    Min, Max, ceiling and floor count as equal only where their expanded arguments are the same.
    """
    difference = expanded(facts.assumed(one) - facts.assumed(other))
    for _ in range(len(facts.definitions) + 1):
        if not any(facts.foldable(symbol) for symbol in difference.free_symbols):
            return is_zero(difference)
        difference = expanded(facts.once(difference))
    raise SymllmError(f"'{_short(one)}' is defined in a circle: definitions and assumptions lead back to it")


def _check_ratio(before: sympy.Expr, step: Step, facts: Facts, where: str) -> None:
    if step.symbol is None:
        raise SymllmError(f"{where}: '≈' needs the symbol that grows")
    (up, above), (down, below) = (asymptotics.leading(facts.unfolded(side, step.symbol), step.symbol) for side in (before, step.expression))
    if equal(above, sympy.Integer(0), facts):  # what stands folded in it cancels: another term leads
        up, above = asymptotics.leading(facts.unfolded(before), step.symbol)
    if up != down or above == 0 or not equal(above, below, facts):
        raise SymllmError(
            f"{where} does not hold: '{_short(before)}' over '{_short(step.expression)}' does not go to 1 as {step.symbol} grows"
        )


def _check_bound(before: sympy.Expr, step: Step, facts: Facts, where: str) -> None:
    try:
        found = bounded(facts.assumed(before), tuple(b.under(facts.assumed) for b in step.bounds))
    except SymllmError as error:
        raise SymllmError(f"{where}: {error}") from None
    room = expanded(facts.unfolded(step.expression) - facts.unfolded(found))
    if room.is_nonnegative is not True and not all(term.is_nonnegative for term in sympy.Add.make_args(room)):
        raise SymllmError(f"{where} does not hold: '{_short(before)}' ≤ '{_short(step.expression)}' cannot be shown")


_CHECKS = {"=": _check_equal, "≈": _check_ratio, "≤": _check_bound}


def _check_parts(step: Step, where: str) -> None:
    if not step.parts:
        return
    total = sympy.Add(*(len(part.names) * part.expression for part in step.parts))
    if not is_zero(total - step.expression):
        raise SymllmError(f"{where}: its parts add up to '{_short(total)}', not to '{_short(step.expression)}'")


def _short(expr: sympy.Expr) -> str:
    text = str(expr)
    return text if len(text) <= 100 else text[:97] + "..."
