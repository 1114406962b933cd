"""Inverse questions: the largest (or smallest) value of a symbol for which constraints hold, with a certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from . import parse, search, tree
from .answer import Answer, Certificate, ClosedForm, assumptions, breakdown, cautions, errors, kind_of, undivided, used_inputs
from .errors import SymllmError, unknown
from .program import Asked, Line, Program
from .scenario import Request, Scenario, complete, scenario
from .tree import Tree
from .units import Number, exact, show

NEEDS, BUDGET = "needs_of_question", "budget_of_question"


@dataclass(frozen=True)
class Constraint:
    """`left` relation `right`, both trees over a program's symbols; `says` is how it was put."""

    left: Tree
    relation: str
    right: Tree
    says: str


def solve(request: Request, what: str, such_that: tuple[str, ...] = ()) -> Answer:
    """Answer `solve WHAT`: a question of the book by name, or a symbol with constraints given as text.

    Raises `SymllmError` for an unknown question or symbol, and for a constraint that does not depend on the unknown.
    """
    if such_that:
        return _general(request, what, such_that)
    probe = scenario(request, _open(what))
    questions = probe.program.questions
    if what not in questions:
        raise unknown("question", what, questions, "ask for any symbol with --such-that \"parameters <= 7e9\"")
    return _named(questions[what], request)


def _open(what: str) -> tuple[str, ...]:
    return ("s",) if what == "max_context" else ()


def _named(asked: Asked, request: Request) -> Answer:
    if asked.unknown == "M_gpu" and (request.gpu or request.gpu_memory):
        raise SymllmError(f"{asked.name} asks for the GPU memory, so --gpu and --gpu-memory cannot be given with it")
    free = (asked.unknown,) if asked.unknown != "tp" else ("tp", "G")
    case = scenario(request, free)
    _need_symbol(case.program, asked.unknown)
    constraint = Constraint(asked.needs, "<=", asked.budget, asked.bound)
    return answer(case, asked.unknown, [constraint], asked.sense, asked)


def _need_symbol(made: Program, name: str) -> None:
    """Refuse an unknown that does not occur in this model, naming those that do in its place."""
    used = {word for line in made.lines for word in tree.names(line.tree)} | {"M_gpu"}
    if name not in used:
        alike = [word for word in made.sizes if word.startswith(f"{name}_") and word in used]
        hint = f"; it has {', '.join(alike)}" if alike else ""
        raise SymllmError(f"{made.signs[name].title} ({name}) does not occur in the formulas of {made.model['title']}{hint}")


def _general(request: Request, what: str, such_that: tuple[str, ...]) -> Answer:
    made = scenario(request, _open("max_context") if what == "s" else ()).program
    name = made.questions[what].unknown if what in made.questions else what
    if name not in made.signs:
        raise unknown("symbol", what, [*made.signs, *made.questions], "`symllm list --symbols` shows all")
    if made.line(name) is not None:
        raise SymllmError(f"{name} is a result, not an input: ask for a symbol that it rests on ({', '.join(made.inputs([name])[:6])}, ...)")
    constraints = [_constraint(made, text) for text in such_that]
    used = set().union(*(tree.names(c.left) | tree.names(c.right) for c in constraints))
    if name not in made.inputs(used):
        raise SymllmError(f"'{such_that[0]}' does not depend on {made.signs[name].title} ({name}) for {made.model['title']}")
    case = scenario(request, (name,))
    sense = made.questions[what].sense if what in made.questions else ""
    return answer(case, name, constraints, sense, None)


def _constraint(made: Program, text: str) -> Constraint:
    left, relation, right = parse.comparison(text)
    if relation == "==":
        raise SymllmError(f"'{text}' is an equation; ask for the last value below or above with <= or >=")
    sides = [_named_symbols(made, side) for side in (left, right)]
    if relation in (">=", ">"):
        sides, relation = sides[::-1], {">=": "<=", ">": "<"}[relation]
    return Constraint(sides[0], relation, sides[1], text)


def _named_symbols(made: Program, body: Tree) -> Tree:
    """A tree in which names of quantities stand for their symbols."""
    if isinstance(body, int):
        return body
    if isinstance(body, str):
        if body not in made.quantities and body not in made.signs:
            raise unknown("symbol", body, [*made.quantities, *made.signs], "`symllm list` shows all")
        return made.quantities.get(body, body)
    return body if body[0] == "q" else [body[0], *(_named_symbols(made, part) for part in body[1:])]


