"""What `symllm show NAME` tells: the page of a formula, a quantity, a question, a symbol, a format or a family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from . import catalog
from .book import Book
from .errors import unknown
from .format import CacheFormat, WeightFormat
from .formula import Composed, Formula, Question
from .render import latex, text
from .symbols import NamedSymbol
from .userbook import opened_book


@dataclass(frozen=True)
class Page:
    """A page as lines of (heading, words), with the formula as an equation where there is one."""

    name: str
    title: str
    rows: tuple[tuple[str, str], ...]
    equation: tuple[sympy.Expr, str, sympy.Expr] | None = None
    symbols: tuple[NamedSymbol, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """JSON data of the schema `symllm.page/1`."""
        data: dict[str, Any] = {"schema": "symllm.page/1", "name": self.name, "title": self.title, "facts": dict(self.rows)}
        if self.equation is not None:
            data |= {"text": equation_text(self.equation), "latex": equation_latex(self.equation)}
        data["symbols"] = [{"symbol": s.name, "title": s.title, "meaning": s.meaning, "unit": s.unit} for s in self.symbols]
        return data


def equation_text(equation: tuple[sympy.Expr, str, sympy.Expr]) -> str:
    """left relation right, as text."""
    left, relation, right = equation
    return f"{text.expression(left)} {relation} {text.expression(right)}"


def equation_latex(equation: tuple[sympy.Expr, str, sympy.Expr]) -> str:
    """left relation right, as LaTeX."""
    left, relation, right = equation
    sign = {"≤": r"\le", "=": "="}[relation]
    return f"{latex.expression(left)} {sign} {latex.expression(right)}"


def page(name: str, own: str | None = None) -> Page:
    """The page of a name of the book; raises with the nearest names."""
    book = opened_book(own)
    pages: dict[str, Callable[[], Page]] = {}
    quantities: tuple[Composed | Formula, ...] = (*book.composed, *book.formulas)
    for item in quantities:
        pages[item.name] = lambda item=item: _quantity(item, book)  # type: ignore[misc]
    for question in book.questions:
        pages[question.name] = lambda question=question: _question(question)  # type: ignore[misc]
    for symbol in book.symbols.values():
        pages.setdefault(symbol.name, lambda symbol=symbol: _symbol(symbol, book))  # type: ignore[misc]
    formats: tuple[CacheFormat | WeightFormat, ...] = (*book.cache_formats, *book.weight_formats)
    for form in formats:
        pages.setdefault(form.name, lambda form=form: Page(form.name, form.title, (("stored", form.title), ("source", form.source))))  # type: ignore[misc]
    for family in book.families:
        pages.setdefault(family.name, lambda family=family: _family(family))  # type: ignore[misc]
    if name in pages:
        return pages[name]()
    known = [*pages, *catalog.models(), *catalog.gpus()]
    raise unknown("name", name, known, "`symllm list`, `symllm models` and `symllm gpus` show what there is")


def _quantity(item: Formula | Composed, book: Book) -> Page:
    rows = [("why", item.because), ("kind", item.kind), ("unit", item.symbol.unit)]
    rows += [("holds", text_) for text_ in item.conditions]
    if item.error:
        rows.append(("error", item.error))
    rows.append(("source", item.source))
    if isinstance(item, Composed):
        rows.insert(1, ("how", f"summed over the model's blocks; `symllm derive {item.name} --model NAME` writes it out"))
        return Page(item.name, item.symbol.title, tuple(rows), None, (item.symbol,))
    values = {symbol: f"{value:,}" if isinstance(value, int) else str(value) for symbol, value in item.example.values.items()}
    result = item.example.result
    rows.append(("example", f"{text.expression(item.expression, values)} = {int(result):,}" if sympy.sympify(result).is_Integer else
                 f"{text.expression(item.expression, values)} = {result}"))  # fmt: skip
    used = [symbol for symbol in book.symbols.values() if symbol in item.expression.free_symbols or symbol == item.symbol]
    return Page(item.name, item.symbol.title, tuple(rows), (item.symbol, "=", item.expression), tuple(used))


def _question(question: Question) -> Page:
    most = "largest" if question.sense == "max" else "smallest"
    rows = [("asks", f"the {most} {question.unknown.title} for which this holds"), ("budget", question.bound)]
    if question.limited_by:
        rows.append(("limit", question.limited_by))
    used = sorted(question.needs.free_symbols | question.budget.free_symbols | {question.unknown}, key=lambda s: s.rank)
    return Page(question.name, question.title, tuple(rows), (question.needs, "≤", question.budget), tuple(used))


def _symbol(symbol: NamedSymbol, book: Book) -> Page:
    users = [item.name for item in book.formulas if symbol in item.expression.free_symbols or symbol == item.symbol]
    rows = [("meaning", symbol.meaning), ("unit", symbol.unit), ("domain", symbol.domain)]
    if users:
        rows.append(("in", ", ".join(users)))
    return Page(symbol.name, symbol.title, tuple(rows))


def _family(family: Any) -> Page:
    rows = [("model types", ", ".join(family.model_types)), ("source", family.source)]
    rows += [(field.name, f"{text.expression(field.symbol)}, {field.symbol.title}") for field in family.fields]
    rows += [(option.name, f"switch, default {option.default}") for option in family.options]
    return Page(family.name, family.title, tuple(rows))
