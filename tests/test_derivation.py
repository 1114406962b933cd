"""Derivations: the textbook's ones come out, every wrong step is refused, every format shows the same steps."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Max, Min, ceiling, floor

from symllm import assumptions, build, tensors
from symllm.assumptions import Assumption
from symllm.bounds import Bound, bounded
from symllm.derivation import Chain, Derivation, Evaluation, Facts, Part, Share, Step, equal
from symllm.derive import derive, known_symbols
from symllm.errors import SymllmError
from symllm.formula import Definition
from symllm.formulas.book import book
from symllm.formulas.notation import N, P, V, W, b, d, d_ff, d_h, h, k, n, s, s_pos, tp
from symllm.render import html, json_form, latex, markdown, text, words
from symllm.rules import Draft, assume, bound, collect, define, dominant, drop_subtracted, expand, factor, substitute, unfold
from symllm.symbols import NamedSymbol

GPT2 = {"model_type": "gpt2"}
LLAMA: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
    "intermediate_size": 11008, "vocab_size": 32000,
}  # fmt: skip
M_TILES = NamedSymbol("x_tiles", title="tiles", meaning="tiles", rank=900)
TEXTBOOK = ("k = h", "d_h = d/h", "d_ff = 4*d")


@cache
def opened(name: str) -> tuple[list[Definition], dict[Any, Any], dict[Any, Any]]:
    """Definitions, sizes and named summands of a model."""
    _, config, model = build.architecture(book(), GPT2 if name == "gpt2" else LLAMA)
    chosen = build.choices(book(), "bf16", "bf16", "full", "all", "")
    return build.definitions(book(), model, chosen), {**config.sizes, **model.values}, tensors.parts(book(), model, chosen)


def derived(name: str, quantity: str, assumed: tuple[str, ...] = (), growing: Any = None, **more: Any) -> Derivation:
    lines, sizes, parts = opened(name)
    symbols = known_symbols(book().symbols.values(), lines)
    read = assumptions.read(assumed, symbols)
    return derive(lines, book().quantities()[quantity], read, growing, {**sizes, **more}, parts=parts, subject=name)


def gpt2() -> Derivation:
    return derived("gpt2", "parameters", TEXTBOOK, d)


def found(made: Derivation) -> dict[str, sympy.Expr]:
    """The last expression for every left side."""
    return {str(chain.left): chain.steps[-1].expression for chain in made.chains}


def test_the_parameters_of_gpt2_come_out_as_in_the_textbook() -> None:
    last = found(gpt2())
    assert last["P_attention"] == 4 * d**2 + 4 * d
    assert last["P_mlp"] == 8 * d**2 + 5 * d
    assert last["P_norm"] == 2 * d
    assert last["P_layer"] == 12 * d**2 + 13 * d
    assert last["P"] == 12 * N * d**2
    whole, approximation = gpt2().chains[-1].steps
    assert whole.expression == N * (12 * d**2 + 13 * d) + V * d + d * s_pos + 2 * d
    assert (whole.relation, approximation.relation, approximation.symbol) == ("=", "≈", d)
    assert sympy.limit(whole.expression / approximation.expression, d, sympy.oo) == 1


def test_it_reads_like_a_page() -> None:
    page = text.derivation(gpt2())
    for line in (
        "Parameters, P",
        "  under k = h, d_h = d/h, d_ff = 4d",
        "               = 4d² + 4d                      as k = h, d_h = d/h",
        "  P_layer      = P_attention + P_mlp + 2·P_norm   decoder layer",
        "               ≈ 12·N·d²                       largest term in d (ratio → 1)",
        "    12·N·d² = 12·12·768² = 84,934,656 parameters",
        "      99.86 % of N·P_layer = 85,054,464",
        "      68.25 % of P = 124,439,808",
    ):
        assert line in page.split("\n"), line
    assert "W_Q, W_O: h·d·d_h each" in page
    assert max(map(len, page.split("\n"))) <= 80


def test_the_numbers_are_those_of_the_model() -> None:
    whole, leading = gpt2().evaluations
    assert (whole.result, leading.result) == (124439808, 84934656)
    assert [share.value for share in leading.shares] == [85054464, 124439808]


def test_other_quantities_are_derived_alike() -> None:
    assert found(derived("gpt2", "kv_cache", TEXTBOOK))["M_kv"] == 2 * N * d * s * b * book().symbols["u_kv"]
    flop = book().symbols["FLOP"]
    assert found(derived("gpt2", "prefill_compute", TEXTBOOK, s))["F_pre"] == 4 * N * d * s**2 * b * flop
    layer = found(derived("gpt2", "prefill_compute", TEXTBOOK))["F_pre_layer"]
    assert layer == 24 * b * d**2 * s * flop + 4 * b * d * s**2 * flop


def test_only_steps_that_change_something_are_shown() -> None:
    for chain in derived("llama", "parameters").chains:
        sides = [chain.left, *(step.expression for step in chain.steps)]
        assert len(sides) == len(set(sides))


def test_numbers_on_every_line() -> None:
    lines, sizes, parts = opened("llama")
    symbols = book().symbols
    values = {**sizes, s: 4096, b: 2, symbols["u_kv"]: 2}
    made = derive(lines, symbols["M_kv"], (), None, values, parts=parts, numbers_everywhere=True)
    assert all(chain.evaluation is not None for chain in made.chains[1:])  # the first is only the plan
    page = text.derivation(made)
    assert "= 2·32·32·128·4,096·2·2" in page and "4,294,967,296 byte" in page
    assert all(chain.evaluation is None for chain in made.without_numbers().chains)


def test_assumptions_that_the_model_breaks_or_does_not_need_are_named() -> None:
    made = derived("llama", "parameters", (*TEXTBOOK, "W = 8"), d)
    assert made.notes == (
        "W = 8 changes nothing here",
        "d_ff = 4*d does not hold for llama: d_ff is 11,008, not 16,384; so what is derived is not about it, and no numbers of it are put in",
    )
    assert made.evaluations == ()  # they would be another model's
    assert derived("llama", "parameters", TEXTBOOK[:2], d).evaluations[0].result == 6738415616


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 64), st.integers(1, 10**5), st.integers(1, 10**4))
@settings(max_examples=30, deadline=None)
def test_the_closed_form_gives_the_number_of_the_definitions(heads: int, size: int, layers: int, rows: int, places: int) -> None:
    width = heads * size
    values: dict[Any, Any] = {d: width, h: heads, k: heads, d_h: size, d_ff: 4 * width, N: layers, V: rows, s_pos: places}
    made = gpt2()
    closed = made.chains[-1].steps[0].expression
    assert Facts().number(closed, values) == made.facts.number(P, values)


ROWS = {P: N * (4 * d**2 + 4 * d) + V * d}


def chain(*steps: Step) -> Derivation:
    return Derivation("parameters", P, Facts(ROWS), (Chain(P, steps),))


def test_a_right_step_is_taken() -> None:
    chain(Step("expand", "=", 4 * N * d**2 + 4 * N * d + V * d), Step("dominant", "≈", 4 * N * d**2, symbol=d))


@pytest.mark.parametrize(
    "step",
    [
        Step("define", "=", N * (4 * d**2 + 5 * d) + V * d),
        Step("dominant", "≈", 5 * N * d**2, symbol=d),
        Step("dominant", "≈", 4 * N * d**2, symbol=V),
        Step("dominant", "≈", 4 * N * d**2),
        Step("bound", "≤", N * (4 * d**2 + 4 * d)),
        Step("define", "=", ROWS[P], parts=(Part(("W_E",), V * d),)),
        Step("expand", "=", N * Min(4 * d**2 + 4 * d, V) + V * d),
    ],
    ids=lambda step: f"{step.relation} {step.expression}"[:40],
)
def test_a_wrong_step_cannot_be_made(step: Step) -> None:
    with pytest.raises(SymllmError, match="step 1 of P"):
        chain(step)


def test_a_wrong_second_step_cannot_be_made_either() -> None:
    with pytest.raises(SymllmError, match=r"step 2 of P \(factor\) does not hold"):
        chain(Step("define", "=", ROWS[P]), Step("factor", "=", d * N))


def test_a_wrong_number_cannot_be_made() -> None:
    values = {N: 1, d: 2, V: 3}
    good = Chain(P, (Step("define", "=", ROWS[P]),))
    right = Evaluation(P, ROWS[P], ((N, 1), (d, 2), (V, 3)), 30, "parameter")
    Derivation("parameters", P, Facts(ROWS), (good,), (right,), values)
    for wrong in (
        replace(right, result=31), replace(right, numbers=((N, 2),)), replace(right, shares=(Share(N * d, 3),)),
        replace(right, expression=N * d),
    ):  # fmt: skip
        with pytest.raises(SymllmError, match="derivation of P"):
            Derivation("parameters", P, Facts(ROWS), (good,), (wrong,), values)


def test_equality_is_proved_over_inputs_and_never_guessed() -> None:
    facts = Facts(ROWS, (Assumption(d_h, d / h),))
    assert equal(h * d_h, d, facts)
    assert equal(1 / (d + 1) + d / (d + 1), Integer(1), facts)
    assert equal(ceiling(h * (d_h + 1) / tp), ceiling((d + h) / tp), facts)
    assert equal(Min(s * (W + 1), d), Min(d, s * W + s), facts)
    assert not equal(ceiling(s / tp), s / tp, facts)
    assert not equal(Min(s, W), s, facts)


def test_rules() -> None:
    draft = Draft(P, Facts(ROWS)).then(define(), expand(), collect(d))
    assert [step.rule for step in draft.steps] == ["define", "expand", "collect"]
    assert draft.current == 4 * N * d**2 + d * (4 * N + V)
    assert draft.then(factor(), expand()).current == sympy.expand(ROWS[P])
    assert draft.then(dominant(d)).current == 4 * N * d**2
    assert Draft(P * 2, Facts(ROWS)).then(unfold(P)).current == 2 * ROWS[P]
    assert Draft(d_h * h, Facts()).then(assume(Assumption(d_h, d / h))).steps[0].uses == (Assumption(d_h, d / h),)
    assert Draft(V * d, Facts()).then(substitute(d, h * d_h)).current == V * h * d_h
    with pytest.raises(SymllmError, match="nothing to derive"):
        Draft(d, Facts()).then(expand()).chain()


def test_a_substitution_that_is_not_true_is_computed_but_not_accepted() -> None:
    wrong = Draft(P, Facts(ROWS)).then(substitute(P, N * d)).chain()
    with pytest.raises(SymllmError, match=r"step 1 of P \(substitute\) does not hold"):
        Derivation("parameters", P, Facts(ROWS), (wrong,))


def test_bounds_have_their_own_reasons() -> None:
    rows = {P: d * ceiling(s / 16) + Min(s, W) - b}
    draft = Draft(P, Facts(rows)).then(
        define(), drop_subtracted(), bound(Bound(ceiling(s / 16), s / 16 + 1)), bound(Bound(Min(s, W), s)), expand()
    )
    made = Derivation("parameters", P, Facts(rows), (draft.chain(),))
    assert made.result == d * s / 16 + d + s
    assert [step.relation for step in made.chains[0].steps] == ["=", "≤", "≤", "≤", "="]


@pytest.mark.parametrize(
    ("expr", "wrong"),
    [
        (d * ceiling(s / 16), Bound(ceiling(s / 16), s / 16)),
        (Max(s, W), Bound(Max(s, W), s)),
        (d - ceiling(s / 16), Bound(ceiling(s / 16), s / 16 + 1)),
        (d / ceiling(s / 16), Bound(ceiling(s / 16), s / 16 + 1)),
    ],
    ids=str,
)
def test_a_bound_that_is_none_is_refused(expr: sympy.Expr, wrong: Bound) -> None:
    with pytest.raises(SymllmError):
        bounded(expr, (wrong,))


@settings(deadline=None)
@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 64))
def test_bounds_hold_at_every_point(tokens: int, window: int, shares: int) -> None:
    expr = d * ceiling(s / tp) + floor(s / tp) * 3 + Min(s, W) + Max(s, W)
    bounds = (Bound(ceiling(s / tp), s / tp + 1), Bound(floor(s / tp), s / tp), Bound(Min(s, W), W), Bound(Max(s, W), s + W))
    values = {s: tokens, W: window, tp: shares, d: 7}
    facts = Facts()
    assert facts.number(expr, values) <= facts.number(bounded(expr, bounds), values)


SYMBOLS = book().symbols


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (("k = h", "k = 2*h"), "assumptions contradict each other: k = h and k = 2*h"),
        (("d = 2*h", "h = d"), "assumptions go in a circle: d = 2*h, h = d"),
        (("k = h", "h = 8", "k = 4"), "assumptions contradict each other: k = h and k = 4"),
        (("hh = 3",), "unknown symbol 'hh'; did you mean"),
        (("h = 3*dd",), "unknown symbol 'dd'; did you mean"),
        (("h = 0",), "query heads is more than 0"),
        (("n = 0 - 1",), "new tokens is at least 0"),
        (("h = 1/2",), "query heads is counted, so it is a whole number"),
        (("d = h/(k-k)",), "assumption 'd = ...' divides by zero"),
        (("d_h",), "write it as 'symbol = expression'"),
        (("d_ff = M_kv",), "assumption 'd_ff = M_kv': d_ff is a plain number, but M_kv is information"),
        (("M_gpu = 2*s",), "assumption 'M_gpu = 2*s': M_gpu is information, but 2*s is a plain number"),
        (("d = u_a + 1",), "dimension mismatch in 'u_a + 1'"),
        (("k = k",), "assumptions go in a circle: k = k"),
        (("k = h", "h = d", "d = 2*k"), "assumptions go in a circle: k = h, h = d, d = 2*k"),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, tuple) else "",
)
def test_impossible_assumptions_are_one_sentence(texts: tuple[str, ...], says: str) -> None:
    with pytest.raises(SymllmError, match=re.escape(says)) as caught:
        Facts({}, assumptions.read(texts, SYMBOLS))
    assert "\n" not in str(caught.value)


def test_assumptions_are_put_in_whatever_their_order() -> None:
    one, other = ("k = h", "h = 8", "d_h = d/k"), ("d_h = d/k", "h = 8", "k = h")
    for texts in (one, other):
        assert assumptions.resolved(assumptions.read(texts, SYMBOLS)) == {k: 8, h: 8, d_h: d / 8}
    assert assumptions.read(("n = 0",), SYMBOLS) == (Assumption(n, Integer(0)),)
    assert Facts({}, assumptions.read(("k = h", "k = 8", "h = 8"), SYMBOLS)).assumed(k) == 8


def test_what_cannot_be_derived_is_refused() -> None:
    with pytest.raises(SymllmError, match="d is an input"):
        derive(opened("gpt2")[0], d)
    with pytest.raises(SymllmError, match="P is what is derived"):
        derived("gpt2", "parameters", ("P = 7",))
    with pytest.raises(SymllmError, match="defined in a circle"):
        derived("gpt2", "kv_cache", ("N = P",))
    with pytest.raises(SymllmError, match="does not depend on W"):
        derived("gpt2", "parameters", TEXTBOOK, W)


def test_tensors_add_up_to_their_blocks() -> None:
    lines, _, parts = opened("gpt2")
    rows = {line.symbol: line.expression for line in lines}
    assert {"P_attention", "P_mlp", "M_kv_attention", "F_pre_attention"} <= {str(symbol) for symbol in parts}
    for symbol, summands in ((symbol, parts[symbol]) for symbol in parts if symbol in rows):
        assert sympy.expand(sympy.Add(*(len(part.names) * part.expression for part in summands)) - rows[symbol]) == 0


MADE: dict[str, Callable[[], Derivation]] = {
    "gpt2": gpt2,
    "llama": lambda: derived("llama", "inference_memory", ()),
    "cache": lambda: derived("llama", "kv_cache", ("k = h",), s),
}


@pytest.mark.parametrize("name", MADE)
def test_every_format_shows_every_step(name: str) -> None:
    made = MADE[name]()
    steps = sum(len(chain.steps) for chain in made.chains)
    data = json.loads(json.dumps(json_form.derivation(made)))
    assert data["schema"] == "symllm.derivation/1" and sum(len(chain["steps"]) for chain in data["chains"]) == steps
    page = html.derivation(made)
    body = ET.fromstring(page[page.index("<body>") : page.index("</body>") + 7])
    assert len(body.findall(".//tr")) == steps and "<script" not in page
    lines = text.derivation(made).split("\n")
    assert max(map(len, lines)) <= 80
    assert sum(bool(re.match(r" {2}\S* +[=≈≤] ", line)) for line in lines) == steps
    for typeset in (latex.derivation(made), latex.document(made), markdown.derivation(made)):
        assert typeset.count("{") - typeset.count(r"\{") == typeset.count("}") - typeset.count(r"\}")
        assert typeset.count(r"\begin{") == typeset.count(r"\end{")
        assert typeset.count(r"\left") == typeset.count(r"\right")
    assert sum(row.count("&=") + row.count(r"&\approx") for chain in made.chains for row in latex.chain_rows(chain)) == steps
    assert markdown.derivation(made).count("$$") % 2 == 0
    document = latex.document(made)
    assert document.startswith(r"\documentclass") and document.rstrip().endswith(r"\end{document}")
    assert not set(document) - {chr(code) for code in range(128)} - set("é’"), "pdflatex knows no other letters"


def test_json_numbers_are_exact() -> None:
    data = json_form.derivation(gpt2())
    last = data["evaluations"][-1]
    assert last["result"] == 84934656 and last["with_numbers"] == "12·12·768²"
    assert last["shares"][0]["share"] == pytest.approx(84934656 / 85054464)
    assert data["chains"][-1]["steps"][-1]["expression"]["tree"][0] == "*"
    half = Evaluation(N, N, (), Fraction(1, 2), "byte")
    assert json_form._number(half.result) == "1/2"


def test_numbers_in_words() -> None:
    assert [words.number(value) for value in (8192, Fraction(9, 10), Fraction(17, 32), Fraction(1, 8), Fraction(1, 3))] == [
        "8,192", "0.9", "17/32", "0.125", "1/3",
    ]  # fmt: skip
    assert words.percent(1, 4) == "25.00 %"
    assert words.percent(7, 7) == "100 %"
    assert words.percent(10**9 - 1, 10**9) == "more than 99.99 %"
    assert words.percent(10**9 + 1, 10**9) == "a little over 100 %"
    assert words.percent(1, 0) == "no share"


def test_a_page_for_one_formula_escapes_its_title() -> None:
    page = latex.page("KV cache & 100 %", latex.expression(d**2))
    assert r"\section*{KV cache \& 100 \%}" in page and "d^{2}" in page and page.count(r"\begin{document}") == 1


def test_equality_unfolds_only_what_differs() -> None:
    """A definition that SymPy would take minutes to compare is shared by both sides and never opened."""
    tangled = Max(*(Min(Max(s - i * W, d - i * h), Min(i * s, V - i) + i) for i in range(1, 30)), evaluate=False)
    facts = Facts({P: N * M_TILES + V, M_TILES: tangled}, ())
    assert equal(P, V + N * M_TILES, facts)
    assert not equal(P, V + 2, Facts({P: N * d + V}))
    with pytest.raises(SymllmError, match="defined in a circle"):
        equal(P, N, Facts({P: N * M_TILES, M_TILES: P + 1}))


def test_what_is_too_long_to_print_is_named_and_used_exactly() -> None:
    long = sympy.Add(*(Min(i * s, W) for i in range(1, 120)))
    lines = [Definition(M_TILES, long, "many"), Definition(P, N * M_TILES, "all")]
    made = derive(lines, P, (), None, {N: 2, s: 3, W: 50})
    assert [str(chain.left) for chain in made.chains] == ["P"]
    assert made.notes == ("x_tiles (tiles) has a definition too long to write out; it is used exactly",)
    assert made.evaluations[0].result == 2 * sum(min(3 * i, 50) for i in range(1, 120))


@pytest.mark.parametrize(
    ("expr", "given"),
    [
        ((d - h) ** 2, Bound(d - h, d)),
        (V * (d - h) ** 4 + N, Bound(d - h, d)),
        ((V - N) * ceiling(s / 16), Bound(ceiling(s / 16), s / 16 + 1)),
        (Min(d - h, V) * Min(d - h, W), Bound(d - h, d)),
        (Max(W, N - Min(s, V)), Bound(Min(s, V), s)),
        (2 ** Min(s, V), Bound(Min(s, V), s)),
    ],
    ids=str,
)
def test_a_larger_part_makes_no_larger_whole_where_its_sign_is_open(expr: sympy.Expr, given: Bound) -> None:
    with pytest.raises(SymllmError, match="does not surely grow with"):
        bounded(expr, (given,))


@pytest.mark.parametrize(
    ("expr", "given"),
    [
        ((d - h) ** 3, Bound(d - h, d)),
        (V * (d - h) + N, Bound(d - h, d)),
        (Min(s, V) ** 2, Bound(Min(s, V), s)),
        (N * ceiling(s / 16) ** n, Bound(ceiling(s / 16), s / 16 + 1)),
        (Max(W, N * Min(s, V) - d), Bound(Min(s, V), s)),
        (sympy.sqrt(Min(s, V)), Bound(Min(s, V), s)),
    ],
    ids=str,
)
@given(st.lists(st.integers(1, 60), min_size=6, max_size=6), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_what_grows_over_the_whole_range_is_bounded(expr: sympy.Expr, given: Bound, sizes: list[int], power: int) -> None:
    values = {**dict(zip((d, h, V, s, N, W), sizes, strict=True)), n: power}
    before, after = (side.subs(values) for side in (expr, bounded(expr, (given,))))
    assert before <= after


def asked(**options: Any) -> Derivation:
    from symllm.deriving import derived as by_request
    from symllm.scenario import Request

    return by_request(Request(**options), "parameters")


def test_what_follows_from_a_model_is_not_assumed() -> None:
    with pytest.raises(SymllmError, match=re.escape("--assume 'P_layer = 5': P_layer of a named model is derived, not assumed (")):
        asked(model="gpt2", assume=("P_layer = 5",))
    assert found(asked(assume=("P_layer = 5",)))["P"] == 5 * N + V * d + 2 * d + d * s_pos


def test_under_an_assumption_that_a_model_breaks_no_number_is_called_its_own() -> None:
    broken = asked(model="llama-3-8b", assume=("k = h",))
    assert broken.evaluations == () and all(chain.evaluation is None for chain in broken.chains)
    assert broken.notes == (
        "k = h does not hold for Llama-3-8B: k is 8, not 32; so what is derived is not about it, and no numbers of it are put in",
    )
    assert "8,030,261,248" not in text.derivation(broken)
    kept = asked(model="gpt2", assume=("k = h",))
    assert kept.notes == () and kept.evaluations[0].result == 124439808
    assert asked(model="llama-3-8b", assume=("d_h = d/h",)).evaluations[0].result == 8030261248


def test_new_tokens_are_a_symbol_where_they_are_what_grows() -> None:
    from symllm.deriving import derived as by_request
    from symllm.scenario import Request

    assert found(by_request(Request(), "kv_cache", (), "n"))["M_kv"] == 2 * N * k * d_h * n * b * SYMBOLS["u_kv"]
