"""Checks of the whole book: dimensions close, symbols are known, sources are there, examples are true.

`symllm check` prints what they find; the tests run the same checks.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from . import tree
from .block import Block, CacheEntry, Product, Weight
from .book import Book
from .build import architecture, blocks, choices, definitions
from .compose import Choices
from .crossing import lower
from .dimension import DimensionError, check
from .domains import too_narrow
from .errors import SymllmError
from .formula import Composed, Definition, Formula
from .render import latex, text
from .symbols import NamedSymbol


@dataclass(frozen=True)
class Finding:
    """Something wrong in the book: where, and what."""

    where: str
    what: str


def formula_findings(formula: Formula, known: Iterable[sympy.Symbol]) -> Iterator[Finding]:
    """Everything that is wrong with one formula."""
    where = f"formula {formula.name}"
    strangers = sorted(str(s) for s in formula.expression.free_symbols - set(known))
    if strangers:
        yield Finding(where, f"symbols in no notation table: {', '.join(strangers)}")
        return
    if not formula.source.strip():
        yield Finding(where, "no source")
    if formula.kind != "exact" and not formula.error and formula.kind != "assumed":
        yield Finding(where, f"{formula.kind}, but its error is not stated")
    yield from _dimension(formula.expression, formula.symbol, where)
    wrong = too_narrow(formula.symbol, formula.expression)
    if wrong:
        yield Finding(where, wrong)
    yield from _example(formula, where)
    yield from _agreement(formula.expression, where)
    yield from _written(formula.expression, where)


def _dimension(expr: sympy.Expr, symbol: NamedSymbol, where: str) -> Iterator[Finding]:
    try:
        check(expr, symbol.unit, where)
    except (DimensionError, SymllmError) as error:
        yield Finding(where, str(error))


def _example(formula: Formula, where: str) -> Iterator[Finding]:
    missing = formula.expression.free_symbols - set(formula.example.values)
    if missing:
        yield Finding(where, f"the example gives no value for {', '.join(sorted(map(str, missing)))}")
        return
    result = formula.expression.subs(formula.example.values)
    if result != formula.example.result:
        yield Finding(where, f"the example says {formula.example.result}, the formula gives {result}")


def _points(expr: sympy.Expr, seed: int) -> dict[sympy.Symbol, Any]:
    """Random exact values that fit the symbols' domains; small ones where a symbol is a power."""
    source = random.Random(seed)
    raised = set().union(*(power.exp.free_symbols for power in expr.atoms(sympy.Pow)))
    values = {}
    for symbol in sorted(expr.free_symbols, key=str):
        whole = getattr(symbol, "domain", "count").startswith("count")
        values[symbol] = source.randint(1, 5 if symbol in raised else 4096) if whole else Fraction(source.randint(1, 4096), source.choice((1, 2, 8)))
    return values


def _agreement(expr: sympy.Expr, where: str) -> Iterator[Finding]:
    """The compiled value equals the symbolic value at random points."""
    for seed in range(3):
        values = _points(expr, seed)
        compiled = tree.evaluate(lower(expr), {symbol.name: value for symbol, value in values.items()})
        symbolic = expr.xreplace({symbol: sympy.Rational(value) for symbol, value in values.items()})
        if symbolic.is_Rational:
            same = Fraction(int(symbolic.p), int(symbolic.q)) == compiled
        else:
            same = abs(float(symbolic) - float(compiled)) <= 1e-9 * abs(float(symbolic))
        if not same:
            yield Finding(where, f"compiled value {compiled} differs from the symbolic value {symbolic}")
            return


def _written(expr: sympy.Expr, where: str) -> Iterator[Finding]:
    """Every symbol is there to read, in text and in LaTeX, and LaTeX closes what it opens."""
    shown, typeset = text.expression(expr), latex.expression(expr)
    for symbol in sorted(expr.free_symbols, key=str):
        for name, page, form in (("text", shown, symbol.text_form), ("LaTeX", typeset, symbol.latex_form)):
            if form not in page:
                yield Finding(where, f"{symbol} is missing from its {name}: {page[:80]}")
    if typeset.count("{") != typeset.count("}") or typeset.count(r"\left") != typeset.count(r"\right"):
        yield Finding(where, f"its LaTeX does not close what it opens: {typeset[:80]}")


