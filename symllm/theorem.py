"""Theorems: closed forms of the literature, proved from the shapes of blocks or refuted by their difference.

A theorem says `left = right` (or `left ≈ right` as one symbol grows) about an arrangement of blocks, under hypotheses.
`left` is written in quantities of the book (P, M_kv, F_pre, ...), which are unfolded down to the blocks; nothing on
the left is typed as fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import sympy

from . import asymptotics
from .assumptions import Assumption
from .block import Architecture
from .book import Book
from .build import choices, definitions
from .derivation import Chain, Facts, Step, check, equal, reachable, with_uses
from .errors import SymllmError
from .rules import Draft, assume, dominant, expand, unfold
from .training import chosen as training_options
from .units import Number


@dataclass(frozen=True)
class Subject:
    """An arrangement of blocks that a theorem speaks of. words: what it takes for granted, as a reader would say it."""

    name: str
    title: str
    model: Architecture
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Theorem:
    """A closed form of the literature.

    left: an expression over quantities and inputs. right: the closed form. grows: the symbol in which "≈" holds.
    training, mask, logits: the choices under which it is stated. folded: quantities that stay symbols.
    """

    name: str
    title: str
    subject: Subject
    left: sympy.Expr
    right: sympy.Expr
    source: str
    hypotheses: tuple[Assumption, ...] = ()
    relation: Literal["=", "≈"] = "="
    grows: sympy.Symbol | None = None
    training: tuple[str, ...] = ()
    mask: str = "full"
    logits: str = "all"
    folded: tuple[sympy.Symbol, ...] = ()


@dataclass(frozen=True)
class Counterexample:
    """The two sides in numbers, at the sizes of a model that the hypotheses do not describe or the claim misses."""

    model: str
    left: Number
    right: Number

    @property
    def error(self) -> float:
        """How far the right side is off, relative to the left."""
        return float((self.right - self.left) / self.left)


@dataclass(frozen=True)
class Proof:
    """What came of a theorem.

    found: the left side over inputs, under the hypotheses. difference: right minus found, expanded; 0 where "=" is
    proved. chain: the checked steps of a proof; None of a refutation, and where there is nothing to show.
    counterexample: a model that shows a difference.
    """

    theorem: Theorem
    proved: bool
    found: sympy.Expr
    difference: sympy.Expr
    chain: Chain | None = None
    counterexample: Counterexample | None = None


@lru_cache(maxsize=256)
def _definitions(architecture: Architecture, training: tuple[str, ...], mask: str, logits: str,
                 opened: _Opened) -> dict[sympy.Symbol, sympy.Expr]:  # fmt: skip
    book = opened.book
    chosen = replace(choices(book, "bf16", "bf16", mask, logits, ""),
                     training=frozenset(option.name for option in training_options(book.training, training)))  # fmt: skip
    return {line.symbol: line.expression for line in definitions(book, architecture, chosen)}


class _Opened:
    """A book as a key of the cache: compared by identity."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Opened) and other.book is self.book

    def __hash__(self) -> int:
        return id(self.book)


def facts(theorem: Theorem, book: Book) -> Facts:
    """The definitions of the theorem's blocks, units of measure aside (they count 1), without its hypotheses.

    Neutral circumstances (one GPU, no new tokens) are put in: a closed form of the literature does not speak of them.
    """
    named = frozenset(theorem.left.free_symbols | theorem.right.free_symbols)
    rows = _definitions(theorem.subject.model, theorem.training, theorem.mask, theorem.logits, _Opened(book))
    kept = {key: expr for key, expr in rows.items() if key not in theorem.folded}
    wanted = set().union(*(reachable(symbol, kept) for symbol in named))
    neutral = {item.symbol: sympy.sympify(item.value) for item in book.defaults if item.neutral and item.symbol not in named}
    return Facts({key: expr.xreplace(neutral) for key, expr in kept.items() if key in wanted})


