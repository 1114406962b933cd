"""Answers: frozen, exact, with the breakdown, the inputs and the assumptions that they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from . import tree
from .numeric.certificate import Certificate as Proof
from .numeric.certificate import FalseCertificateError, Relation
from .program import KINDS, Line, Program
from .scenario import Input, Scenario
from .tree import Tree
from .units import Number, exact, show

if TYPE_CHECKING:
    from .derivation import Derivation

SCHEMA = "symllm.answer/1"


@dataclass(frozen=True)
class Part:
    """A row of a breakdown."""

    name: str
    value: Number
    unit: str
    kind: str
    says: str = ""


#: A value of the unknown and both sides of a relation there.
Sides = tuple[Number, Number, Number]


@dataclass(frozen=True)
class Certificate:
    """Why an inverse answer is what it is: the whole proof, and the binding relation at the answer and next to it.

    proof: the feasible set with what decided each stretch. inside: the answer and both sides of `relation` there, None where
    nothing fits. outside: the same at the neighbour that does not fit, None where there is none.
    Raises `FalseCertificateError` where the relation does not hold inside, or holds outside.
    """

    proof: Proof = field(repr=False)
    relation_shown: Relation
    inside: Sides | None
    outside: Sides | None

    def __post_init__(self) -> None:
        for sides, expected in ((self.inside, True), (self.outside, False)):
            if sides is not None and self.relation_shown.holds(sides[1], sides[2]) is not expected:
                raise FalseCertificateError(f"'{self.relation_shown.says}' at {sides[0]}: {sides[1]} {self.relation} {sides[2]} is not {expected}")

    @property
    def at(self) -> Number | None:
        """The answer."""
        return self.inside[0] if self.inside is not None else None

    @property
    def needs(self) -> Number | None:
        """The smaller side of the relation at the answer."""
        return self.inside[1] if self.inside is not None else None

    @property
    def budget(self) -> Number | None:
        """The larger side of the relation at the answer."""
        return self.inside[2] if self.inside is not None else None

    @property
    def beyond(self) -> Number | None:
        """The neighbour that does not fit."""
        return self.outside[0] if self.outside is not None else None

    @property
    def beyond_needs(self) -> Number | None:
        """The side that is too large there."""
        return self.outside[1] if self.outside is not None else None

    @property
    def beyond_budget(self) -> Number | None:
        """What it exceeds."""
        return self.outside[2] if self.outside is not None else None

    @property
    def unit(self) -> str:
        """What both sides are measured in."""
        return self.relation_shown.unit

    @property
    def relation(self) -> str:
        """"<=" or "<"."""
        return self.relation_shown.relation

    @property
    def feasible(self) -> tuple[tuple[Number, Number], ...]:
        """Every run of values for which all constraints hold, from its first to its last."""
        return tuple((interval.low, interval.high) for interval in self.proof.intervals)

    @property
    def complete(self) -> bool:
        """Whether every value of the range was decided."""
        return self.proof.complete


@dataclass(frozen=True)
class ClosedForm:
    """The symbolic solution: how it reads in text and LaTeX, its value before rounding to the grid, and its tree.

    status: "exact" where the line is equivalent to the constraint; "necessary" where every answer satisfies it and more is
    needed; "sufficient" where it is enough but not needed; "near" where it is neither over the whole range.
    folded: symbols in it that rest on the unknown and stand for their value at the answer.
    """

    text: str
    latex: str
    value: Number | float
    tree: Tree = None
    status: str = "exact"
    folded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What symllm says: a value with its unit and kind, and everything it rests on.

    value: an exact int or Fraction; None where there is no number ("why" then says so).
    kind: "exact", "measured", "fitted" or "assumed": the weakest of all it rests on.
    tokens: where batch and context trade off one to one, the tokens that fit in all sequences together.
    fits: False where an inverse question has no answer. next_bound: the constraint that would bind next, and the answer it would give.
    """

    quantity: str
    symbol: str
    title: str
    value: Number | None
    unit: str
    kind: str
    breakdown: tuple[Part, ...]
    inputs: Mapping[str, Input]
    assumptions: tuple[str, ...]
    model: Mapping[str, Any]
    scenario: Scenario = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    why: str = ""
    bound_by: str = ""
    certificate: Certificate | None = None
    closed_form: ClosedForm | None = None
    table: tuple[Mapping[str, Any], ...] = ()
    ways: tuple[Mapping[str, Any], ...] = ()
    tokens: int | None = None
    fits: bool = True
    next_bound: tuple[str, Number | None] = ("", None)

    @property
    def feasible(self) -> tuple[tuple[Number, Number], ...]:
        """Of an inverse question: every run of values that satisfies all constraints, from its first to its last."""
        return self.certificate.feasible if self.certificate is not None else ()

    def derivation(self) -> Derivation:
        """The steps from the definitions to the number, each checked; opens the symbolic world."""
        from .explain import explained

        return explained(self)

    def __str__(self) -> str:
        return f"{self.title} = {show(self.value, self.unit)}" if self.value is not None else f"{self.title}: {self.why}"

    def _repr_markdown_(self) -> str:
        from .render.markdown import derivation

        return derivation(self.derivation())

    def _repr_latex_(self) -> str:
        from .render.latex import derivation

        return f"$${derivation(self.derivation())}$$"


