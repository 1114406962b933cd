"""Formulas: a symbol, the expression that defines it, and why; each with a source and a worked example."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import sympy

from .symbols import NamedSymbol

Kind = Literal["exact", "fitted", "measured", "assumed"]


@dataclass(frozen=True)
class Example:
    """A worked example: the value of every symbol on the right, and the result in the formula's unit."""

    values: Mapping[sympy.Symbol, Any]
    result: sympy.Expr | int


@dataclass(frozen=True)
class Formula:
    """`symbol = expression`, declared once.

    name: the name a person asks for. because: one sentence that says why. source: where it is published.
    conditions: when it holds. kind: how true the numbers are; `error` says how large the error is, on what data.
    cautions: what to warn of where the model has a symbol, for models on which the fit is worse.
    """

    name: str
    symbol: NamedSymbol
    expression: sympy.Expr
    because: str
    source: str
    example: Example
    conditions: tuple[str, ...] = ()
    kind: Kind = "exact"
    error: str = ""
    cautions: tuple[tuple[sympy.Symbol, str], ...] = ()


@dataclass(frozen=True)
class Composed:
    """A quantity that is summed over a model's blocks: what of a block is added up, and how it is called.

    accumulate: the name of the sum in `symllm.compose` ("parameters", "cache_bytes", ...).
    phase: which pass: "prefill", "decode", or "steps" for all decode steps after the first token together.
    components: the only ones that are summed; empty for all. mask, logits: what the pass computes where nobody chose.
    """

    name: str
    symbol: NamedSymbol
    accumulate: str
    because: str
    source: str
    phase: str = ""
    components: tuple[str, ...] = ()
    per_gpu: bool = False
    conditions: tuple[str, ...] = ()
    kind: Kind = "exact"
    error: str = ""
    mask: str = ""
    logits: str = ""


@dataclass(frozen=True)
class Definition:
    """One line of a program: a symbol, its expression over earlier symbols and inputs, why, and its place.

    component and times say, for the summand of a composed quantity, which row of the breakdown it belongs to and
    how often it counts. kind is the weakest of what it rests on.
    """

    symbol: NamedSymbol
    expression: sympy.Expr
    because: str
    kind: Kind = "exact"
    component: str = ""
    times: sympy.Expr = field(default_factory=lambda: sympy.Integer(1))
    title: str = ""


@dataclass(frozen=True)
class Question:
    """A named inverse question: the largest (or smallest) `unknown` for which `needs` fits into `budget`.

    limit: the symbol of the model's own bound on the unknown, where it has one; limited_by says it in words.
    divides: what serving engines want the answer to divide; the next answer that does is named beside the exact one.
    """

    name: str
    title: str
    unknown: NamedSymbol
    needs: sympy.Expr
    budget: sympy.Expr
    sense: Literal["max", "min"]
    bound: str
    limit: NamedSymbol | None = None
    limited_by: str = ""
    divides: NamedSymbol | None = None


Accumulator = Callable[..., sympy.Expr]
