"""Crossovers over whole numbers: every change of sign, against a count one by one, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symllm
from symllm import tree
from symllm.asymptotics import crossover
from symllm.deriving import crossover_of, said
from symllm.errors import SymllmError
from symllm.formulas.notation import d, h, s
from symllm.overtaking import Run, runs, signs
from symllm.scenario import Request, scenario
from symllm.solving_symbolic import solved

LLAMA = Request(model="llama-3-8b")


def sign_at(found: list[Run], x: int) -> int:
    run = next(run for run in found if run.start <= x and (run.end is None or x <= run.end))
    if run.sign is not None:
        return run.sign
    return 1 if x % run.modulus in run.larger else 0 if x % run.modulus in run.equal else -1


def counted(left: Any, right: Any, x: int, values: dict[str, Any]) -> int:
    one, other = (tree.evaluate(side, {**values, "x": x}) for side in (left, right))
    return (one > other) - (one < other)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(-40, 40), min_size=1, max_size=4), st.lists(st.integers(-60, 60), max_size=3))
def test_the_signs_of_a_polynomial_are_all_found(coefficients: list[int], roots: list[int]) -> None:
    poly: tuple[Fraction, ...] = (Fraction(1),)
    for root in roots:
        poly = tuple(b - root * a for a, b in zip((*poly, Fraction(0)), (Fraction(0), *poly), strict=True))
    size = max(len(poly), len(coefficients))
    total = [sum(row[i] if i < len(row) else 0 for row in (poly, coefficients)) for i in range(size)]
    while total and total[-1] == 0:
        total.pop()
    found = signs(tuple(map(Fraction, total)), 1, None)
    assert all(one[0] < other[0] and one[1] != other[1] for one, other in pairwise(found))
    for x in range(1, 400):
        value = sum(c * x**i for i, c in enumerate(total))
        here = next(sign for start, sign in reversed(found) if start <= x)
        assert here == (value > 0) - (value < 0)


#: Expressions in x with a and b: polynomials, branches, roundings, quotients.
_LEAVES = st.one_of(st.just("x"), st.integers(-9, 30), st.sampled_from(["a", "b"]))
_BODIES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "*", "max", "min"]), inner, inner).map(list),
        st.tuples(st.sampled_from(["ceil", "floor"]), inner.map(lambda body: ["*", body, ["q", 1, 3]])).map(list),
        st.tuples(st.just("floor"), inner.map(lambda body: ["*", body, ["^", "x", -1]])).map(list),
    ),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(_BODIES, _BODIES, st.integers(1, 20), st.integers(1, 20))
def test_runs_agree_with_a_count_one_by_one(left: Any, right: Any, a: int, b: int) -> None:
    try:
        found = runs(left, right, "x", {}, {"a": a, "b": b})
    except SymllmError as error:
        assert "can be told" in str(error)
        return
    assert found[0].start == 1 and found[-1].end is None
    assert all(one.end is not None and one.end + 1 == other.start for one, other in pairwise(found))
    for x in (*range(1, 130), 1000, 1001, 10**6 + 1, 10**9):
        assert sign_at(found, x) == counted(left, right, x, {"a": a, "b": b}), x


def test_what_cannot_be_told_is_refused() -> None:
    for left, right, says in [
        (["^", 2, "x"], 5, "no crossover in x can be told"),
        (["^", "x", ["q", 1, 2]], 5, "no crossover in x can be told"),
        (["^", ["+", "x", -3], -1], 5, "divided by 0"),
        (["ceil", ["*", "x", ["q", 1, 99991]]], 5, "turns on the remainder of x by 99,991"),
        (["floor", ["*", ["^", "x", 2], ["^", ["+", "x", 1], -1]]], 5, "change their rule too often"),
        ("y", 5, "symbol 'y' has no value"),
    ]:
        with pytest.raises(SymllmError, match=says):
            runs(left, right, "x", {}, {})


def test_rounding_for_ever_is_told_by_remainders() -> None:
    padded = ["*", 16, ["ceil", ["*", "x", ["q", 1, 16]]]]
    assert runs(padded, "x", "x", {}, {}) == [Run(1, None, None, 16, tuple(range(1, 16)), (0,))]
    assert runs(padded, ["+", "x", 15], "x", {}, {})[0].equal == (1,)
    assert [run.sign for run in runs(padded, ["+", "x", 16], "x", {}, {})] == [-1]


def says(request: Request, names: Sequence[str], growing: str) -> str:
    return crossover_of(request, names, growing).says


def test_equal_quantities_are_equal_for_every_value() -> None:
    assert says(LLAMA, ("kv_cache", "kv_cache"), "s") == "they are equal for every s"
    assert says(LLAMA, ("kv_cache", "M_kv"), "b") == "they are equal for every b"
    assert says(Request(), ("kv_cache", "kv_cache"), "s") == "they are equal for every s"


def test_attention_and_feed_forward_of_a_model() -> None:
    found = crossover_of(LLAMA, ("F_pre_attention", "F_pre_mlp"), "s")
    assert found.says == "prefill compute: attention outgrows prefill compute: gated feed-forward after 16,384 tokens (s), where they are equal"
    assert found.value == 16384 and "√" not in found.text and found.text.startswith("s = ")


def test_a_symbol_at_both_ends_divides_out_of_the_closed_form() -> None:
    signs_of = scenario(LLAMA).program.signs
    kept = {name: signs_of[name] for name in ("s", "d", "b")}
    form = solved(["*", 4, "b", "d", ["^", "s", 2]], ["*", 24, "b", "s", ["^", "d", 2]], "s", kept)
    (root,) = form["roots"]
    assert (root["text"], tree.evaluate(root["tree"], {"d": 7, "b": 2})) == ("6d", 42)


def test_what_never_crosses() -> None:
    assert says(Request(model="codegemma-7b"), ("weights", "training_memory"), "s") == "they never cross: training memory is larger for every s"
    assert says(Request(model="codegemma-7b"), ("training_memory", "weights"), "s") == "they never cross: training memory is larger for every s"


@pytest.mark.parametrize("new", [50, None])
def test_all_changes_are_found_not_only_the_first(new: int | None) -> None:
    """The two cost the same for one new token, and once more where the quadratic term of the steps has caught up."""
    asked = Request(model="pythia-160m", context=1000, new_tokens=new)
    found = says(asked, ("generation_compute_without_cache", "generation_compute"), "n")
    assert found == (
        "in n: generation compute without a cache is larger from 2 to 15,392,591; generation compute is larger from 15,392,593 on; "
        "they are equal at 1 and at 15,392,592"
    )
    for tokens in (1, 2, 50, 15392591, 15392592, 15392593):
        case = scenario(Request(model="pythia-160m", context=1000, new_tokens=tokens, beyond_context=True))
        names = [case.program.symbol_of(name) for name in ("generation_compute_without_cache", "generation_compute")]
        without, with_cache = (case.program.run(case.values, names)[name] for name in names)
        assert (without > with_cache) == (2 <= tokens <= 15392591) and (without == with_cache) == (tokens in (1, 15392592))


def test_heads_that_do_not_divide_make_a_crossover_more_than_once() -> None:
    asked = Request(model="llama-3-8b", context=8192, batch=10)
    found = says(asked, ("weights_per_gpu", "kv_cache_per_gpu"), "tp")
    assert found == "in tp: weights per GPU is larger from 1 to 6 and from 8 to 12; KV cache per GPU is larger at 7 and from 13 on"
    for tp in range(1, 40):
        case = scenario(Request(model="llama-3-8b", context=8192, batch=10, tp=tp))
        values = case.program.run(case.values, ["M_wg", "M_kvg"])
        assert (values["M_wg"] > values["M_kvg"]) == (tp <= 6 or 8 <= tp <= 12)


def test_new_tokens_count_where_they_are_what_grows() -> None:
    assert says(LLAMA, ("kv_cache", "weights"), "n").startswith("KV cache outgrows weights after ")
    assert crossover_of(Request(), ("kv_cache", "weights"), "n").text == "n = (M_w − 2·N·k·d_h·s·b·u_kv) / (2·N·k·d_h·b·u_kv)"


@pytest.mark.parametrize("request_", [LLAMA, Request()], ids=["model", "textbook"])
def test_different_dimensions_are_refused_by_both_names(request_: Request) -> None:
    with pytest.raises(SymllmError, match=r"kv_cache is information and parameters is a plain number: .* never cross"):
        crossover_of(request_, ("kv_cache", "parameters"), "s")
    with pytest.raises(SymllmError, match=r"depends on window \(W\)"):
        crossover_of(request_, ("kv_cache", "weights"), "W")
    with pytest.raises(SymllmError, match="unknown symbol 'zz'"):
        crossover_of(request_, ("kv_cache", "weights"), "zz")


def test_a_result_does_not_grow_by_itself() -> None:
    with pytest.raises(SymllmError, match="M_kv is a result, not an input"):
        crossover_of(LLAMA, ("kv_cache", "weights"), "M_kv")


def test_sentences() -> None:
    def sentence(*found: Run) -> str:
        return said(found, "A", "B", "s", "token", Fraction(1))

    assert sentence(Run(1, 9, -1), Run(10, None, 1)) == "A outgrows B after 9 tokens (s)"
    assert sentence(Run(1, 9, 1), Run(10, 10, 0), Run(11, None, -1)) == "B outgrows A after 10 tokens (s), where they are equal"
    assert sentence(Run(1, 9, 0), Run(10, None, 1)) == "in s: A is larger from 10 on; they are equal from 1 to 9"
    assert sentence(Run(1, 1, 1), Run(2, 3, -1), Run(4, None, 1)) == "in s: A is larger at 1 and from 4 on; B is larger from 2 to 3"
    assert sentence(Run(1, None, None, 4, (1, 2), (0,))) == (
        "in s: from 1 on, A is larger where s mod 4 is 1, 2, they are equal where s mod 4 is 0, else B is larger"
    )


def test_a_power_of_what_grows_is_decided_by_bounds() -> None:
    """The experts that b tokens reach on average are a power of b."""
    asked = Request(model="mixtral-8x7b", context=1000)
    assert says(asked, ("kv_cache", "weights_read"), "b") == "KV cache outgrows weights read after 710 sequences (b)"
    for batch, larger in ((710, False), (711, True)):
        both = [symllm.evaluate(name, model="mixtral-8x7b", context=1000, batch=batch).value for name in ("kv_cache", "weights_read")]
        assert (both[0] > both[1]) is larger  # type: ignore[operator]


def test_the_symbolic_crossover_still_has_its_closed_form() -> None:
    assert crossover(4 * s**2 * d * h, 24 * s * d**2 * h, s).points == (6 * d,)


def test_under_an_assumption_a_model_is_no_longer_itself() -> None:
    found = crossover_of(Request(model="llama-3-8b", assume=("k = h",)), ("kv_cache", "weights"), "s")
    assert "under k = h this is not Llama-3-8B any more: its k is 8, not 32" in found.notes
    same = crossover_of(Request(model="gpt2", assume=("k = h",)), ("kv_cache", "weights"), "s")
    assert not any("any more" in note for note in same.notes)
    with pytest.raises(SymllmError, match="--assume 'P_layer = 5': P_layer of a named model is derived, not assumed"):
        crossover_of(Request(model="gpt2", assume=("P_layer = 5",)), ("kv_cache", "weights"), "s")


def test_without_a_closed_form_the_answer_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symllm.deriving.meeting_form", lambda *_: None)
    found = crossover_of(LLAMA, ("kv_cache", "weights"), "s")
    assert (found.says, found.text, found.value) == ("KV cache outgrows weights after 122,532 tokens (s)", "", 122532)
