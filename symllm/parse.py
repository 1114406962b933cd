"""Expressions from the command line, read by a white-listed walk of Python's own syntax tree. Nothing is run."""

from __future__ import annotations

import ast
from fractions import Fraction
from typing import Final

from .errors import SymllmError
from .tree import Tree
from .units import exact

_FUNCTIONS: Final = {"min": "min", "Min": "min", "max": "max", "Max": "max", "ceil": "ceil", "ceiling": "ceil", "floor": "floor"}
_COMPARISONS: Final = {ast.LtE: "<=", ast.GtE: ">=", ast.Lt: "<", ast.Gt: ">", ast.Eq: "=="}
_LONGEST, _DEEPEST, _LARGEST_POWER = 2000, 60, 16


def _refuse(text: str, why: str) -> SymllmError:
    shown = text if len(text) <= 60 else text[:57] + "..."
    return SymllmError(f"cannot read the expression {shown!r}: {why}")


def _syntax(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise _refuse(text, f"it is longer than {_LONGEST} characters")
    try:
        return ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _refuse(text, "write it as in 'd_ff = 4*d' or 'parameters <= 7e9'") from None


def expression(text: str) -> Tree:
    """The tree of an expression such as "4*d" or "ceil(s/16)"; numbers stay exact."""
    return _walk(_syntax(text), text, 0)


def definition(text: str) -> tuple[str, Tree]:
    """The name and the tree of "name = expression"."""
    name, equals, right = text.partition("=")
    if not equals or right.startswith("=") or not name.strip().isidentifier():
        raise _refuse(text, "write it as 'symbol = expression', for example 'd_ff = 4*d'")
    return name.strip(), expression(right)


def comparison(text: str) -> tuple[Tree, str, Tree]:
    """The two sides and the relation of "parameters <= 7e9"."""
    node = _syntax(text)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
        raise _refuse(text, "write one comparison, as in 'parameters <= 7e9'")
    left, right = _walk(node.left, text, 0), _walk(node.comparators[0], text, 0)
    return left, _COMPARISONS[type(node.ops[0])], right


def _walk(node: ast.expr, text: str, depth: int) -> Tree:
    if depth > _DEEPEST:
        raise _refuse(text, f"it is nested deeper than {_DEEPEST} levels")
    if isinstance(node, ast.Constant):
        return _constant(node, text)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        inner = _walk(node.operand, text, depth + 1)
        return ["*", -1, inner] if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp):
        return _binary(node, text, depth)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS and not node.keywords:
        operator = _FUNCTIONS[node.func.id]
        if (operator in ("ceil", "floor") and len(node.args) != 1) or not node.args:
            raise _refuse(text, f"{node.func.id} takes {'one argument' if operator in ('ceil', 'floor') else 'arguments'}")
        return [operator, *(_walk(argument, text, depth + 1) for argument in node.args)]
    raise _refuse(text, "only numbers, symbols, + - * / ** ( ), min, max, ceil and floor are understood")


def _constant(node: ast.Constant, text: str) -> Tree:
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise _refuse(text, f"{node.value!r} is not a number")
    if isinstance(node.value, float):
        if node.value != node.value or node.value in (float("inf"), float("-inf")):
            raise _refuse(text, "a number in it is out of range")
        value = exact(Fraction(repr(node.value)))
        return value if isinstance(value, int) else ["q", value.numerator, value.denominator]
    if abs(node.value) > 10**40:
        raise _refuse(text, "a number in it is out of range")
    return node.value


def _binary(node: ast.BinOp, text: str, depth: int) -> Tree:
    left, right = _walk(node.left, text, depth + 1), _walk(node.right, text, depth + 1)
    if isinstance(node.op, ast.Add):
        return ["+", left, right]
    if isinstance(node.op, ast.Sub):
        return ["+", left, ["*", -1, right]]
    if isinstance(node.op, ast.Mult):
        return ["*", left, right]
    if isinstance(node.op, ast.Div):
        if right == 0:
            raise _refuse(text, "it divides by zero")
        return ["*", left, ["^", right, -1]]
    if isinstance(node.op, ast.Pow):
        if not isinstance(right, int) or not 0 <= right <= _LARGEST_POWER:
            raise _refuse(text, f"a power must be a whole number from 0 to {_LARGEST_POWER}")
        if any(isinstance(part, ast.Pow) for part in ast.walk(node.left)):
            raise _refuse(text, "a power of a power is not understood; multiply the exponents")
        return ["^", left, right]
    raise _refuse(text, "only + - * / and ** are understood")
