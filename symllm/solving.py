"""Inverse questions: the values of a symbol for which relations hold, the largest or smallest of them, and the proof."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

from . import parse, relations, tree
from .answer import Answer, Certificate, assumptions, breakdown, cautions, errors, kind_of, undivided, used_inputs
from .closed_form import closed_form
from .errors import SymllmError, unknown
from .numeric.certificate import Certificate as Proof
from .numeric.certificate import Interval, Relation, certified
from .numeric.feasible import FARTHEST, Grid, Test, decide, direction, search
from .numeric.walk import Environment
from .program import Asked, Line, Program
from .scenario import Request, Scenario, complete, scenario
from .units import DIMENSIONS, Number, exact, show

NEEDS, BUDGET = "_needs_of_question", "_budget_of_question"  # no name of a person's own begins so


@dataclass(frozen=True)
class Problem:
    """One unknown under relations: where it is searched, the way to decide a stretch, and the way to evaluate one value.

    asked: the named question, None for a general one. limited_by: in words, what ends the range; "" where nothing does.
    """

    case: Scenario
    name: str
    relations: tuple[Relation, ...]
    grid: Grid
    limited_by: str
    tests: tuple[Test, ...]
    environment: Environment
    asked: Asked | None = None


def solve(request: Request, what: str, such_that: tuple[str, ...] = (), sense: str = "") -> Answer:
    """Answer `solve WHAT`: a question of the book by name, or a symbol, under its own constraint and all of `such_that`.

    sense: "max" or "min" where a symbol is asked for and the direction does not follow from the constraints.
    Raises `SymllmError` for an unknown question or symbol, for relations that do not depend on the unknown or contradict one another.
    """
    words = {word for text in such_that for left, _, right in parse.comparisons(text) for word in tree.names(left) | tree.names(right)}
    request = replace(request, mentions=tuple(sorted(words)))
    made = scenario(request, _open(what)).program
    asked = made.questions.get(what)
    if asked is None and what not in made.signs:
        raise unknown("question" if not such_that else "symbol", what, [*made.questions, *(made.signs if such_that else ())],
                      'ask for any symbol with --such-that "parameters <= 7e9"')  # fmt: skip
    if asked is None and not such_that:
        raise SymllmError(f"what bounds {made.signs[what].title} ({what})? add --such-that, for example \"inference_memory <= 80 GB\"")
    return answered(problem(request, what, asked, such_that), sense)


def _open(what: str) -> tuple[str, ...]:
    return ("s",) if what in ("max_context", "s") else (what,) if what == "n" else ()


def problem(request: Request, what: str, asked: Asked | None, such_that: tuple[str, ...]) -> Problem:
    """The question as relations over one program."""
    name = asked.unknown if asked is not None else what
    if name == "M_gpu" and (request.gpu or request.gpu_memory):
        raise SymllmError(f"{what} asks for the GPU memory, so --gpu and --gpu-memory cannot be given with it")
    case = scenario(request, ("tp", "G") if name == "tp" else (name,))
    made = case.program
    found = []
    if asked is not None:
        _need_symbol(made, name)
        found.append(relations.related(made, asked.needs, "<=", asked.budget, asked.bound))
    found += relations.relations(made, such_that)
    _need_dependence(made, name, found)
    grid, limited_by = grid_of(case, asked, name)
    if made.line(name) is not None:  # asked as an unknown, it has no definition
        made = replace(made, lines=tuple(line for line in made.lines if line.name != name))
    case = replace(case, program=_with_sides(made, found))
    complete(case.with_values(**{name: 1}), _results(len(found)))
    kept, values = case.program.around(_results(len(found)), (name,), case.with_values(**{name: 1}).values)
    assignments = [(word, relations.number(value)) for word, value in values.items()] + kept
    sided = tuple(replace(one, left=_side(NEEDS, i), right=_side(BUDGET, i)) for i, one in enumerate(found))
    least = math.floor(grid.value(grid.low))
    tests = tuple(Test(_side(NEEDS, i), _side(BUDGET, i), one.relation == "<", assignments, name, least) for i, one in enumerate(found))
    return Problem(case, name, sided, grid, limited_by, tests, Environment(name, tuple(kept), values), asked)


def _need_symbol(made: Program, name: str) -> None:
    """Refuse an unknown that does not occur in this model, naming those that do in its place."""
    if not made.occurs(name) and name not in ("M_gpu", "eta"):
        alike = [word for word in made.sizes if word.startswith(f"{name}_") and made.occurs(word)]
        hint = f"; it has {', '.join(alike)}" if alike else ""
        raise SymllmError(f"{made.signs[name].title} ({name}) does not occur in the formulas of {made.model['title']}{hint}")


def _need_dependence(made: Program, name: str, found: Sequence[Relation]) -> None:
    """Refuse a relation that says nothing about the unknown, and an unknown that the model's own sizes decide."""
    for one in found:
        words = tree.names(one.left) | tree.names(one.right)
        if name not in words and name not in made.inputs(words) and not any(name == line.name for line in made.needed(words)):
            raise SymllmError(f"'{one.says}' does not depend on {made.signs[name].title} ({name}) for {made.model['title']}")
    line = made.line(name)
    if line is not None and not tree.names(line.tree) <= set(DIMENSIONS):  # a constant of the person's own is an input
        _need_no_sizes(made, name, found)


