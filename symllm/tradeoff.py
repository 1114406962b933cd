"""The main question without a context: the trade-off of batch and context, and what would make the full context fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from . import catalog
from .answer import Answer
from .errors import SymllmError
from .scenario import Request
from .solving import solve
from .units import Number

FIRST_CONTEXT = 2048
MOST_OF_A_KIND = 3


def solved_with_tradeoff(request: Request, unknown: str, such_that: tuple[str, ...] = (), sense: str = "") -> Answer:
    """The answer of `solve`; max_batch without a context also carries the table over contexts and the ways out."""
    answer = solve(request, unknown, such_that, sense)
    if unknown != "max_batch" or such_that or request.context is not None or "s" not in answer.inputs:
        return answer
    if any(name == "s" for name, _ in request.sets) or any(text.split("=")[0].strip() == "s" for text in request.assume):
        return answer
    full = int(answer.inputs["s"].value)
    rows = tuple(_row(request, context, full, answer) for context in contexts(full))
    ways = tuple(_ways(request, full)) if not answer.value else ()
    return replace(answer, table=rows, ways=ways, tokens=_tokens(request, answer))


def _tokens(request: Request, answer: Answer) -> int | None:
    """Tokens that fit in all sequences together, where twice the batch caches what twice the context does."""
    case, symbol = answer.scenario, answer.scenario.program.quantities["kv_cache"]
    long = int(answer.inputs["s"].value)

    def cached(batch: int, context: int) -> Number:
        return case.program.run(case.with_values(b=batch, s=context).values, [symbol])[symbol]

    if cached(2, long) != cached(1, 2 * long) or cached(long, 1) != cached(1, long):
        return None
    value = solve(replace(request, beyond_context=True, batch=1), "max_context").value
    return int(value) if value else None


def contexts(full: int) -> list[int]:
    """Powers of two from 2,048 up to the full context, and the full context."""
    found, size = [], min(FIRST_CONTEXT, full)
    while size < full:
        found.append(size)
        size *= 2
    return [*found[-9:], full]


def _row(request: Request, context: int, full: int, answer: Answer) -> Mapping[str, Any]:
    value = answer.value if context == full else solve(replace(request, context=context), "max_batch").value
    return {"context": context, "max_batch": value}


def _ways(request: Request, full: int) -> Iterator[Mapping[str, Any]]:
    """Single changes that let at least one sequence of the full context in, and the longest context that fits as it is.

    Of each kind of change (more GPUs, a larger GPU) the smallest that help are named.
    """
    helped: dict[str, int] = {}
    for option, changed in _changes(request):
        kind = option.partition(" ")[0]
        if helped.get(kind, 0) == MOST_OF_A_KIND:
            continue
        try:
            value = solve(replace(changed, context=full), "max_batch").value
        except SymllmError:
            continue
        if value is None or value > 0:
            helped[kind] = helped.get(kind, 0) + 1
            yield {"change": option, "max_batch": value}
    try:
        longest = solve(request, "max_context").value
    except SymllmError:
        longest = None
    if longest:
        yield {"change": f"--context {int(longest)}", "max_batch": 1}


def _changes(request: Request) -> Iterator[tuple[str, Request]]:
    if request.kv_dtype is None:
        yield "--kv-dtype fp8", replace(request, kv_dtype="fp8")
    if request.dtype is None:
        yield "--dtype fp8", replace(request, dtype="fp8")
    gpus = request.gpus or 1
    if request.tp is None and request.pp is None:
        for more in (2 * gpus, 4 * gpus, 8 * gpus):
            yield f"--gpus {more}", replace(request, gpus=more)
    if request.gpu is not None and request.gpu_memory is None:
        yield from _larger_gpus(request)


def _larger_gpus(request: Request) -> Iterator[tuple[str, Request]]:
    """GPUs of the same maker with more memory, one a memory size, smallest first."""
    present = catalog.find_gpu(request.gpu or "")
    seen = {present.memory}
    larger = [gpu for gpu in catalog.gpus().values() if gpu.vendor == present.vendor and gpu.usable > present.usable]
    for gpu in sorted(larger, key=lambda gpu: gpu.usable):
        if gpu.memory not in seen:
            seen.add(gpu.memory)
            yield f"--gpu {gpu.name}", replace(request, gpu=gpu.name)
