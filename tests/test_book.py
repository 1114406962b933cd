"""One battery over every formula, sum, family, block and model of the book."""

from __future__ import annotations

import random
from typing import Any

import numpy
import pytest
import sympy

from symllm import catalog, tree
from symllm.build import architecture, blocks, definitions
from symllm.checking import block_findings, definition_findings, formula_findings, plain_choices
from symllm.crossing import lift, lower
from symllm.dimension import DimensionError, check, dimension, spell
from symllm.errors import SymllmError
from symllm.formulas import notation
from symllm.formulas.book import book
from symllm.scenario import Request, scenario
from symllm.symbols import NamedSymbol

BOOK = book()
KNOWN = set(BOOK.symbols.values())
ONE_OF_EACH_TYPE = {str(row.config.get("model_type")): row for row in catalog.models().values()}


@pytest.mark.parametrize("formula", [*BOOK.formulas, BOOK.uniform_weights], ids=lambda formula: formula.name)
def test_formula(formula: Any) -> None:
    assert list(formula_findings(formula, KNOWN)) == []


@pytest.mark.parametrize("model_type", sorted(ONE_OF_EACH_TYPE))
def test_model_type(model_type: str) -> None:
    """Blocks have sources and known symbols, every line's dimension closes, and trees come back as they went."""
    _, config, made = architecture(BOOK, ONE_OF_EACH_TYPE[model_type].config)
    lines = definitions(BOOK, made, plain_choices(BOOK), config)
    for block in blocks(made):
        assert list(block_findings(block, KNOWN)) == []
    assert list(definition_findings(lines, model_type)) == []
    symbols: dict[str, NamedSymbol] = {}
    for line in lines:
        symbols[line.symbol.name] = line.symbol
        symbols |= {symbol.name: symbol for symbol in line.expression.free_symbols}
    values = {name: 2 + rank % 11 for rank, name in enumerate(symbols)}
    for line in lines:
        there = lower(line.expression)
        if str(there).count("max") + str(there).count("min") > 20:
            continue  # SymPy compares every pair of arguments of a Max: minutes for the tiles of one image rule
        back = lower(lift(there, symbols))
        assert tree.evaluate(back, values) == tree.evaluate(there, values)


@pytest.mark.parametrize("model_type", sorted(ONE_OF_EACH_TYPE))
def test_compiled_equals_symbolic_and_numpy(model_type: str) -> None:
    """The exact function, SymPy's value and the NumPy function agree at random points of a scenario."""
    row = ONE_OF_EACH_TYPE[model_type]
    case = scenario(Request(model=row.name, mask="causal", beyond_context=True), ("s", "b"))
    source = random.Random(model_type)
    for name in ("kv_cache", "prefill_compute", "decode_compute", "weights", "parameters"):
        symbol = case.program.quantities[name]
        exact = case.program.compile(symbol, ("s", "b"), case.values)
        array = case.program.compile(symbol, ("s", "b"), case.values, array=True)
        points = [(source.randint(1, 100_000), source.randint(1, 300)) for _ in range(4)]
        values = [exact(s, b) for s, b in points]
        found = array(numpy.array([float(s) for s, _ in points]), numpy.array([float(b) for _, b in points]))
        assert numpy.allclose(numpy.broadcast_to(found, len(points)), [float(value) for value in values], rtol=1e-12)
        inputs = case.with_values(s=points[0][0], b=points[0][1]).values
        assert case.program.run(inputs, [symbol])[symbol] == values[0]


def test_uniform_weights_are_the_sum_over_tensors() -> None:
    """The short formula and the sum that it replaces agree, symbol by symbol."""
    from symllm.build import context
    from symllm.compose import composed

    for name in ("gpt2", "llama-3-8b", "qwq-32b", "gemma-7b"):
        _, config, made = architecture(BOOK, catalog.find(name).config)
        page = next(page for page in BOOK.composed if page.name == "weights")
        lines = composed(made, page, context(BOOK, plain_choices(BOOK), config, made))
        rows = {line.symbol: line.expression for line in lines}
        rows |= {line.symbol: line.expression for line in definitions(BOOK, made, plain_choices(BOOK), config) if line.symbol not in rows}
        whole = _unfolded(page.symbol, rows)
        short = _unfolded(notation.P, rows) * notation.u_w
        assert sympy.expand(whole - short) == 0


def _unfolded(expr: sympy.Expr, rows: dict[Any, sympy.Expr]) -> sympy.Expr:
    while inside := {symbol: rows[symbol] for symbol in expr.free_symbols if symbol in rows}:
        expr = expr.xreplace(inside)
    return expr


def test_a_forgotten_unit_is_refused() -> None:
    with pytest.raises(DimensionError, match="computation") as caught:
        check(2 * notation.P * notation.T, "FLOP", "training compute without its FLOP")
    assert "a plain number" in str(caught.value)
    check(2 * notation.FLOP * notation.P * notation.T, "FLOP", "training compute")


def test_a_mismatch_names_the_part_and_both_dimensions() -> None:
    with pytest.raises(DimensionError) as caught:
        dimension(notation.M_w + notation.FLOP)
    text = str(caught.value)
    assert "information" in text
    assert "computation" in text
    assert caught.value.found != caught.value.expected
    assert spell(dimension(notation.M_w**2 / notation.M_kv)) == "information"


def test_functions_that_are_not_known_are_refused() -> None:
    with pytest.raises(SymllmError, match="log"):
        dimension(sympy.log(notation.N))
    with pytest.raises(SymllmError, match="log"):
        lower(sympy.log(notation.N))


def test_every_symbol_says_what_it_is() -> None:
    for name, symbol in BOOK.symbols.items():
        assert symbol.title
        assert symbol.meaning
        assert symbol.latex_form
        assert symbol.name == name
    assert len({symbol.latex_form for symbol in KNOWN}) == len(KNOWN), "two symbols are typeset alike"


def test_the_catalogue() -> None:
    catalog.check_unique({row.name: {"aliases": row.aliases} for row in catalog.models().values()})
    catalog.check_unique({row.name: {"aliases": row.aliases} for row in catalog.gpus().values()})
    assert len(catalog.models()) >= 150
    assert len(catalog.gpus()) >= 45
    for row in (*catalog.models().values(), *catalog.gpus().values()):
        assert row.source
    assert catalog.find_gpu("h100").title == "NVIDIA H100 SXM 80 GB"
    assert catalog.find_gpu("a100").peak["bf16"] == 312 * 10**12