def evaluated(case: Scenario, quantity: str) -> Answer:
    """The value of a quantity in a scenario, with its parts."""
    from .scenario import complete

    program = case.program
    symbol = program.symbol_of(quantity)
    complete(case, [symbol])
    values = program.run(case.values, [symbol])
    line = program.line(symbol)
    sign = program.signs[symbol]
    return Answer(
        quantity=quantity, symbol=symbol, title=sign.title, value=exact(values[symbol]), unit=sign.unit,
        kind=kind_of(case, [symbol]), breakdown=breakdown(program, line, values) if line else (),
        inputs=used_inputs(case, [symbol]), assumptions=assumptions(case, [symbol]), model=program.model, scenario=case,
        notes=(*idle(case, [symbol]), *case.notes, *undivided(case, [symbol]), *cautions(program, [symbol])), errors=errors(program, [symbol]),
    )  # fmt: skip


def kind_of(case: Scenario, results: list[str]) -> str:
    """The weakest kind among the formulas used; of an input that is asked for itself, where its value comes from.

    Assumed inputs are listed, and do not make a formula less exact.
    """
    asked = [case.inputs[result].origin for result in results if result in case.inputs and case.program.line(result) is None]
    kinds = [origin for origin in asked if origin in KINDS] + [case.program.kind(result) for result in results]
    return max(kinds, key=KINDS.index)


def used_inputs(case: Scenario, results: list[str]) -> dict[str, Input]:
    """The inputs that the results rest on; what is neutral (no parallelism, units of measure) left out."""
    program = case.program
    return {name: item for name in program.inputs(results) if (item := case.inputs.get(name)) is not None
            and not (item.origin == "assumed" and name in program.neutral)}  # fmt: skip


def assumptions(case: Scenario, results: list[str]) -> tuple[str, ...]:
    """In words, what was taken for granted because nobody said it, as far as it matters to the results."""
    program, said = case.program, []
    used = set(program.inputs(results)) | {line.name for line in program.needed(results)}
    for name, item in case.inputs.items():
        neutral = name in program.neutral and item.value == program.defaults[name][0]
        if name in used and item.origin == "assumed" and item.says and not neutral:
            sign = program.signs[name]
            said.append(f"{sign.text} = {show(item.value, sign.unit)}: {item.says}")
    if "M_w" in used or "M_wg" in used:
        origin = program.choices["dtype_origin"]
        if origin == "assumed":
            why = "the config names no dtype" if program.model["name"] else "as nobody said"
            said.append(f"weights in {program.choices['dtype_title']}: {why}")
    if used & {"M_kv", "M_kvg"} and program.choices["kv_dtype_origin"] == "assumed":
        said.append(f"cache in {program.choices['kv_dtype']}, as the activations")
    for name, words in program.choices["training"].items():
        said += words if name in used else []
    if "F_pre" in used:
        positions = "the last position" if program.choices["logits"] == "last" else "all positions"
        said.append(f"{program.choices['mask'] or 'full'} attention, logits for {positions}")
    if "tau_mean" in used:
        said.append("all steps wait for compute, or all for memory; where that changes on the way they take longer")
    if "F_one" in used:
        positions = "all positions" if program.choices["logits"] == "all" else "the last position"
        said.append(f"time: {program.choices['mask'] or 'causal'} attention, logits for {positions}")
    said += [line.because.removeprefix("assumed: ") for line in program.needed(results) if line.because.startswith("assumed: ")]
    return tuple(said)