def answer(case: Scenario, name: str, constraints: list[Constraint], sense: str, asked: Asked | None) -> Answer:
    """Search the grid of the unknown, certify the edge, and say what binds."""
    made = _with_sides(case.program, constraints)
    case = replace(case, program=made)
    complete(_given(case, name), [_side(NEEDS, i) for i in range(len(constraints))] + [_side(BUDGET, i) for i in range(len(constraints))])
    step = Fraction(made.signs[name].step)
    pairs = [_functions(case, name, index) for index in range(len(constraints))]

    def fits(n: int) -> bool:
        return _failing(pairs, constraints, n * step) is None

    low = 1
    high, limited_by = _limit(case, asked, name)
    sense = sense or search.direction(fits, low, min(high, 2**40))
    found = search.smallest(fits, low, high) if sense == "min" else search.largest(fits, low, high) if sense == "max" else (
        search.Found(high, True) if sense == "always" else search.Found(None))  # fmt: skip
    sense = sense if sense in ("min", "max") else "max"
    return _answer(case, name, constraints, pairs, sense, found, step, limited_by, asked)


def _side(side: str, index: int) -> str:
    return f"{side}_{index}"


def _with_sides(made: Program, constraints: list[Constraint]) -> Program:
    lines = []
    for index, item in enumerate(constraints):
        unit = _unit(made, item)
        for side, body in ((NEEDS, item.left), (BUDGET, item.right)):
            lines.append(Line(_side(side, index), body, unit, side, item.says))
    return replace(made, lines=(*made.lines, *lines))


def _unit(made: Program, item: Constraint) -> str:
    for side in (item.left, item.right):
        if isinstance(side, str):
            return made.signs[side].unit
    return "1"


def _given(case: Scenario, name: str) -> Scenario:
    return case.with_values(**{name: 1})


Sides = tuple[Callable[[Number], Number], Callable[[Number], Number]]


def _functions(case: Scenario, name: str, index: int) -> Sides:
    values = {k: v for k, v in case.values.items() if k != name}
    left = case.program.compile(_side(NEEDS, index), (name,), values)
    right = case.program.compile(_side(BUDGET, index), (name,), values)
    return left, right


def _failing(pairs: list[Sides], constraints: list[Constraint], at: Number) -> int | None:
    """The first constraint that does not hold at a value, or None."""
    for index, (left, right) in enumerate(pairs):
        over, under = left(at), right(at)
        if not (over < under if constraints[index].relation == "<" else over <= under):
            return index
    return None


def _limit(case: Scenario, asked: Asked | None, name: str) -> tuple[int, str]:
    """The largest value worth asking for, and in words why it is one."""
    limit = case.inputs.get("s_max") if name == "s" and not case.request.beyond_context else None
    if limit is not None:
        new = case.inputs["n"].value
        said = asked.limited_by if asked is not None and asked.limited_by else "the model's own context limit"
        return int(limit.value - new), said
    return search.LARGEST, ""


def _answer(case: Scenario, name: str, constraints: list[Constraint], pairs: list[Sides], sense: str, found: search.Found,
            step: Fraction, limited_by: str, asked: Asked | None) -> Answer:  # fmt: skip
    made, sign = case.program, case.program.signs[name]
    value = None if found.value is None else exact(found.value * step)
    neighbour = _neighbour(found, sense, step)
    failing = _failing(pairs, constraints, neighbour) if neighbour is not None else None
    index = failing if failing is not None else 0
    shown_at = value if value is not None else exact(step)
    certificate = _certificate(pairs, constraints, value, neighbour, failing, index, made)
    at = case.with_values(**{name: shown_at})
    target = constraints[index].left if isinstance(constraints[index].left, str) else _side(NEEDS, index)
    values = made.run(at.values, [target])
    line = made.line(target)
    bound = limited_by if found.unlimited and limited_by else constraints[index].says
    results = [_side(NEEDS, i) for i in range(len(constraints))] + [_side(BUDGET, i) for i in range(len(constraints))]
    quantity = asked.name if asked is not None else f"{sense}_{name}"
    public = 0 if value is None and sense == "max" and sign.whole else value
    if found.unlimited and not limited_by:
        public = None
    return Answer(
        quantity=quantity, symbol=name, title=asked.title if asked else f"{'largest' if sense == 'max' else 'smallest'} {sign.title}",
        value=public, unit=sign.unit, kind=kind_of(case, target),
        breakdown=breakdown(made, line, values) if line is not None else (),
        inputs=used_inputs(case, results), assumptions=assumptions(case, results), model=made.model, scenario=at,
        notes=(*at.notes, *_divisible(case, at, asked, found, pairs, constraints, results), *cautions(made, results)), errors=errors(made, results),
        why=_why(case, name, sense, found, value, certificate, constraints[index], limited_by), bound_by=bound,
        certificate=certificate, closed_form=_closed_form(case, name, constraints[index], shown_at, sense),
    )  # fmt: skip


