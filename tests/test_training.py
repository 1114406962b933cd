"""Training and generation: saved activations and Adam's states against PyTorch's, times against their own arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from conftest import oracle

import symllm
from symllm.build import choices, definitions
from symllm.derivation import Facts
from symllm.errors import SymllmError
from symllm.formulas.book import book
from symllm.formulas.literature.subjects import SUBJECTS
from symllm.formulas.notation import BYTE, FLOP, M_save, V, b, d, d_ff, d_h, h, k, s, u_a
from symllm.training import chosen, given

OPTIONS = {"plain-eager-byte": "", "plain-eager-none": "no-dropout", "plain-sdpa-none": "fused,no-dropout"}


def saved(subject: str, training: str, values: dict[Any, int]) -> Any:
    """Bytes that an arrangement of blocks keeps, with the norms' statistics."""
    from dataclasses import replace

    pages = book()
    options = chosen(pages.training, (*given(training), "statistics"))
    made = replace(choices(pages, "bf16", "bf16", "full", "all", ""), training=frozenset(option.name for option in options))
    lines = definitions(pages, SUBJECTS[subject].model, made)
    return Facts({line.symbol: line.expression for line in lines}).number(M_save, {BYTE: 1, FLOP: 1, u_a: 2, **values})


@pytest.mark.parametrize("name", sorted(name for name in oracle("saved") if name.rpartition("-")[0] in OPTIONS))
def test_a_gpt_layer_keeps_what_autograd_keeps(name: str) -> None:
    row = oracle("saved")[name]
    sizes = {b: row["batch"], s: row["tokens"], d: row["width"], h: row["heads"], k: row["heads"],
             d_h: row["width"] // row["heads"], d_ff: 4 * row["width"]}  # fmt: skip
    assert saved("gpt_layer", OPTIONS[name.rpartition("-")[0]], sizes) == row["bytes"]


@pytest.mark.parametrize("name", ["head-512", "head-4096"])
def test_the_output_head_keeps_what_autograd_keeps(name: str) -> None:
    row = oracle("saved")[name]
    found = saved("head", "", {b: row["batch"], s: row["tokens"], d: row["width"], V: row["vocabulary"]})
    assert found == row["bytes"] - 4  # the loss itself, one float32


@pytest.mark.parametrize(("dtype", "training", "record"), [("fp32", "mixed", "adamw-float32"), ("bf16", "pure", "adamw-bfloat16")])
def test_adam_keeps_what_torch_keeps(dtype: str, training: str, record: str) -> None:
    row = oracle("saved")[record]
    answer = symllm.evaluate("optimizer_states", model="gpt2", dtype=dtype, training=training)
    assert answer.value is not None
    assert answer.value * row["parameters"] == (row["bytes"] - row["state"]["step"]) * 124439808


def test_training_memory_is_the_sum_of_its_parts() -> None:
    answer = symllm.evaluate("training_memory", model="gpt2", context=1024)
    assert sum(part.value for part in answer.breakdown) == answer.value
    assert answer.value == 16 * 124439808 + symllm.evaluate("saved_activations", model="gpt2", context=1024).value  # type: ignore[operator]
    assert any("--training" in text for text in answer.assumptions)


def test_training_compute_and_time() -> None:
    options: dict[str, Any] = {"model": "llama-65b", "gpu": "a100", "sets": {"T": "1.4e12", "mfu": "0.5", "G": 2048}, "context": 2048}
    compute = symllm.evaluate("training_compute", **options).value
    assert compute == 6 * 65285660672 * 14 * 10**11
    assert symllm.evaluate("training_time", **options).value == Fraction(compute, 2048 * 156 * 10**12)
    exact = symllm.evaluate("training_compute_exact", **options).value
    assert exact is not None
    assert 1.0 < exact / compute < 1.05


def test_training_tokens_are_asked_for() -> None:
    with pytest.raises(SymllmError, match="--set T="):
        symllm.evaluate("training_compute", model="gpt2")
    with pytest.raises(SymllmError, match="--gpu NAME or --set X="):
        symllm.evaluate("training_time", model="gpt2", sets={"T": "1e9"})


@pytest.mark.parametrize("words", ["fused,eager", "flash", "mixed,pure"])
def test_training_options_are_checked(words: str) -> None:
    with pytest.raises(SymllmError):
        symllm.evaluate("saved_activations", model="gpt2", training=words)


def test_a_small_batch_is_bound_by_bandwidth_and_a_prefill_by_compute() -> None:
    options: dict[str, Any] = {"model": "qwq-32b", "gpu": "h100", "context": 2048}
    read = symllm.evaluate("weights_read", **options).value
    cache = symllm.evaluate("kv_cache", **options).value
    assert read is not None and cache is not None
    assert symllm.evaluate("time_per_output_token", **options).value == Fraction(read + cache, 3350 * 10**9)
    prefill = symllm.evaluate("first_token_compute", **options).value
    peak = symllm.evaluate("ridge", **options).value
    assert prefill is not None and peak is not None
    assert symllm.evaluate("time_to_first_token", **options).value == Fraction(prefill, peak * 3350 * 10**9)


@pytest.mark.parametrize("model", ["gpt2", "mistral-7b-v0.1", "llama-3-8b"])
def test_steps_with_a_cache_add_up(model: str) -> None:
    """The sum over steps equals the decode steps one by one."""
    total = symllm.evaluate("generation_compute", model=model, context=100, new_tokens=4).value
    prefill = symllm.evaluate("prefill_compute", model=model, context=100).value
    steps = [symllm.evaluate("decode_compute", model=model, context=100 + i).value for i in range(1, 4)]
    assert total == prefill + sum(steps)  # type: ignore[operator, arg-type]
    without = symllm.evaluate("generation_compute_without_cache", model=model, context=100, new_tokens=4).value
    assert without == 4 * prefill  # type: ignore[operator]


@pytest.mark.parametrize("model", ["llama-3-8b", "gemma-3-12b", "deepseek-v2-lite", "mistral-7b-v0.1"])
def test_latency_is_the_sum_of_its_steps(model: str) -> None:
    """Each step reads the cache as long as it is then, not as long as the last one finds it."""
    options: dict[str, Any] = {"model": model, "gpu": "a100", "batch": 3}
    latency = symllm.evaluate("latency", context=1200, new_tokens=11, **options).value
    first = symllm.evaluate("time_to_first_token", context=1200, **options).value
    steps = [symllm.evaluate("time_per_output_token", context=1200 + i, **options).value for i in range(1, 11)]
    assert latency == first + sum(steps)  # type: ignore[operator, arg-type]
    total = symllm.evaluate("tokens_per_second", context=1200, new_tokens=11, **options).value
    assert total == 33 / Fraction(latency)  # type: ignore[arg-type]


def test_a_prefill_reads_the_experts_that_its_tokens_reach() -> None:
    everything = symllm.evaluate("weights", model="mixtral-8x7b").value
    looked_up = 2 * 32000 * 4096
    read = symllm.evaluate("prefill_weights_read", model="mixtral-8x7b", context=8192).value
    assert 0 <= everything - looked_up - read < 1  # type: ignore[operator]
    options: dict[str, Any] = {"model": "mixtral-8x7b", "context": 8192}
    intensity = symllm.evaluate("prefill_intensity", **options).value
    assert 2600 < intensity < 2640  # type: ignore[operator]


def test_a_decode_step_reads_the_experts_that_its_tokens_reach_on_average() -> None:
    expert = 32 * 3 * 4096 * 14336 * 2
    alone = symllm.evaluate("weights_read", model="mixtral-8x7b", batch=1, context=8).value
    for batch in (2, 3, 16, 500):
        read = symllm.evaluate("weights_read", model="mixtral-8x7b", batch=batch, context=8).value
        reached = 8 * (1 - Fraction(3, 4) ** batch)
        assert abs(read - alone - (reached - 2) * expert) < 1  # type: ignore[operator, arg-type]
        assert reached < min(8, 2 * batch)


def test_times_leave_out_what_a_mask_hides_unless_it_is_asked_for() -> None:
    options: dict[str, Any] = {"model": "llama-3.1-8b", "gpu": "h100", "context": 131072}
    assert float(symllm.evaluate("time_to_first_token", **options).value or 0) == pytest.approx(6.40, abs=0.01)
    assert float(symllm.evaluate("time_to_first_token", mask="full", logits="all", **options).value or 0) == pytest.approx(11.1, abs=0.1)
    both = [symllm.evaluate("prefill_compute", mask=mask, **options).value for mask in ("", "full")]
    assert both[0] == both[1]


@pytest.mark.parametrize(
    ("model", "dtype", "gpu", "peak"),
    [
        ("deepseek-v3", None, "h100", 1979 * 10**12),  # stored as FP8 in blocks, multiplied in FP8
        ("deepseek-v3", None, "a100", 312 * 10**12),  # a card without FP8
        ("llama-3-8b", "fp8", "h100", 1979 * 10**12),
        ("llama-3-8b", "awq", "h100", 989 * 10**12),  # weights alone: multiplied in 16 bits
        ("llama-3-8b", "bnb_int8", "h100", 989 * 10**12),
        ("llama-3-8b", "int8", "h100", 1979 * 10**12),
    ],
)
def test_the_peak_is_that_of_the_format_that_is_multiplied(model: str, dtype: str | None, gpu: str, peak: int) -> None:
    options: dict[str, Any] = {"model": model, "dtype": dtype, "gpu": gpu}
    assert float(symllm.evaluate("X", **options).value or 0) == pytest.approx(peak, rel=0.001)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("gpt2", ("a fused attention kernel keeps no attention weights", "dropout after")),
        ("opt-13b", ("a fused attention kernel keeps no attention weights", "dropout after")),
        ("llama-3-8b", ("a fused attention kernel keeps no attention weights", "no dropout")),
        ("mixtral-8x7b", ("a fused attention kernel keeps no attention weights", "no dropout")),
    ],
)
def test_nobody_is_charged_for_dropout_that_a_model_does_not_have(model: str, words: tuple[str, ...]) -> None:
    answer = symllm.evaluate("saved_activations", model=model, context=512)
    assert all(any(said.startswith(word) for said in answer.assumptions) for word in words)
    charged = symllm.evaluate("saved_activations", model=model, context=512, training="dropout").value
    assert (charged == answer.value) is (words[1] != "no dropout")


def test_a_config_that_states_its_dropout_decides() -> None:
    config: dict[str, Any] = {"model_type": "gpt2", "attn_pdrop": 0.0, "resid_pdrop": 0.0, "embd_pdrop": 0.0}
    silent = symllm.evaluate("saved_activations", config={"model_type": "gpt2"}, context=512).value
    assert symllm.evaluate("saved_activations", config=config, context=512).value < silent  # type: ignore[operator]