def errors(program: Program, results: list[str]) -> tuple[str, ...]:
    """What is fitted or measured in the results, with how far it is off and on what data."""
    return tuple(f"{line.title} {line.kind}: {line.error}" for line in program.needed(results) if line.error)


def undivided(case: Scenario, results: list[str]) -> tuple[str, ...]:
    """A note where tensor parallelism matters to the results and does not divide what serving engines want divided."""
    program = case.program
    found = []
    for asked in program.questions.values():
        if asked.divides in case.inputs and asked.unknown in case.inputs and asked.unknown in program.inputs(results):
            size, shares = case.inputs[asked.divides].value, case.inputs[asked.unknown].value
            if size % shares:
                found.append(f"{shares} GPUs do not divide {size:,} {program.signs[asked.divides].title}; "
                             "serving engines refuse such a tensor parallelism")  # fmt: skip
    return tuple(found)


#: Options and the symbols through which they act.
_ACTS = {"gpus": ("G", "tp"), "tp": ("tp",), "pp": ("pp",), "ep": ("ep",), "batch": ("b",), "context": ("s",), "new_tokens": ("n",),
         "utilization": ("eta",), "gpu_memory": ("M_gpu",), "kv_dtype": ("u_kv", "M_kv", "M_kvg", "M_rkv"),
         "mask": ("F_pre", "F_one"), "logits": ("F_pre", "F_one")}  # fmt: skip


def idle(case: Scenario, results: list[str]) -> tuple[str, ...]:
    """Notes on options that were given and change nothing in the results."""
    program, request = case.program, case.request
    touched = set(program.inputs(results)) | {line.name for line in program.needed(results)} | set(results)
    given = [(f"--{name.replace('_', '-')}", set(symbols)) for name, symbols in _ACTS.items() if getattr(request, name) not in (None, "")]
    given += [(f"--set {name}", {program.quantities.get(name, name)}) for name, _ in request.sets]
    title = " and ".join(dict.fromkeys(program.signs[result].title for result in results if result in program.signs))
    return tuple(f"{option} changes nothing in {title}" for option, symbols in given if not symbols & touched)


def cautions(program: Program, results: list[str]) -> tuple[str, ...]:
    """Warnings that formulas state for models like this one."""
    return tuple(says for line in program.needed(results) for symbol, says in line.cautions if symbol in program.sizes)


def breakdown(program: Program, line: Line, values: Mapping[str, Number]) -> tuple[Part, ...]:
    """The parts of a quantity: by component where it is summed over blocks, else the terms of its sum."""
    by_component = _components(program, line, values)
    if by_component:
        return by_component
    if isinstance(line.tree, list) and line.tree[0] == "+":
        order = {name: index for index, name in enumerate(program.signs)}
        terms = sorted(line.tree[1:], key=lambda part: order.get(part, len(order)) if isinstance(part, str) else len(order))
        return tuple(_term(program, part, line, values) for part in terms)
    return ()


def _components(program: Program, line: Line, values: Mapping[str, Number]) -> tuple[Part, ...]:
    """Summands of `line` by component; a product with one summed factor (P times u_w) is shared out likewise."""
    totals = _summed(program, line.name, values)
    whole = values[line.name]
    if sum(totals.values()) != whole and isinstance(line.tree, list) and line.tree[0] == "*":
        summed = [part for part in line.tree[1:] if isinstance(part, str) and _leaves(program, part)]
        others = [word for part in line.tree[1:] if part not in summed for word in tree.names(part)]
        if len(summed) == 1 and not any(program.line(word) for word in others):
            scale = tree.evaluate(["*", *(part for part in line.tree[1:] if part != summed[0])], values)
            totals = {name: value * scale for name, value in _summed(program, summed[0], values).items()}
    if not totals or sum(totals.values()) != whole:  # parallel shares and largest-of quantities are no plain sums
        return ()
    kind = program.kind(line.name)
    largest_first = sorted(totals.items(), key=lambda item: -item[1])
    return tuple(Part(name, exact(value), line.unit, kind) for name, value in largest_first)


