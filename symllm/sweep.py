"""A quantity over a range of one symbol, exact at each point; one compiled function, many calls."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .errors import SymllmError, unknown
from .scenario import Request, Scenario, complete, scenario
from .units import Number, exact, read_number

MOST_POINTS = 1_000_000
#: Bits of the last point of a range by a factor.
MOST_BITS = 20_000
#: What the scenario options are called as symbols.
OPTION_SYMBOLS = {"batch": "b", "context": "s", "new_tokens": "n", "gpus": "tp", "utilization": "eta", "gpu_memory": "M_gpu"}


@dataclass(frozen=True)
class Sweep:
    """The points and values of a sweep; symbol is the one that moves."""

    quantity: str
    symbol: str
    points: tuple[Number, ...]
    values: tuple[Number, ...]
    unit: str
    title: str
    scenario: Scenario

    def as_json(self) -> dict[str, Any]:
        """JSON data of the schema `symllm.sweep/1`."""
        rows = [{"at": _plain(x), "value": _plain(y)} for x, y in zip(self.points, self.values, strict=True)]
        return {"schema": "symllm.sweep/1", "quantity": self.quantity, "symbol": self.symbol, "unit": self.unit,
                "kind": self.scenario.program.kind(self.scenario.program.symbol_of(self.quantity)), "points": rows}  # fmt: skip


def _plain(value: Number) -> int | float:
    value = exact(value)
    return value if isinstance(value, int) else float(value)


def sweep(request: Request, quantity: str, over: str) -> Sweep:
    """Evaluate a quantity over "name=first:last:step", "name=first:last:*factor" or "name=a,b,c"."""
    name, equals, text = (part.strip() for part in over.partition("="))
    if not equals or not text:
        raise SymllmError(f"--over {over[:60]!r}: write it as context=1024:131072:*2, batch=1:64:8 or N=12,24,48")
    wanted = OPTION_SYMBOLS.get(name.removeprefix("--").replace("-", "_"), name)
    case = scenario(request, (wanted,) if wanted != "tp" else ("tp", "G"))
    made = case.program
    if wanted not in made.signs:
        raise unknown("symbol", name, [*made.signs, *OPTION_SYMBOLS], "`symllm list --symbols` shows all")
    symbol = made.symbol_of(quantity)
    if wanted not in made.inputs([symbol]):
        raise SymllmError(f"{quantity} of {made.model['title']} does not depend on {made.signs[wanted].title} ({wanted})")
    points = _points(text, over)
    complete(case.with_values(**{wanted: points[0]}), [symbol])
    _within(case, wanted, points)
    function = made.compile(symbol, (wanted,), case.values)
    return Sweep(quantity, wanted, points, tuple(exact(function(point)) for point in points), made.signs[symbol].unit,
                 made.signs[symbol].title, case)  # fmt: skip


def _within(case: Scenario, name: str, points: tuple[Number, ...]) -> None:
    limit = case.inputs.get("s_max")
    if name == "s" and limit is not None and not case.request.beyond_context and max(points) > limit.value:
        raise SymllmError(f"{max(points):,} tokens are beyond the model's context limit of {limit.value:,}; --beyond-context asks all the same")
    if case.program.signs[name].whole and any(not isinstance(point, int) for point in points):
        raise SymllmError(f"{case.program.signs[name].title} ({name}) is counted: the points must be whole numbers")
    if min(points) <= 0:
        raise SymllmError(f"the points of {name} must be above 0")


def _points(text: str, over: str) -> tuple[Number, ...]:
    if ":" not in text:
        return tuple(exact(read_number(part)) for part in text.split(","))
    parts = text.split(":")
    if len(parts) not in (2, 3):
        raise SymllmError(f"--over {over[:60]!r}: a range is first:last:step or first:last:*factor")
    first, last = exact(read_number(parts[0])), exact(read_number(parts[1]))
    factor = len(parts) == 3 and parts[2].startswith(("*", "x"))
    step = exact(read_number(parts[2].lstrip("*x"))) if len(parts) == 3 else 1
    if last < first or step <= (1 if factor else 0) or (factor and first <= 0):
        raise SymllmError(f"--over {over[:60]!r}: the range must go up, from a first value above 0")
    if not factor and (last - first) / step > MOST_POINTS:
        raise SymllmError(f"--over {over[:60]!r}: more than {MOST_POINTS:,} points")
    if factor and _too_long(first, last, step):
        raise SymllmError(f"--over {over[:60]!r}: its points grow longer than anybody reads; take a factor such as *2 or *3/2")
    found = [first]
    while len(found) <= MOST_POINTS:
        following = exact(found[-1] * step if factor else found[-1] + step)
        if following > last:
            break
        found.append(following)
    return tuple(found)


def _too_long(first: Number, last: Number, factor: Number) -> bool:
    """Whether a range of so many steps by a factor has more points, or longer exact ones, than are worked out."""
    steps = (math.log2(last) - math.log2(first)) / math.log2(1 + float(Fraction(factor) - 1)) if factor - 1 > Fraction(1, 10**9) else math.inf
    return steps * Fraction(factor).denominator.bit_length() > MOST_BITS * (1 if isinstance(factor, Fraction) else 2)
