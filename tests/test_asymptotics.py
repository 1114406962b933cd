"""Leading terms, crossings and elasticities, each against another way to the same number."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Integer, Max, Min, ceiling, floor

from symllm.asymptotics import coefficients, crossover, dominant, eventually, leading, ratio_goes_to_one
from symllm.deriving import elasticity_of
from symllm.errors import SymllmError
from symllm.formulas.notation import N, V, W, b, c_pass, d, h, s, tp
from symllm.scenario import Request, scenario
from symllm.sensitivity import elasticities, elasticity

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
    assert elasticity(ceiling(h / tp), h, {h: 40, tp: 3}) == Fraction(40, 3) / 14  # the slope of h/tp, the value of the ceiling
    assert elasticity(N * W, d, {N: 2, d: 3}, {W: d**3}) == 3
    with pytest.raises(SymllmError, match="symbol 'W' has no value"):
        elasticity(N * W, d, {N: 2, d: 3})
    with pytest.raises(SymllmError, match="the value is 0"):
        elasticity(s - d, d, {s: 3, d: 3})


def test_of_a_ceiling_the_slope_is_relaxed_and_the_value_is_not() -> None:
    found = elasticities(N * ceiling(h / tp) + N * s, s, {N: 2, h: 8, tp: 3, s: 5})
    assert (found.above, found.relaxed) == (Fraction(5, 8), ())  # 8/3 would make it 15/23
    assert elasticities(floor(s / 16) * N, s, {N: 2, s: 40}).relaxed == (floor(s / 16),)
    assert elasticities(floor(s / 16) * N, s, {N: 2, s: 40}).above == Fraction(40, 16) / 2


def test_on_a_corner_both_sides_are_told() -> None:
    expr = Min(b * s, c_pass) * d
    found = elasticities(expr, s, {b: 1, s: 8192, c_pass: 8192, d: 8})
    assert (found.below, found.above, found.corners) == (1, 0, (Min(b * s, c_pass),))
    hidden = elasticities(Max(expr, V), s, {b: 1, s: 8192, c_pass: 8192, d: 8, V: 10**9})
    assert (hidden.below, hidden.above, hidden.corners) == (0, 0, ())  # no harm on a branch that is not taken
    steep = elasticities(Max(s, s**2 / W), s, {s: 4, W: 4})
    assert (steep.below, steep.above) == (1, 2)


@pytest.mark.parametrize("model", ["gemma-3-27b", "llama-3-8b"])
def test_the_elasticity_of_a_model_s_cache_is_that_of_its_own_numbers(model: str) -> None:
    """At 3 GPUs heads do not divide: against the change that one more token makes, in the exact numbers."""
    asked = Request(model=model, tp=3, context=4096)
    found = elasticity_of(asked, ("kv_cache_per_gpu",), "s").rows[0][2]
    cases = (scenario(Request(model=model, tp=3, context=tokens)) for tokens in (4096, 4097))
    here, there = (case.program.run(case.values, ["M_kvg"])["M_kvg"] for case in cases)
    assert found == pytest.approx(float(Fraction(there - here, here) * 4096), rel=1e-9)


def test_what_is_relaxed_or_on_a_corner_is_said() -> None:
    notes = elasticity_of(Request(model="llama-3-8b", tp=3, context=4096), ("kv_cache_per_gpu",), None).notes
    assert notes == ("relaxed slopes in N, k: the value is exact, but a ceiling or floor is taken to rise as smoothly as what it rounds",)
    corner = elasticity_of(Request(model="gemma-3-27b", context=1024), ("kv_cache",), "s").notes
    assert corner and corner[0].startswith("on a corner in s: 1 % more changes it by +0.")
