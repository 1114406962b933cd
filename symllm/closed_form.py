"""The closed form of an inverse question, and what it is: the constraint itself, a bound on one side, or a form near the answer.

The constraint is unfolded only where the unknown is inside; all else stays folded under its own symbol, so that the
result reads b <= (budget - weights - ...) / (what one more costs). A ceiling or a branch of Min and Max that the unknown
decides is relaxed; whether the line then says as much as the constraint, less or more is decided on the whole range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from . import cache, tree
from .answer import Answer, ClosedForm
from .errors import SymllmError
from .numeric.feasible import search
from .program import Program
from .tree import Tree
from .units import Number, exact, magnitude

if TYPE_CHECKING:
    from .scenario import Scenario
    from .solving import Problem

EXACT, NECESSARY, SUFFICIENT, NEAR = "exact", "necessary", "sufficient", "near"


class ContradictionError(AssertionError):
    """A closed form and the certified answer exclude each other: a fault of the book or the engine, never of the question."""


def closed_form(asked: Problem, index: int, at: Number, sense: str) -> ClosedForm | None:
    """The closed form of the binding relation near the answer, or None where it is of a degree above 2.

    What it is follows from comparing the values that satisfy it with the certified set of the relation, over the whole range.
    Raises `ContradictionError` where nothing was relaxed and the two differ.
    """
    relation = asked.relations[index]
    sides = [_body(asked.case.program, str(side)) for side in (relation.left, relation.right)]
    form, opener = _near(asked.case, asked.name, sides[0], sides[1], at, sense, relation.relation)
    if form is None:
        return None
    status, runs = _status(form, asked, index, sense)
    if status != EXACT and runs == 1 and not opener.relaxed and not opener.folded and not _rounded(form.tree):
        raise ContradictionError(f"{form.text} is {form.value}, and the certified answer is {at}: they differ although nothing was relaxed")
    return replace(form, status=status, folded=tuple(sorted(opener.folded)))


def meeting_form(case: Scenario, name: str, left: Tree, right: Tree, at: Number) -> ClosedForm | None:
    """The closed form of where `left`, below `right` up to about `at`, meets it; None where there is none of degree 1 or 2."""
    return _near(case, name, left, right, at, "max", "<=")[0]


def _near(case: Scenario, name: str, left: Tree, right: Tree, at: Number, sense: str, relation: str) -> tuple[ClosedForm | None, _Opener]:
    """The relation solved for the unknown on the branch of every Min, Max and ceiling that holds at a value."""
    made = case.program
    values = case.with_values(**{name: at}).values
    known = made.run(values, tree.names(left) | tree.names(right))
    hidden = {key: value for key in made.neutral if key != name and (value := values.get(key)) in (0, 1)}
    opener = _Opener(made, name, known, hidden)
    sides = [opener.unfold(side) for side in (left, right)]
    names = set().union(*(tree.names(side) for side in sides)) | {name}
    signs = {word: made.signs[word] for word in sorted(names)}

    def make() -> dict[str, Any]:
        from .solving_symbolic import solved

        return solved(sides[0], sides[1], name, signs)

    key = {"sides": sides, "name": name, "signs": {word: vars(sign) for word, sign in signs.items()}}
    data = cache.kept("closed", key, make, lambda found: _checked(found, set(signs)))
    return _form(data, known, at, sense, relation), opener


def _checked(data: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """The data of `solving_symbolic.solved` as it comes from the disk; raises `SymllmError` for any other."""
    roots = data.get("roots", [])
    texts = [data.get(word, "") for word in ("name", "text", "latex")] if isinstance(roots, list) else [None]
    for root in roots if isinstance(roots, list) else ():
        given = root if isinstance(root, dict) else {}
        texts += [given.get("text"), given.get("latex")]
        if not tree.names(tree.well_formed(given.get("tree"))) | tree.names(tree.well_formed(given.get("slope"))) <= names:
            raise SymllmError("stored closed form: it speaks of other symbols")
    if not all(isinstance(text, str) for text in texts) or (roots and data.get("name") not in names):
        raise SymllmError("stored closed form: it is not of the form that is kept")
    return data


def _form(data: Mapping[str, Any], known: Mapping[str, Number], at: Number, sense: str, relation: str) -> ClosedForm | None:
    """The root nearest to the answer at which the relation turns the way that was asked for."""
    found = []
    for root in data.get("roots", ()):
        try:
            value = exact(tree.evaluate(root["tree"], known))
            slope = tree.evaluate(root["slope"], {**known, data["name"]: value})
        except SymllmError:  # no real root on this branch
            continue
        if slope and (slope > 0) == (sense == "max"):
            found.append((magnitude(value - at), root, value))
    if not found:
        return None
    _, root, value = min(found, key=lambda item: item[0])
    upper = sense == "max"
    sign, latex = ("<", "<") if relation == "<" and upper else (">", ">") if relation == "<" else ("≤", r"\le") if upper else ("≥", r"\ge")
    return ClosedForm(f"{data['text']} {sign} {root['text']}", f"{data['latex']} {latex} {root['latex']}", value, root["tree"])


def _status(form: ClosedForm, asked: Problem, index: int, sense: str) -> tuple[str, int]:
    """How the values that satisfy the line compare with those that satisfy the relation, and in how many runs those lie."""
    grid, strict = asked.grid, asked.relations[index].relation == "<"
    whole = search((asked.tests[index],), grid, downwards=sense == "max")
    count = len(whole.intervals)
    if not whole.complete:
        return NEAR, 0
    edge = Fraction(form.value) / grid.step
    last = math.floor(edge) if sense == "max" else math.ceil(edge)
    if strict and last == edge:
        last += -1 if sense == "max" else 1
    line = (grid.low, min(last, grid.high)) if sense == "max" else (max(last, grid.low), grid.high)
    runs = whole.intervals if line[0] <= line[1] else ()
    if whole.intervals == ((line,) if line[0] <= line[1] else ()):
        return EXACT, count
    if all(line[0] <= low and high <= line[1] for low, high in whole.intervals):
        return NECESSARY, count
    enough = line[0] > line[1] or any(low <= line[0] and line[1] <= high for low, high in runs)
    return (SUFFICIENT if enough else NEAR), count


def _rounded(body: Tree) -> bool:
    """Whether a root in the form was rounded, so that it may lie a hair beside its edge."""
    if not isinstance(body, list) or body[0] == "q":
        return False
    return (body[0] == "^" and not isinstance(body[2], int)) or any(_rounded(part) for part in body[1:])


def _body(made: Program, side: str) -> Tree:
    line = made.line(side)
    assert line is not None
    return line.tree


def bound_of(answer: Answer) -> Tree | None:
    """The closed form of an inverse answer as a tree, or None where it has none."""
    return answer.closed_form.tree if answer.closed_form is not None else None


def needs_symbol(answer: Answer) -> str | None:
    """The symbol on the needing side of the constraint that binds, where it is a single one."""
    line = answer.scenario.program.line("_needs_of_question_0")
    return line.tree if line is not None and isinstance(line.tree, str) else None


class _Opener:
    """Opens definitions where the unknown is inside, on the branch of every Min, Max and ceiling that holds at the answer.

    relaxed: whether one of them was decided by the unknown. folded: symbols left as they are at the answer, the unknown having
    gone from them on this branch.
    """

    def __init__(self, made: Program, name: str, known: Mapping[str, Number], hidden: Mapping[str, Number]) -> None:
        self.made, self.name, self.known, self.hidden = made, name, known, hidden
        self.relaxed, self.folded = False, set[str]()

    def unfold(self, body: Tree) -> Tree:
        """The tree with definitions opened where the unknown is inside."""
        if isinstance(body, int) or (isinstance(body, list) and body[0] == "q"):
            return body
        if isinstance(body, str):
            return self._opened(body)
        operator, *parts = body
        if operator in ("max", "min") and any(self._mentions(part) for part in parts):
            self.relaxed = True
            pick = max if operator == "max" else min
            steady = sorted(parts, key=self._mentions)  # of equal ones, the one without the unknown
            return self.unfold(pick(steady, key=lambda part: tree.evaluate(part, self.known)))
        if operator in ("ceil", "floor") and self._mentions(parts[0]):
            self.relaxed = True
            return self.unfold(parts[0])
        return [operator, *(self.unfold(part) for part in parts)]

    def _opened(self, symbol: str) -> Tree:
        if symbol in self.hidden:  # units of measure, and parallelism that is not there
            return self.hidden[symbol]
        line = self.made.line(symbol)
        if line is None or symbol == self.name or not self._rests_on(symbol):
            return symbol
        opened = self.unfold(line.tree)
        if self.name in tree.names(opened):
            return opened
        self.folded.add(symbol)
        return symbol

    def _mentions(self, body: Tree) -> bool:
        return any(word == self.name or self._rests_on(word) for word in tree.names(body))

    def _rests_on(self, symbol: str) -> bool:
        return symbol == self.name or self.name in self.made.inputs([symbol])
