"""What must hold for every model: shares sum to the whole, parameters grow with every size, corrupted configs never crash."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symllm import catalog, parse, tree, units
from symllm.build import architecture
from symllm.build import program as build
from symllm.config import parse as parse_json
from symllm.errors import SymllmError
from symllm.formulas.book import book
from symllm.program import Program
from symllm.scenario import Request, scenario

ONE_OF_EACH_TYPE = {str(row.config.get("model_type")): row for row in catalog.models().values()}
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CORRUPTIONS = ("4096", -1, 0, 1.5, True, [4096], 10**30, {"a": 1})


def value(program: Program, inputs: dict[str, Any], quantity: str) -> Any:
    symbol = program.quantities[quantity]
    return program.run(inputs, [symbol])[symbol]


@pytest.mark.parametrize("model_type", sorted(ONE_OF_EACH_TYPE))
def test_shares_of_tensor_parallelism_cover_the_whole(model_type: str) -> None:
    """Every GPU's share times their number is at least the whole, and one GPU holds exactly the whole."""
    case = scenario(Request(model=ONE_OF_EACH_TYPE[model_type].name, context=64, batch=3))
    whole, cache = value(case.program, case.values, "weights"), value(case.program, case.values, "kv_cache")
    for gpus in (1, 2, 4, 8):
        inputs = case.with_values(tp=gpus).values
        share, kept = value(case.program, inputs, "weights_per_gpu"), value(case.program, inputs, "kv_cache_per_gpu")
        assert whole <= share * gpus
        assert share <= whole
        assert cache <= kept * gpus
        assert kept <= cache
        if gpus == 1:
            assert (share, kept) == (whole, cache)


@pytest.mark.parametrize("name", ["llama-3-8b", "qwq-32b", "mixtral-8x7b", "gemma-7b"])
def test_divided_shares_and_whole_tensors_sum_to_the_whole(name: str) -> None:
    """With sizes that divide, what is split is held once in all and what is not is held on every GPU."""
    case = scenario(Request(model=name, context=64))
    shares = {gpus: value(case.program, case.with_values(tp=gpus).values, "weights_per_gpu") for gpus in (1, 2, 4)}
    replicated = 2 * shares[2] - shares[1]  # 2·(split/2 + rest) - (split + rest)
    assert replicated >= 0
    assert 4 * shares[4] - shares[1] == 3 * replicated


@pytest.mark.parametrize("model_type", sorted(ONE_OF_EACH_TYPE))
def test_parameters_grow_with_every_size(model_type: str) -> None:
    case = scenario(Request(model=ONE_OF_EACH_TYPE[model_type].name), ("s",))
    symbol = case.program.quantities["parameters"]
    before = value(case.program, case.values, "parameters")
    for name in case.program.inputs([symbol]):
        if name == "p":  # larger patches need fewer rows of a position table
            continue
        size = case.values[name]
        after = case.program.compile(symbol, (name,), case.values)(size + 1)
        assert after >= before, name


@pytest.mark.parametrize("model_type", sorted(ONE_OF_EACH_TYPE))
def test_a_corrupted_config_is_refused_or_read(model_type: str) -> None:
    """Each field removed and corrupted in turn: an answer or one line, never another exception."""
    raw = dict(ONE_OF_EACH_TYPE[model_type].config)
    refused = 0
    for name in raw:
        changes: list[Any] = [None, *CORRUPTIONS] if isinstance(raw[name], int) else [None, "x", 7]
        for change in changes:
            broken = copy.deepcopy(raw)
            broken[name] = change
            try:
                architecture(book(), broken)
            except SymllmError as error:
                assert "\n" not in str(error)
                refused += 1
    assert refused


@FEW
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6),
       st.sampled_from(sorted(ONE_OF_EACH_TYPE)))  # fmt: skip
def test_garbage_is_refused_in_words(garbage: Any, model_type: str) -> None:
    raw = {"model_type": model_type, "hidden_size": garbage} if not isinstance(garbage, dict) else {"model_type": model_type, **garbage}
    try:
        raw = parse_json(json.dumps(raw), "config")
        build(book(), raw, {"name": "garbage"}, None, None, "full", "all", "")
    except SymllmError as error:
        assert "\n" not in str(error)


@FEW
@given(st.text(max_size=60))
def test_the_parser_reads_or_refuses(text: str) -> None:
    for read in (parse.expression, parse.comparison, parse.definition):
        try:
            read(text)
        except SymllmError as error:
            assert str(error)


_TREES = st.recursive(st.integers(1, 99) | st.sampled_from(["a", "b"]),
                      lambda inner: st.tuples(st.sampled_from("+*"), inner, inner).map(list), max_leaves=12)  # fmt: skip


def _written(body: tree.Tree) -> str:
    return str(body) if not isinstance(body, list) else "(" + body[0].join(_written(part) for part in body[1:]) + ")"


@FEW
@given(_TREES, st.integers(1, 10**12), st.integers(1, 10**12))
def test_what_is_written_is_read_and_compiled_alike(body: tree.Tree, a: int, b: int) -> None:
    again = parse.expression(_written(body))
    exact = tree.evaluate(body, {"a": a, "b": b})
    assert tree.evaluate(again, {"a": a, "b": b}) == exact
    assert tree.function([("y", again)], "y", ("a", "b"))(a, b) == exact


@FEW
@given(st.integers(1, 10**15), st.sampled_from(["byte", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"]))
def test_amounts_are_exact(count: int, unit: str) -> None:
    found = units.read_quantity(f"{count} {unit}", "byte")
    assert found == count * units.UNITS[unit].factor
    assert units.read_quantity("1 GiB", "byte") > units.read_quantity("1 GB", "byte")


@pytest.mark.parametrize("name", ["gpt2", "llama-3-8b", "qwq-32b", "gemma-7b"])
@pytest.mark.parametrize("tokens", [2, 17, 1024])
def test_one_more_token_of_a_prompt_is_a_decode_step(name: str, tokens: int) -> None:
    """Causal prefill of s tokens less that of s - 1 is one decode step over s tokens: an identity of the model's mathematics."""
    case = scenario(Request(model=name, mask="causal", logits="all"), ("s",))
    long, short = (value(case.program, case.with_values(s=s).values, "prefill_compute") for s in (tokens, tokens - 1))
    assert long - short == value(case.program, case.with_values(s=tokens).values, "decode_compute")


@pytest.mark.parametrize("model_type", sorted(ONE_OF_EACH_TYPE))
def test_cache_and_compute_grow_and_causal_is_less(model_type: str) -> None:
    name = ONE_OF_EACH_TYPE[model_type].name
    full, causal = (scenario(Request(model=name, mask=mask, beyond_context=True), ("s",)) for mask in ("full", "causal"))
    last_cache = last_compute = 0
    for tokens in (1, 100, 5000, 40_000):
        inputs = full.with_values(s=tokens).values
        compute = value(full.program, inputs, "prefill_compute")
        assert compute >= value(causal.program, causal.with_values(s=tokens).values, "prefill_compute")
        cache = value(full.program, inputs, "kv_cache")
        assert compute > last_compute
        assert cache >= last_cache
        last_cache, last_compute = cache, compute
        assert value(full.program, full.with_values(s=tokens, b=3).values, "kv_cache") == 3 * cache
