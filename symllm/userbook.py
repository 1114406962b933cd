"""A person's own formulas: a page of declarations (trusted, run as code) and one-line definitions (parsed, never run)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from types import ModuleType
from typing import Any, Final

import sympy

from . import parse, tree
from .arguments import shown
from .book import Book
from .bounds import nonnegative
from .build import ordered
from .crossing import lift_given
from .dimension import check, dimension, unit_dimension
from .domains import too_narrow
from .errors import SymllmError, unknown
from .formula import Composed, Definition, Formula
from .numeric.dimensions import unit_of as composite
from .reading import NotReadableError, contents
from .symbols import Domain, NamedSymbol
from .units import DIMENSIONS

LARGEST_PAGE: Final = 2**20
#: What a page may declare, and the type of each item.
LISTS: Mapping[str, type] = {"FORMULAS": Formula, "COMPOSED": Composed}
#: The units that a definition of one line may come out in.
UNITS = ("1", "byte", "FLOP", "second", "joule", "USD", "byte/second", "FLOP/second", "FLOP/byte", "token/second", "USD/second")


def stamp(path: str | None) -> str:
    """Changes with the content of a page; empty where there is none. Raises for a page that is not there."""
    return "" if path is None else hashlib.sha256(_source(path)).hexdigest()


def _source(path: str) -> bytes:
    try:
        return contents(path, LARGEST_PAGE)
    except FileNotFoundError:
        raise SymllmError(f"--book {path[:60]!r}: there is no such file that can be read") from None
    except NotReadableError as error:
        raise SymllmError(f"--book {path[:60]!r}: {error}; a Python file (*.py) is expected") from None


def opened_book(path: str | None) -> Book:
    """The book of symllm, with the formulas of a page of the person's own where one is given.

    The page is Python and is run: give only pages that you trust. It declares FORMULAS (and COMPOSED) as tuples.
    Raises `SymllmError` where it does not run, declares nothing, takes a name that is taken, defines a symbol that has a
    definition, or declares a formula whose dimensions do not close or whose symbol is more than its expression.
    """
    from .formulas.book import book

    base = book()
    return base if path is None else _extended(base, path)


def _extended(base: Book, path: str) -> Book:
    page = _run(path)
    lists = {name: _items(page, name, kind, path) for name, kind in LISTS.items()}
    if not any(lists.values()):
        raise SymllmError(f"--book {path[:60]!r} declares nothing: it needs FORMULAS = (Formula(...), ...)")
    own = [value for value in vars(page).values() if isinstance(value, NamedSymbol) and value.name not in base.symbols]
    own += [item.symbol for items in lists.values() for item in items if item.symbol.name not in base.symbols]
    _refuse_second_definitions(base, lists, path)
    for formula in lists["FORMULAS"]:
        _refuse_unsound(formula, f"--book {path[:60]!r}: formula {formula.name}")
    taken = set(base.quantities()) & {item.name for items in lists.values() for item in items}
    if taken:
        raise SymllmError(f"--book {path[:60]!r}: the book already has a formula called {sorted(taken)[0]!r}")
    return replace(base, symbols={**base.symbols, **{symbol.name: symbol for symbol in own}},
                   formulas=(*base.formulas, *lists["FORMULAS"]), composed=(*base.composed, *lists["COMPOSED"]))  # fmt: skip


def _refuse_second_definitions(base: Book, lists: Mapping[str, tuple[Any, ...]], path: str) -> None:
    """Raise where a symbol would have two definitions, or one name would stand for two symbols."""
    pages: tuple[Composed | Formula, ...] = (*base.composed, *base.formulas)
    defined = {item.symbol.name: f"the book's {item.name!r}" for item in pages}
    for item in (item for items in lists.values() for item in items):
        symbol = item.symbol
        if symbol.name in defined:
            raise SymllmError(f"--book {path[:60]!r}: {item.name!r} defines {symbol.name}, which {defined[symbol.name]} defines; "
                              "give it a symbol of its own")  # fmt: skip
        own = base.symbols.get(symbol.name)
        if own is not None and (own != symbol or own.unit != symbol.unit):
            raise SymllmError(f"--book {path[:60]!r}: {item.name!r} declares {symbol.name} anew, which the book's notation has as "
                              f"{own.title} ({own.domain}, {own.unit}); import that, or take another name")  # fmt: skip
        defined[symbol.name] = f"this page's {item.name!r}"


def _refuse_unsound(formula: Formula, where: str) -> None:
    try:
        check(formula.expression, formula.symbol.unit, f"'{formula.symbol} = {formula.expression}'"[:160])
    except SymllmError as error:
        raise SymllmError(f"{where}: {error}") from None
    wrong = too_narrow(formula.symbol, formula.expression)
    if wrong:
        raise SymllmError(f"{where}: {wrong}")


def _run(path: str) -> ModuleType:
    """The page as a module, from the very bytes that its stamp is of: nothing compiled earlier stands in for it."""
    text = _source(path)
    if not path.endswith(".py"):
        raise SymllmError(f"--book {path[:60]!r}: a Python file (*.py) is expected")
    page = ModuleType("symllm_user_page")
    page.__file__ = path
    try:
        exec(compile(text, path, "exec"), vars(page))  # a page is trusted: the person named it to be run
    except (SymllmError, KeyboardInterrupt):
        raise
    except BaseException as error:  # whatever a person's page may raise, SystemExit too
        said = shown(error) if isinstance(error, SystemExit) else f"{type(error).__name__}: {_words(error)}"
        raise SymllmError(f"--book {path[:60]!r} does not run: {said}") from None
    return page


def _words(error: BaseException) -> str:
    try:
        return str(error)[:120]
    except Exception:  # an error whose own words fail
        return "without words"


def _items(page: Any, name: str, kind: type, path: str) -> tuple[Any, ...]:
    items = vars(page).get(name, ())
    if not isinstance(items, (tuple, list)) or not all(isinstance(item, kind) for item in items):
        raise SymllmError(f"--book {path[:60]!r}: {name} must be a tuple of {kind.__name__}")
    return tuple(items)


def user_definitions(texts: Iterable[str], lines: list[Definition], symbols: Mapping[str, NamedSymbol],
                     quantities: Mapping[str, NamedSymbol]) -> list[Definition]:  # fmt: skip
    """The definitions of "kv_ratio = kv_cache / weights", each with the unit that its dimension gives.

    Names of quantities stand for their symbols. Raises for an unknown name, a taken one, a circle, a dimension mismatch.
    """
    parsed = [(text, *parse.definition(text)) for text in texts]
    known: dict[str, NamedSymbol] = {**symbols, **quantities}
    for text, name, _ in parsed:
        if name in known:
            raise SymllmError(f"--define {text[:60]!r}: {name} is already defined; take another name")
        if name.startswith("_"):  # such names are the engine's own
            raise SymllmError(f"--define {text[:60]!r}: a name begins with a letter")
    names = [name for _, name, _ in parsed]
    if len(set(names)) < len(names):
        raise SymllmError("--define gives one name twice")
    made: list[Definition] = []
    waiting = list(parsed)
    while waiting:
        ready = [item for item in waiting if not tree.names(item[2]) & {other[1] for other in waiting}]
        if not ready:
            raise SymllmError(f"circular definition: {', '.join(item[0][:60] for item in waiting)}")
        for item in ready:
            line = _definition(*item, known)
            made.append(line)
            known[item[1]] = line.symbol
            waiting.remove(item)
    ordered([*lines, *made])
    return made


def _definition(text: str, name: str, body: tree.Tree, known: Mapping[str, NamedSymbol]) -> Definition:
    expr = lift_given(spelled_out(body, known), known, f"--define {text[:60]!r}")
    if expr.has(sympy.zoo, sympy.nan):
        raise SymllmError(f"--define {text[:60]!r} divides by zero")
    unit = unit_of(expr, text)
    domain: Domain = "amount or zero" if nonnegative(expr) else "real"  # a sign that is not proved is not given
    symbol = NamedSymbol(name, title=name.replace("_", " "), meaning=text, unit=unit, domain=domain, rank=5000)
    check(expr, unit, f"--define {text}")
    return Definition(symbol, expr, f"defined: {text}", title=name)


def spelled_out(body: tree.Tree, known: Mapping[str, NamedSymbol]) -> tree.Tree:
    """A tree in which symbols as they are printed and bare units (kv_cache/GiB) stand for symbols; raises for unknown names."""
    if isinstance(body, int) or (isinstance(body, list) and body[0] == "q"):
        return body
    if isinstance(body, list):
        return [body[0], *(spelled_out(part, known) for part in body[1:])]
    if body in known:
        return body
    printed = next((word for word, symbol in known.items() if symbol.text_form == body), None)
    meant = printed if printed is not None else parse.unit(body)
    if meant is None:
        raise unknown("symbol", body, known, "`symllm list` shows all")
    return meant


def unit_of(expr: sympy.Expr, text: str) -> str:
    """The unit text that has the dimension of an expression: one that the book uses, else a product of base units."""
    found = dimension(expr)
    for unit in UNITS:
        if unit_dimension(unit) == found:
            return unit
    powers = {base: Fraction(found.get(f"[{measured}]", 0)) for base, measured in DIMENSIONS.items()}
    return composite(tuple((base, power) for base, power in powers.items() if power))
