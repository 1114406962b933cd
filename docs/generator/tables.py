"""Tables of the whole book: the notation, the formats, the models and the GPUs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction

import sympy

from symllm import catalog
from symllm.block import Block, CacheEntry, Weight
from symllm.build import context
from symllm.compose import composed
from symllm.derivation import Facts
from symllm.errors import SymllmError
from symllm.format import CacheFormat, Place, WeightFormat
from symllm.formula import Composed
from symllm.formulas.book import book
from symllm.units import Number, exact, rounded, show, show_binary, significant

from . import markup as md
from .models_of_book import Opened, chosen, opened, page_symbols
from .quantities import pages_of_symbols

#: The weight formats of the table of models: a format's name and the column's head.
FORMATS = (("bf16", "16 bit"), ("fp8", "FP8"), ("awq", "AWQ 4 bit"), ("q4_k_m", "Q4_K_M"))
#: Formats are measured on a matrix of 4096 by 4096 in a layer of a dense model, and of experts where that is all a format touches.
SQUARE = 4096
WHOLE, EXPERTS, LATENT = "llama-3-8b", "mixtral-8x7b", "deepseek-v3"


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of each page."""
    yield "reference/notation.md", _notation()
    yield "reference/formats.md", _formats()
    yield "models.md", _models()
    yield "gpus.md", _gpus()


def _notation() -> str:
    return md.page(
        "Notation",
        "Every symbol of the book, in the order in which factors are printed. *typed* is what `--set`, `--assume`, `--such-that` and "
        "`--over` take. Symbols of quantities link to their pages.",
        md.symbol_table(book().symbols.values(), pages_of_symbols()),
        "## Symbols of single families",
        "Sizes that one page alone needs, such as how many layers of a kind a model has.",
        md.symbol_table(page_symbols()),
    )


def _quantity(name: str) -> Composed:
    return next(page for page in book().composed if page.name == name)


def _sum(model: Opened, name: str, weights: str = "bf16", **values: int) -> Number:
    """The exact value of a quantity summed over a model's blocks, with the book's defaults where nobody says."""
    form = chosen(weights)
    lines = composed(model.made, _quantity(name), context(book(), form, model.config, model.made))
    rules = {rule.symbol: rule.expression for rule in model.made.rules}
    known: dict[sympy.Symbol, Number] = {item.symbol: _number(item.value) for item in book().defaults}
    known |= {symbol: _number(value) for symbol, value in {**model.config.sizes, **model.made.values}.items()}
    roles = book().roles
    fixed = {roles.cache_element: form.cache.element, roles.weight_element: form.weights.element,
             roles.activation_element: form.weights.compute_element}  # fmt: skip
    known |= {symbol: _number(value) for symbol, value in fixed.items() if value is not None}
    known |= {book().symbols[symbol]: value for symbol, value in values.items()}
    facts = Facts({**rules, **{line.symbol: line.expression for line in lines}})
    return exact(facts.number(_quantity(name).symbol, known))


def _number(value: object) -> Number:
    number = sympy.Rational(value)
    return exact(Fraction(int(number.p), int(number.q)))


def _formats() -> str:
    return md.page(
        "Formats",
        "How numbers are stored, as `--dtype` and `--kv-dtype` take it: `symllm list --formats`. All figures are derived from the formats' "
        "declarations.",
        "## Weights",
        f"*Bytes of a number*: of a {SQUARE:,} × {SQUARE:,} matrix in a layer, scales and zeros included, by itself. Formats that mix types "
        f"choose by tensor; the matrix is an attention layer's, or an expert's (marked *e*) where only experts are quantized. *Whole model*: "
        f"bits for each parameter of {WHOLE}, with all that stays in 16 bit.",
        md.table(("name", "format", "bytes of a number", "whole model", "also", "source"), _weight_rows(), ("bytes of a number", "whole model")),
        "## Cache",
        f"*Bytes of a number*: of the keys of one token and layer of {WHOLE}; of a latent (marked *l*) where the format is for latents alone.",
        md.table(("name", "format", "bytes of a number", "also", "source"), _cache_rows(), ("bytes of a number",)),
    )


