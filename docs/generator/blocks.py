"""The pages of blocks: what each declares by shape, and what the engine makes of it. One page a component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import sympy

from symllm import compose
from symllm.block import Block, CacheEntry, Product, Reach, Saved, Weight
from symllm.build import context
from symllm.compose import Context
from symllm.formulas.book import book

from . import markup as md
from .models_of_book import blocks_by_type, chosen

Key = tuple[str, str, str]
#: What is derived of a block: words, the sum, the pass.
_SUMS = (
    ("parameters", "parameters", ""), ("parameters that a token passes", "active_parameters", ""),
    ("parameters that multiply a token", "compute_parameters", ""), ("weights, in byte", "weight_bytes", ""),
    ("prefill, in FLOP", "flop", "prefill"), ("decode step, in FLOP", "flop", "decode"), ("cache, in byte", "cache_bytes", ""),
    ("saved for the backward pass, in byte", "saved_bytes", ""), ("workspace, numbers a token", "workspace", ""),
)  # fmt: skip
_CHANGES = {"shape": "shape", "tokens": "tokens", "active": "a token passes", "size": "multiply-adds", "phase": "in", "reach": "sees",
            "copies": "copies", "per": "for each", "split": "divided over"}  # fmt: skip


@cache
def grouped() -> dict[Key, dict[Block, tuple[str, ...]]]:
    """Every block of the catalogue's models, variants of one block together, with the model types of each."""
    found: dict[Key, dict[Block, tuple[str, ...]]] = {}
    for block, types in blocks_by_type().items():
        found.setdefault((block.component, block.name, block.title), {})[block] = types
    return dict(sorted(found.items()))


def representative(variants: Mapping[Block, tuple[str, ...]]) -> Block:
    """The variant that most model types have; of equals the one of the first model type."""
    return min(variants, key=lambda block: (-len(variants[block]), variants[block]))


def file_of(component: str) -> str:
    """The file of a component's blocks."""
    return f"blocks/{component}.md"


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of each page."""
    yield "reference/blocks.md", _index()
    for component in dict.fromkeys(key[0] for key in grouped()):
        sections = [_section(key, variants) for key, variants in grouped().items() if key[0] == component]
        yield f"reference/{file_of(component)}", md.page(
            f"Blocks: {component.replace('_', ' ')}",
            "The declaration, and what is derived from it: [how to read this](../blocks.md).",
            *sections,
        )


def _index() -> str:
    rows = []
    for key, variants in grouped().items():
        component, name, title = key
        types = sorted({model_type for types in variants.values() for model_type in types})
        link = f"[{md.prose(title)}]({file_of(component)}#{md.anchor(heading(key))})"
        rows.append((link, md.code(name), md.prose(component), len(variants), len(types), _few(types)))
    return md.page(
        "Blocks",
        "A block declares tensors, products, what it caches and what it saves for the backward pass, by symbolic shape. Parameters, bytes, "
        "FLOP and the rest are derived from that one declaration. Where models have variants of a block (with or without biases, with a "
        "window), the variant that most model types have is shown.",
        "Full attention and logits at all positions are counted; the cache is that of b sequences of s tokens; saved tensors are those of "
        "training with dropout and an attention kernel that is not fused.",
        md.table(("block", "name", "component", "variants", "model types", "such as"), rows, ("variants", "model types")),
    )


def heading(key: Key) -> str:
    """The heading of a block's section."""
    return f"{key[2][:1].upper()}{key[2][1:]} ({key[1]})"


def _few(types: list[str]) -> str:
    shown = ", ".join(md.code(model_type) for model_type in types[:4])
    return f"{shown}, …" if len(types) > 4 else shown


def _section(key: Key, variants: Mapping[Block, tuple[str, ...]]) -> str:
    block = representative(variants)
    types = sorted({model_type for found in variants.values() for model_type in found})
    parts = [f"## {md.prose(heading(key))}", f"In {', '.join(md.code(model_type) for model_type in types)}."]
    facts = [f"holds when {md.prose(block.holds)}"] if block.holds else []
    if block.tokens is not None:
        facts.append(f"passed by {md.math(block.tokens)} tokens of each sequence, with the prompt alone")
    parts.append(md.bullets((*facts, f"source: {md.source(block.source)}", *_variants(block, variants))))
    if block.weights:
        parts += ["Weights:", _weights(block)]
    if block.products:
        parts += ["Products that are no weight times tokens:", _products(block)]
    if block.cache:
        parts += ["Cached between tokens:", _cache(block)]
    if block.saved:
        parts += ["Saved for the backward pass:", _saved(block)]
    parts += ["Derived:", _derived(block)]
    departures = differences(block)
    if departures:
        parts += ["What an engine does differently:", md.table(("engine", "of", "there", "why"), departures)]
    return "\n\n".join(parts)


def _variants(shown: Block, variants: Mapping[Block, tuple[str, ...]]) -> list[str]:
    """What other variants have that the one shown has not."""
    if len(variants) == 1:
        return []
    own = _names(shown)
    more = dict.fromkeys(name for block in variants for name in _names(block) if name not in own)
    said = f"shown: one of {len(variants)} variants, in {_few(sorted(variants[shown]))}"
    return [f"{said}; others also have {', '.join(md.prose(name) for name in more)}" if more else f"{said}; others have other sizes"]


