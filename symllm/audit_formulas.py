"""The check of claims that state a closed form: proved from blocks under the fewest hypotheses, a definition, or refuted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from . import parse
from .assumptions import Assumption, read
from .audit_models import Judge, Sample, Survey
from .book import Book
from .claims import Candidate
from .crossing import lift
from .derive import size
from .errors import unknown
from .hypotheses import Arrangement, Hypotheses, Neglect, Proposition, Prover
from .judging import ASSUMING, DEFINITION, HOLDS, WRONG, Finding, off
from .polynomial import is_zero
from .render import text
from .render.words import UNITS
from .theorem import Theorem, facts, prove

#: A right side of more symbols than this is shown by its definition.
READABLE = 30


@dataclass(frozen=True)
class Shelf:
    """What formula checks draw on: the book's prover, arrangements of blocks, what may be neglected, theorems, equations to try.

    small: the largest share of a whole that counts as small on a model.
    """

    prover: Prover
    arrangements: Mapping[str, Arrangement]
    neglects: Mapping[str, Neglect]
    theorems: tuple[Theorem, ...]
    candidates: tuple[Candidate, ...]
    small: Fraction

    @property
    def book(self) -> Book:
        """The book that claims are judged by."""
        return self.prover.book

    def words(self, assumption: Assumption) -> str:
        """An assumption as it was declared, with what it says."""
        said = {candidate.text.replace(" ", ""): candidate.says for candidate in self.candidates}
        equation = f"{text.expression(assumption.symbol)} = {text.expression(assumption.expression)}"
        plain = str(assumption).replace(" ", "")
        return f"{equation}: {said[plain]}" if plain in said else equation


@dataclass(frozen=True)
class _Question:
    """A formula check, read: what is claimed, what may be taken for granted, and the models that it is put to."""

    claim: Proposition
    equations: tuple[Assumption, ...]
    neglects: tuple[Neglect, ...]
    grows: sympy.Symbol | None
    judge: Judge | None

    def survey(self, hypotheses: Hypotheses | None) -> Survey | None:
        """The claim on the catalogue; None where nobody asks, and where quantities that stay folded hide a model's sizes."""
        if self.judge is None or (hypotheses is not None and self.claim.folded):
            return None
        return self.judge.survey(hypotheses)


def formula(name: str, check: Mapping[str, Any], shelf: Shelf) -> Finding:
    """A claimed closed form against the blocks.

    Of the minimal sets of hypotheses the smallest counts, and of several the one that is true of most models. What only
    repeats the formula with which the book declares the quantity is a definition. Where nothing proves the claim, the
    right formula and the difference are worked out under all equations together.
    """
    question = _read(name, check, shelf)
    if declares(question.claim, shelf.book):
        return _definition(question.claim, shelf)
    found = minimal(question, shelf)
    errors, measured = _examples(question, shelf)
    if not found:
        return _refuted(question, shelf, errors, measured)
    surveys = [question.survey(hypotheses) for hypotheses in found]
    best = min(range(len(found)), key=lambda i: (len(found[i]), -getattr(surveys[i], "holding", 0)))
    return _proved(question, found[best], surveys[best], [h for i, h in enumerate(found) if i != best], shelf, errors, measured)


def minimal(question: _Question, shelf: Shelf) -> list[Hypotheses]:
    """The minimal sets of hypotheses under which the claim of a check is proved."""
    return shelf.prover.minimal(question.claim, question.equations, question.neglects, question.grows)


def _read(name: str, check: Mapping[str, Any], shelf: Shelf) -> _Question:
    symbols = shelf.book.symbols
    left, right = (lift(parse.expression(check[side]), symbols) for side in ("left", "right"))
    if check["of"] not in shelf.arrangements:
        raise unknown("arrangement of blocks", check["of"], shelf.arrangements)
    for word in check.get("small", ()):
        if word not in shelf.neglects:
            raise unknown("neglected part", word, shelf.neglects)
    claim = Proposition(name, shelf.arrangements[check["of"]], left, right, read(check.get("states", ()), symbols),
                        tuple(check.get("training", ())), tuple(symbols[word] for word in check.get("folded", ())))  # fmt: skip
    judge = Judge(claim, check["errors"], check["right"], check["left"], shelf.prover, shelf.small) if "errors" in check else None
    grows = symbols[check["grows"]] if "grows" in check else None
    return _Question(claim, _equations(claim, shelf), tuple(shelf.neglects[word] for word in check.get("small", ())), grows, judge)


