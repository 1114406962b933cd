"""The solver: certificates hold, the closed form and the search agree, limits and impossibilities are answers."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symllm
from symllm.answer import as_json
from symllm.scenario import Request, scenario
from symllm.tradeoff import solved_with_tradeoff

FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MODELS = ("gpt2", "llama-3-8b", "qwq-32b", "mistral-7b-v0.1", "gemma-7b", "llama-2-70b")


@FEW
@given(model=st.sampled_from(MODELS), context=st.integers(1, 1024), memory=st.integers(1, 400))
def test_certificate_of_max_batch(model: str, context: int, memory: int) -> None:
    answer = symllm.solve("max_batch", model=model, gpu_memory=f"{memory} GiB", context=context)
    case = scenario(Request(model=model, gpu_memory=f"{memory} GiB", context=context))
    symbol = case.program.quantities["inference_memory"]
    budget = Fraction(memory * 2**30 * 9, 10)

    def needs(batch: int) -> Fraction:
        return Fraction(case.program.run(case.with_values(b=batch).values, [symbol])[symbol])

    assert isinstance(answer.value, int)
    if answer.value:
        assert needs(answer.value) <= budget
    assert needs(answer.value + 1) > budget
    certificate = answer.certificate
    assert certificate is not None
    assert certificate.beyond_needs == needs(answer.value + 1)
    if answer.closed_form is not None and answer.value:
        assert math.floor(answer.closed_form.value) == answer.value


@FEW
@given(model=st.sampled_from(MODELS), budget=st.integers(10**6, 10**12))
def test_general_form_certifies_parameters(model: str, budget: int) -> None:
    answer = symllm.solve("d", such_that=f"parameters <= {budget}", model=model, assume="d_ff = 4*d")
    case = scenario(Request(model=model, assume=("d_ff = 4*d",)))
    symbol = case.program.quantities["parameters"]

    def count(width: int) -> int:
        return int(case.program.run(case.with_values(d=width).values, [symbol])[symbol])

    assert isinstance(answer.value, int)
    assert answer.value == 0 or count(answer.value) <= budget
    assert count(answer.value + 1) > budget


def test_the_main_question() -> None:
    answer = symllm.solve("max_batch", model="qwq-32b", gpu="h100", context=8192)
    assert answer.value is not None
    assert 3 <= answer.value <= 5
    data = as_json(answer)
    assert data["certificate"]["at"] == answer.value
    assert data["certificate"]["needs"] <= data["certificate"]["budget_approximate"] < data["certificate"]["beyond_needs"]
    assert data["closed_form"]["text"].startswith("b ≤ ")
    assert sum(row["value"] for row in data["breakdown"]) == data["certificate"]["needs"]
    assert data["kind"] == "fitted"
    assert data["assumptions"]


def test_without_a_context_the_trade_off_is_the_answer() -> None:
    answer = solved_with_tradeoff(Request(model="qwq-32b", gpu="h100"), "max_batch")
    assert answer.value == 0
    assert [row["context"] for row in answer.table] == [2048, 4096, 8192, 16384, 32768, 40960]
    batches = [row["max_batch"] for row in answer.table]
    assert batches == sorted(batches, reverse=True)
    assert batches[-1] == 0
    ways = {way["change"]: way["max_batch"] for way in answer.ways}
    assert ways["--kv-dtype fp8"] >= 1
    assert any(change.startswith("--gpus") for change in ways)


def test_weights_alone_are_too_large() -> None:
    answer = symllm.solve("max_batch", model="qwq-32b", gpu_memory="64 GB", utilization="1", context=8192)
    assert answer.value == 0
    assert answer.why == "nothing fits: the weights alone need 65.5 GB = 61.0 GiB of 64 GB = 59.6 GiB"


def test_the_models_own_context_is_a_limit() -> None:
    bound = symllm.solve("max_context", model="qwq-32b", gpu="h200")
    assert bound.value == 40960
    assert bound.bound_by == "the model's own context limit"
    assert bound.why == "no limit below the model's own context limit of 40,960 tokens"
    free = symllm.solve("max_context", model="qwq-32b", gpu="h200", beyond_context=True)
    assert free.value is not None
    assert free.value > 40960
    assert free.bound_by == "GPU memory"


def test_min_questions() -> None:
    gpus = symllm.solve("min_gpus", model="llama-3-70b", gpu="h100", context=8192)
    assert gpus.value == 2
    memory = symllm.solve("min_gpu_memory", model="qwq-32b", context=8192)
    assert isinstance(memory.value, int)
    fits = symllm.solve("max_batch", model="qwq-32b", context=8192, gpu_memory=f"{memory.value} byte")
    assert fits.value == 1
    too_little = symllm.solve("max_batch", model="qwq-32b", context=8192, gpu_memory=f"{memory.value - 1} byte")
    assert too_little.value == 0


def test_several_constraints_name_the_one_that_binds() -> None:
    answer = symllm.solve("s", such_that=("kv_cache <= 4e9", "prefill_compute <= 1e15"), model="qwq-32b", beyond_context=True)
    both = ("kv_cache <= 4e9", "prefill_compute <= 1e15")
    alone = {text: symllm.solve("s", such_that=text, model="qwq-32b", beyond_context=True).value for text in both}
    assert answer.value == min(alone.values())  # type: ignore[type-var]
    assert alone[answer.bound_by] == answer.value
    (other,) = set(alone) - {answer.bound_by}
    assert answer.next_bound == (other, alone[other])


def test_weight_bytes_are_solved_in_bits() -> None:
    answer = symllm.solve("u_w", such_that="weights <= 20e9", model="qwq-32b")
    assert answer.value == Fraction(1, 2)


@pytest.mark.parametrize("question", ["max_batch", "max_context", "max_layers", "min_gpu_memory"])
def test_a_closed_form_is_held_against_the_exact_answer(question: str) -> None:
    context = {} if question == "max_context" else {"context": 4096}
    gpu = {} if question == "min_gpu_memory" else {"gpu": "h100"}
    answer = symllm.solve(question, model="qwq-32b", **context, **gpu)
    form = answer.closed_form
    assert form is not None
    if form.status == "exact":
        assert answer.value == (math.ceil(form.value) if question.startswith("min") else math.floor(form.value))


def test_a_relaxed_closed_form_says_in_which_direction_it_is_true() -> None:
    """Findings A12: 4 by the search beside 'tp ≤ 3.00', and 27 beside 'N ≤ 28.00'."""
    answer = symllm.solve("tp", such_that="kv_cache_per_gpu > 950708906", model="smollm2-360m", batch=17, pp=2, gpu="rtx-5090")
    assert answer.value == 4
    assert answer.closed_form is not None
    assert (answer.closed_form.status, answer.closed_form.value) == ("sufficient", pytest.approx(3.0, abs=0.01))
    layers = symllm.solve("N", such_that="kv_cache_per_gpu <= 9 MB", model="gpt2", context=512, pp=3)
    assert layers.closed_form is not None
    assert layers.closed_form.status in ("sufficient", "exact", "necessary")
    assert (layers.closed_form.status == "sufficient") <= (layers.closed_form.value <= layers.value)  # type: ignore[operator]
    assert (layers.closed_form.status == "necessary") <= (layers.closed_form.value >= layers.value)  # type: ignore[operator]


def test_what_an_exact_closed_form_may_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from symllm import closed_form

    monkeypatch.setattr(closed_form, "_status", lambda *_: ("near", 1))
    with pytest.raises(closed_form.ContradictionError, match="they differ although nothing was relaxed"):
        symllm.solve("b", such_that="kv_cache <= 1e9", model="gpt2", context=512)
