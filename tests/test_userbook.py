"""A person's own formulas: two definitions of a symbol, dimensions, and the domain that a definition gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Max, Min, ceiling

import symllm
from symllm import build
from symllm.bounds import nonnegative
from symllm.checking import block_findings, book_findings, formula_findings, twice_defined
from symllm.domains import domain_of, too_narrow
from symllm.errors import SymllmError
from symllm.formula import Definition, Example
from symllm.formulas.blocks.feed_forward import plain
from symllm.formulas.book import book
from symllm.formulas.notation import M_act, M_kv, M_w, N, P, d, h, s, tp, u_a
from symllm.symbols import NamedSymbol
from symllm.userbook import opened_book

PAGE = """
from sympy import Max, ceiling
from symllm.formula import Example, Formula
from symllm.formulas.notation import M_act, M_kv, M_w, P, s, u_w
from symllm.symbols import NamedSymbol

x = NamedSymbol("x_own", title="x", meaning="x", unit="byte", domain="{domain}")
y = NamedSymbol("y_own", title="y", meaning="y", unit="byte", domain="amount or zero")
FORMULAS = (
    Formula("first", {symbol}, {expression}, "because", "own", Example({{}}, 0)),
    Formula("second", y, Max(x, 0), "because", "own", Example({{x: 3}}, 3)),
)
"""


def page(folder: Path, domain: str = "real", symbol: str = "x", expression: str = "M_w - M_kv") -> str:
    file = folder / "page.py"
    file.write_text(PAGE.format(domain=domain, symbol=symbol, expression=expression), encoding="utf-8")
    return str(file)


def test_a_max_with_0_is_kept_around_what_may_be_negative(tmp_path: Path) -> None:
    own = page(tmp_path)
    assert symllm.evaluate("first", model="qwq-32b", batch=100, book=own).value < 0
    assert symllm.evaluate("second", model="qwq-32b", batch=100, book=own).value == 0
    texts = ("x = weights - kv_cache", "y = max(x, 0)")
    assert symllm.evaluate("y", model="qwq-32b", batch=100, define=texts).value == 0
    assert symllm.evaluate("y", model="qwq-32b", batch=1, context=1024, define=texts).value == (
        symllm.evaluate("x", model="qwq-32b", batch=1, context=1024, define=texts).value
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"symbol": "M_act", "expression": "M_kv"}, "'first' defines M_act, which the book's 'workspace' defines; give it a symbol of its own"),
        ({"symbol": "y", "expression": "M_kv"}, "'second' defines y_own, which this page's 'first' defines"),
        ({"symbol": "NamedSymbol('M_rt', title='r', meaning='r', unit='byte', domain='real')"}, "'first' defines M_rt, which the book's 'runtime'"),
        ({"symbol": "NamedSymbol('u_kv', title='u', meaning='u', unit='byte', domain='real')"},
         "'first' declares u_kv anew, which the book's notation has as cache bytes (amount, byte)"),
        ({"expression": "M_kv + P"}, "formula first: dimension mismatch in 'M_kv + P': 'P' has dimension a plain number, but information is needed"),
        ({"expression": "P*u_w*u_w"}, "formula first: dimension mismatch in 'x_own = P*u_w**2'"),
        ({"domain": "amount"}, "x_own is declared as 'amount', but -M_kv + M_w may be below 0; declare domain='real'"),
        ({"domain": "amount", "expression": "2*M_kv"}, "x_own is declared as 'amount', but 2*M_kv may be 0; declare domain='amount or zero'"),
        ({"domain": "count", "expression": "M_w/s"}, "x_own is declared as 'count', but M_w/s need not be whole; declare domain='amount'"),
    ],
    ids=str,
)  # fmt: skip
def test_an_unsound_page_is_refused_by_name(tmp_path: Path, options: dict[str, str], says: str) -> None:
    with pytest.raises(SymllmError) as caught:
        opened_book(page(tmp_path, **options))
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_two_definitions_are_refused_wherever_they_come_from() -> None:
    with pytest.raises(SymllmError, match="P has two definitions, 'one' and 'other'"):
        build.ordered([Definition(P, N * d, "", title="one"), Definition(P, 2 * N * d, "", title="other")])
    assert build.ordered([Definition(P, N * d, ""), Definition(P, N * d, "")]) == [Definition(P, N * d, "")]
    assert list(twice_defined(book())) == []
    doubled = replace(book(), formulas=(*book().formulas, replace(book().formulas[0], name="again")))
    assert [finding.where for finding in book_findings(doubled, [])] == ["formula again"]


REAL = sympy.Symbol("r", real=True)


@pytest.mark.parametrize(
    ("expr", "domain"),
    [
        (N * d, "count"), (N * d / h, "amount"), (M_w - M_kv, "real"), (M_w + M_kv, "amount"), (M_kv * s, "amount or zero"),
        (ceiling(d / tp), "count"), (Max(REAL, 0), "amount or zero"), (Min(REAL, 0), "real"), ((d - h) ** 2, "count or zero"), (d - h, "real"),
    ],
    ids=str,
)  # fmt: skip
def test_a_domain_is_what_is_proved(expr: sympy.Expr, domain: str) -> None:
    assert domain_of(expr) == domain
    symbol = NamedSymbol("x", title="x", meaning="x", domain=domain_of(expr))
    assert too_narrow(symbol, expr) == ""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([d, -h, N * s, -tp, Max(d - h, 0), Min(s, d) - s, ceiling(d / tp), -(d**2)]), min_size=1, max_size=3),
       st.lists(st.integers(1, 30), min_size=5, max_size=5))  # fmt: skip
def test_what_is_called_nonnegative_is_so(terms: list[sympy.Expr], sizes: list[int]) -> None:
    expr = sympy.Add(*terms)
    value = expr.subs(dict(zip((d, h, N, s, tp), sizes, strict=True)))
    assert value >= 0 or not nonnegative(expr)


def test_checks_of_the_book_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    from symllm import checking

    formula = next(item for item in book().formulas if item.symbol == M_act)
    known = set(book().symbols.values())
    narrow = replace(formula, symbol=NamedSymbol("x", title="x", meaning="x", unit="byte", domain="amount"), expression=M_w - M_kv,
                     example=Example({M_w: 3, M_kv: 1}, 2))  # fmt: skip
    assert [finding.what for finding in formula_findings(narrow, known)] == [
        "x is declared as 'amount', but -M_kv + M_w may be below 0; declare domain='real'",
    ]
    monkeypatch.setattr(checking.text, "expression", lambda expr: "nothing")
    assert any("is missing from its text: nothing" in finding.what for finding in formula_findings(formula, known))
    monkeypatch.undo()
    written = checking.latex.expression
    monkeypatch.setattr(checking.latex, "expression", lambda expr: written(expr) + "{")
    assert any("does not close what it opens" in finding.what for finding in formula_findings(formula, known))
    monkeypatch.undo()
    other = NamedSymbol("d", title="d", meaning="d", domain="amount")
    assert "another symbol than the notation's of that name" in next(block_findings(plain(width=other), known)).what
    assert "is in no notation table" in next(block_findings(plain(width=sympy.Symbol("z")), known)).what
    assert list(block_findings(plain(), known)) == [] and u_a in known
