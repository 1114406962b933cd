"""A book: notation, formulas, families and formats, gathered without side effects from pages that only declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import sympy

from .block import Reach
from .compose import Roles
from .config import Family
from .format import CacheFormat, WeightFormat
from .formula import Composed, Formula, Question
from .symbols import NamedSymbol
from .training import TrainingOption


@dataclass(frozen=True)
class Default:
    """The value of a symbol where nobody gave one, and the words with which it is printed as assumed ("" for a unit).

    neutral: at its default the symbol changes nothing, so that closed forms and lists of assumptions leave it out.
    """

    symbol: NamedSymbol
    value: Any
    says: str
    neutral: bool = False


@dataclass(frozen=True)
class SmallerCard:
    """What is taken in place of a default on cards of less memory than `below` bytes, and on those named in `also`."""

    symbol: NamedSymbol
    value: Any
    says: str
    below: int
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Law:
    """What holds between two sizes of every model: `small` divides `large`, or is at most that large.

    says: the law in words, as the error ends when it is broken.
    """

    kind: Literal["divides", "at most"]
    small: NamedSymbol
    large: NamedSymbol
    says: str


@dataclass(frozen=True)
class Engine:
    """A library or server whose own way of computing blocks declare as departures, and the versions it was read at."""

    name: str
    title: str
    versions: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Book:
    """Everything that the pages declare.

    uniform_weights: the formula that replaces the sum over tensors where every weight has the same size.
    engines: names under which blocks declare departures from the model's own mathematics, and what they are.
    training: the options of a training run. laws: what holds between the sizes of every model.
    smaller_cards: defaults that depend on the card.
    without_a_model: what stands for the sums over blocks where no model is named. machine: the symbols that a GPU gives, by "peak" and "bandwidth".
    declared_format: the weight format that a config's own fields state, given its plain dtype; None where they state none.
    """

    symbols: Mapping[str, NamedSymbol]
    roles: Roles
    formulas: tuple[Formula, ...]
    composed: tuple[Composed, ...]
    families: tuple[Family, ...]
    weight_formats: tuple[WeightFormat, ...]
    cache_formats: tuple[CacheFormat, ...]
    defaults: tuple[Default, ...]
    questions: tuple[Question, ...]
    pairs: Callable[[Reach, str, str], sympy.Expr]
    kept: Callable[[Reach], sympy.Expr]
    uniform_weights: Formula
    engines: Mapping[str, Engine] = field(default_factory=dict)
    training: tuple[TrainingOption, ...] = ()
    laws: tuple[Law, ...] = ()
    smaller_cards: tuple[SmallerCard, ...] = ()
    without_a_model: tuple[Formula, ...] = ()
    machine: Mapping[str, NamedSymbol] = field(default_factory=dict)
    declared_format: Callable[[Mapping[str, Any], str], WeightFormat | None] | None = None

    def quantities(self) -> dict[str, NamedSymbol]:
        """The symbol of every quantity that a person can ask for, by its name."""
        pages: tuple[Composed | Formula, ...] = (*self.composed, *self.formulas)
        return {page.name: page.symbol for page in pages}
