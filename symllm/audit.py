"""`symllm audit`: claims of the literature judged. Every verdict is derived here; none stands in the claims file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import audit_numbers
from .audit_formulas import Shelf, formula
from .block import Block
from .claims import Claim, Claims, load
from .judging import Finding, worst

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
        """One of "holds", "rounded", "holds under assumptions" and "wrong"."""
        return self.finding.verdict

    def errors(self) -> list[float]:
        """Every relative error that was worked out, of figures and of models."""
        return [value for part in self.parts for value in errors_of(part)]

    def as_json(self) -> dict[str, Any]:
        """The claim as one entry of `symllm audit --json`."""
        found = self.finding
        return {"id": self.claim.name, "verdict": found.verdict, "stated": found.stated, "true": found.true, "error": found.error,
                "assumptions": list(found.assumptions), "reason": " ".join(_sentence(text) for text in found.reasons)}  # fmt: skip


def errors_of(part: Finding) -> list[float]:
    """The relative errors of one check."""
    values = part.error.values() if isinstance(part.error, Mapping) else part.error if isinstance(part.error, list) else [part.error]
    return [value for value in values if value is not None]


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def shelf(claims: Claims, change: Callable[[Block], Block] | None = None) -> Shelf:
    """The book's own blocks and theorems; `change` is put on every block, to see which verdicts rest on it."""
    from .formulas.book import book
    from .formulas.literature.subjects import SUBJECTS
    from .formulas.literature.theorems import THEOREMS

    subjects = dict(SUBJECTS)
    if change is not None:
        for name, subject in subjects.items():
            made = subject.model
            groups = tuple(replace(group, blocks=tuple(map(change, group.blocks))) for group in made.groups)
            subjects[name] = replace(subject, model=replace(made, once=tuple(map(change, made.once)), groups=groups))
    theorems = tuple(replace(theorem, subject=subjects[theorem.subject.name]) for theorem in THEOREMS)
    return Shelf(book(), subjects, theorems, claims.candidates)


def judged(claim: Claim, drawn: Shelf) -> Judged:
    """A claim judged by all of its checks: as good as the weakest of them."""
    parts = tuple(formula(claim.name, check, drawn) if check["kind"] == "formula" else _NUMERIC[check["kind"]](check)
                  for check in claim.checks)  # fmt: skip
    verdict = worst(part.verdict for part in parts)
    first = parts[0]
    deciding = next(part for part in parts if part.verdict == verdict)
    error = first.error if deciding.error is None else deciding.error
    assumptions = tuple(dict.fromkeys(text for part in parts for text in part.assumptions))
    reasons = [text for part in parts for text in part.reasons]
    if claim.explains:
        reasons.append(claim.explains)
    return Judged(claim, Finding(verdict, first.stated, first.true, error, assumptions, tuple(dict.fromkeys(reasons))), parts)


def _largest(part: Finding) -> float:
    """The largest relative error of a part; -1 where there is none."""
    return max((abs(value) for value in errors_of(part)), default=-1.0)


def audit(names: tuple[str, ...] = (), change: Callable[[Block], Block] | None = None) -> tuple[Judged, ...]:
    """The claims of those names judged, or all of them. Raises `SymllmError` for an unknown name."""
    claims = load()
    wanted = [claims.find(name) for name in names] if names else list(claims.claims)
    drawn = shelf(claims, change)
    return tuple(judged(claim, drawn) for claim in wanted)