def _need_no_sizes(made: Program, name: str, found: Sequence[Relation]) -> None:
    words = set().union(*(tree.names(one.left) | tree.names(one.right) for one in found))
    open_program = replace(made, lines=tuple(line for line in made.lines if line.name != name))
    others = [word for word in open_program.inputs(words) if word in made.sizes]
    if others:
        sign = made.signs[name]
        raise SymllmError(f"{sign.title} ({name}) is a result of {made.model['title']}'s sizes, on which the question rests too: "
                          f"ask for one of those ({', '.join(others[:4])})")  # fmt: skip


def _side(side: str, index: int) -> str:
    return f"{side}_{index}"


def _results(count: int) -> list[str]:
    return [_side(side, index) for side in (NEEDS, BUDGET) for index in range(count)]


def _with_sides(made: Program, found: Sequence[Relation]) -> Program:
    lines = [Line(_side(side, index), body, one.unit, side, one.says)
             for index, one in enumerate(found) for side, body in ((NEEDS, one.left), (BUDGET, one.right))]  # fmt: skip
    return made.extended(lines)


def grid_of(case: Scenario, asked: Asked | None, name: str) -> tuple[Grid, str]:
    """The values worth asking about, and in words why they end where they do."""
    sign = case.program.signs[name]
    step, low = Fraction(sign.step), 0 if sign.zero else 1
    limit = case.inputs.get("s_max") if name == "s" and not case.request.beyond_context else None
    if limit is not None:
        new = case.inputs["n"].value if "n" in case.inputs else 0
        said = asked.limited_by if asked is not None and asked.limited_by else "the model's own context limit"
        return Grid(low, max(int(limit.value - new), low), step, sign.whole), said
    if asked is not None and asked.divides in case.inputs:
        return Grid(low, int(case.inputs[asked.divides].value), step, sign.whole), f"the model's {case.program.signs[asked.divides].title}"
    own = case.program.line(name)
    if own is not None and not sign.whole and tree.names(own.tree) <= set(DIMENSIONS):  # a constant of the person's own: in millionths of it
        given = tree.evaluate(own.tree, dict.fromkeys(DIMENSIONS, 1))
        return Grid(low, FARTHEST, Fraction(given) / 10**6 if given > 0 else step, False), ""
    low, high, most = _by_law(case, name, low)
    if high is not None:
        return Grid(low, high, step, sign.whole), f"the model's {case.program.signs[most].title}"
    whole = sign.whole or step == Fraction(1, 8)  # bytes of one number go in whole bits
    if sign.most:
        return Grid(low, math.floor(Fraction(sign.most) / step), step, whole), f"its largest value, {sign.most}"
    return Grid(low, FARTHEST, step, whole), ""


