"""Summing a model's blocks: every composed quantity, from the one declaration of their shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy

from .block import Architecture, Block, CacheEntry, Group, Product, Reach, Size, Weight
from .errors import SymllmError
from .format import CacheFormat, Place, WeightFormat
from .formula import Composed, Definition
from .symbols import NamedSymbol


@dataclass(frozen=True)
class Roles:
    """The symbols of the notation that the sums themselves speak of."""

    flop: NamedSymbol
    batch: NamedSymbol
    sequence: NamedSymbol
    pass_tokens: NamedSymbol
    seen_tokens: NamedSymbol
    logit_positions: NamedSymbol
    new_tokens: NamedSymbol
    weight_element: NamedSymbol
    cache_element: NamedSymbol
    activation_element: NamedSymbol
    tensor_parallel: NamedSymbol
    pipeline_parallel: NamedSymbol
    expert_parallel: NamedSymbol


@dataclass(frozen=True)
class Choices:
    """What changes the structure of the sums, besides the model: formats, masks, engine, training options.

    engine: "" for the model's own mathematics, or the name under which blocks declare departures.
    mask, logits: "full" or "causal", "all" or "last"; "" leaves it to the quantity, and to "full" and "all" where that does not say.
    training: options that are on, of "dropout", "eager", "fused".
    generation: whether tokens generated after the prompt are cached and seen too (s + n in place of s).
    """

    weights: WeightFormat
    cache: CacheFormat
    mask: str = ""
    logits: str = ""
    engine: str = ""
    training: frozenset[str] = frozenset({"eager", "dropout"})
    generation: bool = False


@dataclass(frozen=True)
class Context:
    """Everything a sum needs besides the block.

    sizes, family: the config's numbers and family; model, group: where the block stands. Only formats ask for these.
    """

    roles: Roles
    choices: Choices
    pairs: Callable[[Reach, str, str], sympy.Expr]
    kept: Callable[[Reach], sympy.Expr]
    phase: str = ""
    per_gpu: bool = False
    sizes: Mapping[sympy.Symbol, Any] = field(default_factory=dict)
    family: str = ""
    model: Architecture | None = None
    group: Group | None = None


def departed(item: Any, engine: str) -> Any:
    """The declaration as `engine` carries it out: the item itself unless it declares a departure there."""
    changes = item.departures.get(engine)
    return replace(item, **changes) if changes else item


def _share(expr: sympy.Expr, split: sympy.Symbol | None, parts: sympy.Expr) -> sympy.Expr:
    """The fullest GPU's share of a size: the split symbol divided, rounded up."""
    return expr if split is None else expr.xreplace({split: sympy.ceiling(split / parts)})


