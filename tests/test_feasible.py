"""Feasible sets: found by bounds, checked here by plain arithmetic at every value of a small range and around every edge of a large one."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symllm
from symllm.answer import Certificate
from symllm.errors import SymllmError
from symllm.numeric.certificate import Evaluated, FalseCertificateError, Relation, certified
from symllm.numeric.dimensions import MismatchError
from symllm.numeric.feasible import FARTHEST, Found, Grid, Stretch, search
from symllm.numeric.feasible import Test as Decider
from symllm.numeric.powers import between
from symllm.numeric.walk import Environment

NUMBERS = st.integers(-50, 50) | st.fractions(-20, 20, max_denominator=9)


def as_tree(value: Any) -> Any:
    value = Fraction(value)
    return int(value) if value.denominator == 1 else ["q", value.numerator, value.denominator]


TREES = st.recursive(
    st.just("x") | NUMBERS.map(as_tree),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "*", "max", "min"]), inner, inner).map(list),
        st.tuples(st.sampled_from(["ceil", "floor"]), inner).map(list),
        st.tuples(st.just("^"), inner, st.sampled_from([2, 3, -1])).map(list),
    ),
    max_leaves=8,
)


def plainly(tree: Any, x: Fraction) -> Fraction:
    """The value of a tree, by the definition of its operators."""
    if isinstance(tree, int):
        return Fraction(tree)
    if isinstance(tree, str):
        return Fraction(x)
    operator, *parts = tree
    if operator == "q":
        return Fraction(*parts)
    if operator == "^":
        return plainly(parts[0], x) ** parts[1]
    values = [plainly(part, x) for part in parts]
    if operator == "+":
        return sum(values, Fraction(0))
    if operator == "*":
        return Fraction(math.prod(values))
    if operator in ("max", "min"):
        return max(values) if operator == "max" else min(values)
    return Fraction(math.ceil(values[0]) if operator == "ceil" else math.floor(values[0]))


def holds(left: Any, right: Any, strict: bool, x: Fraction) -> bool:
    try:
        over, under = plainly(left, x), plainly(right, x)
    except ZeroDivisionError:
        return False
    return over < under if strict else over <= under


@settings(max_examples=600, deadline=None)
@given(left=TREES, right=TREES, strict=st.booleans(), down=st.sampled_from([True, False, None]), least=st.integers(0, 3))
def test_every_decided_stretch_is_as_plain_arithmetic_says(left: Any, right: Any, strict: bool, down: bool | None, least: int) -> None:
    grid = Grid(least, 200)
    found = search([Decider(left, right, strict, [], "x", least)], grid, down)
    assert found.stretches[0].low == least
    assert found.stretches[-1].high == 200
    assert all(after.low == before.high + 1 for before, after in zip(found.stretches, found.stretches[1:], strict=False))
    for stretch in found.stretches:
        if stretch.holds is not None:
            assert all(holds(left, right, strict, Fraction(x)) is stretch.holds for x in range(stretch.low, stretch.high + 1))
    assert found.complete


@settings(max_examples=200, deadline=None)
@given(left=TREES, right=TREES, strict=st.booleans())
def test_stretches_up_to_ten_to_the_forty_hold_at_sampled_values(left: Any, right: Any, strict: bool) -> None:
    found = search([Decider(left, right, strict, [], "x")], Grid(1, FARTHEST), None)
    for stretch in found.stretches:
        if stretch.holds is not None:
            near = {stretch.low, stretch.high, (stretch.low + stretch.high) // 2, min(stretch.low + 1, stretch.high)}
            assert all(holds(left, right, strict, Fraction(x)) is stretch.holds for x in near)


@settings(max_examples=100, deadline=None)
@given(left=TREES, right=TREES)
def test_a_continuous_unknown_is_decided_between_the_steps_too(left: Any, right: Any) -> None:
    grid = Grid(1, 60, Fraction(1, 4), whole=False)
    found = search([Decider(left, right, False, [], "x")], grid, True)
    for stretch in found.stretches:
        if stretch.holds is not None:
            ends = Fraction(stretch.low, 4), Fraction(stretch.high, 4)
            for part in range(9):
                x = ends[0] + (ends[1] - ends[0]) * part / 8
                assert holds(left, right, False, x) is stretch.holds


@given(base=st.fractions(0, 10**6), over=st.integers(-30, 30), under=st.integers(1, 6))
def test_powers_lie_between_their_bounds(base: Fraction, over: int, under: int) -> None:
    exponent = Fraction(over, under)
    if base == 0 and over < 0:
        with pytest.raises(ZeroDivisionError):
            between(base, exponent)
        return
    low, high = (Fraction(side) for side in between(base, exponent))
    power = base**exponent.numerator
    assert low**exponent.denominator <= power <= high**exponent.denominator
    if low == 0 < power:  # below the smallest step
        assert high**exponent.denominator <= Fraction(1, 2**319)
    else:
        assert high - low <= max(high, Fraction(1, 2**300)) / 2**180


def test_long_powers_are_bounded_without_being_written_out() -> None:
    low, high = between(Fraction(31, 32), 10**30)
    assert low == 0
    assert 0 < high < Fraction(1, 2**300)
    with pytest.raises(OverflowError):
        between(3, 10**9)


def relation(left: Any, right: Any, unit: str = "byte") -> Relation:
    return Relation(left, "<=", right, f"{left} <= {right}", unit)


SMALL = Environment("x", (), {})


def test_a_false_relation_cannot_be_evaluated_as_true() -> None:
    assert Evaluated(relation("x", 5), 5, SMALL).left == 5
    with pytest.raises(FalseCertificateError):
        Evaluated(relation("x", 5), 6, SMALL)
    with pytest.raises(FalseCertificateError):
        Evaluated(relation("x", 5), 5, SMALL, stated=False)


def test_sides_of_different_dimension_are_no_relation() -> None:
    with pytest.raises(MismatchError, match="is a plain number, but information is needed"):
        Relation("x", "<=", "y", "x <= y", "byte", ((("byte", Fraction(1)),), ()))


def test_a_false_certificate_cannot_be_built() -> None:
    asked, decider = relation("x", 5), Decider("x", 5, False, [], "x")
    grid = Grid(1, 100)
    found = search([decider], grid, True)
    proof = certified("x", [asked], found, [decider], SMALL)
    assert [(one.low, one.high) for one in proof.intervals] == [(1, 5)]
    for wrong in (
        (Stretch(1, 6, True), Stretch(7, 100, False, 0)),  # one too many
        (Stretch(1, 4, True), Stretch(5, 100, False, 0)),  # one too few
        (Stretch(1, 5, True), Stretch(7, 100, False, 0)),  # a gap
        (Stretch(1, 5, True), Stretch(6, 99, False, 0)),  # cut short
        (Stretch(1, 100, True),),
        (Stretch(1, 100, False, 0),),
    ):
        with pytest.raises(FalseCertificateError):
            certified("x", [asked], Found(grid, wrong, 1), [decider], SMALL)
    with pytest.raises(FalseCertificateError):
        replace(proof, stretches=proof.stretches[:-1])
    with pytest.raises(FalseCertificateError):
        Certificate(proof, asked, (5, 5, 5), (6, 5, 5))
    with pytest.raises(FalseCertificateError):
        Certificate(proof, asked, (6, 6, 5), None)


# The findings: each was answered falsely before.


def test_unknowns_above_two_to_the_forty() -> None:
    tokens = symllm.solve("T", such_that="training_compute <= 1e24", model="llama-3-8b")
    assert tokens.value == 20_754_824_970_131
    assert tokens.fits
    bandwidth = symllm.solve("B_w", such_that="time_per_output_token <= 0.01", model="qwq-32b", gpu="h100", context=2048)
    assert bandwidth.value == 6_450_748_825_600
    peak = symllm.solve("X", such_that="training_time <= 30 days", model="llama-3-8b", sets={"T": 15 * 10**12}, gpus=1024)
    assert peak.value == 272_293_472_222_223
    compute = symllm.solve("T", such_that="training_compute <= 1e36 FLOP", model="gpt2")
    assert compute.certificate is not None
    assert compute.certificate.complete


def test_a_named_question_keeps_its_own_constraint() -> None:
    answer = symllm.solve("max_batch", gpu="h100", model="llama-3-8b", context=2048, such_that="time_per_output_token <= 0.05")
    assert answer.value == 216
    assert answer.bound_by == "GPU memory"
    assert answer.next_bound == ("time_per_output_token <= 0.05", 568)
    tighter = symllm.solve("max_batch", gpu="h100", model="llama-3-8b", context=2048, such_that="time_per_output_token <= 10 ms")
    assert tighter.bound_by == "time_per_output_token <= 10 ms"
    assert tighter.next_bound == ("GPU memory", 216)


def test_two_sided_constraints() -> None:
    answer = symllm.solve("b", such_that=("kv_cache >= 1.2e9", "kv_cache <= 1.8e9"), model="llama-3-8b", context=1024)
    assert answer.value == 13
    assert answer.feasible == ((9, 13),)
    assert answer.why == "it holds for b from 9 to 13"
    chain = symllm.solve("b", such_that="1.2 GB <= kv_cache <= 1.8 GB", model="llama-3-8b", context=1024, sense="min")
    assert chain.value == 9


def test_the_structure_follows_the_symbol_that_is_asked_about() -> None:
    asked: dict[str, Any] = {"model": "llama-3-8b", "gpu": "h100", "context": 1000, "batch": 64}
    found = symllm.solve("n", such_that="latency <= 20 s", **asked)
    assert isinstance(found.value, int)
    assert symllm.evaluate("latency", new_tokens=found.value, **asked).value <= 20
    assert symllm.evaluate("latency", new_tokens=found.value + 1, **asked).value > 20
    assert symllm.solve("n", such_that="kv_cache <= 1e9", model="llama-3-8b", context=1000).value == 6629


def test_holes_are_named() -> None:
    answer = symllm.solve("b", such_that="(b - 5)*(b - 9) >= 0", model="gpt2", context=8)
    assert answer.feasible[0] == (1, 5)
    assert answer.feasible[1][0] == 9
    assert answer.value is None


def test_contradictory_constraints_are_named() -> None:
    with pytest.raises(SymllmError, match=r"contradict each other: 'kv_cache >= 2 GB' holds for b ≥ 15, 'kv_cache <= 1 GB' for b ≤ 7"):
        symllm.solve("b", such_that=("kv_cache >= 2 GB", "kv_cache <= 1 GB"), model="llama-3-8b", context=1024)


@pytest.mark.parametrize(
    ("constraint", "says"),
    [
        ("kv_cache <= 20 ms", "dimension mismatch in 'kv_cache <= 20 ms': '(1/50)*second' is time, but information is needed"),
        ("kv_cache + parameters <= 1e11", "mismatch in 'kv_cache [+] parameters <= 1e11': 'P' is a plain number, but information is needed"),
        ("kv_cache <= 0", "bounds nothing"),
        ("kv_cache <= -5 GB", "bounds nothing"),
        ("kv_cache <= inf", "unknown symbol 'inf'"),
        ("kv_cache == 5 GB", "is an equation"),
        ("parameters <= 7e9", "does not depend on batch"),
        ("kv_cache <= 5 XB", "'XB' is no unit"),
    ],
)
def test_constraints_that_mean_nothing(constraint: str, says: str) -> None:
    with pytest.raises(SymllmError, match=says.replace("(1/50)*", r"\(1/50\)\*")):
        symllm.solve("b", such_that=constraint, model="llama-3-8b", context=1024)


def test_no_limit_is_proved_to_the_end_of_the_range() -> None:
    answer = symllm.solve("b", such_that="kv_cache >= 1 GB", model="llama-3-8b", context=1024, sense="max")
    assert answer.value is None
    assert answer.why == "no limit: the constraint holds for all values of batch from 8 sequences on, up to 10^40"
    assert answer.certificate is not None
    assert answer.certificate.proof.intervals[-1].high == FARTHEST


def test_what_the_search_could_not_decide_is_said() -> None:
    answer = symllm.solve("s", such_that="16*ceil(s/16) - s <= 3", model="gpt2", beyond_context=True)
    assert answer.certificate is not None
    assert not answer.certificate.complete
    assert "nothing is said of s between" in answer.why or answer.value is not None
