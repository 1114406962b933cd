"""Steps that say more than is true: refused by the proof, by the numbers tried beside it, or by what they say of themselves."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Max, Min, Rational, ceiling, floor, sqrt

from symllm import asymptotics, derivation, rules, witness
from symllm.assumptions import Assumption
from symllm.bounds import Bound
from symllm.derivation import Chain, Derivation, Facts, Step, check
from symllm.errors import SymllmError
from symllm.exact_value import Point, Undefined
from symllm.formulas.notation import E, E_a, N, P, V, W, b, d, d_h, h, k, n, s, tp
from symllm.rules import Draft, Rule, assume, bound, collect, define, dominant, drop_subtracted, expand, factor, substitute, unfold
from symllm.symbols import NamedSymbol
from symllm.witness import Claim
from symllm.witness import testify as tried

X = NamedSymbol("X_one", title="one", meaning="one", domain="amount")
Y = NamedSymbol("X_other", title="other", meaning="other", domain="amount")
SAME = Assumption(k, h)


def made(draft: Draft) -> Derivation:
    return Derivation("parameters", P, draft.facts, (draft.chain(),))


def claim(before: Any, relation: str, after: Any, growing: Any = None, definitions: Any = None, assumed: Any = None) -> None:
    tried(Claim(sympy.sympify(before), relation, sympy.sympify(after), definitions or {}, assumed or {}, growing), "it")


# What an "≈" leaves out must stay negligible.


def test_an_assumption_under_which_the_leading_term_vanishes_is_refused() -> None:
    draft = Draft(P, Facts({P: s**2 * (k - h) + s})).then(define(), dominant(s), assume(SAME))
    with pytest.raises(SymllmError, match=r"step 2 of P \(dominant\), under k = h, does not hold"):
        made(draft)


def test_an_assumption_in_force_all_along_is_not_forgotten() -> None:
    step = Step("dominant", "≈", s**2 * (k - h), symbol=s)
    facts = Facts({P: s**2 * (k - h) + s}, (SAME,))
    with pytest.raises(SymllmError, match="under k = h, does not hold"):
        check(Chain(P, (Step("define", "=", facts.definitions[P]), step)), facts)


def test_an_assumption_that_keeps_the_leading_term_is_taken() -> None:
    draft = Draft(P, Facts({P: s**2 * (k + h) + s})).then(define(), dominant(s), assume(SAME))
    assert made(draft).result == 2 * h * s**2


def test_a_coefficient_that_is_0_once_written_out_does_not_lead() -> None:
    rows = {P: (X - Y) * s**2 + s, X: d * h, Y: h * d}
    wrong = Chain(P, (Step("define", "=", rows[P]), Step("dominant", "≈", s**2 * (X - Y), symbol=s)))
    with pytest.raises(SymllmError, match=r"step 2 of P \(dominant\) does not hold"):
        check(wrong, Facts(rows))
    assert made(Draft(P, Facts(rows)).then(define(), dominant(s))).result == s


@pytest.mark.parametrize(
    ("facts", "added", "says"),
    [
        ((SAME,), Assumption(k, 2 * h), "assumptions contradict each other: k = h and k = 2*h"),
        ((), Assumption(d, Integer(-1)), "assumption 'd = -1': hidden size is more than 0"),
        ((), Assumption(N, Integer(0)), "assumption 'N = 0': layers is more than 0"),
        ((Assumption(h, k),), SAME, "assumptions go in a circle: h = k, k = h"),
        ((), Assumption(d, P), "d is defined in a circle: by the assumption d = P it rests on P, and P rests on it"),
        ((), Assumption(W, Integer(8)), "the assumption W = 8 changes nothing: W does not occur in 'P'"),
    ],
    ids=str,
)
def test_assumptions_that_cannot_be_made_are_found_before_the_step(facts: tuple[Assumption, ...], added: Assumption, says: str) -> None:
    rows = {P: N * d * k * h}
    with pytest.raises(SymllmError) as caught:
        Draft(P, Facts(rows, facts)).then(assume(added))
    assert str(caught.value) == says
    with pytest.raises(SymllmError) as checked:
        check(Chain(P, (Step("state", "=", rows[P], adds=(added,)),)), Facts(rows, facts))
    assert says in str(checked.value)


def test_an_assumption_on_what_was_left_out_is_refused() -> None:
    with pytest.raises(SymllmError, match="W = 8 changes nothing: W does not occur in 's\\*\\*2'"):
        Draft(P, Facts({P: s**2 + W})).then(define(), dominant(s), assume(Assumption(W, Integer(8))))


def test_an_assumption_that_changes_no_line_yet_is_kept_for_one_that_it_does() -> None:
    draft = Draft(N * P, Facts({P: k + h})).then(assume(SAME), unfold(), assume())
    assert draft.steps[0].adds == (SAME,)
    assert made(draft).result == 2 * N * h


# A step says what it uses, and no more.

ROWS = {P: N * (k + h) * d_h + V}
FACTS = Facts(ROWS, (SAME, Assumption(d_h, d / h)), {P: "layers and a table"})


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (Step("assume", "=", 2 * N * d + V, uses=FACTS.assumptions), None),
        (Step("assume", "=", 2 * N * d + V, uses=(SAME,)), "cannot be shown under k = h"),
        (Step("assume", "=", 2 * N * d + V), "cannot be shown"),
        (Step("assume", "=", 2 * N * h * d_h + V, uses=(SAME,)), None),
        (Step("assume", "=", 2 * N * h * d_h + V, uses=FACTS.assumptions), "says that it uses d_h = d/h, but it holds without"),
        (Step("assume", "=", N * (k + h) * d_h + V, uses=(SAME,)), "says that it uses k = h, but it holds without"),
        (Step("expand", "=", N * k * d_h + N * h * d_h + V, uses=(Assumption(V, Integer(3)),)), "V = 3 is not assumed"),
        (Step("dominant", "≈", 2 * N * h * d_h, symbol=N, uses=(SAME,)), None),
        (Step("dominant", "≈", 2 * N * h * d_h, symbol=N), "does not go to 1"),
        (Step("dominant", "≈", N * (k + h) * d_h, symbol=N, uses=(SAME,)), "says that it uses k = h, but it holds without"),
    ],
    ids=str,
)
def test_the_assumptions_of_a_step_are_those_that_it_needs(step: Step, says: str | None) -> None:
    start = Chain(ROWS[P], (step,))
    if says is None:
        check(start, FACTS)
        return
    with pytest.raises(SymllmError, match=says):
        check(start, FACTS)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (Step("define", "=", ROWS[P], "because I say so"), "the reason 'because I say so' is not that of the definition"),
        (Step("define", "=", N * k * d_h + N * h * d_h + V), "is not how 'P' is defined"),
        (Step("expand", "=", ROWS[P]), "is not multiplied out"),
        (Step("expand", "=", N * k * d_h + N * h * d_h + V, "layers and a table"), "the reason .* is not that of the definition"),
        (Step("collect", "=", N * k * d_h + N * h * d_h + V, symbol=N), r"N\*\*1 stands in two terms"),
        (Step("collect", "=", ROWS[P]), "it needs the symbol"),
        (Step("assume", "=", ROWS[P]), "it puts in no assumption"),
        (Step("bound", "=", ROWS[P]), "a bound is written with ≤"),
        (Step("dominant", "=", ROWS[P], symbol=N), "it is written with ≈"),
        (Step("magic", "=", ROWS[P]), "there is no rule of the name 'magic'; rules are define, unfold"),
    ],
    ids=str,
)
def test_a_true_step_may_not_call_itself_something_else(step: Step, says: str) -> None:
    with pytest.raises(SymllmError, match=f"step 1 of P .*{says}"):
        check(Chain(P, (step,)), Facts(ROWS, (), FACTS.reasons))


def test_what_factors_must_leave_no_common_symbol() -> None:
    with pytest.raises(SymllmError, match="'N' is common to all terms"):
        check(Chain(N * (d + h), (Step("factor", "=", N * d + N * h),)), Facts())
    with pytest.raises(SymllmError, match="k is assumed, and still there"):
        check(Chain(k - k * h / k + k, (Step("assume", "=", k, uses=(SAME,)),)), Facts({}, (SAME,)))


def test_rules_say_what_they_use() -> None:
    draft = Draft(P, FACTS).then(define(), assume(), expand())
    assert [step.uses for step in draft.steps] == [(), FACTS.assumptions]
    assert draft.steps[0].because == "layers and a table"
    assert Draft(P, FACTS).then(substitute(P, 2 * N * h * d_h + V)).steps[0].uses == (SAME,)
    assert Draft(P, FACTS).then(dominant(V)).steps[0].uses == ()


# The numbers beside the proof.


def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proof any more: only numbers are left to judge."""
    for relation in derivation._CHECKS:
        monkeypatch.setitem(derivation._CHECKS, relation, lambda *_: None)  # type: ignore[arg-type]


