"""What-if and sweep: values, like compared with like, and changes that make no model refused."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from click.testing import CliRunner

import symllm
from symllm.cli import group
from symllm.errors import SymllmError
from symllm.scenario import Request
from symllm.sweep import sweep
from symllm.whatif import whatif


def printed(*arguments: str) -> str:
    outcome = CliRunner().invoke(group, list(arguments), standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return outcome.output


def test_another_model_is_compared_at_the_same_context() -> None:
    rows = {row.quantity: row for row in whatif(Request(model="llama-3-8b"), ("model=qwen2.5-7b",))}
    cache = rows["kv_cache"]
    assert cache.before.inputs["s"].value == cache.after.inputs["s"].value == 8192
    assert cache.ratio == Fraction(28 * 4, 32 * 8)
    assert rows["parameters"].after.value == symllm.evaluate("parameters", model="qwen2.5-7b").value
    assert rows["parameters"].difference == 7_615_616_512 - 8_030_261_248


def test_a_change_of_context_is_a_change_of_context() -> None:
    (row,) = whatif(Request(model="llama-3-8b"), ("context=2048",), ("kv_cache",))
    assert (row.before.inputs["s"].value, row.after.inputs["s"].value) == (8192, 2048)
    assert row.ratio == Fraction(1, 4)


@pytest.mark.parametrize("change", ["k=80", "k=3", "h=41", "E_a=9"])
def test_sizes_of_no_model_are_refused(change: str) -> None:
    model = "mixtral-8x7b" if change.startswith("E") else "qwq-32b"
    with pytest.raises(SymllmError, match="these sizes fit no model"):
        whatif(Request(model=model), (change,))


def test_a_size_that_stays_is_named_with_its_family_s_rule() -> None:
    answer = symllm.evaluate("parameters", model="gpt2", sets={"d": 1536})
    assert "feed-forward size (d_ff) stays 3,072, as gpt2 has it; its family's rule would make it 6,144: --assume \"d_ff = 4*d\"" in answer.notes
    assert not [note for note in symllm.evaluate("parameters", model="gpt2", sets={"d": 1536, "d_ff": 6144}).notes if "d_ff" in note]


def test_assumptions_are_those_of_each_side() -> None:
    text = printed("whatif", "--model", "qwq-32b", "--change", "kv_dtype=fp8")
    assert "assumed before: cache in bf16" in text
    assert "assumed: cache in bf16" not in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("solve", "max_batch", "--model", "gpt2", "--model", "gpt2"),
        ("eval", "parameters", "--model", "gpt2", "--set", "d=64", "--set", "d=128"),
        ("whatif", "--model", "gpt2", "--change", "k=4", "--change", "k=6"),
        ("sweep", "kv_cache", "--model", "gpt2", "--over", "context=1:9", "--over", "batch=1:9"),
        ("derive", "parameters", "--dominant", "d", "--dominant", "N"),
    ],
)
def test_nothing_given_twice_replaces_in_silence(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SymllmError, match=r"is given (2 times|twice)"):
        printed(*arguments)


def test_a_sweep_is_the_quantity_at_each_point() -> None:
    made = sweep(Request(model="llama-3-8b", batch=3), "kv_cache", "context=1024:8192:*2")
    assert made.points == (1024, 2048, 4096, 8192)
    assert made.values == tuple(symllm.evaluate("kv_cache", model="llama-3-8b", batch=3, context=s).value for s in made.points)
    assert made.unit == "byte"
    uneven = sweep(Request(model="llama-3-70b", context=1024), "weights_per_gpu", "tp=1,2,4,8")
    assert uneven.values == tuple(symllm.evaluate("weights_per_gpu", model="llama-3-70b", context=1024, tp=t).value for t in (1, 2, 4, 8))


def test_a_sweep_over_new_tokens_counts_them() -> None:
    made = sweep(Request(model="llama-3-8b", context=1000), "kv_cache", "new_tokens=1:101:50")
    assert made.values == tuple(symllm.evaluate("kv_cache", model="llama-3-8b", context=1000 + n).value for n in (1, 51, 101))


def test_the_table_of_a_sweep_shows_its_values() -> None:
    text = printed("sweep", "kv_cache", "--model", "gpt2", "--over", "context=100:300:100")
    assert [line.split()[0] for line in text.splitlines()[3:]] == ["100", "200", "300"]
    rows: Any = json.loads(printed("sweep", "kv_cache", "--model", "gpt2", "--over", "context=100:300:100", "--json"))["points"]
    assert [row["value"] for row in rows] == [2 * 12 * 768 * 2 * s for s in (100, 200, 300)]


def test_a_key_that_stands_twice_is_refused(tmp_path: Any) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"model_type": "gpt2", "n_layer": 12, "n_layer": 24}')
    with pytest.raises(SymllmError, match="the key 'n_layer' stands twice in one object"):
        symllm.evaluate("parameters", config=file)
