"""The catalogue's models opened: one of each model type, with its family, its architecture and the blocks it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from symllm import catalog
from symllm.block import Architecture, Block
from symllm.build import architecture, blocks, choices
from symllm.catalog import Model
from symllm.compose import Choices
from symllm.config import Config, Family, family_of
from symllm.errors import SymllmError
from symllm.formulas.book import book


@dataclass(frozen=True)
class Opened:
    """A model of the catalogue as the book reads it."""

    row: Model
    family: Family
    config: Config
    made: Architecture


def opened(row: Model) -> Opened:
    """A row read and put together; raises `SymllmError` as the book does."""
    return Opened(row, *architecture(book(), row.config))


@cache
def one_of_each_type() -> dict[str, Opened]:
    """The first model, by name, of each model_type that the book can open."""
    found: dict[str, Opened] = {}
    for row in catalog.models().values():
        model_type = str(row.config.get("model_type"))
        if model_type not in found:
            try:
                found[model_type] = opened(row)
            except SymllmError:
                continue
    return dict(sorted(found.items()))


@cache
def blocks_by_type() -> dict[Block, tuple[str, ...]]:
    """Every block with the model types that have it."""
    found: dict[Block, list[str]] = {}
    for model_type, model in one_of_each_type().items():
        for block in blocks(model.made):
            found.setdefault(block, []).append(model_type)
    return {block: tuple(types) for block, types in found.items()}


@cache
def models_by_family() -> dict[str, tuple[str, ...]]:
    """The names of the catalogue's models by family."""
    found: dict[str, list[str]] = {}
    for row in catalog.models().values():
        try:
            found.setdefault(family_of(row.config, book().families).name, []).append(row.name)
        except SymllmError:
            continue
    return {family: tuple(names) for family, names in found.items()}


def chosen(weights: str = "bf16", cache_format: str = "bf16", engine: str = "") -> Choices:
    """The plain choices (full mask, all logits) with the named formats."""
    form = next(form for form in book().weight_formats if weights in (form.name, *form.aliases))
    return replace(choices(book(), "bf16", cache_format, "full", "all", engine), weights=form)


def page_symbols() -> list[Any]:
    """Symbols that stand in no notation table, because a single page needs them, by name."""
    found: dict[str, Any] = {}
    for model in one_of_each_type().values():
        sizes = (*model.config.sizes, *model.made.values)
        inside = {symbol for block in blocks(model.made) for weight in block.weights for symbol in weight.elements.free_symbols}
        for symbol in (*sizes, *inside):
            if symbol.name not in book().symbols and hasattr(symbol, "meaning"):
                found[symbol.name] = symbol
    return [found[name] for name in sorted(found)]
