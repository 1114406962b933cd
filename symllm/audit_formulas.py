"""The check of claims that state a closed form: proved from blocks under the fewest assumptions, or refuted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy

from . import parse
from .assumptions import Assumption, read
from .audit_numbers import case
from .book import Book
from .claims import Candidate
from .crossing import lift
from .derive import size
from .errors import SymllmError, unknown
from .judging import ASSUMING, HOLDS, WRONG, Finding, off
from .render import text
from .render.words import UNITS
from .symbols import NamedSymbol
from .theorem import Subject, Theorem, facts, prove, smallest

#: A right side of more symbols than this is shown by its definition.
READABLE = 30


@dataclass(frozen=True)
class Shelf:
    """What formula checks draw on: the book, the arrangements of blocks by name, theorems, and assumptions to try."""

    book: Book
    subjects: Mapping[str, Subject]
    theorems: tuple[Theorem, ...]
    candidates: tuple[Candidate, ...]

    def words(self, assumption: Assumption) -> str:
        """An assumption as it was declared, with what it says."""
        said = {candidate.text.replace(" ", ""): candidate.says for candidate in self.candidates}
        equation = f"{text.expression(assumption.symbol)} = {text.expression(assumption.expression)}"
        plain = str(assumption).replace(" ", "")
        return f"{equation}: {said[plain]}" if plain in said else equation


@dataclass(frozen=True)
class _Found:
    """A way in which a claimed formula holds, and what it takes for granted, in words."""

    theorem: Theorem
    words: tuple[str, ...]


def formula(name: str, check: Mapping[str, Any], shelf: Shelf) -> Finding:
    """A claimed closed form against the blocks.

    Every arrangement of `of` is tried, as an identity and then as a limit in `grows`; what needs the fewest assumptions
    counts. Where nothing holds, the right formula and the difference are worked out under all assumptions together.
    """
    symbols = shelf.book.symbols
    left, right = (lift(parse.expression(check[side]), symbols) for side in ("left", "right"))
    candidates = _candidates(check, shelf, symbols)
    claims = [_claim(name, check, left, right, subject, symbols) for subject in _subjects(check, shelf)]
    found = [hit for claim in claims for hit in _ways(claim, check, candidates, shelf)]
    errors, measured = _errors(check, symbols)
    claimed = text.expression(right, omit=UNITS)
    if not found:
        return _refuted(claims[-1], candidates, shelf, errors, measured)
    best = min(found, key=lambda hit: len(hit.words))
    verdict = ASSUMING if best.words else HOLDS
    proof = prove(best.theorem, shelf.book)
    relation = best.theorem.relation
    shown = _shown(proof.found, left, best.theorem, shelf)
    says = f"proved from {best.theorem.subject.title}: {text.expression(left, omit=UNITS)} {relation} {claimed}"
    if relation == "≈" and shown != text.expression(left, omit=UNITS):
        says += f"; exactly it is {shown}"
    return Finding(verdict, claimed, shown, errors or None, best.words, (says, *measured))


def _candidates(check: Mapping[str, Any], shelf: Shelf, symbols: Mapping[str, sympy.Symbol]) -> tuple[Assumption, ...]:
    texts = check.get("assumptions", [candidate.text for candidate in shelf.candidates])
    if "assumptions" in check:
        return read(texts, symbols)
    wanted = {symbol.name for side in ("left", "right") for symbol in lift(parse.expression(check[side]), symbols).free_symbols}
    return tuple(item for item in read(texts, symbols) if item.symbol.name not in wanted or item.symbol.name in ("k", "d_h", "d_ff"))


def _subjects(check: Mapping[str, Any], shelf: Shelf) -> list[Subject]:
    for name in check["of"]:
        if name not in shelf.subjects:
            raise unknown("arrangement of blocks", name, shelf.subjects)
    return [shelf.subjects[name] for name in check["of"]]


def _claim(name: str, check: Mapping[str, Any], left: sympy.Expr, right: sympy.Expr, subject: Subject,
           symbols: Mapping[str, NamedSymbol]) -> Theorem:  # fmt: skip
    folded = tuple(symbols[word] for word in check.get("folded", ()))
    return Theorem(name, name, subject, left, right, "claimed", training=tuple(check.get("training", ())), folded=folded)


def _ways(claim: Theorem, check: Mapping[str, Any], candidates: Sequence[Assumption], shelf: Shelf) -> list[_Found]:
    found = []
    grows = shelf.book.symbols[check["grows"]] if "grows" in check else None
    shapes = [claim] + ([replace(claim, relation="≈", grows=grows)] if grows is not None else [])
    for shape in shapes:
        hit = smallest(shape, shelf.book, candidates)
        if hit is not None:
            words = [*claim.subject.words, *(shelf.words(item) for item in hit.hypotheses)]
            if hit.grows is not None:
                title = shelf.book.symbols[hit.grows.name].title
                words.append(f"{hit.grows} is large ({title}): what grows less than its highest power is left out")
            found.append(_Found(hit, tuple(words)))
    if not found and check.get("without"):
        found += _neglecting(claim, check["without"], candidates, shelf)
    return found


def _neglecting(claim: Theorem, names: Sequence[str], candidates: Sequence[Assumption], shelf: Shelf) -> list[_Found]:
    """The claim with terms of its left side left out, where it holds then; only as many as needed."""
    dropped = list(names)
    bare = facts(claim, shelf.book)

    def reduced(without: Sequence[str]) -> Theorem:
        zeros = {shelf.book.symbols[word]: sympy.Integer(0) for word in without}
        whole = claim.left.xreplace({s: bare.definitions[s] for s in claim.left.free_symbols if s in bare.definitions})
        return replace(claim, left=whole.xreplace(zeros))

    if smallest(reduced(dropped), shelf.book, candidates) is None:
        return []
    for word in names:
        fewer = [other for other in dropped if other != word]
        if smallest(reduced(fewer), shelf.book, candidates) is not None:
            dropped = fewer
    hit = smallest(reduced(dropped), shelf.book, candidates)
    assert hit is not None
    words = [f"no {shelf.book.symbols[word].title} is counted ({text.expression(shelf.book.symbols[word])} = 0)" for word in dropped]
    return [_Found(hit, (*claim.subject.words, *(shelf.words(item) for item in hit.hypotheses), *words))]


def _shown(found: sympy.Expr, left: sympy.Expr, claim: Theorem, shelf: Shelf) -> str:
    """The right formula: over inputs where that can be read, else by the definition of the quantity."""
    found = sympy.factor_terms(found)
    if size(found) > READABLE:
        found = facts(claim, shelf.book).definitions.get(left, left)
    return text.expression(found, omit=UNITS)


def _refuted(claim: Theorem, candidates: Sequence[Assumption], shelf: Shelf, errors: Mapping[str, float],
             measured: tuple[str, ...]) -> Finding:  # fmt: skip
    """The right formula under all assumptions, what the claim misses, and what it really is."""
    known = facts(claim, shelf.book)
    used = {*known.unfolded(claim.left).free_symbols, *claim.right.free_symbols}
    hypotheses = tuple(item for item in candidates if item.symbol in used)
    proof = prove(replace(claim, hypotheses=hypotheses), shelf.book)
    claimed = text.expression(claim.right, omit=UNITS)
    true = _shown(proof.found, claim.left, replace(claim, hypotheses=hypotheses), shelf)
    left = text.expression(claim.left, omit=UNITS)
    reasons = [f"no set of the usual assumptions makes it true of {claim.subject.title}: {left} = {true}"]
    if size(proof.difference) <= READABLE:
        reasons.append(f"the claim minus the truth is {text.expression(proof.difference, omit=UNITS)}")
    reasons += _really(claim, shelf)
    return Finding(WRONG, claimed, true, dict(errors) or None, (), (*reasons, *measured))


def _really(claim: Theorem, shelf: Shelf) -> list[str]:
    """Theorems that have the claimed right side: what the formula is of, in truth."""
    said = []
    for theorem in shelf.theorems:
        same = theorem.relation == "=" and theorem.left != claim.left and sympy.expand(theorem.right - claim.right) == 0
        if same:
            proof = prove(theorem, shelf.book)
            if proof.proved:
                said.append(f"it is {theorem.title}: {text.expression(theorem.left)} = {text.expression(theorem.right)} "
                            f"(proved, theorem {theorem.name}; {theorem.source})")  # fmt: skip
    return said


def _errors(check: Mapping[str, Any], symbols: Mapping[str, sympy.Symbol]) -> tuple[dict[str, float], tuple[str, ...]]:
    """How far the claimed formula is off on real models: relative errors by model, and sentences."""
    how = check.get("errors")
    if how is None:
        return {}, ()
    left, right = parse.expression(how["left"]), parse.expression(how.get("right", check["right"]))
    errors, said = {}, []
    for name in how["models"]:
        one = case({**{key: value for key, value in how.items() if key not in ("left", "right", "models")}, "model": name}, {})
        truth, claimed = one.value(left), one.value(right)
        if truth == 0:
            raise SymllmError(f"claim: {how['left']} is 0 for {name}, so it has no relative error")
        errors[name] = float(claimed / truth - 1)
        unit = getattr(symbols.get(how["left"]), "unit", "1")
        said.append(f"{one.label}: the formula gives {_amount(claimed, unit)}, the truth is {_amount(truth, unit)}: {off(errors[name])}")
    return errors, tuple(said)


def _amount(value: Any, unit: str) -> str:
    from .units import show

    return show(value, unit)
