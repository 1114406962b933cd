"""Hypotheses of a claimed closed form, and the fewest of them under which it is proved.

There are three kinds. A feature says how the blocks are arranged (a plain or a gated feed-forward block): an
arrangement has one member for each choice of features, and what names no feature must hold of every member.
An equation relates sizes (k = h). A neglect leaves something small out of the blocks, and is proved exactly then.
A proof in every hypothesis of a set, and in none of the sets with one hypothesis less, makes the set a minimal one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product

import sympy

from . import tree
from .assumptions import Assumption, resolved
from .block import Architecture
from .book import Book
from .crossing import lower
from .derivation import Facts
from .theorem import Subject, Theorem, facts, holds
from .tree import Tree
from .units import Number


@dataclass(frozen=True)
class Arrangement:
    """A way to put blocks together, with a member for each choice of features; a member's `words` are its features."""

    name: str
    title: str
    members: tuple[Subject, ...]


@dataclass(frozen=True)
class Neglect:
    """Something that is small: what `change` takes out of the blocks, and quantities that count alike without it.

    says: what is taken to be small, as a reader would say it.
    """

    name: str
    says: str
    change: Callable[[Architecture], Architecture] = field(compare=False)
    alike: Mapping[sympy.Symbol, sympy.Expr] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Hypotheses:
    """A set of hypotheses. grows: the symbol that is taken to be large, where the claim is a limit."""

    features: frozenset[str] = frozenset()
    equations: tuple[Assumption, ...] = ()
    neglects: tuple[Neglect, ...] = ()
    grows: sympy.Symbol | None = None

    def __len__(self) -> int:
        return len(self.features) + len(self.equations) + len(self.neglects) + (self.grows is not None)

    def fewer(self) -> Iterator[Hypotheses]:
        """Every set with one hypothesis less: the weaker kinds of statement first."""
        if self.grows is not None:
            yield replace(self, grows=None)
        for neglect in self.neglects:
            yield replace(self, neglects=tuple(other for other in self.neglects if other != neglect))
        for word in sorted(self.features):
            yield replace(self, features=self.features - {word})
        for equation in self.equations:
            yield replace(self, equations=tuple(other for other in self.equations if other != equation))

    def within(self, other: Hypotheses) -> bool:
        """Whether every hypothesis of this set is one of the other's."""
        return (self.features <= other.features and set(self.equations) <= set(other.equations)
                and {n.name for n in self.neglects} <= {n.name for n in other.neglects}
                and self.grows in (None, other.grows))  # fmt: skip


@dataclass(frozen=True)
class Proposition:
    """A claimed `left = right` about an arrangement. stated: equations that the claim itself gives, which cost nothing."""

    name: str
    arrangement: Arrangement
    left: sympy.Expr
    right: sympy.Expr
    stated: tuple[Assumption, ...] = ()
    training: tuple[str, ...] = ()
    folded: tuple[sympy.Symbol, ...] = ()

    def members(self, hypotheses: Hypotheses) -> list[Subject]:
        """The members that have all of the features."""
        return [member for member in self.arrangement.members if hypotheses.features <= set(member.words)]

    def theorem(self, member: Subject, hypotheses: Hypotheses) -> Theorem:
        """The proposition of one member under hypotheses: what is neglected is out of the blocks."""
        model, left, right = member.model, self.left, self.right
        for neglect in hypotheses.neglects:
            model = neglect.change(model)
            left, right = left.xreplace(dict(neglect.alike)), right.xreplace(dict(neglect.alike))
        relation, grows = ("≈", hypotheses.grows) if hypotheses.grows is not None else ("=", None)
        return Theorem(self.name, self.name, replace(member, model=model), left, right, "claimed",
                       (*self.stated, *hypotheses.equations), relation, grows, self.training, folded=self.folded)  # type: ignore[arg-type]  # fmt: skip