def _cut(shape: tuple[Size, ...], split: sympy.Symbol | None, parts: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """The fullest GPU's share of a tensor: the first axis that holds the split symbol is divided, no other."""
    axes = [sympy.sympify(size) for size in shape]
    at = next((i for i, size in enumerate(axes) if split in size.free_symbols), None)
    return tuple(_share(size, split, parts) if i == at else size for i, size in enumerate(axes))


def _copies(weight: Weight, count: Size, context: Context) -> sympy.Expr:
    count = sympy.sympify(count)
    if context.per_gpu and weight.spread:
        return sympy.ceiling(count / context.roles.expert_parallel)
    return count


def _slices(weight: Weight, context: Context) -> sympy.Expr:
    """Into how many slices tensor parallelism cuts a weight: what expert parallelism spreads is cut only by what is left of it."""
    roles = context.roles
    return sympy.Max(1, roles.tensor_parallel / roles.expert_parallel) if weight.spread else roles.tensor_parallel


def _elements(weight: Weight, context: Context) -> sympy.Expr:
    if not context.per_gpu:
        return weight.elements
    return sympy.Mul(*_cut(weight.shape, weight.split, _slices(weight, context)))


def parameters(block: Block, context: Context) -> sympy.Expr:
    """Numbers learned: every stored tensor once, buffers not counted."""
    return sympy.Add(*(w.elements * w.copies for w in block.weights if w.stored and not w.buffer))


def active_parameters(block: Block, context: Context) -> sympy.Expr:
    """Parameters that one token passes: of routed experts only those it is sent to."""
    kept = (w for w in block.weights if w.stored and not w.buffer)
    return sympy.Add(*(w.elements * (w.copies if w.active is None else w.active) for w in kept))


def compute_parameters(block: Block, context: Context) -> sympy.Expr:
    """Active parameters without lookup tables, a tied head counted: the P for which a token costs 2P FLOP."""
    if block.tokens is not None:
        return sympy.Integer(0)
    kept = (w for w in block.weights if w.use != "lookup" and not w.buffer)
    return sympy.Add(*(w.elements * (w.copies if w.active is None else w.active) for w in kept))


def weight_bytes(block: Block, context: Context) -> sympy.Expr:
    """Bytes of every stored tensor in the chosen format, buffers too."""
    return sympy.Add(*(_weight_bytes(w, block, context) for w in block.weights if w.stored))


def _weight_bytes(weight: Weight, block: Block, context: Context) -> sympy.Expr:
    form = context.choices.weights
    copies = _copies(weight, weight.copies, context)
    if weight.element is not None:
        return _elements(weight, context) * copies * weight.element
    if form.tensor is None:
        return _elements(weight, context) * copies * context.roles.weight_element
    place = Place(weight, context.model, context.group, context.sizes, context.family)
    if context.per_gpu and weight.split is not None:
        weight = replace(weight, shape=_cut(weight.shape, weight.split, _slices(weight, context)))
    return form.tensor(weight, block, place) * copies


def read_bytes(block: Block, context: Context) -> sympy.Expr:
    """Bytes of weights that one pass reads: no lookup tables, a tied head, of experts those that its tokens reach."""
    if block.tokens is not None:  # a tower that runs with images alone: left out, so that the sum is never too large
        return sympy.Integer(0)
    terms = [_weight_bytes(replace(weight, copies=reached(weight, context)), block, context)
             for weight in block.weights if weight.use != "lookup" and not (weight.phase == "prefill" and _decodes(context))]  # fmt: skip
    return sympy.Add(*terms)


def reached(weight: Weight, context: Context) -> Size:
    """Copies of a weight that the tokens of a pass reach: all, or of E experts the mean number that b tokens choose.

    Each token passes by an expert with probability 1 - E_a/E; all of them do with the power of that, if they choose evenly
    and independently of one another.
    """
    if weight.active is None:
        return weight.copies
    roles = context.roles
    tokens = roles.batch * (roles.sequence if context.phase == "prefill" else 1)
    copies, active = sympy.sympify(weight.copies), sympy.sympify(weight.active)
    return copies * (1 - (1 - active / copies) ** tokens)


def flop(block: Block, context: Context) -> sympy.Expr:
    """FLOP of one pass: 2 for each multiply-add of weights with tokens and of the other products."""
    engine = context.choices.engine
    if block.tokens is not None and _decodes(context):
        return sympy.Integer(0)
    terms = [_weight_flop(departed(w, engine), block, context) for w in block.weights]
    terms += [_product_flop(departed(p, engine), context) for p in block.products]
    return sympy.Add(*terms)


def _decodes(context: Context) -> bool:
    """Whether a pass takes one token of a sequence: a decode step, or all steps after the first token."""
    return context.phase in ("decode", "steps")


def _weight_flop(weight: Weight, block: Block, context: Context) -> sympy.Expr:
    phase = "decode" if _decodes(context) else context.phase
    if weight.use not in ("matmul", "convolution") or weight.phase not in ("", phase):
        return sympy.Integer(0)
    roles = context.roles
    own = roles.pass_tokens if block.tokens is None else block.tokens
    tokens = own if weight.tokens is None else weight.tokens
    passed = weight.copies if weight.active is None else weight.active
    return _phase(2 * roles.flop * roles.batch * tokens * weight.elements * passed, context)


def _product_flop(product: Product, context: Context) -> sympy.Expr:
    roles, choices = context.roles, context.choices
    if product.phase and (product.phase == "decode") != _decodes(context):
        return sympy.Integer(0)
    if product.per == "pair" and context.phase == "steps":  # what the queries after the prompt see
        seen = context.pairs(product.reach, "prefill", "causal")
        times = seen.subs(roles.sequence, roles.sequence + _steps(context)) - seen
        return 2 * roles.flop * roles.batch * times * product.size
    if product.per == "pair":
        times = context.pairs(product.reach, context.phase, choices.mask or "full")
    elif product.per == "token":
        times = roles.pass_tokens if product.tokens is None else product.tokens
    else:
        times = sympy.Integer(1)
    return _phase(2 * roles.flop * roles.batch * times * product.size, context)


def _phase(expr: sympy.Expr, context: Context) -> sympy.Expr:
    """What a pass computes and sees: s tokens of s in prefill, 1 token that sees s in a decode step."""
    roles = context.roles
    prefill = context.phase == "prefill"
    positions = sympy.Integer(1) if not prefill or context.choices.logits == "last" else roles.sequence
    tokens = roles.sequence if prefill else sympy.Integer(1)
    expr = expr.subs({roles.pass_tokens: tokens, roles.seen_tokens: roles.sequence, roles.logit_positions: positions})
    if context.phase == "steps":  # what grows with the sequence is taken as in the last step
        return _steps(context) * expr.subs(roles.sequence, roles.sequence + _steps(context))
    return expr if prefill else _generated(expr, context)


def _steps(context: Context) -> sympy.Expr:
    """Decode steps after the first new token."""
    return sympy.Max(context.roles.new_tokens - 1, 0)


def _generated(expr: sympy.Expr, context: Context) -> sympy.Expr:
    """With new tokens in the scenario, what is seen and kept is the prompt and they."""
    roles = context.roles
    return expr.subs(roles.sequence, roles.sequence + roles.new_tokens) if context.choices.generation else expr


def cache_bytes(block: Block, context: Context) -> sympy.Expr:
    """Bytes of what the block keeps of all sequences between tokens."""
    engine = context.choices.engine
    return sympy.Add(*(_entry_bytes(departed(entry, engine), context) for entry in block.cache))


def _entry_bytes(entry: CacheEntry, context: Context) -> sympy.Expr:
    roles, form = context.roles, context.choices.cache
    tokens = _kept(entry, context)
    if context.per_gpu and entry.split is not None:
        entry = replace(entry, shape=_cut(entry.shape, entry.split, roles.tensor_parallel))
    if entry.element is None and form.entry is not None:
        return roles.batch * tokens * form.entry(entry)
    element = roles.cache_element if entry.element is None else entry.element
    return roles.batch * tokens * sympy.Mul(*entry.shape) * element


def _kept(entry: CacheEntry, context: Context) -> sympy.Expr:
    """Tokens of a sequence that an entry keeps, or that all decode steps together find in it."""
    roles = context.roles
    if context.phase != "steps":
        return _generated(context.kept(entry.reach) if entry.tokens is None else sympy.sympify(entry.tokens), context)
    if entry.tokens is not None:
        return _steps(context) * sympy.sympify(entry.tokens)
    seen = context.pairs(entry.reach, "prefill", "causal")  # query i finds what a cache of i tokens keeps
    return seen.subs(roles.sequence, roles.sequence + _steps(context)) - seen


def saved_bytes(block: Block, context: Context) -> sympy.Expr:
    """Bytes kept for the backward pass under the training options that are on."""
    roles, options = context.roles, context.choices.training
    kept = (item for item in block.saved if set(item.when) <= options)
    return sympy.Add(*(x.elements * (roles.activation_element if x.element is None else x.element) for x in kept))


def workspace(block: Block, context: Context) -> sympy.Expr:
    """Numbers alive at once for each token while the block runs."""
    size = sympy.sympify(block.workspace)
    return _share(size, block.workspace_split, context.roles.tensor_parallel) if context.per_gpu else size


#: Parts of quantities are written after all of the notation.
PART_RANK = 10**6

ACCUMULATORS: Mapping[str, Callable[[Block, Context], sympy.Expr]] = {
    "parameters": parameters,
    "active_parameters": active_parameters,
    "compute_parameters": compute_parameters,
    "weight_bytes": weight_bytes,
    "read_bytes": read_bytes,
    "flop": flop,
    "cache_bytes": cache_bytes,
    "saved_bytes": saved_bytes,
    "workspace": workspace,
}


def composed(architecture: Architecture, quantity: Composed, context: Context) -> list[Definition]:
    """The definitions that make a composed quantity: one a block and group, one a layer, and the whole."""
    if quantity.accumulate not in ACCUMULATORS:
        raise SymllmError(f"{quantity.name}: there is no sum called {quantity.accumulate!r} over blocks")
    chosen = context.choices
    chosen = replace(chosen, mask=chosen.mask or quantity.mask, logits=chosen.logits or quantity.logits)
    context = replace(context, choices=chosen, phase=quantity.phase, per_gpu=quantity.per_gpu, model=context.model or architecture)
    lines = list(_parts(architecture, quantity, context))
    if quantity.accumulate == "workspace":  # blocks run one after another: the largest one counts
        total = sympy.Max(*(line.symbol for line, _ in lines)) if lines else sympy.Integer(0)
    else:
        total = sympy.Add(*(count * line.symbol for line, count in lines if count != 0))
    definitions = [line for line, _ in lines]
    return [*definitions, Definition(quantity.symbol, total, quantity.because, title=quantity.name)]


def _parts(architecture: Architecture, quantity: Composed, context: Context) -> Iterator[tuple[Definition, sympy.Expr]]:
    """Every block's line; a layer's line, with how many such layers there are; count 0 marks lines summed elsewhere."""
    single = len(architecture.groups) == 1
    largest = quantity.accumulate == "workspace"
    for block in architecture.once:
        line = _line(block, quantity, context, "", {}, sympy.Integer(1), "")
        if line is not None:
            yield line, sympy.Integer(1)
    for group in architecture.groups:
        count = sympy.sympify(group.count)
        if context.per_gpu and not largest:
            count = sympy.ceiling(count / context.roles.pipeline_parallel)
        members: list[tuple[NamedSymbol, int]] = []
        context = replace(context, group=group)
        for block, repeats in Counter(group.blocks).items():
            suffix = "" if single else f"_{group.name}"
            where = "" if single else f" ({group.title})"
            line = _line(block, quantity, context, suffix, group.values, count * repeats, where)
            if line is not None:
                members.append((line.symbol, repeats))
                yield line, sympy.Integer(1 if largest else 0)
        if members and not largest:
            yield _layer(group, members, quantity, single), count


def _line(block: Block, quantity: Composed, context: Context, suffix: str,
          values: Mapping[sympy.Symbol, int], times: sympy.Expr, where: str) -> Definition | None:  # fmt: skip
    if quantity.components and block.component not in quantity.components:
        return None
    expr = ACCUMULATORS[quantity.accumulate](block, context)
    expr = expr.xreplace({symbol: sympy.Integer(value) for symbol, value in values.items()})
    if expr == 0:
        return None
    symbol = _derived(quantity.symbol, f"{block.name}{suffix}", f"{block.title}{where}")
    reached_on_average = quantity.accumulate == "read_bytes" and any(weight.active is not None for weight in block.weights)
    return Definition(symbol, expr, block.title, kind="assumed" if reached_on_average else "exact", component=block.component,
                      times=times, title=block.title)  # fmt: skip


def _layer(group: Group, members: list[tuple[NamedSymbol, int]], quantity: Composed, single: bool) -> Definition:
    name = "layer" if single else f"layer_{group.name}"
    symbol = _derived(quantity.symbol, name, group.title)
    return Definition(symbol, sympy.Add(*(repeats * member for member, repeats in members)), group.title, title=group.title)


def _derived(of: NamedSymbol, name: str, title: str) -> NamedSymbol:
    """The symbol of a part of a quantity: P and attention make P_attention.

    All parts share one rank, so that a name alone decides its place: SymPy keeps sums of equal symbols in a cache, and
    one built for another model would bring that model's ranks along.
    """
    head, _, tail = of.name.partition("_")
    full = f"{head}_{name}" if not tail else f"{head}_{tail}_{name}"
    return NamedSymbol(full, title=f"{of.title}: {title}", meaning=f"{of.title} of {title}", unit=of.unit,
                       domain=of.domain, rank=PART_RANK + of.rank)  # fmt: skip
