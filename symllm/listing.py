"""What the book holds, as rows for lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .format import CacheFormat, WeightFormat
from .formula import Composed, Formula
from .program import KINDS


def quantity_rows() -> list[dict[str, Any]]:
    """Every quantity that `symllm eval` takes."""
    from .formulas.book import book

    pages = book()
    every: tuple[Composed | Formula, ...] = (*pages.composed, *pages.formulas)
    kinds = {page.symbol: page for page in every}
    return [{"name": page.name, "symbol": page.symbol.text_form, "unit": page.symbol.unit, "kind": _weakest(page, kinds),
             "meaning": page.symbol.meaning} for page in kinds.values()]  # fmt: skip


def _weakest(page: Any, pages: Mapping[Any, Any]) -> str:
    """The weakest kind of a page and of all that its expression rests on."""
    below = [_weakest(pages[symbol], pages) for symbol in getattr(page, "expression", page.symbol).free_symbols
             if symbol in pages and symbol != page.symbol]  # fmt: skip
    kinds: list[str] = [page.kind, *below]
    return max(kinds, key=KINDS.index)


def question_rows() -> list[dict[str, Any]]:
    """Every named inverse question that `symllm solve` takes."""
    from .formulas.book import book

    return [{"name": item.name, "unknown": item.unknown.text_form, "meaning": item.title, "budget": item.bound} for item in book().questions]


def symbol_rows() -> list[dict[str, Any]]:
    """The notation, in printing order."""
    from .formulas.book import book

    return [{"symbol": symbol.name, "title": symbol.title, "unit": symbol.unit, "meaning": symbol.meaning}
            for symbol in book().symbols.values()]  # fmt: skip


def format_rows() -> list[dict[str, Any]]:
    """Weight and cache formats."""
    from .formulas.book import book

    pages = book()
    rows: list[tuple[str, WeightFormat | CacheFormat]] = [("weights", form) for form in pages.weight_formats]
    rows += [("cache", form) for form in pages.cache_formats]
    return [{"of": of, "name": form.name, "title": form.title, "source": form.source} for of, form in rows]


def engine_rows() -> list[dict[str, Any]]:
    """Engines for which blocks declare what they do differently."""
    from .formulas.book import book

    return [{"name": item.name, "title": item.title, "versions": ", ".join(item.versions), "source": item.source}
            for item in book().engines.values()]  # fmt: skip


def family_rows() -> list[dict[str, Any]]:
    """Every architecture page with the model types it reads."""
    from .formulas.book import book

    return [{"family": family.name, "title": family.title, "model_types": ", ".join(family.model_types), "source": family.source}
            for family in book().families]  # fmt: skip