def _divisible(case: Scenario, at: Scenario, asked: Asked | None, found: search.Found, pairs: list[Sides], constraints: list[Constraint],
               results: list[str]) -> list[str]:  # fmt: skip
    """Notes on what tensor parallelism should divide: the answer where it is asked for, else the given one."""
    if asked is not None and asked.divides:
        return _dividing(at, asked, found, pairs, constraints)
    return list(undivided(case, results))


def _dividing(case: Scenario, asked: Asked | None, found: search.Found, pairs: list[Sides], constraints: list[Constraint]) -> list[str]:
    """Where engines want the answer to divide a size of the model: the next answer that fits and does."""
    size = case.inputs.get(asked.divides) if asked is not None and asked.divides else None
    if size is None or asked is None or found.value is None or size.value % found.value == 0:
        return []
    signs = case.program.signs
    what = f"{size.value:,} {signs[asked.divides].title}"
    for n in range(found.value + 1, int(size.value) + 1):
        if size.value % n == 0 and _failing(pairs, constraints, n) is None:
            return [f"{found.value} does not divide {what}, as serving engines ask of tensor parallelism; {n} is the next that does and fits"]
    return [f"{found.value} does not divide {what}, as serving engines ask of tensor parallelism, and no divisor fits"]


def _neighbour(found: search.Found, sense: str, step: Fraction) -> Number | None:
    """The value next to the answer that must not fit; the first of all where nothing fits."""
    if found.value is None:
        return exact(step)
    if sense == "max":
        return None if found.unlimited else exact((found.value + 1) * step)
    return exact((found.value - 1) * step) if found.value > 1 else None


def _certificate(pairs: list[Sides], constraints: list[Constraint], value: Number | None, neighbour: Number | None,
                 failing: int | None, index: int, made: Program) -> Certificate:  # fmt: skip
    left, right = pairs[index]
    here = (exact(left(value)), exact(right(value))) if value is not None else (None, None)
    there = (exact(left(neighbour)), exact(right(neighbour))) if neighbour is not None and failing is not None else (None, None)
    return Certificate(value, here[0], here[1], neighbour if failing is not None else None, there[0], there[1],
                       _unit(made, constraints[index]), constraints[index].relation)  # fmt: skip


def _why(case: Scenario, name: str, sense: str, found: search.Found, value: Number | None, proof: Certificate,
         constraint: Constraint, limited_by: str) -> str:  # fmt: skip
    sign = case.program.signs[name]
    if found.value is None:
        if sense == "min":
            return f"no {sign.title} satisfies it: at {show(proof.beyond or 0, sign.unit)} {_needs(proof, True)}"
        weights = case.program.line("M_wg") and isinstance(constraint.left, str)
        if weights and proof.beyond_budget is not None:
            alone = case.program.run(case.with_values(**{name: 1}).values, ["M_wg"])["M_wg"]
            if alone > proof.beyond_budget:
                return f"nothing fits: the weights alone need {show(alone, 'byte')} of {show(proof.beyond_budget, 'byte')}"
        return f"nothing fits: {show(proof.beyond or 0, sign.unit)} {_needs(proof, True)}"
    if found.unlimited and limited_by:
        return f"no limit below {limited_by} of {show(value or 0, sign.unit)}"
    if found.unlimited:
        return f"no limit: the constraint holds for every {sign.title}"
    return ""


def _needs(proof: Certificate, there: bool) -> str:
    over, under = (proof.beyond_needs, proof.beyond_budget) if there else (proof.needs, proof.budget)
    return f"needs {show(over or 0, proof.unit)} of {show(under or 0, proof.unit)}"


def _closed_form(case: Scenario, name: str, constraint: Constraint, at: Number, sense: str) -> ClosedForm | None:
    from .closed_form import closed_form

    return closed_form(case, name, constraint.left, constraint.right, at, sense)


def table(request: Request, question: str, contexts: list[int]) -> list[dict[str, Any]]:
    """The answer of a question for each of several contexts: the trade-off."""
    rows = []
    for context in contexts:
        found = solve(replace(request, context=context), question)
        rows.append({"context": context, "value": found.value, "certificate": found.certificate})
    return rows