def _by_law(case: Scenario, name: str, low: int) -> tuple[int, int | None, str]:
    """The range that the laws between sizes leave to an unknown size, and the size that ends it."""
    made, high, most = case.program, None, ""
    for _, small, large, _ in made.laws:
        if small in made.sizes and large in made.sizes and name in (small, large):
            other = case.inputs.get(large if name == small else small)
            if other is not None and name == large:
                low = max(low, int(other.value))
            elif other is not None:
                high, most = int(other.value), large
    return low, high, most


def answered(asked: Problem, sense: str = "") -> Answer:
    """Search, certify, and say what binds."""
    named = asked.asked
    sense = sense or (named.sense if named is not None else "")
    if sense not in ("", "max", "min"):
        raise SymllmError(f"a sense is max or min, not {sense[:20]!r}")
    if not sense:
        grid = asked.grid
        sense = "max" if direction(lambda index: decide(asked.tests, grid.value(index), grid.value(index))[0], grid) else "min"
    found = search(asked.tests, asked.grid, downwards=sense == "max")
    proof = certified(asked.name, asked.relations, found, asked.tests, asked.environment)
    if not proof.intervals and proof.complete:
        _refuse_contradiction(asked)
    return _answer(asked, sense, proof)


def _refuse_contradiction(asked: Problem) -> None:
    """Where nothing fits although each relation alone can be met: the two that exclude each other."""
    own = 0 if asked.asked is None else 1  # a named question's own budget is no mistake of the person
    for first, second in combinations(range(own, len(asked.relations)), 2):
        alone = [search((asked.tests[i],), asked.grid, downwards=None) for i in (first, second)]
        both = search((asked.tests[first], asked.tests[second]), asked.grid, downwards=None)
        if both.whole and not both.intervals and all(one.complete and one.intervals for one in alone):
            said = [_spans(one.intervals, asked) for one in alone]
            raise SymllmError(f"the constraints contradict each other: '{asked.relations[first].says}' holds for {said[0]}, "
                              f"'{asked.relations[second].says}' for {said[1]}")  # fmt: skip


def _spans(intervals: Sequence[tuple[int, int]], asked: Problem) -> str:
    sign, grid = asked.case.program.signs[asked.name], asked.grid
    low, high = grid.value(intervals[0][0]), grid.value(intervals[-1][1])
    if len(intervals) > 1:
        inner = [f"{relations.short(grid.value(one))} to {relations.short(grid.value(other))}" for one, other in intervals[:4]]
        return f"{sign.text} from {', '.join(inner)}{' and more' if len(intervals) > 4 else ''}"
    if intervals[-1][1] == grid.high and not asked.limited_by:
        return f"{sign.text} ≥ {relations.short(low)}"
    if intervals[0][0] == grid.low:
        return f"{sign.text} ≤ {relations.short(high)}"
    return f"{relations.short(low)} ≤ {sign.text} ≤ {relations.short(high)}"


@dataclass(frozen=True)
class _Edge:
    """The answer's end of the feasible set. value: None where nothing fits or nothing ends it."""

    interval: Interval | None
    value: Number | None
    unlimited: bool
    uncertain: bool


def _edge(asked: Problem, sense: str, proof: Proof) -> _Edge:
    if not proof.intervals:
        return _Edge(None, None, False, not proof.complete)
    chosen = _divided(asked, proof)
    if chosen is not None:
        return chosen
    interval = proof.intervals[-1 if sense == "max" else 0]
    end = interval.high if sense == "max" else interval.low
    at_end = end == asked.grid.value(asked.grid.high if sense == "max" else asked.grid.low)
    beyond = [span for span in proof.undecided if (span[0] > end if sense == "max" else span[1] < end)]
    return _Edge(interval, end, at_end and sense == "max", bool(beyond))


