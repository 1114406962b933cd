"""How expressions are written: order, values, units; text is read back and must mean the same."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Max, Min, Rational, ceiling, floor

from symllm import parse, tree
from symllm.crossing import lower
from symllm.errors import SymllmError
from symllm.formulas.notation import BYTE, FLOP, M_act, M_gpu, M_rt, M_w, N, W, b, d, d_ff, d_h, eta, h, k, n, s, tp, u_kv
from symllm.layout import Call, Name, Number, Power, Product, Sum, layout
from symllm.layout import Fraction as Quotient
from symllm.render import latex, mathml, text

CASES = (
    (2 * u_kv * b * s * d_h * k * N, "2·N·k·d_h·s·b·u_kv"),
    (4 * d + 4 * d**2, "4d² + 4d"),
    (13 * d + 12 * d**2, "12d² + 13d"),
    (4 * d * d_ff, "4·d·d_ff"),
    (d / h, "d/h"),
    (N * (12 * d**2 + 13 * d), "N·(12d² + 13d)"),
    (4 * b * d * s**2 + 24 * b * s * d**2, "24·d²·s·b + 4·d·s²·b"),
    (s - 1, "s − 1"),
    (-d, "−d"),
    (Integer(0), "0"),
    (Integer(-3), "−3"),
    (Integer(171966464), "171,966,464"),
    (Rational(1, 2), "1/2"),
    (s * (s + 1) / 2, "s·(s + 1) / 2"),
    (d / (h * k), "d / (h·k)"),
    (1 / d**2, "1/d²"),
    (2**n, "2^n"),
    ((d + 1) ** 2, "(d + 1)²"),
    (ceiling(h / tp) * d, "⌈h/tp⌉·d"),
    (floor(s / W), "⌊s/W⌋"),
    (Min(s, W) * b, "min(W, s)·b"),
    (Max(1, s - W), "max(s − W, 1)"),
    ((eta * M_gpu - M_w - M_act - M_rt) / (2 * N * k * d_h * s * u_kv), "(η·M_gpu − M_w − M_act − M_rt) / (2·N·k·d_h·s·u_kv)"),
)


@pytest.mark.parametrize(("expr", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_text(expr: sympy.Expr, expected: str) -> None:
    assert text.expression(expr) == expected


def test_values_stand_in_place_of_symbols_and_of_nothing_else() -> None:
    values = {N: "64", k: "8", d_h: "128", s: "8,192", b: "3", u_kv: "2"}
    assert text.expression(2 * N * k * d_h * s * b * u_kv, values) == "2·64·8·128·8,192·3·2"
    assert text.expression(d * d_h * d_ff, {d: "768"}) == "768·d_h·d_ff"
    assert text.expression(N * d**2 * u_kv, {d: "768", u_kv: "1/2"}) == "N·768²·(1/2)"
    assert latex.expression(2 * N * s, {N: "64", s: "8,192"}) == r"2 \cdot 64 \cdot 8{,}192"


def test_unit_symbols_are_left_out_where_asked() -> None:
    units = {"FLOP", "byte"}
    assert text.expression(2 * FLOP * b * s * d, omit=units) == "2·d·s·b"
    assert text.expression(3 * BYTE + b * BYTE, omit=units) == "b + 3"
    assert text.expression(BYTE, omit=units) == "1"
    assert text.expression(1 / FLOP, omit=units) == "1"
    assert text.expression(2 * FLOP * b) == "2·FLOP·b"


def test_the_tree_is_small_and_in_the_notation_s_order() -> None:
    assert layout(3 * d_h * d) == Product((Number(3), Name(d), Name(d_h)))
    assert layout(d**2 - d / h) == Sum(((1, Power(Name(d), Number(2))), (-1, Quotient(Name(d), Name(h)))))
    assert layout(ceiling(h / tp)) == Call("ceil", (Quotient(Name(h), Name(tp)),))


def test_latex() -> None:
    assert latex.expression(N * k * d_h * u_kv) == r"N\,k\,d_h\,u_{\mathrm{kv}}"
    assert latex.expression(ceiling(h / tp)) == r"\left\lceil \frac{h}{t_{\mathrm{p}}} \right\rceil"
    assert latex.expression(Integer(8192) * d) == r"8{,}192\,d"
    assert latex.words("100 % of W_Q & Q·Kᵀ") == r"100 \% of W\_Q \& Q$\cdot$K$^{\mathsf{T}}$"


@pytest.mark.parametrize("expr", [sympy.log(d), sympy.Float(0.5) * d, sympy.sin(d)], ids=str)
def test_an_unknown_function_is_refused_by_name(expr: sympy.Expr) -> None:
    with pytest.raises(SymllmError, match="is not an operation of the book"):
        text.expression(expr)


SYMBOLS = (N, k, d, d_h, d_ff, s, b, h, W)
numbers = st.integers(1, 9999).map(Integer) | st.builds(Rational, st.integers(1, 99), st.integers(1, 9))
leaves = st.sampled_from(SYMBOLS) | numbers
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda x, y: x + y, inner, inner),
        st.builds(lambda x, y: x - y, inner, inner),
        st.builds(lambda x, y: x * y, inner, inner),
        st.builds(lambda x, y: x / (y + 1), inner, st.sampled_from(SYMBOLS)),
        st.builds(lambda x, p: x**p, st.sampled_from(SYMBOLS), st.integers(2, 3)),
        st.builds(Min, inner, inner),
        st.builds(Max, inner, inner),
        st.builds(lambda x: ceiling(x / 16), inner),
        st.builds(lambda x: floor(x / 7), inner),
    ),
    max_leaves=7,
)
SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def _read_back(written: str) -> tree.Tree:
    """The tree that a reader would take the text for."""
    plain = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda match: "**" + match[0].translate(SUPERSCRIPT), written)
    plain = plain.replace("·", "*").replace("−", "-")
    for left, right, name in (("⌈", "⌉", "ceil"), ("⌊", "⌋", "floor")):
        plain = plain.replace(left, f"{name}(").replace(right, ")")
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", plain)
    return parse.expression(re.sub(r"(?<![\w.*])(\d+)(?=[A-Za-z])", r"\1*", plain))


@settings(deadline=None)
@given(expressions, st.lists(st.integers(1, 300), min_size=len(SYMBOLS), max_size=len(SYMBOLS)))
def test_text_means_what_the_expression_means(expr: sympy.Expr, sizes: list[int]) -> None:
    values: dict[str, int | Fraction] = {symbol.name: size for symbol, size in zip(SYMBOLS, sizes, strict=True)}
    try:
        read = _read_back(text.expression(expr))
    except SymllmError as error:
        assert re.search("power of a power|nested deeper|longer than|a power must", str(error))
        return
    assert tree.evaluate(read, values) == tree.evaluate(lower(expr), values)


@settings(deadline=None)
@given(expressions)
def test_latex_and_mathml_are_well_formed(expr: sympy.Expr) -> None:
    typeset = latex.expression(expr)
    assert typeset.count("{") == typeset.count("}") and typeset.count(r"\left") == typeset.count(r"\right")
    root = ET.fromstring(f"<math>{mathml.expression(expr)}</math>")
    assert {child.tag for child in root.iter()} <= {"math", "mrow", "mi", "mn", "mo", "mfrac", "msup", "msub", "mtext"}
    assert all(len(node) == 2 for tag in ("mfrac", "msup", "msub") for node in root.iter(tag))


def test_what_was_built_before_does_not_change_the_order() -> None:
    """SymPy caches sums of equal symbols, so a part's place may rest on nothing but its name."""
    from symllm import build
    from symllm.formulas.book import book

    chosen = build.choices(book(), "bf16", "bf16", "full", "all", "")
    places: dict[str, set[int]] = {}
    for family in book().families:
        if family.name in ("gpt2", "llama", "gemma2"):
            sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 256, "vocab_size": 100}
            raw = {"model_type": family.model_types[0]} | ({} if family.name == "gpt2" else sizes)
            _, config, model = build.architecture(book(), raw)
            for line in build.definitions(book(), model, chosen, config):
                places.setdefault(line.symbol.name, set()).add(line.symbol.rank)
    assert len(places["P_final_norm"]) == 1 and all(len(ranks) == 1 for ranks in places.values())
