"""Every model of the catalogue against figures that nobody here wrote (tests/oracle/README.md)."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import oracle

from symllm import catalog
from symllm.errors import SymllmError
from symllm.formulas.book import book
from symllm.program import Program
from symllm.scenario import Request, scenario

KNOWN_TYPES = {model_type for family in book().families for model_type in family.model_types}
PARAMETERS, FLOPS, CACHES = oracle("parameters"), oracle("flop"), oracle("cache")
#: Small models of types that no page reads yet: refused by name, which is what is tested.
REFUSED = {name for name, figure in CACHES.items() if figure.get("config", {}).get("model_type") not in KNOWN_TYPES}


def run(program: Program, inputs: dict[str, Any], *quantities: str) -> list[Any]:
    symbols = [program.quantities[name] for name in quantities]
    values = program.run(inputs, symbols)
    return [values[symbol] for symbol in symbols]


def test_every_model_of_the_catalogue_has_a_figure() -> None:
    assert set(catalog.models()) == set(PARAMETERS)


@pytest.mark.parametrize("name", sorted(catalog.models()))
def test_parameters(name: str) -> None:
    case = scenario(Request(model=name), ("s",))
    total, active, compute = run(case.program, case.values, "parameters", "active_parameters", "compute_parameters")
    figure = PARAMETERS[name]
    assert total == figure["total"]
    assert active == figure["active"]
    assert compute == figure["active_non_embedding"]


@pytest.mark.parametrize("name", sorted(name for name, figure in FLOPS.items() if "runs" in figure))
def test_flop(name: str) -> None:
    case = scenario(Request(model=name, engine="transformers", mask="full", logits="all", beyond_context=True), ("s",))
    for figure in FLOPS[name]["runs"]:
        prefill = figure["phase"] == "prefill"
        tokens = figure["tokens"] if prefill else figure["cached"] + 1
        inputs = case.with_values(s=tokens, b=figure["batch"]).values
        (found,) = run(case.program, inputs, "prefill_compute" if prefill else "decode_compute")
        assert found == figure["flop"], figure


@pytest.mark.parametrize("name", sorted(name for name, figure in CACHES.items() if "runs" in figure))
def test_cache_tensors(name: str) -> None:
    """Bytes of the real cache tensors after a prompt, and after two more tokens."""
    entry = CACHES[name]
    if name in REFUSED:
        with pytest.raises(SymllmError, match="unknown model_type"):
            scenario(Request(config=entry["config"]))
        return
    for figure in entry["runs"]:
        dtype = {"float32": "fp32", "bfloat16": "bf16"}[figure["dtype"]]
        case = scenario(Request(config=entry["config"], engine="transformers", dtype=dtype, beyond_context=True), ("s",))
        for tokens, claimed in ((figure["tokens"], kept(figure)), (figure["tokens"] + 2, kept(figure["after_two_steps"]))):
            inputs = case.with_values(s=tokens, b=figure["batch"]).values
            (found,) = run(case.program, inputs, "kv_cache")
            assert found == claimed, (figure["dtype"], tokens)


def kept(figure: dict[str, Any]) -> int:
    """Bytes of the tensors, each once: in a layer that compresses, `values` is the very tensor that `keys` is."""
    compressing = {name.rpartition(".")[0].rpartition(".")[0] for name, *_ in figure["tensors"] if name.endswith(".compressor")}
    return sum(size for name, _, _, size in figure["tensors"] if not (name.endswith(".values") and name[: -len(".values")] in compressing))
