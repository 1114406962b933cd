"""The anatomy of a model: its parameters by component and layer kind, what a token passes, what it caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import tree
from .answer import Answer, evaluated
from .errors import SymllmError
from .program import Program
from .scenario import Request, Scenario, scenario
from .units import Number, exact


@dataclass(frozen=True)
class Kind:
    """Layers of one kind: what they are called, how many there are, and the parameters of one."""

    title: str
    count: Number
    parameters: Number


@dataclass(frozen=True)
class Anatomy:
    """Everything `symllm models --model` shows. Cache figures are for one sequence, in bytes.

    token_cache: bytes that one more token adds at the context limit; constant_cache: what does not grow.
    """

    parameters: Answer
    active: Answer
    compute: Answer
    weights: Answer
    kinds: tuple[Kind, ...]
    token_cache: Number | None
    first_token_cache: Number | None
    full_cache: Number | None
    context: Number | None
    scenario: Scenario


def anatomy(request: Request) -> Anatomy:
    """The anatomy of the request's model."""
    case = scenario(request, () if request.context else ("s",))
    wanted = ["parameters", "active_parameters", "compute_parameters", "weights"]
    total, active, compute, weights = (evaluated(case, name) for name in wanted)
    context = case.inputs.get("s_max")
    limit = context.value if context is not None else None
    far = int(limit) if limit is not None else 2**20
    return Anatomy(total, active, compute, weights, tuple(_kinds(case)), _added(case, far), _added(case, 2), _cache(case, far), limit, case)


def _cache(case: Scenario, tokens: int) -> Number | None:
    symbol = case.program.quantities["kv_cache"]
    try:
        return exact(case.program.run(case.with_values(s=tokens, b=1).values, [symbol])[symbol])
    except SymllmError:
        return None


def _added(case: Scenario, tokens: int) -> Number | None:
    here, before = _cache(case, tokens), _cache(case, tokens - 1)
    return None if here is None or before is None else exact(here - before)


def _kinds(case: Scenario) -> list[Kind]:
    """The layer lines of the parameter sum, with how often each stands in the whole."""
    program = case.program
    symbol = program.quantities["parameters"]
    values = program.run(case.values, [symbol])
    found = []
    whole = program.line(symbol)
    terms = whole.tree[1:] if whole is not None and isinstance(whole.tree, list) and whole.tree[0] == "+" else []
    for term in terms:
        name, count = _counted(program, term, values)
        if name is not None:
            line = program.line(name)
            if line is not None and not line.component:
                found.append(Kind(line.title, count, exact(values[name])))
    return found


def _counted(program: Program, term: Any, values: Any) -> tuple[str | None, Number]:
    """The layer symbol of a summand such as N*P_layer, and its count."""
    parts = term[1:] if isinstance(term, list) and term[0] == "*" else [term]
    layers = [part for part in parts if isinstance(part, str) and program.line(part) is not None]
    if len(layers) != 1:
        return None, 0
    return layers[0], exact(tree.evaluate(["*", 1, *(part for part in parts if part != layers[0])], values))


def as_json_data(made: Anatomy) -> dict[str, Any]:
    """The anatomy as JSON data of the schema `symllm.anatomy/1`."""
    return {
        "schema": "symllm.anatomy/1",
        "model": {key: made.parameters.model.get(key, "") for key in ("name", "title", "family", "source")},
        "parameters": made.parameters.value, "active_parameters": made.active.value, "compute_parameters": made.compute.value,
        "weights_bytes": made.weights.value, "dtype": made.scenario.program.choices["dtype"],
        "components": [{"name": part.name, "parameters": part.value} for part in made.parameters.breakdown],
        "layers": [{"kind": kind.title, "count": kind.count, "parameters": kind.parameters} for kind in made.kinds],
        "cache": {"bytes_per_token_at_limit": made.token_cache, "bytes_of_second_token": made.first_token_cache,
                  "bytes_at_limit": made.full_cache},
        "context": made.context,
    }  # fmt: skip
