"""Derivations as JSON data of the schema `symllm.derivation/1`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from ..assumptions import Assumption
from ..crossing import lower
from ..derivation import Chain, Derivation, Evaluation, Step
from ..errors import SymllmError
from ..units import Number, exact
from . import latex, text, words

SCHEMA = "symllm.derivation/1"


def derivation(made: Derivation) -> dict[str, Any]:
    """A derivation as data: every expression as text, LaTeX and tree, every step with its rule, relation and note."""
    return {
        "schema": SCHEMA, "title": made.title, "symbol": made.symbol.name, "subject": made.subject,
        "assumptions": [_assumption(item) for item in made.facts.assumptions],
        "chains": [_chain(chain) for chain in made.chains],
        "evaluations": [_evaluation(item) for item in made.evaluations],
        "notes": list(made.notes),
    }  # fmt: skip


def expression(expr: sympy.Expr) -> dict[str, Any]:
    """An expression as text, LaTeX and tree (see `symllm.tree`); the tree is null where the numeric world has none."""
    try:
        tree = lower(expr)
    except SymllmError:
        tree = None
    return {"text": text.expression(expr, omit=words.UNITS), "latex": latex.expression(expr, omit=words.UNITS), "tree": tree}


def _assumption(item: Assumption) -> dict[str, Any]:
    return {"symbol": item.symbol.name, "expression": expression(item.expression)}


def _chain(chain: Chain) -> dict[str, Any]:
    return {
        "left": expression(chain.left), "title": chain.title, "steps": [_step(step) for step in chain.steps],
        "evaluation": None if chain.evaluation is None else _evaluation(chain.evaluation),
    }  # fmt: skip


def _step(step: Step) -> dict[str, Any]:
    return {
        "rule": step.rule, "relation": step.relation, "expression": expression(step.expression),
        "note": text.written(words.note(step)),
        "symbol": None if step.symbol is None else step.symbol.name,
        "assumptions": [_assumption(item) for item in step.uses],
        "parts": [{"names": list(part.names), "each": expression(part.expression)} for part in step.parts],
    }  # fmt: skip


def _evaluation(item: Evaluation) -> dict[str, Any]:
    return {
        "left": expression(item.left), "expression": expression(item.expression),
        "numbers": {symbol.name: _number(value) for symbol, value in item.numbers},
        "with_numbers": text.expression(item.expression, words.values(item), words.UNITS),
        "result": _number(item.result), "unit": item.unit,
        "shares": [{"of": expression(share.expression), "value": _number(share.value),
                    "share": float(Fraction(item.result) / Fraction(share.value)) if share.value else None} for share in item.shares],
    }  # fmt: skip


def _number(value: Number) -> int | str:
    """An int, or an exact quotient as "p/q"."""
    value = exact(value)
    return value if isinstance(value, int) else f"{value.numerator}/{value.denominator}"
