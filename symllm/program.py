"""A compiled model: lines of plain expression trees and the values they start from. The numeric world's whole input.

A program is data (it lives on disk as JSON), made once by `symllm.build` from the book and a config; answering a
question runs it without SymPy or Pint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from . import tree
from .errors import SymllmError, unknown
from .tree import Tree
from .units import Number, exact, show

KINDS = ("exact", "measured", "fitted", "assumed")


@dataclass(frozen=True)
class Line:
    """One definition: `name = tree`, in `unit`, with its reason and, for a summand, its component and multiplicity."""

    name: str
    tree: Tree
    unit: str
    title: str
    because: str
    kind: str = "exact"
    component: str = ""
    times: Tree = 1
    error: str = ""
    cautions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Sign:
    """What a symbol is called and stands for, as the numeric world shows it.

    whole: only whole multiples of `step` exist. zero: whether it may be 0. most: its largest value, "" for none.
    """

    title: str
    meaning: str
    unit: str
    text: str
    whole: bool = True
    step: str = "1"
    rank: int = 0
    latex: str = ""
    zero: bool = False
    most: str = ""


@dataclass(frozen=True)
class Asked:
    """A named inverse question as data: see `symllm.formula.Question`."""

    name: str
    title: str
    unknown: str
    needs: Tree
    budget: Tree
    sense: str
    bound: str
    limit: str = ""
    limited_by: str = ""
    divides: str = ""


@dataclass(frozen=True)
class Program:
    """A model under one choice of formats, mask, engine: its sizes, the definitions, and the names people use.

    model: name, title, family, source. sizes: values from the config. lines: definitions in order.
    laws: (kind, small, large, words) of `symllm.book.Law`. rules: size -> (tree, text) by which the family gives it where a
    config does not. quantities: public name -> symbol. defaults: symbol -> (value, words). fixed: values that the formats give.
    """

    model: Mapping[str, Any]
    sizes: Mapping[str, Number]
    lines: tuple[Line, ...]
    quantities: Mapping[str, str]
    defaults: Mapping[str, tuple[Number, str]]
    fixed: Mapping[str, Number]
    signs: Mapping[str, Sign]
    neutral: tuple[str, ...] = ()
    questions: Mapping[str, Asked] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    choices: Mapping[str, Any] = field(default_factory=dict)
    laws: tuple[tuple[str, str, str, str], ...] = ()
    rules: Mapping[str, tuple[Tree, str]] = field(default_factory=dict)

    @cached_property
    def _by_name(self) -> dict[str, tuple[int, Line]]:
        """Each line with its place, by the name that it defines."""
        return {line.name: (place, line) for place, line in enumerate(self.lines)}

    @cached_property
    def _uses(self) -> dict[str, frozenset[str]]:
        """The symbols that stand in each line."""
        return {line.name: frozenset(tree.names(line.tree) | tree.names(line.times)) for line in self.lines}

    @cached_property
    def _under(self) -> dict[str, frozenset[str]]:
        """All lines that a line rests on, itself among them."""
        found: dict[str, frozenset[str]] = {}
        for line in self.lines:
            found[line.name] = frozenset((line.name,)).union(*(found.get(name, frozenset()) for name in self._uses[line.name]))
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        """The place of each symbol in the notation."""
        return {name: place for place, name in enumerate(self.signs)}

    def extended(self, lines: Sequence[Line]) -> Program:
        """The program with further lines behind its own; what is known of its own lines is not worked out again."""
        made = replace(self, lines=(*self.lines, *lines))
        by_name, uses, under = dict(self._by_name), dict(self._uses), dict(self._under)
        for place, line in enumerate(lines, len(self.lines)):
            by_name[line.name] = (place, line)
            uses[line.name] = frozenset(tree.names(line.tree) | tree.names(line.times))
            under[line.name] = frozenset((line.name,)).union(*(under.get(name, frozenset()) for name in uses[line.name]))
        made.__dict__.update(_by_name=by_name, _uses=uses, _under=under, _places=self._places)
        return made

    def line(self, name: str) -> Line | None:
        """The definition of a symbol, or None where it is an input."""
        found = self._by_name.get(name)
        return found[1] if found is not None else None

    def symbol_of(self, quantity: str) -> str:
        """The symbol that a quantity's public name stands for; raises for an unknown name."""
        if quantity in self.quantities:
            return self.quantities[quantity]
        if quantity in self.signs:
            return quantity
        raise unknown("quantity", quantity, self.quantities, "`symllm list` shows all")

    def needed(self, results: Iterable[str]) -> list[Line]:
        """The definitions that the results rest on, in order."""
        wanted = frozenset[str]().union(*(self._under.get(result, frozenset()) for result in results))
        return [line for _, line in sorted((self._by_name[name] for name in wanted), key=lambda found: found[0])]

    def inputs(self, results: Iterable[str]) -> list[str]:
        """The symbols without a definition that the results rest on."""
        results = list(results)
        used = set(results).union(*(self._uses[line.name] for line in self.needed(results)))
        return sorted((name for name in used if name not in self._by_name and name in self._places), key=self._places.__getitem__)

    def occurs(self, name: str) -> bool:
        """Whether a symbol stands in any of the lines."""
        return any(name in used for used in self._uses.values())

    def kind(self, result: str) -> str:
        """The weakest kind of all that a result rests on."""
        return max((line.kind for line in self.needed([result])), key=KINDS.index, default="exact")

    def broken(self, values: Mapping[str, Number]) -> str:
        """In words, the first law between sizes that these values break; "" where they keep all."""
        for kind, small, large, says in self.laws:
            if small not in self.sizes or large not in self.sizes or small not in values or large not in values:
                continue
            few, many = values[small], values[large]
            if few > many or (kind == "divides" and (few == 0 or many % few)):
                what = "do not divide" if kind == "divides" else "are more than"
                return f"{show(few, '1')} {self.signs[small].title} ({small}) {what} {show(many, '1')} {self.signs[large].title} ({large}): {says}"
        return ""

    def run(self, values: Mapping[str, Number], results: Iterable[str]) -> dict[str, Number]:
        """The exact value of every line that the results rest on, and of the inputs."""
        known = dict(values)
        for line in self.needed(results):
            known[line.name] = tree.evaluate(line.tree, known)
        return known

    def compile(self, result: str, variables: tuple[str, ...], values: Mapping[str, Number],
                array: bool = False) -> Callable[..., Any]:  # fmt: skip
        """A plain function of `variables`; every line that does not depend on them is worked out beforehand."""
        kept, folded = self.around([result], variables, values)
        constants = [(name, as_tree(value)) for name, value in folded.items()]
        return tree.function([*constants, *kept], result, variables, array)

    def around(self, results: Iterable[str], variables: tuple[str, ...],
               values: Mapping[str, Number]) -> tuple[list[tuple[str, Tree]], dict[str, Number]]:  # fmt: skip
        """What the results rest on as the variables move: the lines that move with them, and the numbers of all else.

        Raises `SymllmError` for a symbol without a value.
        """
        results = list(results)
        folded: dict[str, Number] = {k: v for k, v in values.items() if k not in variables}
        moving = set(variables)
        kept: list[tuple[str, Tree]] = []
        for line in self.needed(results):
            if line.name in moving:  # a definition that is asked about as an unknown
                continue
            if self._uses[line.name] & moving:
                moving.add(line.name)
                kept.append((line.name, line.tree))
            else:
                folded[line.name] = tree.evaluate(line.tree, folded)
        used = set(results).union(*(tree.names(item) for _, item in kept))
        for name in sorted(used - moving):
            if name not in folded:
                raise SymllmError(f"symbol '{name}' has no value")
        return kept, {name: folded[name] for name in sorted(used - moving)}


def as_tree(value: Number) -> Tree:
    """An exact number as a tree."""
    value = exact(value)
    return value if isinstance(value, int) else ["q", value.numerator, value.denominator]


def approximate(value: Number | float) -> float:
    """A float near an exact number, for showing."""
    return float(value) if not isinstance(value, Fraction) else value.numerator / value.denominator
