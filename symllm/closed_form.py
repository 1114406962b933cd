"""The closed form of an inverse question: solved symbolically on the branch of every Min, Max and ceiling that holds.

The constraint is unfolded only where the unknown is inside; all else stays folded under its own symbol, so that the
result reads b <= (budget - weights - ...) / (what one more costs). Solving reads the polynomial's coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from . import cache, tree
from .answer import Answer, ClosedForm
from .program import Program
from .scenario import Scenario
from .tree import Tree
from .units import Number, exact, magnitude


def closed_form(case: Scenario, name: str, left: Tree, right: Tree, at: Number, sense: str) -> ClosedForm | None:
    """The closed form of `left <= right` for `name` near `at`, or None where it is of a degree above 2."""
    values = case.with_values(**{name: at}).values
    known = case.program.run(values, tree.names(left) | tree.names(right))
    hidden = {key: value for key in case.program.neutral if key != name and (value := values.get(key)) in (0, 1)}
    sides = [_unfold(case.program, side, name, known, hidden) for side in (left, right)]
    names = set().union(*(tree.names(side) for side in sides)) | {name}
    signs = {word: case.program.signs[word] for word in sorted(names)}

    def make() -> dict[str, Any]:
        from .solving_symbolic import solved

        return solved(sides[0], sides[1], name, signs, sense)

    key = {"sides": sides, "name": name, "sense": sense, "signs": {word: vars(sign) for word, sign in signs.items()}}
    data = cache.kept("closed", key, make)
    if not data.get("text"):
        return None
    value = exact(tree.evaluate(data["tree"], known))
    return ClosedForm(data["text"], data["latex"], value, data["tree"]) if _agrees(value, at, sense) else None


def bound_of(answer: Answer) -> Tree | None:
    """The closed form of an inverse answer as a tree, or None where it has none."""
    return answer.closed_form.tree if answer.closed_form is not None else None


def needs_symbol(answer: Answer) -> str | None:
    """The symbol on the needing side of the constraint that binds, where it is a single one."""
    line = answer.scenario.program.line("needs_of_question_0")
    return line.tree if line is not None and isinstance(line.tree, str) else None


def _agrees(value: Number | float, at: Number, sense: str) -> bool:
    """Whether the closed form's branch is the one on which the exact answer lies: within 2 % or one step of it."""
    slack = max(Fraction(1), Fraction(magnitude(at)) / 50)
    return bool(at - slack <= value <= at + slack if sense == "min" else at - slack < value < at + 1 + slack)


def _unfold(made: Program, body: Tree, name: str, known: Mapping[str, Number], hidden: Mapping[str, Number]) -> Tree:
    """A tree with definitions opened where the unknown is inside, on the branch that holds, ceilings relaxed."""
    if isinstance(body, int) or (isinstance(body, list) and body[0] == "q"):
        return body
    if isinstance(body, str):
        if body in hidden:  # units of measure, and parallelism that is not there
            return hidden[body]
        line = made.line(body)
        if line is None or not _rests_on(made, body, name):
            return body
        opened = _unfold(made, line.tree, name, known, hidden)
        return opened if name in tree.names(opened) else body  # on this branch the unknown may have gone
    operator, *parts = body
    if operator in ("max", "min") and any(_mentions(made, part, name) for part in parts):
        pick = max if operator == "max" else min
        steady = sorted(parts, key=lambda part: _mentions(made, part, name))  # of equal ones, the one without the unknown
        return _unfold(made, pick(steady, key=lambda part: tree.evaluate(part, known)), name, known, hidden)
    opened = [_unfold(made, part, name, known, hidden) for part in parts]
    if operator in ("ceil", "floor") and _mentions(made, parts[0], name):
        return opened[0]
    return [operator, *opened]


def _mentions(made: Program, body: Tree, name: str) -> bool:
    return any(word == name or _rests_on(made, word, name) for word in tree.names(body))


def _rests_on(made: Program, symbol: str, name: str) -> bool:
    return symbol == name or name in made.inputs([symbol])