def _weight_rows() -> Iterator[Sequence[str]]:
    whole = opened(catalog.find(WHOLE))
    row = catalog.find(EXPERTS)
    square = opened(catalog.Model(row.name, row.title, row.hub, (), row.source, {**row.config, "intermediate_size": SQUARE}))
    matrices = {mark: found for mark, routed in (("", False), (" *e*", True)) if (found := _square(square, routed)) is not None}
    parameters = _sum(whole, "parameters")
    for form in book().weight_formats:
        try:
            bits = rounded(Fraction(8 * _sum(whole, "weights", form.name)) / Fraction(parameters), 3)
        except SymllmError:
            bits = "not for this model"
        each, also = _each(form, square, matrices), ", ".join(map(md.code, form.aliases))
        yield md.code(form.name), md.prose(form.title), each, bits, also, md.source(form.source)


def _square(model: Opened, routed: bool) -> tuple[Weight, Block] | None:
    """A matrix of a layer that is SQUARE by SQUARE, of routed experts or not."""
    for group in model.made.groups:
        for block in group.blocks:
            for weight in block.weights:
                if weight.quantizes and weight.spread == routed and weight.elements.subs(model.config.sizes) == SQUARE**2:
                    return weight, block
    return None


def _each(form: WeightFormat, model: Opened, matrices: dict[str, tuple[Weight, Block]]) -> str:
    """Bytes of one number of the first matrix that the format does not leave in 16 bit."""
    if form.element is not None or form.tensor is None:
        return _shown(_number(form.element))
    sizes: dict[str, Number] = {}
    for mark, (weight, block) in matrices.items():
        place = Place(weight, model.made, model.made.groups[0], model.config.sizes, model.family.name)
        sizes[mark] = _number(form.tensor(weight, block, place).subs({**model.config.sizes, **_units()}))
    mark = next((mark for mark, size in sizes.items() if size != 2 * SQUARE**2), next(iter(sizes)))
    return f"{_shown(Fraction(sizes[mark]) / SQUARE**2)}{mark}"


def _units() -> dict[sympy.Symbol, int]:
    return {book().symbols["byte"]: 1, book().symbols["FLOP"]: 1}


def _shown(value: Number) -> str:
    return rounded(value, 6).rstrip("0").rstrip(".")


def _cache_rows() -> Iterator[Sequence[str]]:
    entries = {"": _entries(WHOLE), " *l*": _entries(LATENT)}
    for form in book().cache_formats:
        for mark, (kept, sizes) in entries.items():
            try:
                each = _shown(_cached(form, kept, sizes)) + mark
                break
            except SymllmError:
                each = "not known"
        yield md.code(form.name), md.prose(form.title), each, ", ".join(map(md.code, form.aliases)), md.source(form.source)


def _entries(name: str) -> tuple[list[CacheEntry], dict[sympy.Symbol, int]]:
    """What one layer of a model caches."""
    model = opened(catalog.find(name))
    return [entry for block in model.made.groups[0].blocks for entry in block.cache], dict(model.config.sizes)


def _cached(form: CacheFormat, kept: list[CacheEntry], sizes: dict[sympy.Symbol, int]) -> Number:
    numbers = sympy.Add(*(sympy.Mul(*entry.shape) for entry in kept))
    if form.entry is None:
        return _number(form.element)
    size = sympy.Add(*(form.entry(entry) for entry in kept))
    return exact(Fraction(_number(size.subs({**sizes, **_units()}))) / Fraction(_number(numbers.subs(sizes))))