def _names(block: Block) -> list[str]:
    return [*(w.name for w in block.weights), *(p.name for p in block.products), *(c.name for c in block.cache)]


def _weights(block: Block) -> str:
    rows = []
    for weight in block.weights:
        notes = [weight.because] if weight.because else []
        notes += ["the same tensor as another one"] if not weight.stored else []
        notes += ["a buffer, no parameter"] if weight.buffer else []
        notes += [f"in {weight.phase} only"] if weight.phase else []
        copies = "" if weight.copies == 1 else md.math(weight.copies)
        if weight.active is not None:
            copies += f", a token passes {md.math(weight.active)}"
        divided = [md.math(weight.split)] if weight.split is not None else []
        divided += ["experts"] if weight.spread else []
        rows.append((md.prose(weight.name), _shape(weight.shape), copies, weight.use, "yes" if weight.quantizes else "", ", ".join(divided),
                     md.prose("; ".join(notes))))  # fmt: skip
    return _filled(("name", "shape", "copies", "use", "quantized", "divided over", "note"), rows)


def _shape(shape: tuple[Any, ...]) -> str:
    return " × ".join(md.math(size) for size in shape)


def _products(block: Block) -> str:
    rows = [(md.prose(product.name), md.math(product.size), {"pair": "pair of query and key", "token": "token", "pass": "pass"}[product.per],
             _reach(product.reach) if product.per == "pair" else "", product.phase or "both",
             md.math(product.split) if product.split is not None else "", md.prose(product.because)) for product in block.products]  # fmt: skip
    return _filled(("name", "multiply-adds", "for each", "sees", "pass", "divided over", "why"), rows)


def _reach(reach: Reach) -> str:
    size = md.math(reach.size) if reach.size is not None else ""
    said = {"all": "every earlier token", "window": f"the last {size} tokens", "chunk": f"its chunk of {size} tokens",
            "selected": f"the best {size}", "fixed": f"{size} tokens that do not grow"}[reach.kind]  # fmt: skip
    return said if reach.stride == 1 else f"{said}, of keys that stand for {md.math(reach.stride)} tokens each"


def _cache(block: Block) -> str:
    rows = [(md.prose(entry.name), _shape(entry.shape), md.math(_kept(entry)), "as the cache" if entry.element is None else md.math(entry.element),
             md.math(entry.split) if entry.split is not None else "", md.prose(entry.because)) for entry in block.cache]  # fmt: skip
    return _filled(("name", "numbers a token", "kept tokens", "bytes of a number", "divided over", "why"), rows)


def _kept(entry: CacheEntry) -> sympy.Expr:
    return book().kept(entry.reach) if entry.tokens is None else sympy.sympify(entry.tokens)


def _saved(block: Block) -> str:
    rows = [(md.prose(item.name), md.math(item.elements), "as activations" if item.element is None else md.math(item.element),
             " and ".join(item.when) or "always", md.prose(item.because)) for item in block.saved]  # fmt: skip
    return _filled(("name", "numbers", "bytes of one", "when", "why"), rows)


def _filled(heads: tuple[str, ...], rows: list[Any]) -> str:
    """A table without the columns that have nothing in them."""
    kept = [i for i in range(len(heads)) if any(str(row[i]) for row in rows)]
    return md.table([heads[i] for i in kept], [[row[i] for i in kept] for row in rows])


def _summed(block: Block, name: str, phase: str, engine: str = "") -> sympy.Expr:
    made: Context = context(book(), chosen(engine=engine))
    return compose.ACCUMULATORS[name](block, replace(made, phase=phase))


def _derived(block: Block) -> str:
    rows = []
    for words, name, phase in _SUMS:
        found = _summed(block, name, phase)
        if found != 0:
            rows.append((words, md.math(found)))
        for engine in book().engines:
            there = _summed(block, name, phase, engine)
            if there != found:
                rows.append((f"{words}, by {engine}", md.math(there)))
    return md.table(("", ""), rows) if rows else "nothing: it holds and computes nothing that is counted."


def differences(block: Block) -> list[tuple[str, str, str, str]]:
    """What engines do differently: the engine, the item, its changed fields, and why."""
    rows = []
    items: tuple[Weight | Product | CacheEntry | Saved, ...] = (*block.weights, *block.products, *block.cache)
    for item in items:
        for engine, changes in getattr(item, "departures", {}).items():
            why = changes.get("because", "")
            said = "; ".join(_change(name, value) for name, value in changes.items() if name != "because")
            rows.append((engine, md.prose(item.name), said, md.prose(str(why))))
    return rows


def _change(name: str, value: Any) -> str:
    if isinstance(value, Reach):
        return f"sees {_reach(value)}"
    if name == "phase":
        return f"in {value} only" if value else "in every pass"
    if name == "size" and value == 0:
        return "not computed"
    if value is None:
        return {"tokens": "every token", "active": "a token passes all"}.get(name, f"no {name} of its own")
    if isinstance(value, bool):
        return name if value else f"not {name}"
    shown = _shape(value) if isinstance(value, tuple) else value if isinstance(value, str) else md.math(value)
    return f"{_CHANGES.get(name, name)}: {shown}"