@dataclass(frozen=True)
class Prover:
    """Proves propositions from one book; keeps the facts of every arrangement that it has looked at."""

    book: Book
    _facts: dict[tuple[object, ...], Facts] = field(default_factory=dict, compare=False)
    _sides: dict[tuple[object, ...], tuple[Tree, Tree]] = field(default_factory=dict, compare=False)

    def facts(self, theorem: Theorem) -> Facts:
        """The definitions of a theorem's blocks, without its hypotheses."""
        key = (theorem.subject.model, theorem.left, theorem.right, theorem.training, theorem.folded)
        if key not in self._facts:
            self._facts[key] = facts(theorem, self.book)
        return self._facts[key]

    def proves(self, claim: Proposition, hypotheses: Hypotheses) -> bool:
        """Whether the claim is proved of every member that the hypotheses leave open."""
        theorems = [claim.theorem(member, hypotheses) for member in claim.members(hypotheses)]
        if any(self.differs(theorem) for theorem in theorems):
            return False
        return all(holds(theorem, self.facts(theorem)) for theorem in theorems)

    def differs(self, theorem: Theorem) -> bool:
        """Whether the two sides of an identity have different exact values at one point: a quick refutation, never a proof."""
        if theorem.relation != "=":
            return False
        key = (theorem.subject.model, theorem.left, theorem.right, theorem.training, theorem.folded)
        if key not in self._sides:
            known = self.facts(theorem)
            self._sides[key] = lower(known.unfolded(theorem.left)), lower(known.unfolded(theorem.right))
        left, right = self._sides[key]
        equal_to = {symbol.name: lower(value) for symbol, value in resolved(theorem.hypotheses).items()}
        names = set().union(tree.names(left), tree.names(right), *map(tree.names, equal_to.values())) - set(equal_to)
        point: dict[str, Number] = {name: sympy.prime(20 + i) for i, name in enumerate(sorted(names))}
        point |= {name: tree.evaluate(value, point) for name, value in equal_to.items()}
        return tree.evaluate(left, point) != tree.evaluate(right, point)

    def minimal(self, claim: Proposition, equations: Sequence[Assumption], neglects: Sequence[Neglect] = (),
                grows: sympy.Symbol | None = None) -> list[Hypotheses]:  # fmt: skip
        """The minimal sets of hypotheses that prove the claim, from the fewest on; none where it is refuted.

        equations: those to try; of several for one symbol one at a time, as they contradict each other.
        """
        found: list[Hypotheses] = []
        for start in self._starts(claim, equations, neglects, grows):
            if not any(known.within(start) for known in found) and self.proves(claim, start):
                found.append(self._reduced(claim, start))
        return sorted((item for item in found if not any(o is not item and o.within(item) for o in found)), key=len)

    def _starts(self, claim: Proposition, equations: Sequence[Assumption], neglects: Sequence[Neglect],
                grows: sympy.Symbol | None) -> Iterator[Hypotheses]:  # fmt: skip
        subsets = [subset for count in range(len(neglects) + 1) for subset in combinations(neglects, count)]
        for limit in dict.fromkeys((None, grows)):
            for subset in subsets:
                for member in claim.arrangement.members:
                    bare = claim.theorem(member, Hypotheses(neglects=subset))
                    spoken = self._speaks_of(bare)
                    for chosen in _consistent([item for item in equations if item.symbol in spoken]):
                        yield Hypotheses(frozenset(member.words), chosen, subset, limit)

    def _speaks_of(self, theorem: Theorem) -> set[sympy.Symbol]:
        known = self.facts(theorem).with_(theorem.hypotheses)
        return set(known.unfolded(theorem.left).free_symbols | known.unfolded(theorem.right).free_symbols)

    def _reduced(self, claim: Proposition, hypotheses: Hypotheses) -> Hypotheses:
        """A minimal set within one that suffices: hypotheses are dropped as long as one can be."""
        for fewer in hypotheses.fewer():
            if self.proves(claim, fewer):
                return self._reduced(claim, fewer)
        return hypotheses


def _consistent(equations: Sequence[Assumption]) -> Iterator[tuple[Assumption, ...]]:
    """Every choice of one equation for each symbol that has any."""
    by_symbol: dict[sympy.Symbol, list[Assumption]] = {}
    for equation in equations:
        by_symbol.setdefault(equation.symbol, []).append(equation)
    yield from product(*by_symbol.values())