def _divided(asked: Problem, proof: Proof) -> _Edge | None:
    """The least feasible value that divides what engines want divided; None where the question asks for no such thing."""
    size = asked.case.inputs.get(asked.asked.divides) if asked.asked is not None and asked.asked.divides else None
    if size is None:
        return None
    for interval in proof.intervals:
        for value in range(int(interval.low), int(interval.high) + 1):
            if int(size.value) % value == 0:
                return _Edge(interval, value, False, False)
    return _Edge(None, None, False, False)


def _binding(asked: Problem, edge: _Edge, sense: str) -> int:
    """The relation that ends the feasible set: the one that fails next to the answer, or where nothing fits."""
    if edge.interval is not None:
        outside = edge.interval.above if sense == "max" else edge.interval.below
        if outside is not None:
            return asked.relations.index(outside.fails.relation)
    return _failing(asked, sense)[1]


def _failing(asked: Problem, sense: str) -> tuple[int, int]:
    """Where nothing fits: the end of the range that is asked about first and does not fit, and the relation that fails there."""
    grid = asked.grid
    first, last = max(grid.low, 1), grid.high
    for index in (first, last) if sense == "max" or not asked.limited_by else (last, first):
        holds, by = decide(asked.tests, grid.value(index), grid.value(index))
        if holds is False:
            return index, by
    return first, 0


def _answer(asked: Problem, sense: str, proof: Proof) -> Answer:
    case, name, made = asked.case, asked.name, asked.case.program
    sign, edge = made.signs[name], _edge(asked, sense, proof)
    index = _binding(asked, edge, sense)
    certificate = _shown(asked, edge, sense, proof, index)
    nothing = certificate.beyond if certificate.beyond is not None else asked.grid.value(max(asked.grid.low, 1))
    shown_at = edge.value if edge.value is not None else nothing
    at = case.with_values(**{name: shown_at})
    source = made.line(_side(NEEDS, index))
    target = source.tree if source is not None and isinstance(source.tree, str) and made.line(source.tree) else _side(NEEDS, index)
    results = _results(len(asked.relations))
    line = made.line(target)
    unbounded = edge.unlimited and not asked.limited_by
    public: Number | None = None if unbounded else edge.value
    if edge.interval is None and sense == "max" and sign.whole:
        public = 0
    title = asked.asked.title if asked.asked else f"{'largest' if sense == 'max' else 'smallest'} {sign.title}"
    bound = asked.limited_by if edge.unlimited and asked.limited_by else asked.relations[index].says
    return Answer(
        quantity=asked.asked.name if asked.asked is not None else f"{sense}_{name}", symbol=name, title=title, value=public, unit=sign.unit,
        kind=kind_of(case, results), breakdown=breakdown(made, line, made.run(at.values, [target])) if line is not None else (),
        inputs=used_inputs(case, results), assumptions=assumptions(case, results), model=made.model, scenario=at,
        notes=(*at.notes, *_read_as(asked), *_unused(asked), *_broken(at, edge), *_division(asked, edge, proof, at, results),
               *cautions(made, results)),
        errors=errors(made, results),
        why=_why(asked, sense, edge, certificate, index, proof), bound_by="" if unbounded else bound, certificate=certificate,
        closed_form=None if edge.value is None or edge.unlimited else closed_form(asked, index, edge.value, sense),
        fits=edge.interval is not None, next_bound=_next(asked, index, sense),
    )  # fmt: skip


def _unused(asked: Problem) -> list[str]:
    """That the model's own value of a derived symbol plays no part where that symbol is the unknown."""
    made = asked.case.program
    if asked.name in asked.case.inputs or asked.name not in made.quantities.values() or not made.model["name"]:
        return []
    return [f"{made.model['title']}'s own {made.signs[asked.name].title} {'play' if made.signs[asked.name].whole else 'plays'} no part in this"]