def _equations(claim: Proposition, shelf: Shelf) -> tuple[Assumption, ...]:
    """The usual equations but for those of symbols that the claim states or, byte sizes, keeps as symbols."""
    stated = {item.symbol for item in claim.stated}
    kept = {symbol.name for symbol in claim.left.free_symbols | claim.right.free_symbols if getattr(symbol, "unit", "1") == "byte"}
    found = read([candidate.text for candidate in shelf.candidates], shelf.book.symbols)
    return tuple(item for item in found if item.symbol not in stated and item.symbol.name not in kept)


def declares(claim: Proposition, book: Book) -> bool:
    """Whether the claim is circular: its right side is that of the formula with which the book declares the left.

    Only declared formulas are put in, and once: nothing is derived from a block. Units and neutral circumstances count 1.
    """
    named = claim.left.free_symbols | claim.right.free_symbols
    neutral = {item.symbol: sympy.sympify(item.value) for item in book.defaults if item.neutral and item.symbol not in named}
    declared = {page.symbol: page.expression.xreplace(neutral) for page in (*book.formulas, book.uniform_weights)}
    if not claim.left.free_symbols & set(declared):
        return False
    return is_zero(claim.left.xreplace(declared) - claim.right)


def _definition(claim: Proposition, shelf: Shelf) -> Finding:
    right, left = (text.expression(side, omit=UNITS) for side in (claim.right, claim.left))
    pages = [page for page in shelf.book.formulas if page.symbol in claim.left.free_symbols]
    source = f" ({pages[0].name}: {pages[0].because.rstrip('.')})" if pages else ""
    says = f"{left} = {right} is how the book defines it too{source}; a convention, so there is nothing to prove"
    return Finding(DEFINITION, right, right, None, (), (says,))


def _proved(question: _Question, best: Hypotheses, seen: Survey | None, others: Sequence[Hypotheses], shelf: Shelf,
            errors: Mapping[str, float], measured: tuple[str, ...]) -> Finding:  # fmt: skip
    claim = question.claim
    member = claim.members(best)[0]
    proved, plain = claim.theorem(member, best), claim.theorem(member, Hypotheses(equations=best.equations))
    prove(proved, shelf.book)  # its chain of steps is checked; raises where one does not hold
    claimed, left = (text.expression(side, omit=UNITS) for side in (claim.right, claim.left))
    shown = _shown(prove(plain, shelf.book).found, plain, shelf)
    relation = "≈" if best.neglects or best.grows is not None else "="
    basis = f"proved from the blocks of {claim.arrangement.title}" if from_blocks(plain, shelf.book) else "compared with the book's definition"
    says = f"{basis}: {left} {relation} {claimed}"
    if relation == "≈" and shown != left:
        left_open = [word for word in member.words if word not in best.features]
        says += f"; exactly it is {shown}" + (f" (with {', '.join(left_open)})" if left_open else "")
    reasons = (says, *_as_declared(plain, shelf), *_left_out(question, best, shelf), *measured)
    words = words_of(best, shelf)
    also = tuple("; ".join(words_of(item, shelf)) for item in others)
    return Finding(ASSUMING if words else HOLDS, claimed, shown, dict(errors) or None, words, reasons,
                   models=seen, counts=_counts(best, seen), also=also, of=claim.arrangement.title)  # fmt: skip


def words_of(hypotheses: Hypotheses, shelf: Shelf) -> tuple[str, ...]:
    """The hypotheses in words: how blocks are arranged, equations, what is small, what is large."""
    words = [*sorted(hypotheses.features), *map(shelf.words, hypotheses.equations), *(item.says for item in hypotheses.neglects)]
    if hypotheses.grows is not None:
        title = shelf.book.symbols[hypotheses.grows.name].title
        words.append(f"{hypotheses.grows} is large ({title}): what grows less than its highest power is left out")
    return tuple(words)


def _counts(hypotheses: Hypotheses, seen: Survey | None) -> tuple[int | None, ...]:
    """On how many models each of the hypotheses' words is true; None where models do not tell."""
    if seen is None:
        return ()
    limit = (None,) if hypotheses.grows is not None else ()
    return (*(None for _ in hypotheses.features), *seen.equations, *seen.small, *limit)


def from_blocks(theorem: Theorem, book: Book) -> bool:
    """Whether the left side rests on anything that is summed over blocks; else a proof only repeats declared formulas."""
    summed = {quantity.symbol for quantity in book.composed}
    known = facts(theorem, book)
    return any(summed & known.under(symbol) - set(theorem.folded) for symbol in theorem.left.free_symbols)


def _as_declared(claim: Theorem, shelf: Shelf) -> list[str]:
    """The book's own formulas that a proof puts in beside sums over blocks: they are taken, not derived."""
    if not from_blocks(claim, shelf.book):
        return []
    under = frozenset().union(*map(facts(claim, shelf.book).under, claim.left.free_symbols)) - set(claim.folded)
    pages = [page for page in shelf.book.formulas if page.symbol in under]
    forms = [f"{text.expression(page.symbol)} = {text.expression(page.expression, omit=UNITS)}" for page in pages]
    return [f"taken as the book declares it: {form} ({page.because.rstrip('.')})" for page, form in zip(pages, forms, strict=True)]


