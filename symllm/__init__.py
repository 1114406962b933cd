"""symllm: the executable formula book of large language models.

>>> import symllm
>>> symllm.evaluate("parameters", model="gpt2").value
124439808
"""

from __future__ import annotations

from .errors import TYPE_CHECKING, SymllmError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from .answer import Answer
    from .extremes import Found as Extreme

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
    from . import arguments
    from .answer import evaluated
    from .scenario import scenario

    quantity = arguments.text("quantity", quantity)
    return evaluated(scenario(arguments.request(model, config, options)), quantity)


def solve(question: str, *, such_that: str | tuple[str, ...] = (), sense: str = "", model: str | None = None,
          config: str | Path | Mapping[str, Any] | None = None, **options: Any) -> Answer:  # fmt: skip
    """The answer of an inverse question ("max_batch", "min_gpus", ... or any symbol with `such_that`), certified.

    such_that: a constraint such as "parameters <= 7e9" or "time_per_output_token <= 20 ms", or several.
    sense: "max" or "min" where the direction does not follow from the constraints. Other arguments and errors as in `evaluate`.
    """
    from . import arguments
    from .solving import solve as solved

    question, sense = arguments.text("question", question), arguments.text("sense", sense)
    return solved(arguments.request(model, config, options), question, arguments.texts("such_that", such_that), sense)


def minimize(expression: str, *, over: str, low: str = "", high: str = "", model: str | None = None,
             config: str | Path | Mapping[str, Any] | None = None, **options: Any) -> Extreme:  # fmt: skip
    """The least value of an expression over one symbol, and where it lies, proved by bounds over the whole range.

    expression: a quantity or a text such as "latency/n". over: the symbol that moves; low, high: its range, as text.
    Other arguments and errors as in `evaluate`; `SymllmError` too where there is no least value.
    """
    return _extreme("minimum", expression, over, low, high, model, config, options)


def maximize(expression: str, *, over: str, low: str = "", high: str = "", model: str | None = None,
             config: str | Path | Mapping[str, Any] | None = None, **options: Any) -> Extreme:  # fmt: skip
    """The largest value of an expression over one symbol; arguments and errors as in `minimize`."""
    return _extreme("maximum", expression, over, low, high, model, config, options)


def total(expression: str, *, over: str, low: str, high: str, model: str | None = None,
          config: str | Path | Mapping[str, Any] | None = None, **options: Any) -> Extreme:  # fmt: skip
    """The sum of an expression over the whole values of one symbol from `low` to `high`, both counted.

    In closed form where it is a polynomial there. Arguments and errors as in `minimize`.
    """
    return _extreme("sum", expression, over, low, high, model, config, options)


def _extreme(what: str, expression: Any, over: Any, low: Any, high: Any, model: Any, config: Any, options: Mapping[str, Any]) -> Extreme:
    from . import arguments
    from .extremes import extreme, summed

    asked = arguments.request(model, config, options)
    body, name = arguments.text("expression", expression), arguments.text("over", over)
    ends = arguments.amount("low", low), arguments.amount("high", high)
    return summed(asked, body, name, *ends) if what == "sum" else extreme(asked, body, name, what, *ends)