def _broken(at: Scenario, edge: _Edge) -> list[str]:
    """That the answer, as a size of a model, is one that no model could have."""
    broken = at.program.broken(at.values) if edge.value is not None else ""
    return [f"no model has these sizes: {broken}"] if broken else []


def _read_as(asked: Problem) -> list[str]:
    made = asked.case.program
    whole = [replace(one, left=made_line.tree, right=other.tree) for one in asked.relations
             if (made_line := made.line(str(one.left))) is not None and (other := made.line(str(one.right))) is not None]  # fmt: skip
    return [text for one in whole if (text := relations.read_as(one))]


def _shown(asked: Problem, edge: _Edge, sense: str, proof: Proof, index: int) -> Certificate:
    """The binding relation at the answer and next to it, both worked out by the proof."""
    relation = asked.relations[index]
    if edge.interval is None or edge.value is None:
        at = asked.grid.value(_failing(asked, sense)[0])
        return Certificate(proof, relation, None, _evaluated(asked, relation, at))
    inside = _evaluated(asked, relation, edge.value)
    if edge.value not in (edge.interval.low, edge.interval.high):
        return Certificate(proof, relation, inside, None)
    outside = edge.interval.above if sense == "max" else edge.interval.below
    return Certificate(proof, relation, inside, _evaluated(asked, relation, outside.at) if outside is not None else None)


def _evaluated(asked: Problem, relation: Relation, at: Number) -> tuple[Number, Number, Number] | None:
    """The value, and both sides of a relation there."""
    sides = asked.environment.sides(relation.left, relation.right, at)
    return None if sides is None else (at, exact(sides[0][0]), exact(sides[1][0]))


def _next(asked: Problem, index: int, sense: str) -> tuple[str, Number | None]:
    """The constraint that would bind after the binding one, and the answer it would give; ("", None) for a single one."""
    best: tuple[str, Number | None] = ("", None)
    for other, relation in enumerate(asked.relations):
        if other == index:
            continue
        found = search((asked.tests[other],), asked.grid, downwards=sense == "max").intervals
        if not found:
            continue
        end = found[-1][1] if sense == "max" else found[0][0]
        if (sense == "max" and end == asked.grid.high) or (sense == "min" and end == asked.grid.low):
            continue
        value = asked.grid.value(end)
        if best[1] is None or (value < best[1] if sense == "max" else value > best[1]):
            best = (relation.says, value)
    return best


def _division(asked: Problem, edge: _Edge, proof: Proof, at: Scenario, results: list[str]) -> list[str]:
    """What engines refuse although it would fit, where the question asks for something that must divide a size of the model."""
    size = at.inputs.get(asked.asked.divides) if asked.asked is not None and asked.asked.divides else None
    if size is None or asked.asked is None:
        return list(undivided(at, results))
    first = proof.intervals[0].low if proof.intervals else None
    if first is None or first == edge.value:
        return []
    return [f"{first} would have memory enough, but does not divide {size.value:,} {at.program.signs[asked.asked.divides].title}, "
            "as serving engines ask of tensor parallelism"]  # fmt: skip


def _why(asked: Problem, sense: str, edge: _Edge, shown: Certificate, index: int, proof: Proof) -> str:
    sign = asked.case.program.signs[asked.name]
    open_spans = "" if proof.complete else _open_spans(asked, proof)
    if edge.interval is None:
        return _nothing(asked, sense, shown, index, open_spans, proof)
    if edge.uncertain:
        return f"certified up to {_amount(edge.value, sign.unit)}; {open_spans}"
    if edge.unlimited and asked.limited_by:
        return f"no limit below {asked.limited_by} of {show(edge.value or 0, sign.unit)}"
    if edge.unlimited:
        return _unlimited(proof, sign.title, sign.unit, sign.text)
    said = [holes(proof, sign.text), "" if not open_spans else f"{open_spans}, which may hold more", _steps(asked, edge, sense)]
    return "; ".join(text for text in said if text)