def _summed(program: Program, name: str, values: Mapping[str, Number]) -> dict[str, Number]:
    """The leaves under a composed symbol, added up by component."""
    leaves = _leaves(program, name)
    known = program.run(values, [name, *(leaf.name for leaf in leaves)])
    totals: dict[str, Number] = {}
    for leaf in leaves:
        totals[leaf.component] = totals.get(leaf.component, 0) + known[leaf.name] * tree.evaluate(leaf.times, known)
    return totals


def _leaves(program: Program, name: str) -> list[Line]:
    line = program.line(name)
    if line is None or line.component:
        return []
    parts = [program.line(used) for used in tree.names(line.tree)]
    direct = [part for part in parts if part is not None]
    leaves = [part for part in direct if part.component]
    for part in direct:
        if not part.component and part.unit == line.unit:
            leaves += _leaves(program, part.name)
    order = {item.name: index for index, item in enumerate(program.lines)}
    return sorted(leaves, key=lambda leaf: order[leaf.name])


def _term(program: Program, part: Tree, line: Line, values: Mapping[str, Number]) -> Part:
    value = exact(tree.evaluate(part, values))
    if isinstance(part, str):
        kind = program.kind(part)
        return Part(program.signs[part].title, value, line.unit, kind)
    return Part("rest", value, line.unit, program.kind(line.name))


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer as JSON data of the schema `symllm.answer/1` (see docs/json.md)."""
    data: dict[str, Any] = {
        "schema": SCHEMA, "quantity": answer.quantity, "symbol": answer.symbol, "title": answer.title,
        **_value("value", answer.value), "unit": answer.unit, "kind": answer.kind,
        "model": {key: answer.model.get(key, "") for key in ("name", "title", "family", "source")},
        "breakdown": [{"name": p.name, **_value("value", p.value), "unit": p.unit, "kind": p.kind} for p in answer.breakdown],
        "inputs": {name: {**_value("value", item.value), "origin": item.origin, "says": item.says,
                          "unit": answer.scenario.program.signs[name].unit} for name, item in answer.inputs.items()},
        "assumptions": list(answer.assumptions), "notes": list(answer.notes), "errors": list(answer.errors),
    }  # fmt: skip
    if answer.why:
        data["why"] = answer.why
    if answer.certificate is not None:
        c = answer.certificate
        data |= {"bound_by": answer.bound_by, "closed_form": None, "table": [dict(row) for row in answer.table],
                 "ways": [dict(way) for way in answer.ways], "tokens": answer.tokens,
                 "certificate": {**_value("at", c.at), **_value("needs", c.needs), **_value("budget", c.budget),
                                 **_value("beyond", c.beyond), **_value("beyond_needs", c.beyond_needs),
                                 **_value("beyond_budget", c.beyond_budget), "unit": c.unit, "relation": c.relation,
                                 "constraint": c.relation_shown.says, "complete": c.complete},
                 "fits": answer.fits, "feasible": [{**_value("from", low), **_value("to", high)} for low, high in c.feasible[:100]],
                 "next_bound": _next_bound(answer)}  # fmt: skip
    if answer.closed_form is not None:
        f = answer.closed_form
        data["closed_form"] = {"text": f.text, "latex": f.latex, "value": float(f.value), "status": f.status}
    return data


def _next_bound(answer: Answer) -> dict[str, Any] | None:
    constraint, value = answer.next_bound
    return {"constraint": constraint, **_value("value", value)} if constraint else None


def _value(name: str, value: Number | None) -> dict[str, Any]:
    """Integers as they are; other exact numbers as "p/q" with a float beside it."""
    if isinstance(value, Fraction) and value.denominator != 1:
        return {name: f"{value.numerator}/{value.denominator}", f"{name}_approximate": float(value)}
    return {name: exact(value) if value is not None else None}