START = N * (d + 3) * (d + h) + V * N


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ({"expanded": lambda expr: sympy.expand(expr) + d}, expand()),
        ({"expanded": lambda expr: 2 * sympy.expand(expr)}, expand()),
        ({"around": lambda expr, change: change(expr).subs(Integer(3), 4)}, collect(d)),
        ({"around": lambda expr, change: change(expr) - N}, factor()),
        ({"bounded": lambda expr, bounds: expr.xreplace({bounds[0].part: bounds[0].part.args[0]})},
         bound(Bound(ceiling(s / 16), s / 16 + 1))),
    ],
    ids=["expand adds a term", "expand doubles", "collect", "factor", "bound"],
)  # fmt: skip
def test_a_broken_rule_is_caught_by_numbers_alone(monkeypatch: pytest.MonkeyPatch, broken: dict[str, Any], rule: Rule) -> None:
    start = START if "bounded" not in broken else d * ceiling(s / 16)
    made(Draft(start, Facts()).then(rule))
    blind(monkeypatch)
    for name, what in broken.items():
        monkeypatch.setattr(rules, name, what)
    with pytest.raises(SymllmError, match=r"does not hold: at .* = "):
        made(Draft(start, Facts()).then(rule))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda expr, symbol: (sympy.degree(expr, symbol), Integer(1)),
        lambda expr, symbol: (1, N),
        lambda expr, symbol: (2, 2 * N),
    ],
    ids=["no coefficient", "the term below", "twice"],
)
def test_a_wrong_leading_term_is_caught_though_rule_and_proof_share_it(monkeypatch: pytest.MonkeyPatch, wrong: Any) -> None:
    monkeypatch.setattr(asymptotics, "leading", wrong)
    with pytest.raises(SymllmError, match=r"step 1 of .* \(dominant\) does not hold: at .* the ratio of its sides is"):
        made(Draft(START, Facts()).then(dominant(d)))


