"""From the book and a config to a program: the way from the symbolic into the numeric world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy

from .block import Architecture, Block
from .book import Book
from .compose import Choices, Context, composed
from .config import Config, Family, drops_out, family_of, read
from .crossing import lower
from .errors import SymllmError, unknown
from .format import CacheFormat, WeightFormat
from .formula import Definition, Question
from .program import Asked, Line, Program, Sign
from .symbols import NamedSymbol
from .training import TrainingOption
from .training import chosen as training_options
from .training import given as training_names
from .training import said as training_said
from .training import values as training_values
from .tree import written


def _format(kind: str, name: str, known: Iterable[Any]) -> Any:
    table = {word: form for form in known for word in (form.name, *form.aliases)}
    if name.lower() not in table:
        raise unknown(kind, name, table, "`symllm list --formats` shows all")
    return table[name.lower()]


def choices(book: Book, dtype: str, kv_dtype: str, mask: str, logits: str, engine: str) -> Choices:
    """The structural choices, each name looked up in the book; raises for an unknown one."""
    weights: WeightFormat = _format("weight format", dtype, book.weight_formats)
    cache: CacheFormat = _format("cache format", kv_dtype, book.cache_formats)
    name, _, version = engine.partition("@")
    if name and name not in book.engines:
        raise unknown("engine", engine, book.engines, "without --engine the answer is the model's own mathematics")
    if version and not any(f"{version}.".startswith(f"{known}.") for known in book.engines[name].versions):
        raise SymllmError(f"engine {name} is described at version {', '.join(book.engines[name].versions)}, not {version[:20]!r}; "
                          "what other versions do is not known")  # fmt: skip
    return Choices(weights, cache, mask, logits, name)


def context(book: Book, chosen: Choices, config: Config | None = None, model: Architecture | None = None) -> Context:
    """What the sums over blocks need, for one choice; formats whose rules depend on sizes ask for the config's."""
    sizes = {**(config.sizes if config else {}), **(model.values if model else {})}
    return Context(book.roles, chosen, book.pairs, book.kept, sizes=sizes, family=config.family if config else "", model=model)


def architecture(book: Book, raw: Mapping[str, Any], ignore: tuple[str, ...] = ()) -> tuple[Family, Config, Architecture]:
    """The family, the config as read, and the model put together from blocks."""
    family = family_of(raw, book.families)
    config = read(raw, family, ignore)
    return family, config, family.build(config)


#: The family of no model: what is left of the book where only its formulas are asked.
NO_MODEL = Family("none", "no model", (), (), lambda config: Architecture((), ()), "")


def definitions(book: Book, model: Architecture, chosen: Choices, config: Config | None = None) -> list[Definition]:
    """Every definition of the book for this model, in an order in which each rests on earlier ones only."""
    lines: list[Definition] = []
    pages = (*book.formulas, *model.rules)
    if not model.groups and not model.once:
        pages = (*book.without_a_model, *pages)
    for quantity in book.composed if model.groups or model.once else ():
        if quantity.symbol == book.uniform_weights.symbol and uniform(model, chosen):
            page = book.uniform_weights
            lines.append(Definition(page.symbol, page.expression, page.because, page.kind, title=quantity.name))
            continue
        lines += composed(model, quantity, context(book, chosen, config, model))
    lines += [Definition(f.symbol, f.expression, f.because, f.kind, title=f.name) for f in pages]
    return ordered(lines)


def uniform(model: Architecture, chosen: Choices) -> bool:
    """Whether one product gives the weights' bytes: one size for all, and nothing stored but parameters."""
    own = any(w.buffer or w.element is not None for block in blocks(model) for w in block.weights)
    return chosen.weights.element is not None and not own


def declared(book: Book, raw: Mapping[str, Any], config: Config) -> WeightFormat | None:
    """The weight format that the config's quantization_config states, or None; raises for one that is not understood."""
    return book.declared_format(raw, config.dtype or "bf16") if book.declared_format is not None else None


def blocks(model: Architecture) -> list[Block]:
    """Every block of a model, each once."""
    return list(dict.fromkeys([*model.once, *(block for group in model.groups for block in group.blocks)]))


