"""symllm: the executable formula book of large language models.

>>> import symllm
>>> symllm.evaluate("parameters", model="gpt2").value
124439808
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import SymllmError

if TYPE_CHECKING:
    from .answer import Answer
    from .extremes import Found as Extreme
    from .scenario import Request

__all__ = ["SymllmError", "evaluate", "maximize", "minimize", "solve", "total"]
__version__ = "0.1.0"


def evaluate(quantity: str, *, model: str | None = None, config: str | Path | Mapping[str, Any] | None = None,
             **options: Any) -> Answer:  # fmt: skip
    """The value of a quantity for a model, as a frozen `Answer`.

    model: a name of the catalogue; config: a path or dict of a Hugging Face config.json, in its place.
    options: those of the command line, with underscores: gpu, gpus, gpu_memory, batch, context, new_tokens, dtype,
    kv_dtype, tp, pp, ep, engine, utilization, mask, logits, beyond_context; `sets` (symbol -> number) and `assume`.
    Raises `SymllmError` for whatever is unknown or impossible.
    """
    from .answer import evaluated
    from .scenario import scenario

    return evaluated(scenario(_request(model, config, options)), quantity)


def solve(question: str, *, such_that: str | tuple[str, ...] = (), sense: str = "", model: str | None = None,
          config: str | Path | Mapping[str, Any] | None = None, **options: Any) -> Answer:  # fmt: skip
    """The answer of an inverse question ("max_batch", "min_gpus", ... or any symbol with `such_that`), certified.

    such_that: a constraint such as "parameters <= 7e9" or "time_per_output_token <= 20 ms", or several.
    sense: "max" or "min" where the direction does not follow from the constraints. Other arguments and errors as in `evaluate`.
    """
    from .solving import solve as solved

    constraints = (such_that,) if isinstance(such_that, str) else tuple(such_that)
    return solved(_request(model, config, options), question, constraints, sense)


def minimize(expression: str, *, over: str, low: str = "", high: str = "", model: str | None = None,
             config: str | Path | Mapping[str, Any] | None = None, **options: Any) -> Extreme:  # fmt: skip
    """The least value of an expression over one symbol, and where it lies, proved by bounds over the whole range.

    expression: a quantity or a text such as "latency/n". over: the symbol that moves; low, high: its range, as text.
    Other arguments and errors as in `evaluate`; `SymllmError` too where there is no least value.
    """
    from .extremes import extreme

    return extreme(_request(model, config, options), expression, over, "minimum", low, high)


def maximize(expression: str, *, over: str, low: str = "", high: str = "", model: str | None = None,
             config: str | Path | Mapping[str, Any] | None = None, **options: Any) -> Extreme:  # fmt: skip
    """The largest value of an expression over one symbol; arguments and errors as in `minimize`."""
    from .extremes import extreme

    return extreme(_request(model, config, options), expression, over, "maximum", low, high)


def total(expression: str, *, over: str, low: str, high: str, model: str | None = None,
          config: str | Path | Mapping[str, Any] | None = None, **options: Any) -> Extreme:  # fmt: skip
    """The sum of an expression over the whole values of one symbol from `low` to `high`, both counted.

    In closed form where it is a polynomial there. Arguments and errors as in `minimize`.
    """
    from .extremes import summed

    return summed(_request(model, config, options), expression, over, low, high)


def _request(model: str | None, config: Any, options: Mapping[str, Any]) -> Request:
    from dataclasses import fields

    from .errors import unknown
    from .scenario import Request

    known = [field.name for field in fields(Request) if field.name != "mentions"]
    given = dict(options)
    for name in given:
        if name not in known:
            raise unknown("option", name, known)
    sets = given.pop("sets", {})
    given["sets"] = tuple((name, _text(value)) for name, value in dict(sets).items())
    for name in ("assume", "define", "ignore_fields"):
        texts = given.pop(name, ())
        given[name] = (texts,) if isinstance(texts, str) else tuple(texts)
    return Request(model=model, config=config, **given)


def _text(value: Any) -> str:
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    return str(value)