def _steps(asked: Problem, edge: _Edge, sense: str) -> str:
    """Of a continuous unknown: in which steps it was searched, and that its range has no first value."""
    sign, grid = asked.case.program.signs[asked.name], asked.grid
    if sign.whole or grid.step == 1:
        return ""
    if sense == "min" and edge.value == grid.value(grid.low):
        return f"it holds down to the first step, {relations.short(grid.step)}, and may hold below"
    return f"in steps of {relations.short(grid.step)}"


def _unlimited(proof: Proof, title: str, unit: str, name: str) -> str:
    """That nothing ends the range above, and from where on that is so."""
    if len(proof.intervals) > 1:
        return f"no limit; {holes(proof, name)}"
    low = proof.intervals[0].low
    begins = "" if low == proof.grid.value(proof.grid.low) else f" from {_amount(low, unit)} on"
    return f"no limit: the constraint holds for all values of {title}{begins}, up to 10^40"


def holes(proof: Proof, name: str) -> str:
    """The feasible set in words where it is more than one run from the range's start: "b from 9 to 13"."""
    spans = proof.intervals
    starts = spans and spans[0].low == proof.grid.value(proof.grid.low)
    ends = spans and spans[-1].high == proof.grid.value(proof.grid.high)
    if len(spans) == 1 and (starts or ends):
        return ""
    shown = [f"{relations.short(one.low)} to {relations.short(one.high)}" if one.low != one.high else relations.short(one.low) for one in spans]
    if ends:
        shown[-1] = f"{relations.short(spans[-1].low)} on"
    more = f" and {len(shown) - 4} more ranges" if len(shown) > 4 else ""
    return f"it holds for {name} from {', '.join(shown[:4])}{more}"


def _open_spans(asked: Problem, proof: Proof) -> str:
    low, high = proof.undecided[0][0], proof.undecided[-1][1]
    return f"nothing is said of {asked.case.program.signs[asked.name].text} between {relations.short(low)} and {relations.short(high)}"


def _amount(value: Number | None, unit: str) -> str:
    return show(value or 0, unit)


def _nothing(asked: Problem, sense: str, shown: Certificate, index: int, open_spans: str, proof: Proof) -> str:
    made, sign, relation = asked.case.program, asked.case.program.signs[asked.name], asked.relations[index]
    if open_spans or not all(stretch.holds is not None for stretch in proof.stretches):
        between = open_spans or f"between the steps of {relations.short(proof.grid.step)} it was not decided"
        return f"none found; {between}"
    if proof.intervals:  # something fits, but divides nothing
        return f"nothing fits: no {sign.title} that divides {asked.limited_by} fits"
    if shown.beyond is None or shown.beyond_needs is None or shown.beyond_budget is None:
        return f"nothing fits: '{relation.says}' has no value"
    needs, budget, unit = shown.beyond_needs, shown.beyond_budget, relation.unit
    weights = made.line("M_wg")
    if asked.asked is not None and index == 0 and weights is not None and unit == "byte":
        alone = made.run(asked.case.with_values(**{asked.name: shown.beyond}).values, ["M_wg"])["M_wg"]
        if alone > budget:
            return f"nothing fits: the weights alone need {show(alone, 'byte')} of {show(budget, 'byte')}"
    at = f"{show(shown.beyond, sign.unit)}"
    if relation.swapped:
        return f"nothing fits: at {at} '{relation.says}' is {show(budget, unit)}, {show(needs - budget, unit)} short of {show(needs, unit)}"
    if asked.limited_by and asked.asked is None:
        at += f" (of up to {show(proof.grid.value(proof.grid.high), sign.unit)}, {asked.limited_by})"
    if asked.asked is not None and index == 0:
        return f"nothing fits: {at} need{'s' if shown.beyond == 1 else ''} {show(needs, unit)} of {show(budget, unit)}"
    return f"nothing fits: at {at} '{relation.says}' fails: {show(needs, unit)} is {show(needs - budget, unit)} above {show(budget, unit)}"