def block_findings(block: Block, known: Iterable[sympy.Symbol]) -> Iterator[Finding]:
    """Everything that is wrong with one block's declaration."""
    where = f"block {block.name}"
    if not block.source.strip():
        yield Finding(where, "no source")
    if not block.title.strip() or not block.component.strip():
        yield Finding(where, "no title or component")
    names = [weight.name for weight in block.weights]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        yield Finding(where, f"two weights of one name: {', '.join(doubled)}")
    table = {str(symbol): symbol for symbol in known}
    for weight in block.weights:
        for symbol in sorted(weight.elements.free_symbols, key=str):
            if not isinstance(symbol, NamedSymbol):
                yield Finding(where, f"weight {weight.name}: symbol {symbol} is in no notation table")
            elif table.get(symbol.name, symbol) != symbol:  # a page may have symbols of its own, under names of their own
                yield Finding(where, f"weight {weight.name}: {symbol} is another symbol than the notation's of that name")
        if weight.split is not None and weight.split not in weight.elements.free_symbols:
            yield Finding(where, f"weight {weight.name} is split over {weight.split}, which is not in its shape")


def departure_findings(block: Block, engines: Iterable[str]) -> Iterator[Finding]:
    """Departures of engines that the book does not know, or of fields that the declaration does not have."""
    known = set(engines)
    declared: tuple[Weight | Product | CacheEntry, ...] = (*block.weights, *block.products, *block.cache)
    for item in declared:
        for engine, changes in item.departures.items():
            where = f"block {block.name}, {item.name}"
            if engine not in known:
                yield Finding(where, f"departs for {engine!r}, which is no engine of the book")
            for name in changes:
                if name not in type(item).__dataclass_fields__:
                    yield Finding(where, f"departs for {engine!r} in {name!r}, which a {type(item).__name__} does not have")


def definition_findings(lines: Iterable[Definition], where: str) -> Iterator[Finding]:
    """Dimensions of every line that a model's blocks make."""
    for line in lines:
        yield from _dimension(line.expression, line.symbol, f"{where}, {line.symbol}")


def plain_choices(book: Book) -> Choices:
    """16-bit weights and cache, the model's own mathematics."""
    return choices(book, "bf16", "bf16", "causal", "all", "")


def twice_defined(book: Book) -> Iterator[Finding]:
    """Symbols that two pages define: only one of the definitions would be used."""
    seen: dict[str, str] = {}
    pages: tuple[Composed | Formula, ...] = (*book.composed, *book.formulas)
    for page in pages:
        if page.symbol.name in seen:
            yield Finding(f"formula {page.name}", f"defines {page.symbol}, which {seen[page.symbol.name]} defines")
        seen.setdefault(page.symbol.name, page.name)


def book_findings(book: Book, configs: Iterable[tuple[str, Any]]) -> Iterator[Finding]:
    """Everything that is wrong in the book, with each config's model put together; a generator, so progress can be shown."""
    known = set(book.symbols.values())
    yield from twice_defined(book)
    for formula in (*book.formulas, book.uniform_weights):
        yield from formula_findings(formula, known)
    for page in book.composed:
        if not page.source.strip():
            yield Finding(f"quantity {page.name}", "no source")
    for family in book.families:
        if not family.source.strip():
            yield Finding(f"family {family.name}", "no source")
    seen: set[Block] = set()
    for name, raw in configs:
        try:
            _, _, made = architecture(book, raw)
            lines = definitions(book, made, plain_choices(book))
        except SymllmError as error:
            yield Finding(f"model {name}", str(error))
            continue
        for block in blocks(made):
            if block not in seen:
                seen.add(block)
                yield from block_findings(block, known)
                yield from departure_findings(block, book.engines)
                yield from definition_findings((line for line in lines if line.title == block.title), f"block {block.name} of {name}")