def _left_out(question: _Question, best: Hypotheses, shelf: Shelf) -> list[str]:
    """What each neglect takes out of the two sides, as a closed form of the first member, and how much that is on models."""
    claim, said = question.claim, []
    samples = question.judge.sizes(best) if question.judge is not None and best.neglects else []
    member = claim.members(best)[0]
    whole = claim.theorem(member, Hypotheses(equations=best.equations))
    for at, neglect in enumerate(best.neglects):
        part = claim.theorem(member, Hypotheses(equations=best.equations, neglects=(neglect,)))
        gone = []
        for side in ("left", "right"):
            one, other = (shelf.prover.facts(t).with_(t.hypotheses).unfolded(getattr(t, side)) for t in (whole, part))
            gone.append(sympy.factor_terms(sympy.expand(one - other)))
        left_out = [f"{text.expression(item, omit=UNITS)} of {text.expression(side, omit=UNITS)}"
                    for item, side in zip(gone, (claim.left, claim.right), strict=True) if item != 0 and size(item) <= READABLE]  # fmt: skip
        if left_out:
            sizes = [f"{100 * float(sample.shares[at]):.3g} % on {sample.at}" for sample in samples if sample.shares]
            said.append(f"left out as small ({neglect.says.partition(':')[0]}): {', '.join(left_out)}" + (f"; {', '.join(sizes)}" if sizes else ""))
    return said


def _shown(found: sympy.Expr, claim: Theorem, shelf: Shelf) -> str:
    """The right formula: over inputs where that can be read, else by the definition of the quantity."""
    found = sympy.factor_terms(found)
    if size(found) > READABLE:
        found = facts(claim, shelf.book).definitions.get(claim.left, claim.left)
    return text.expression(found, omit=UNITS)


def _refuted(question: _Question, shelf: Shelf, errors: Mapping[str, float], measured: tuple[str, ...]) -> Finding:
    """The right formula under all equations, what the claim misses, and what it really is; of the last member."""
    claim = question.claim
    member = claim.arrangement.members[-1]
    known = shelf.prover.facts(claim.theorem(member, Hypotheses()))
    used = {*known.unfolded(claim.left).free_symbols, *claim.right.free_symbols}
    equations = tuple({item.symbol: item for item in reversed(question.equations) if item.symbol in used}.values())
    theorem = claim.theorem(member, Hypotheses(equations=equations))
    proof = prove(theorem, shelf.book)
    claimed, left = (text.expression(side, omit=UNITS) for side in (claim.right, claim.left))
    true = _shown(proof.found, theorem, shelf)
    reasons = [f"no set of the usual assumptions makes it true of {claim.arrangement.title}: {left} = {true}"]
    if size(proof.difference) <= READABLE:
        reasons.append(f"the claim minus the truth is {text.expression(proof.difference, omit=UNITS)}")
    reasons += _really(claim, shelf)
    return Finding(WRONG, claimed, true, dict(errors) or None, (), (*reasons, *measured), models=question.survey(None),
                   instead=f"{left} = {true}", of=claim.arrangement.title)  # fmt: skip


def _really(claim: Proposition, shelf: Shelf) -> list[str]:
    """Theorems that have the claimed right side: what the formula is of, in truth."""
    said = []
    for theorem in shelf.theorems:
        same = theorem.relation == "=" and theorem.left != claim.left and sympy.expand(theorem.right - claim.right) == 0
        if same and prove(theorem, shelf.book).proved:
            said.append(f"it is {theorem.title}: {text.expression(theorem.left)} = {text.expression(theorem.right)} "
                        f"(proved, theorem {theorem.name}; {theorem.source})")  # fmt: skip
    return said


def _examples(question: _Question, shelf: Shelf) -> tuple[dict[str, float], tuple[str, ...]]:
    """How far the claimed formula is off on the models that the check names: relative errors by model, and sentences."""
    if question.judge is None:
        return {}, ()
    samples = question.judge.examples()
    named = shelf.book.symbols.get(str(question.judge.how.get("left", question.judge.left)))
    unit = getattr(named, "unit", "1")
    return {item.at: float(item.error) for item in samples}, tuple(_measured(item, unit) for item in samples)


def _measured(sample: Sample, unit: str) -> str:
    from .units import show

    gives, truth = show(sample.claimed, unit), show(sample.truth, unit)
    return f"{sample.at}: the formula gives {gives}, the truth is {truth}: {off(float(sample.error))}"
