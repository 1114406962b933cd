"""Leading terms, crossings and elasticities, each against another way to the same number."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Integer, Max, Min, ceiling, floor

from symllm.asymptotics import coefficients, crossover, dominant, elasticity, eventually, leading, ratio_goes_to_one
from symllm.errors import SymllmError
from symllm.formulas.notation import N, V, W, b, c_pass, d, h, s, tp

GPT = N * (12 * d**2 + 13 * d) + V * d + 2 * d


def test_the_leading_term_is_the_one_for_large_values() -> None:
    assert dominant(GPT, d) == 12 * N * d**2
    assert dominant(GPT, V) == V * d
    assert sympy.limit(GPT / dominant(GPT, d), d, sympy.oo) == 1


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=5))
def test_leading_term_of_any_polynomial(numbers: list[int]) -> None:
    expr = sympy.Add(*(c * s**power for power, c in enumerate(numbers)))
    assume(s in expr.free_symbols)
    large = 10**9
    ratio = Fraction(int(expr.subs(s, large)), int(dominant(expr, s).subs(s, large)))
    assert abs(ratio - 1) < Fraction(1, 10**6)


def test_terms_that_cancel_do_not_lead() -> None:
    assert leading((s + b) * (s - b) - s**2 + s, s) == (1, 1)
    assert dominant((s**3 + s) / (s + 1), s) == s**2


def test_min_and_max_are_settled_for_large_values() -> None:
    assert eventually(Min(s, W) * b, s) == W * b
    assert dominant(b * s + Min(s, W) * b, s) == b * s
    assert dominant(Max(s**2, W * s), s) == s**2


def test_a_floor_leads_like_its_argument_unless_all_turns_on_it() -> None:
    assert dominant(b * floor(s / W) + b, s) == b * s / W
    with pytest.raises(SymllmError, match="turns on how far a ceiling or floor rounds"):
        dominant(s - W * (ceiling(s / W) - 1), s)


@pytest.mark.parametrize(
    ("expr", "says"),
    [
        (N * d, "does not depend on s"),
        (2**s, "is no polynomial in s"),
        (Max(s * b, s * W), "two branches of .* grow alike"),
        (Min(s, W - s), "it is not clear how"),
    ],
    ids=str,
)
def test_what_has_no_leading_term_is_refused(expr: sympy.Expr, says: str) -> None:
    with pytest.raises(SymllmError, match=says):
        dominant(expr, s)


def test_ratio() -> None:
    assert ratio_goes_to_one(GPT, 12 * N * d**2, d)
    assert not ratio_goes_to_one(GPT, 13 * N * d**2, d)
    assert not ratio_goes_to_one(GPT, 12 * N * d**2, V)
    assert not ratio_goes_to_one(GPT, 12 * N * d**3, d)


def test_coefficients() -> None:
    assert coefficients((s + 1) * (s + d) - s * d, s) == {2: 1, 1: 1, 0: d}


def test_attention_overtakes_the_matrices_at_six_widths() -> None:
    found = crossover(4 * b * d * s**2, 24 * b * s * d**2, s)
    assert found.points == (6 * d,)
    assert found.says == "they are equal at s = 6*d"


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(-60, 60), st.integers(-60, 60))
def test_crossings_are_where_both_are_equal(a: int, e: int, f: int) -> None:
    one, other = a * s**2 + e * s, Integer(-f)
    try:
        points = crossover(one, other, s).points
    except SymllmError:
        pytest.fail("a quadratic has a closed form")
    for point in points:
        assert sympy.expand((one - other).xreplace({s: point})) == 0 and point > 0
    exact = {root for root in sympy.Poly(a * s**2 + e * s + f, s).all_roots() if root.is_real and root > 0}
    assert {sympy.nsimplify(point) for point in points} == {sympy.nsimplify(root) for root in exact}


def test_where_they_never_meet_a_sentence_says_so() -> None:
    assert crossover(3 * s * d, s * d, s).says == "they never cross: the first is larger for every s"
    assert crossover(s * d, 3 * s * d, s).says == "they never cross: the second is larger for every s"
    assert crossover(s * d, d * s, s).says == "they are equal for every s"
    assert crossover(s + d, Integer(0), s).says == "they never cross for a positive s"
    with pytest.raises(SymllmError, match="of degree 3 in s"):
        crossover(s**3, s**2 + d * s + 1 + h, s)


def test_elasticity_of_a_product_is_its_exponent() -> None:
    point = {N: 12, d: 768, s: 100, b: 3}
    assert elasticity(N * d**2 / s, d, point) == 2
    assert elasticity(N * d**2 / s, s, point) == -1
    assert elasticity(N * d**2, b, point) == 0


@given(st.integers(1, 100), st.integers(1, 100), st.integers(1, 100))
def test_elasticity_agrees_with_a_small_change(width: int, layers: int, words: int) -> None:
    point = {d: width, N: layers, V: words}
    found = elasticity(GPT, d, point)
    step = Fraction(1, 10**8)

    def value(size: Fraction) -> Fraction:
        return layers * (12 * size**2 + 13 * size) + words * size + 2 * size

    slope = (value(width * (1 + step)) - value(Fraction(width))) / (value(Fraction(width)) * step)
    assert abs(Fraction(found) - slope) < Fraction(1, 10**6)


def test_elasticity_takes_the_active_branch_and_refuses_a_corner() -> None:
    expr = Min(b * s, c_pass) * d
    assert elasticity(expr, s, {b: 1, s: 100, c_pass: 8192, d: 8}) == 1
    assert elasticity(expr, s, {b: 100, s: 100, c_pass: 8192, d: 8}) == 0
    with pytest.raises(SymllmError, match="on the corner of"):
        elasticity(expr, s, {b: 1, s: 8192, c_pass: 8192, d: 8})
    assert elasticity(ceiling(h / tp), h, {h: 40, tp: 3}) == 1
    assert elasticity(N * W, d, {N: 2, d: 3}, {W: d**3}) == 3
    with pytest.raises(SymllmError, match="symbol 'W' has no value"):
        elasticity(N * W, d, {N: 2, d: 3})
    with pytest.raises(SymllmError, match="the value is 0"):
        elasticity(s - d, d, {s: 3, d: 3})
