"""Relations as people write them, "tpot <= 20 ms" or "kv_cache <= 0.1*weights", over a program's symbols and in one unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from . import parse, tree
from .errors import SymllmError, unknown
from .numeric.certificate import Relation
from .numeric.dimensions import PLAIN, Dimension, of_tree, unit_of
from .program import Program
from .tree import Tree
from .units import COUNTS, DIMENSIONS, Number, exact


def relations(program: Program, texts: Iterable[str]) -> list[Relation]:
    """The relations that the texts state, each as "<=" or "<".

    Raises `SymllmError` for a name that is not known, an equation, sides of different dimension, and an amount that bounds nothing.
    """
    found = []
    for text in texts:
        parts = parse.comparisons(text)
        for left, relation, right in parts:
            says = text.strip() if len(parts) == 1 else f"{tree.written(left)} {relation} {tree.written(right)}"
            if relation == "==":
                raise SymllmError(f"'{text}' is an equation; ask for the last value below or above with <= or >=")
            found.append(related(program, resolved(program, left), relation, resolved(program, right), says))
    return found


def related(program: Program, left: Tree, relation: str, right: Tree, says: str) -> Relation:
    """One relation over symbols; a bare number on one side is an amount of what stands on the other."""
    sides = [left, right]
    found = [dimension(program, side, f"'{says}'") for side in sides]
    bare = [not tree.names(side) for side in sides]
    for index in (0, 1):
        if tree.names(sides[index]) <= set(DIMENSIONS) and not bare[1 - index]:
            _refuse_empty(program, sides[index], sides[1 - index], found[1 - index], says)
        if bare[index] and found[index] in (PLAIN, None) and not bare[1 - index]:
            found[index] = found[1 - index]
    unit = _unit(program, sides, found)
    swapped = relation in (">=", ">")
    if swapped:
        sides, found, relation = sides[::-1], found[::-1], {">=": "<=", ">": "<"}[relation]
    return Relation(sides[0], relation, sides[1], says, unit, (found[0], found[1]), swapped)


def read_as(relation: Relation) -> str:
    """What a bare number was taken for, in words; "" where every amount has its unit."""
    bare = [side for side in (relation.left, relation.right) if not tree.names(side)]
    if not bare or relation.unit.partition("/")[0] in ("", "1", *COUNTS):
        return ""
    value = exact(tree.evaluate(bare[0], {}))
    return f"'{relation.says}': {float(value):,.12g} is read as {relation.unit}"


def _refuse_empty(program: Program, amount: Tree, other: Tree, of: Dimension | None, says: str) -> None:
    """Refuse a bound of 0 or less on a single thing that is never that small."""
    try:
        value = tree.evaluate(amount, dict.fromkeys(DIMENSIONS, 1))
    except SymllmError as error:
        raise SymllmError(f"'{says}': {error}") from None
    if isinstance(other, str) and (value < 0 or (value == 0 and (of or not program.signs[other].zero))):
        raise SymllmError(f"'{says}': {program.signs[other].title} is an amount of something, so one of {float(value):g} bounds nothing; "
                          "give one above 0")  # fmt: skip


def dimension(program: Program, body: Tree, where: str) -> Dimension | None:
    """The dimension of a tree over the program's symbols; raises where its parts do not fit together."""
    return of_tree(body, lambda name: program.signs[name].unit, where)


def _unit(program: Program, sides: list[Tree], found: list[Dimension | None]) -> str:
    """What both sides are shown in: the unit of a side that is a single symbol, else the base units of their dimension."""
    for side in sides:
        if isinstance(side, str):
            return program.signs[side].unit
    return unit_of(next((one for one in found if one), PLAIN))


def resolved(program: Program, body: Tree) -> Tree:
    """A tree in which names of quantities, symbols as they are printed and bare units stand for the program's symbols."""
    if isinstance(body, int):
        return body
    if isinstance(body, str):
        return _symbol(program, body)
    return body if body[0] == "q" else [body[0], *(resolved(program, part) for part in body[1:])]


def _symbol(program: Program, name: str) -> Tree:
    if name in program.quantities:
        return program.quantities[name]
    if name in program.signs:
        return name
    printed = next((word for word, sign in program.signs.items() if sign.text == name), None)
    if printed is not None:
        return printed
    amount = parse.unit(name)
    if amount is not None:
        return amount
    raise unknown("symbol", name, [*program.quantities, *program.signs], "`symllm list` shows all")


def opposite(relation: Relation) -> Relation:
    """The relation that holds exactly where the given one does not."""
    return replace(relation, left=relation.right, right=relation.left, relation="<" if relation.relation == "<=" else "<=",
                   dimensions=relation.dimensions[::-1], swapped=not relation.swapped)  # fmt: skip


def number(value: Number) -> Tree:
    """An exact number as a tree."""
    value = exact(value)
    return value if isinstance(value, int) else ["q", value.numerator, value.denominator]


def short(value: Number) -> str:
    """A value of an unknown in a sentence: 13, 0.873, 1.2e+20."""
    if exact(value) == value and isinstance(exact(value), int):
        return f"{value:,}" if value < 10**15 else f"{float(value):.6g}"
    return f"{float(value):.12g}"