def ordered(lines: list[Definition]) -> list[Definition]:
    """The definitions sorted so that each comes after those it uses; raises on a circle and on two definitions of one symbol."""
    by_symbol: dict[sympy.Symbol, Definition] = {}
    for line in lines:
        other = by_symbol.setdefault(line.symbol, line)
        if other.expression != line.expression:
            raise SymllmError(f"{line.symbol} has two definitions, {other.title or other.because!r} and {line.title or line.because!r}")
    done: dict[sympy.Symbol, Definition] = {}

    def visit(line: Definition, path: tuple[sympy.Symbol, ...]) -> None:
        if line.symbol in done:
            return
        if line.symbol in path:
            circle = " -> ".join(str(s) for s in (*path[path.index(line.symbol) :], line.symbol))
            raise SymllmError(f"circular definition: {circle}")
        for used in sorted(line.expression.free_symbols, key=lambda used: (getattr(used, "rank", 0), str(used))):
            if used in by_symbol:
                visit(by_symbol[used], (*path, line.symbol))
        done[line.symbol] = line

    for line in lines:
        visit(line, ())
    return list(done.values())


@dataclass(frozen=True)
class Opened:
    """A config in the symbolic world: its family, sizes, blocks, the choices made for it, and every definition.

    dtype_origin: where the weight format comes from: "given", "config" or "assumed".
    """

    book: Book
    family: Family
    config: Config
    model: Architecture
    chosen: Choices
    lines: list[Definition]
    dtype_origin: str
    training: tuple[TrainingOption, ...] = ()
    own: tuple[NamedSymbol, ...] = ()

    @property
    def quantities(self) -> dict[str, NamedSymbol]:
        """The symbol of every quantity of this model by name: the book's, the model's own rules' and the person's."""
        rules = {formula.name: formula.symbol for formula in self.model.rules}
        return {**self.book.quantities(), **rules, **{symbol.name: symbol for symbol in self.own}}

    @property
    def sizes(self) -> dict[Any, Any]:
        """Every size by its symbol: the config's and those that the architecture worked out."""
        return {**self.config.sizes, **self.model.values}


def opened(book: Book, raw: Mapping[str, Any] | None, dtype: str | None, kv_dtype: str | None, mask: str, logits: str, engine: str,
           ignore: tuple[str, ...] = (), generation: bool = False, training: str | None = None,
           define: tuple[str, ...] = ()) -> Opened:  # fmt: skip
    """A config read, put together from blocks and summed. dtype None takes the config's own, kv_dtype None the activations'.

    raw None: no model; what stands for its sums is then what the book says of a model of which only the parameters are known.
    define: one-line definitions of the person's own, such as "kv_ratio = kv_cache / weights".
    """
    if raw is None:
        family, config, made = NO_MODEL, Config(NO_MODEL.name, {}, {}, {}), NO_MODEL.build(Config(NO_MODEL.name, {}, {}, {}))
    else:
        family, config, made = architecture(book, raw, ignore)
    stated = declared(book, raw, config) if dtype is None and raw is not None else None
    form: WeightFormat = stated or _format("weight format", dtype or config.dtype or "bf16", book.weight_formats)
    activations = "fp32" if form.compute_element == 4 else "fp16" if form.name == "fp16" else "bf16"
    options = training_options(book.training, (*training_names(training), *_published(book, raw, family, training)))
    chosen = replace(choices(book, "bf16", kv_dtype or activations, mask, logits, engine), weights=form, generation=generation,
                     training=frozenset(option.name for option in options))  # fmt: skip
    origin = "given" if dtype else ("config" if config.dtype or stated else "assumed")
    lines = definitions(book, made, chosen, config)
    own = _own(book, made, lines, define) if define else []
    return Opened(book, family, config, made, chosen, [*lines, *own], origin, options, tuple(line.symbol for line in own))


def _published(book: Book, raw: Mapping[str, Any] | None, family: Family, training: str | None) -> tuple[str, ...]:
    """How a model is trained where nobody says: with the library's fused attention, and with dropout where the model has any."""
    kinds = {option.name: option.kind for option in book.training}
    asked = {kinds.get(name) for name in training_names(training)}
    wanted = {"attention": "fused", "dropout": "dropout" if drops_out(raw or {}, family) else "no-dropout"}
    return tuple(name for kind, name in wanted.items() if kind not in asked)


def _own(book: Book, made: Architecture, lines: list[Definition], define: tuple[str, ...]) -> list[Definition]:
    from .userbook import user_definitions

    symbols = {**book.symbols, **{line.symbol.name: line.symbol for line in lines}, **{s.name: s for s in made.values}}
    return user_definitions(define, lines, symbols, {**book.quantities(), **{f.name: f.symbol for f in made.rules}})


