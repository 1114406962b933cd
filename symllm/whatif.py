"""What if: a baseline, changes, and the difference in each quantity."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from .answer import Answer, evaluated
from .errors import SymllmError, unknown
from .scenario import Request, scenario
from .solving import solve
from .units import Number

DEFAULT_QUANTITIES = ("parameters", "active_parameters", "weights", "kv_cache", "prefill_compute", "decode_compute", "inference_memory")
#: Options of a scenario that a change may name, and the type of their values.
_NOT_CHANGED = ("sets", "assume", "define", "book", "ignore_fields", "beyond_context")
_WHOLE = ("gpus", "batch", "context", "new_tokens", "tp", "pp", "ep")


@dataclass(frozen=True)
class Row:
    """A quantity before and after; the difference is after - before."""

    quantity: str
    title: str
    unit: str
    before: Answer
    after: Answer

    @property
    def difference(self) -> Number | None:
        """after - before, or None where one of them is no number."""
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.value - self.before.value

    @property
    def ratio(self) -> Fraction | None:
        """after / before."""
        if not self.before.value or self.after.value is None:
            return None
        return Fraction(self.after.value) / Fraction(self.before.value)


def whatif(request: Request, changes: tuple[str, ...], quantities: tuple[str, ...] = ()) -> list[Row]:
    """Each quantity (or named question) before and after the changes. Raises for a change that names nothing."""
    changed, named = request, set[str]()
    for text in changes:
        name = text.partition("=")[0].strip().removeprefix("--").replace("-", "_")
        if name in named:
            raise SymllmError(f"--change {name} is given twice; which value is meant?")
        named.add(name)
        changed = _changed(changed, text)
    request, changed = _alike(request, changed, named)
    asked = quantities or DEFAULT_QUANTITIES
    rows = []
    for name in asked:
        before, after = _answer(request, name), _answer(changed, name)
        rows.append(Row(name, before.title, before.unit, before, after))
    return rows


def _alike(request: Request, changed: Request, named: set[str]) -> tuple[Request, Request]:
    """Both sides at one context, where nobody gave one and the two models' own limits differ: the smaller of them."""
    if request.context is not None or "context" in named or "s" in named or any(name == "s" for name, _ in request.sets):
        return request, changed
    lengths = {int(side.value) for one in (request, changed) if (side := scenario(one).inputs.get("s")) is not None}
    if len(lengths) < 2:
        return request, changed
    shared = min(lengths)
    return replace(request, context=shared), replace(changed, context=shared)


def _changed(request: Request, text: str) -> Request:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or not value:
        raise SymllmError(f"--change {text[:60]!r}: write it as name=value, for example kv_dtype=fp8 or k=4")
    option = name.removeprefix("--").replace("-", "_")
    options = [field.name for field in fields(Request) if field.name not in _NOT_CHANGED]
    if option in options:
        given: dict[str, Any] = {option: _whole(option, value) if option in _WHOLE else value}
        return replace(request, **given)
    program = scenario(request).program
    if name not in program.signs and name not in program.quantities:
        raise unknown("option or symbol", name, [*options, *program.signs], "`symllm list --symbols` shows all symbols")
    return replace(request, sets=(*request.sets, (name, value)))


def _whole(option: str, value: str) -> int:
    if not value.lstrip("-").isdigit() or len(value) > 18:
        raise SymllmError(f"--change {option}={value[:40]}: a whole number is expected")
    return int(value)


def _answer(request: Request, name: str) -> Answer:
    case = scenario(request)
    if name in case.program.questions:
        return solve(request, name)
    answer = evaluated(case, name)
    return replace(answer, notes=tuple(note for note in answer.notes if not note.startswith("--")))  # one option need not touch every row


def rows_as_json(rows: list[Row], changes: tuple[str, ...]) -> dict[str, Any]:
    """The comparison as JSON data of the schema `symllm.whatif/1`."""

    def plain(value: Number | None) -> Any:
        return None if value is None else int(value) if Fraction(value).denominator == 1 else float(value)

    return {
        "schema": "symllm.whatif/1", "changes": list(changes), "model": rows[0].before.model.get("name", "") if rows else "",
        "quantities": [{"quantity": row.quantity, "unit": row.unit, "kind": row.after.kind, "before": plain(row.before.value),
                        "after": plain(row.after.value), "difference": plain(row.difference),
                        "ratio": None if row.ratio is None else float(row.ratio)} for row in rows],
    }  # fmt: skip
