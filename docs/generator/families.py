"""The page of families: which fields of a config.json give which symbols, with which defaults; and of differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from symllm.config import REQUIRED, SAME, Family, Field, Option
from symllm.formulas.book import book

from . import markup as md
from .blocks import differences, file_of, grouped, heading
from .models_of_book import models_by_family


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of each page."""
    families = sorted(book().families, key=lambda family: family.name)
    yield "reference/families.md", md.page(
        "Families",
        "A family reads a `config.json` by the table here. A field that is missing takes the default of the library's own class; a field "
        "that is neither read nor known to change no size is refused by name.",
        md.table(("family", "model types", "models of the catalogue"),
                 [(f"[{md.prose(family.title)}](#{md.anchor(_heading(family))})", ", ".join(map(md.code, family.model_types)),
                   len(models_by_family().get(family.name, ()))) for family in families], ("models of the catalogue",)),
        *(_family(family) for family in families),
    )  # fmt: skip
    yield "differences.md", _differences()


def _heading(family: Family) -> str:
    return f"{family.title} ({family.name})"


def _family(family: Family) -> str:
    models = models_by_family().get(family.name, ())
    facts = [f"model types: {', '.join(map(md.code, family.model_types))}", f"source: {md.source(family.source)}"]
    facts += [f"in the catalogue: {', '.join(models)}"] if models else []
    facts += [f"note: {md.prose(note)}" for note in family.notes]
    parts = [f"## {md.prose(_heading(family))}", md.bullets(facts)]
    if family.fields:
        rows = [(", ".join(map(md.code, (item.name, *item.also))), md.math(item.symbol), md.prose(getattr(item.symbol, "title", "")),
                 _default(item)) for item in family.fields]  # fmt: skip
        parts.append(md.table(("field", "symbol", "name", "if missing"), rows))
    if family.options:
        parts.append(md.table(("switch", "kind", "if missing"), [_option(option) for option in family.options]))
    return "\n\n".join(parts)


def _default(item: Field) -> str:
    said = _value(item.default)
    return said if item.null == SAME else f"{said}; if null, {_value(item.null)}"


def _value(default: Any) -> str:
    if isinstance(default, str):
        return default if default == REQUIRED else md.code(default)
    if default is None:
        return "none"
    return md.math(default) if isinstance(default, sympy.Basic) else f"{default:,}"


def _option(option: Option) -> tuple[str, str, str]:
    kinds = option.kind if isinstance(option.kind, tuple) else (option.kind,)
    kind = ", ".join(map(str, option.choices)) or " or ".join({"bool": "true or false", "str": "text"}.get(k.__name__, k.__name__) for k in kinds)
    return md.code(option.name), kind, _switch(option.default)


def _switch(default: Any) -> str:
    if default is None or default == REQUIRED:
        return "none" if default is None else REQUIRED
    return md.code(str(default).lower() if isinstance(default, bool) else default)


def _differences() -> str:
    rows: dict[tuple[str, str, str, str, tuple[str, ...]], list[str]] = {}
    for key, variants in grouped().items():
        link = f"[{md.prose(key[2])}](reference/{file_of(key[0])}#{md.anchor(heading(key))})"
        for block, types in variants.items():
            for engine, item, said, why in differences(block):
                names = rows.setdefault((link, engine, said, why, types), [])
                names += [item] if item not in names else []
    engines = [f"**{engine.name}**: {md.prose(engine.title)}, {', '.join(engine.versions)}; {md.source(engine.source)}"
               for engine in book().engines.values()]  # fmt: skip
    return md.page(
        "Where implementations differ",
        "The plain answer is the model's own mathematics. Where a library computes or keeps something else, the block's declaration says so "
        "beside it, and `--engine NAME` gives the library's figure. These are all such declarations.",
        md.bullets(engines),
        md.table(("block", "engine", "of", "there", "why", "model types"),
                 [(link, engine, ", ".join(names), said, why, ", ".join(map(md.code, types)))
                  for (link, engine, said, why, types), names in rows.items()]),
    )  # fmt: skip