def test_a_wrong_substitution_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Facts, "assumed", lambda self, expr: expr.xreplace({k: 2 * h}))
    with pytest.raises(SymllmError, match=r"\(assume\) does not hold: at .* its sides are"):
        made(Draft(N * k + d, Facts({}, (SAME,))).then(assume()))


def test_a_wrong_definition_and_a_wrong_drop_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    blind(monkeypatch)
    for before, step in [
        (P, Step("substitute", "=", N * d)),
        (d + b, Step("drop", "≤", b)),
        (Max(s, W), Step("bound", "≤", s)),
        (ceiling(s / tp), Step("bound", "≤", s / tp)),
        ((d - h) ** 2, Step("bound", "≤", d**2)),
        (Min(s, W) * d, Step("dominant", "≈", s * d, symbol=s)),
        (s**2 + W * s, Step("dominant", "≈", s**2 + s**2 / 10**5, symbol=s)),
        (s**2 * Rational(10**5 + 1, 10**5) + W * s, Step("dominant", "≈", s**2, symbol=s)),
    ]:
        with pytest.raises(SymllmError, match="does not hold"):
            check(Chain(before, (step,)), Facts({P: N * (d + 1)}))


def test_right_claims_pass() -> None:
    claim((d + h) ** 2, "=", d**2 + 2 * d * h + h**2)
    claim(ceiling(s / tp), "≤", s / tp + 1)
    claim(s**2 + V * s, "≈", s**2, s)
    claim(b * ceiling(s / 16) + V, "≈", b * s / 16, s)
    claim(h * d_h, "=", d, assumed={d_h: d / h})
    claim(X, "=", N * d, definitions={X: N * d})
    claim(sqrt(s**2 + V), "≈", s, s)
    claim(sqrt(s) * sqrt(V), "=", sqrt(s * V))