def _models() -> str:
    rows, refused = [], []
    for number, row in enumerate(catalog.models().values()):
        if number % 50 == 0:
            print(f"models: {number} of {len(catalog.models())}", file=sys.stderr)
        try:
            rows.append(_model(opened(row)))
        except SymllmError as error:
            refused.append(f"{row.name}: {md.prose(str(error))}")
    heads = ("model", "parameters", "active", *(f"{title}, GB" for _, title in FORMATS), "cache a token, byte", "full cache, GB", "context")
    return md.page(
        "Models",
        f"All {len(rows)} models of the catalogue, exact, from their configurations; one model's anatomy is `symllm models --model NAME`.",
        md.bullets((
            "*active*: parameters that one token passes, where that is not all",
            f"weights: 1 GB is 10⁹ byte; formats {', '.join(md.code(name) for name, _ in FORMATS)}, each with its scales and with what it leaves "
            "in 16 bit ([formats](reference/formats.md)); – where a format cannot hold the model",
            "*cache a token*: what one more token of one sequence adds at the model's full context, in 16 bit; a layer whose window is full "
            "adds nothing; in parentheses what a token adds at the start, where that is more",
            "*full cache*: of one sequence at the full context, constant-size states among it; *context*: the limit in tokens, where the "
            f"config states one (elsewhere a token is added to {FAR:,})",
        )),
        md.table(heads, rows, heads[1:]),
        "\n\n".join(("## Not read", md.bullets(refused))) if refused else "",
    )  # fmt: skip


#: The sequence to which a token is added in models whose configuration states no limit.
FAR = 2**20


def _model(model: Opened) -> Sequence[str]:
    row = model.row
    total, active = _sum(model, "parameters"), _sum(model, "active_parameters")
    limit = next((size for symbol, size in model.config.sizes.items() if symbol.name == "s_max"), None)
    far = limit or FAR
    full, before, second, first = (_sum(model, "kv_cache", s=tokens) for tokens in (far, far - 1, 2, 1))
    added, early = full - before, second - first
    cache = f"{rounded(added, 0)} ({rounded(early, 0)})" if early > added else rounded(added, 0)
    name = f"[{row.name}](https://huggingface.co/{row.hub})" if row.hub else row.name
    return (name, f"{total:,}", f"{active:,}" if active != total else "", *(_gigabytes(model, form) for form, _ in FORMATS),
            cache, _giga(full) if limit or not added else "", f"{limit:,}" if limit else "")  # fmt: skip


def _gigabytes(model: Opened, form: str) -> str:
    try:
        return _giga(_sum(model, "weights", form))
    except SymllmError:
        return "–"


def _giga(size: Number) -> str:
    return significant(Fraction(size) / 10**9, 4)


def _gpus() -> str:
    rows = []
    for gpu in catalog.gpus().values():
        peaks = ", ".join(f"{dtype} {show(exact(peak), 'FLOP/second')}" for dtype, peak in gpu.peak.items())
        link = f"{gpu.link.get('name')}, {gpu.link.get('bandwidth')}" if gpu.link else ""
        sources = md.source(gpu.source) + (f"; visible: {md.source(gpu.visible_source)}" if gpu.visible_source else "")
        rows.append((md.code(gpu.name), md.prose(gpu.title), gpu.memory_text, show_binary(gpu.visible) if gpu.visible else "",
                     show(exact(gpu.bandwidth), "byte/second"), peaks, md.prose(link), ", ".join(map(md.code, gpu.aliases)), sources,
                     md.prose(gpu.note)))  # fmt: skip
    return md.page(
        "GPUs",
        f"All {len(rows)} GPUs of the catalogue. Peaks are dense. *Visible* is what a program sees, where a public log says so; elsewhere the "
        "memory as sold is taken, read as decimal GB. `symllm gpus --gpu NAME` shows one, `--gpu local` asks the machine.",
        md.table(("name", "GPU", "memory", "visible", "bandwidth", "peak", "link", "also", "source", "note"), rows),
    )