def holds(theorem: Theorem, known: Facts) -> bool:
    """Whether the theorem's relation is an identity under its hypotheses, or a limit in the symbol that grows."""
    known = known.with_(theorem.hypotheses)
    if theorem.relation == "=":
        return equal(theorem.left, theorem.right, known)
    if theorem.grows is None:
        raise SymllmError(f"theorem {theorem.name}: '≈' needs the symbol that grows")
    try:
        return asymptotics.ratio_goes_to_one(known.unfolded(theorem.left), known.unfolded(theorem.right), theorem.grows)
    except SymllmError:  # no polynomial in it, so nothing can be shown
        return False


def prove(theorem: Theorem, book: Book, witnesses: Sequence[tuple[str, Mapping[sympy.Symbol, Number]]] = ()) -> Proof:
    """The proof of a theorem, or its refutation with the difference that remains.

    witnesses: models by name with their sizes; the one at which the two sides differ most becomes the counterexample.
    Raises `SymllmError` where hypotheses contradict each other.
    """
    bare = facts(theorem, book)
    known = bare.with_(theorem.hypotheses)
    found = sympy.expand(known.unfolded(theorem.left))
    difference = sympy.expand(known.unfolded(theorem.right) - found)
    proved = holds(theorem, bare)
    chain = _chain(theorem, bare) if proved and theorem.left != theorem.right else None
    if chain is not None:
        check(chain, bare)
    examples = [example for name, sizes in witnesses if (example := _example(theorem, bare, name, sizes)) is not None]
    worst = max(examples, key=lambda example: abs(example.error), default=None)
    return Proof(theorem, proved, found, difference, chain, worst)


def _chain(theorem: Theorem, bare: Facts) -> Chain:
    """The steps from the blocks to the closed form, as derivations check them."""
    draft = Draft(theorem.left, bare)
    while (further := draft.then(unfold())).current != draft.current:
        draft = further
    spoken = bare.with_(theorem.hypotheses).used(draft.current)
    draft = draft.then(assume(*(item for item in theorem.hypotheses if item in spoken)), expand())
    if theorem.relation == "≈" and theorem.grows is not None:
        draft = draft.then(dominant(theorem.grows))
    last = Step("state", theorem.relation, theorem.right, symbol=theorem.grows)
    return draft.then(lambda expr, facts: with_uses(expr, last, facts)).chain(theorem.title)


def _example(theorem: Theorem, bare: Facts, name: str, sizes: Mapping[sympy.Symbol, Number]) -> Counterexample | None:
    """The two sides at a model's sizes; None where they agree or a size is missing."""
    needed = (bare.unfolded(theorem.left).free_symbols | theorem.right.free_symbols) - set(bare.definitions)
    if needed - set(sizes):
        return None
    left, right = bare.number(theorem.left, sizes), bare.number(theorem.right, sizes)
    return None if left == right or left == 0 else Counterexample(name, left, right)


def smallest(theorem: Theorem, book: Book, candidates: Sequence[Assumption]) -> Theorem | None:
    """The theorem with the fewest of the candidate hypotheses under which it holds; None where all of them do not suffice.

    An identity survives further substitutions, so all are tried first and then each is left out that is not needed.
    """
    known = facts(theorem, book)
    symbols = _speaks_of(theorem, known)
    wanted = tuple(c for c in candidates if c.symbol in symbols)
    if not holds(replace(theorem, hypotheses=wanted), known):
        return None
    for candidate in wanted:
        fewer = tuple(c for c in wanted if c != candidate)
        if holds(replace(theorem, hypotheses=fewer), known):
            wanted = fewer
    return replace(theorem, hypotheses=wanted)


def _speaks_of(theorem: Theorem, known: Facts) -> set[sympy.Symbol]:
    return set(known.unfolded(theorem.left).free_symbols | known.unfolded(theorem.right).free_symbols)


def unproved(book: Book, proved: Sequence[Theorem], refuted: Sequence[Theorem]) -> Iterator[tuple[str, str]]:
    """Theorems that fail and misprints that hold, by name, each with what is wrong."""
    for theorem in proved:
        proof = prove(theorem, book)
        if not proof.proved:
            yield f"theorem {theorem.name}", f"is not proved: the closed form minus what the blocks give is {proof.difference}"
    for theorem in refuted:
        if prove(theorem, book).proved:
            yield f"misprint {theorem.name}", "is true after all"