def program(book: Book, raw: Mapping[str, Any] | None, model: Mapping[str, Any], dtype: str | None, kv_dtype: str | None,
            mask: str, logits: str, engine: str, ignore: tuple[str, ...] = (), generation: bool = False,
            training: str | None = None, define: tuple[str, ...] = ()) -> Program:  # fmt: skip
    """The compiled program of one config; arguments as for `opened`."""
    here = opened(book, raw, dtype, kv_dtype, mask, logits, engine, ignore, generation, training, define)
    family, made, chosen, lines, sizes = here.family, here.model, here.chosen, here.lines, here.sizes
    form = chosen.weights
    roles = book.roles
    trained = training_values(here.training, form.compute_element)
    fixed = {roles.cache_element: chosen.cache.element, roles.activation_element: form.compute_element}
    if form.element is not None:
        fixed[roles.weight_element] = form.element
    return Program(
        model={**model, "family": family.name, "family_title": family.title},
        sizes={symbol.name: _number(value) for symbol, value in sizes.items()},
        lines=tuple(_line(line, book) for line in lines),
        quantities={name: symbol.name for name, symbol in here.quantities.items()},
        defaults={item.symbol.name: (_number(item.value), item.says) for item in book.defaults}
        | {symbol.name: (_number(value), says) for symbol, (value, says) in trained.items()},
        fixed={symbol.name: _number(value) for symbol, value in fixed.items()},
        signs=_signs(book, lines, sizes),
        neutral=tuple(item.symbol.name for item in book.defaults if item.neutral),
        questions={q.name: _asked(q) for q in book.questions},
        notes=(*family.notes, *made.notes),
        laws=tuple((law.kind, law.small.name, law.large.name, law.says) for law in book.laws),
        rules=_rules(family, sizes),
        choices={
            "dtype": form.name, "dtype_title": form.title, "dtype_origin": here.dtype_origin,
            "kv_dtype": chosen.cache.name,
            "kv_dtype_origin": "given" if kv_dtype else "assumed", "mask": mask, "logits": logits, "engine": engine,
            "context_symbol": "s_max", "machine": {name: symbol.name for name, symbol in book.machine.items()},
            "compute_dtypes": [*form.computes, *(["fp32"] if form.compute_element == 4 else ["bf16", "fp16", "fp32"])],
            "smaller_cards": [[card.symbol.name, int(card.value), card.says, card.below, list(card.also)] for card in book.smaller_cards],
            "training": training_said(here.training, training_names(training)),
        },
    )  # fmt: skip


def _rules(family: Family, sizes: Mapping[sympy.Symbol, Any]) -> dict[str, tuple[Any, str]]:
    """How the family gives a size of others where the config has no field for it."""
    found = {}
    for field in family.fields:
        default = sympy.sympify(field.default) if isinstance(field.default, sympy.Basic) else None
        if default is not None and field.symbol in sizes and default.free_symbols:
            found[field.symbol.name] = (lower(default), written(lower(default)))
    return found


def _asked(question: Question) -> Asked:
    return Asked(
        question.name, question.title, question.unknown.name, lower(question.needs), lower(question.budget), question.sense,
        question.bound, question.limit.name if question.limit is not None else "", question.limited_by,
        question.divides.name if question.divides is not None else "",
    )  # fmt: skip


def _number(value: Any) -> Any:
    from .tree import evaluate

    return evaluate(lower(sympy.sympify(value)), {})


def _line(line: Definition, book: Book) -> Line:
    page = next((formula for formula in book.formulas if formula.symbol == line.symbol), None)
    error, cautions = (page.error, page.cautions) if page is not None else ("", ())
    return Line(line.symbol.name, lower(line.expression), line.symbol.unit, line.title or line.symbol.title, line.because,
                line.kind, line.component, lower(line.times), error,
                tuple((symbol.name, says) for symbol, says in cautions))  # fmt: skip


def _signs(book: Book, lines: list[Definition], sizes: Mapping[sympy.Symbol, Any]) -> dict[str, Sign]:
    parts = [line.symbol for line in lines]
    every: dict[str, NamedSymbol] = {**book.symbols, **{symbol.name: symbol for symbol in (*parts, *sizes)}}
    return {name: sign(symbol) for name, symbol in every.items()}


def sign(symbol: NamedSymbol) -> Sign:
    """What the numeric world needs to show a symbol."""
    return Sign(symbol.title, symbol.meaning, symbol.unit, symbol.text_form, symbol.domain.startswith("count"), symbol.step,
                symbol.rank, symbol.latex_form, symbol.domain.endswith("zero"), symbol.most)  # fmt: skip
