"""Caches: the tensors that small real models keep after a prompt and after two more tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from oracle_build import configured
from oracle_tiny import LONGER, TINY
from transformers import AutoModelForCausalLM

HOW = (
    "The cache object that transformers returns from a prompt with use_cache, and again after two "
    "steps of one token, of small random models on the CPU. `bytes` counts the elements of the "
    "tensors as kept (`tensors`: where, [shape], dtype, bytes); `storage` counts the memory that "
    "holds them, once each, larger where a tensor is a view of a longer one. `config` is what "
    "was built."
)

BATCH = 2
LENGTHS = (20, 100)  # below and above the window of 32 of those that have one
DTYPES = ("float32", "bfloat16")


def tensors(value: Any, path: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Every tensor that an object holds, with the way to it."""
    seen = set() if seen is None else seen
    if isinstance(value, torch.Tensor):
        yield path, value
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    inner: dict[Any, Any] = {}
    if isinstance(value, dict):
        inner = value
    elif isinstance(value, list | tuple):
        inner = dict(enumerate(value))
    elif type(value).__module__.startswith("transformers.cache") or "Cache" in type(value).__name__:
        inner = vars(value)
    for key, item in inner.items():
        if key != "config":
            yield from tensors(item, f"{path}.{key}" if path else str(key), seen)


def held(cache: Any) -> dict[str, Any]:
    """The bytes of a cache, tensor by tensor."""
    found = [(path, t) for path, t in tensors(cache) if t.numel() > 0 and t.dtype.is_floating_point]
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for _, t in found}
    rows = [
        [path, list(t.shape), str(t.dtype).removeprefix("torch."), t.numel() * t.element_size()]
        for path, t in found
    ]
    return {
        "bytes": sum(row[-1] for row in rows),
        "storage": sum(storages.values()),
        "tensors": rows,
    }


def _run(model: Any, length: int) -> dict[str, Any]:
    tokens = torch.randint(3, 128, (BATCH, length + 2))
    with torch.no_grad():
        output = model(input_ids=tokens[:, :length], use_cache=True)
        name = next(key for key in ("cache_params", "state", "past_key_values") if key in output)
        cache = output[name]
        run = {"cache": type(cache).__name__, "batch": BATCH, "tokens": length, **held(cache)}
        for step in range(length, length + 2):
            place = torch.arange(step, step + 1)
            known = {"input_ids": tokens[:, step : step + 1], "use_cache": True, name: cache}
            if name == "past_key_values":
                known["position_ids"] = place.expand(BATCH, 1)
            cache = model(**known)[name]
    run["after_two_steps"] = held(cache)
    return run


def measure(config: dict[str, Any], lengths: tuple[int, ...]) -> dict[str, Any]:
    """The caches of one small model, for each length and number format."""
    runs = []
    for dtype in DTYPES:
        torch.manual_seed(0)
        typed = configured(config)
        make: Any = AutoModelForCausalLM.from_config
        model = make(typed, dtype=getattr(torch, dtype)).eval()
        runs += [{"dtype": dtype, **_run(model, length)} for length in lengths]
    return {"class": type(model).__name__, "config": config, "runs": runs}


def tasks() -> dict[str, Callable[[], dict[str, Any]]]:
    """One task a family."""
    return {
        name: partial(measure, config, LENGTHS + LONGER.get(name, ()))
        for name, config in TINY.items()
    }
