"""`symllm audit`: claims of the literature judged. Every verdict is derived here; none stands in the claims file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import audit_numbers
from .audit_formulas import Shelf, formula
from .audit_models import Survey
from .block import Architecture, Block
from .claims import Claim, Claims, load
from .hypotheses import Prover
from .judging import WRONG, Finding, worst
from .theorem import Subject

_NUMERIC: Mapping[str, Callable[[Mapping[str, Any]], Finding]] = {
    "number": audit_numbers.number, "range": audit_numbers.thumb, "invert": audit_numbers.inverted,
    "formats": audit_numbers.formats, "bound": audit_numbers.bound, "machine": audit_numbers.machine,
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict: what each of its parts came to, and the whole."""

    claim: Claim
    finding: Finding
    parts: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """One of `symllm.judging.VERDICTS`."""
        return self.finding.verdict

    @property
    def models(self) -> Survey | None:
        """The claim on the catalogue, by the check that decides; None where it is about no models."""
        return self.finding.models

    def errors(self) -> list[float]:
        """Every relative error that was worked out, of figures and of models."""
        return [value for part in self.parts for value in errors_of(part)]

    def as_json(self) -> dict[str, Any]:
        """The claim as one entry of `symllm audit --json`."""
        found, claim = self.finding, self.claim
        return {"id": claim.name, "verdict": found.verdict, "says": claim.says, "document": claim.document.title, "place": claim.place,
                "states": list(claim.states), "stated": found.stated, "true": found.true, "instead": found.instead or None,
                "error": found.error, "assumptions": list(found.assumptions), "conventions": list(found.conventions),
                "models": None if self.models is None else self.models.as_json(), "also": list(found.also),
                "reason": " ".join(_sentence(text) for text in found.reasons)}  # fmt: skip


def errors_of(part: Finding) -> list[float]:
    """The relative errors of one check."""
    values = part.error.values() if isinstance(part.error, Mapping) else part.error if isinstance(part.error, list) else [part.error]
    return [value for value in values if value is not None]


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def shelf(claims: Claims, change: Callable[[Block], Block] | None = None) -> Shelf:
    """The book's own blocks and theorems; `change` is put on every block, to see which verdicts rest on it."""
    from .formulas.book import book
    from .formulas.literature.arrangements import ARRANGEMENTS, NEGLECTS
    from .formulas.literature.theorems import THEOREMS

    def changed(subject: Subject) -> Subject:
        return subject if change is None else replace(subject, model=_changed(subject.model, change))

    arrangements = {name: replace(item, members=tuple(map(changed, item.members))) for name, item in ARRANGEMENTS.items()}
    theorems = tuple(replace(theorem, subject=changed(theorem.subject)) for theorem in THEOREMS)
    return Shelf(Prover(book()), arrangements, NEGLECTS, theorems, claims.candidates, claims.small)


def _changed(model: Architecture, change: Callable[[Block], Block]) -> Architecture:
    groups = tuple(replace(group, blocks=tuple(map(change, group.blocks))) for group in model.groups)
    return replace(model, once=tuple(map(change, model.once)), groups=groups)


def judged(claim: Claim, drawn: Shelf) -> Judged:
    """A claim judged by all of its checks: as good as the weakest of them."""
    parts = tuple(formula(claim.name, check, drawn) if check["kind"] == "formula" else _NUMERIC[check["kind"]](check)
                  for check in claim.checks)  # fmt: skip
    return Judged(claim, together(claim, parts), parts)


def together(claim: Claim, parts: Sequence[Finding]) -> Finding:
    """The whole of several checks: the weakest verdict, what every one of them takes for granted, and every reason."""
    verdict = worst(part.verdict for part in parts)
    first = next((part for part in parts if part.stated is not None), parts[0])
    deciding = next(part for part in parts if part.verdict == verdict)
    surveyed = next((part.models for part in (deciding, *parts) if part.models is not None), None)
    reasons = [text for part in parts for text in part.reasons] + ([claim.explains] if claim.explains else [])
    counted: dict[str, int | None] = {}
    for part in parts:
        for at, text in enumerate(part.assumptions):
            counted.setdefault(text, part.counts[at] if part.counts else None)
    return Finding(verdict, first.stated, first.true, first.error if deciding.error is None else deciding.error, tuple(counted),
                   tuple(dict.fromkeys(reasons)), tuple(dict.fromkeys(text for part in parts for text in part.conventions)), surveyed,
                   tuple(counted.values()), tuple(dict.fromkeys(text for part in parts for text in part.also)),
                   "; ".join(dict.fromkeys(part.instead for part in parts if part.instead)) if verdict == WRONG else "",
                   deciding.of)  # fmt: skip


def audit(names: tuple[str, ...] = (), change: Callable[[Block], Block] | None = None) -> tuple[Judged, ...]:
    """The claims of those names judged, or all of them. Raises `SymllmError` for an unknown name."""
    claims = load()
    wanted = [claims.find(name) for name in names] if names else list(claims.claims)
    drawn = shelf(claims, change)
    return tuple(judged(claim, drawn) for claim in wanted)