def test_exponents_may_be_symbols() -> None:
    hit = E * (1 - (1 - E_a / E) ** b)
    claim(hit, "=", E - E * (1 - E_a / E) ** b)
    claim(E * (2 + s) ** n, "≈", E * s**n, s)
    with pytest.raises(SymllmError, match=r"does not hold: at .*b = [1-4] its sides"):  # a large power would take for ever
        claim(hit, "=", E - E * (1 - E_a / E) ** (b + 1))
    with pytest.raises(SymllmError, match="cannot be shown: no 3 points"):
        claim(2**s + 1, "≈", 2**s, s)


def test_points_respect_domains_and_assumptions() -> None:
    claim(ceiling(d / h), "=", d / h, assumed={d_h: d / h, N: d_h})  # d_h stands in no side, so it is not asked for
    with pytest.raises(SymllmError, match="does not hold"):
        claim(ceiling(d / h) + N, "=", d / h)
    claim(ceiling(d / h) + 0 * d_h + d_h, "=", d / h + d_h, assumed={d_h: d / h})
    real = sympy.Symbol("x", real=True)
    with pytest.raises(SymllmError, match="does not hold"):
        claim(Max(real, 0), "=", real)


def test_the_same_points_are_tried_again() -> None:
    seen = []
    for _ in range(2):
        with pytest.raises(SymllmError) as caught:
            claim(d * h, "=", d * h + N)
        seen.append(str(caught.value))
    assert seen[0] == seen[1]
    assert "at N = " in seen[0]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(2, 5))
def test_values_are_exact(one: int, other: int, power: int) -> None:
    at = Point({s: one, W: other, n: power})
    for expr in (Min(s, W) * 3 - Max(s / 7, W), ceiling(s / W) + floor(s / 7) ** 2, (1 - W / (s + W)) ** n, (s / W) ** -3):
        assert sympy.Rational(at.at(expr).low) == expr.subs({s: one, W: other, n: power})
        assert at.at(expr).exact
    root = at.at((s * W) ** Rational(1, power))
    assert root.low**power <= one * other <= root.high**power
    assert root.high - root.low <= Fraction(1, 2**200)
    perfect = Point({s: Fraction(one**power, other**power)}).at(s ** Rational(1, power))
    assert perfect.exact and perfect.low == Fraction(one, other)


def test_what_has_no_value_is_undefined() -> None:
    at = Point({s: 0, W: -4})
    for expr in (1 / s, sqrt(W), sympy.log(s + 2), 2 ** (s + 5000)):
        with pytest.raises(Undefined):
            at.at(expr)
    assert (at.at(floor(sqrt(s + 24))).low, at.at(W**2).low) == (4, 16)


def test_subtracted_terms_are_dropped_upwards_only() -> None:
    assert made(Draft(d + h - b, Facts()).then(drop_subtracted())).result == d + h


def test_symbols_in_exponents_stay_small() -> None:
    hit = E * (1 - (1 - E_a / E) ** b)
    drawn = [at.values for at, _ in zip(witness._points(Claim(hit, "=", hit, {}, {}), {}), range(12), strict=False)]
    assert max(values[b] for values in drawn) <= 4 < max(values[E] for values in drawn)
