"""Expressions as plain data: what the numeric world computes with, and what is kept on disk.

A tree is an int, a symbol's name, or a list `[operator, argument, ...]`. The operators are those of `OPERATORS`
plus `["q", numerator, denominator]` for an exact rational. A tree becomes a plain Python function of exact
numbers, or a NumPy function of float64 arrays, from the same declaration. Only white-listed operators and plain
identifiers are ever turned into code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from .errors import SymllmError
from .units import Number, exact

Tree = Any  # int | str | list["Tree"]; recursive aliases help no reader

OPERATORS: Final = ("+", "*", "^", "max", "min", "ceil", "floor")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEEPEST: Final = 300
#: Whole powers up to this one are worked out as they stand; larger ones by `power`, which knows when to stop.
_WRITTEN_OUT: Final = 8
_ANY: Final = range(1, 1_000_000)
#: How many arguments an operator takes.
_ARGUMENTS: Final = {"+": _ANY, "*": _ANY, "max": _ANY, "min": _ANY, "^": (2,), "ceil": (1,), "floor": (1,)}


def names(tree: Tree) -> set[str]:
    """The symbols that occur in a tree."""
    if isinstance(tree, str):
        return {tree}
    if isinstance(tree, int) or tree[0] == "q":
        return set()
    return set().union(*(names(part) for part in tree[1:]))


def cost(tree: Tree) -> int:
    """About how many sums a tree costs as much as; a root is worked out to 190 bits."""
    if not isinstance(tree, list) or tree[0] == "q":
        return 0
    root = tree[0] == "^" and not isinstance(tree[2], int)
    return (200 if root else 1) + sum(cost(part) for part in tree[1:])


def exact_ceiling(value: Number | float) -> int:
    """The least integer that is not below `value`, exact for rationals of any size."""
    return math.ceil(value)


def power(base: Number, exponent: Number) -> Number:
    """base ** exponent: exact where it is a short rational, else from below to within 2**-190 of itself.

    Raises `SymllmError` for a power of 0 or of a negative number that is not real, and for one beyond all use.
    """
    if exponent == -1 and base:
        return exact(Fraction(1) / base)
    if isinstance(exponent, int) and 0 <= exponent <= 4:
        return base**exponent
    from .numeric.powers import between

    try:
        return between(base, exponent)[0]
    except ZeroDivisionError:
        raise SymllmError("division by zero") from None
    except ValueError:
        raise SymllmError("a root of a negative number is asked for") from None
    except OverflowError:
        raise SymllmError("a power is too large to be worked out") from None


def checked_name(name: str) -> str:
    """The name itself; raises where it is no plain identifier, as only such are ever turned into code."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SymllmError(f"not a symbol's name: {name!r}")
    return name


def variable(name: str) -> str:
    """How a symbol is called in source of ours: under a prefix, so that `max`, `if` or `power` are names like any other."""
    return f"v_{checked_name(name)}"


def well_formed(tree: Tree, depth: int = 0) -> Tree:
    """The tree itself; raises `SymllmError` unless it is one, made of known operators, plain names and whole numbers."""
    if isinstance(tree, int) and not isinstance(tree, bool):
        return tree
    if isinstance(tree, str) and tree.isidentifier():
        return tree
    if isinstance(tree, list) and tree and depth < _DEEPEST:
        operator, *parts = tree
        if operator == "q" and len(parts) == 2 and all(type(part) is int for part in parts) and parts[1] > 0:
            return tree
        if isinstance(operator, str) and len(parts) in _ARGUMENTS.get(operator, ()):
            for part in parts:
                well_formed(part, depth + 1)
            return tree
    raise SymllmError(f"not an expression tree: {str(tree)[:60]!r}")


def source(tree: Tree, array: bool = False) -> str:
    """Python source of a tree: exact arithmetic, or NumPy's where `array` is true."""
    if isinstance(tree, bool) or not isinstance(tree, (int, str, list, tuple)):
        raise SymllmError(f"not an expression tree: {tree!r}")
    if isinstance(tree, int):
        return f"{float(tree)!r}" if array else str(tree)
    if isinstance(tree, str):
        return variable(tree)
    operator: str = tree[0]
    parts = list(tree[1:])
    if operator == "q":
        over, under = (int(part) for part in parts)
        return f"({over}/{under})" if array else f"Fraction({over},{under})"
    if operator not in OPERATORS:
        raise SymllmError(f"unknown operator in an expression tree: {operator!r}")
    texts = [source(part, array) for part in parts]
    if operator in "+*":
        return "(" + operator.join(texts) + ")"
    if operator == "^":
        return _power_source(texts, parts[1], array)
    if array:
        if operator in ("ceil", "floor"):
            return f"{operator}({texts[0]})"
        folded = texts[0]
        for text in texts[1:]:
            folded = f"{operator}imum({folded},{text})"
        return folded
    return f"{operator}({','.join(texts)})"


def _power_source(texts: list[str], exponent: Tree, array: bool) -> str:
    if isinstance(exponent, int) and 0 < exponent <= _WRITTEN_OUT:
        return f"({texts[0]}**{exponent})"
    return f"({texts[0]}**{texts[1]})" if array else f"power({texts[0]},{texts[1]})"


def function(assignments: Iterable[tuple[str, Tree]], result: str, over: tuple[str, ...],
             array: bool = False) -> Callable[..., Any]:  # fmt: skip
    """A function of the variables in `over` that runs the assignments in order and returns `result`."""
    lines = [f"def computed({', '.join(map(variable, over))}):"]
    lines += [f"    {source(name)} = {source(tree, array)}" for name, tree in assignments]
    lines.append(f"    return {source(result)}")
    scope: dict[str, Any] = {"__builtins__": {}}
    if array:
        import numpy

        scope |= {name: getattr(numpy, name) for name in ("ceil", "floor", "maximum", "minimum")}
    else:
        scope |= {"Fraction": Fraction, "power": power, "ceil": exact_ceiling, "floor": math.floor,
                  "max": max, "min": min}  # fmt: skip
    code = compile("\n".join(lines), "<formula>", "exec")
    exec(code, scope)  # our own text, of checked names and white-listed operators only
    made: Callable[..., Any] = scope["computed"]
    return made


def evaluate(tree: Tree, values: Mapping[str, Number]) -> Number:
    """The exact value of a tree under `values`; raises `SymllmError` for a symbol without a value."""
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        if tree not in values:
            raise SymllmError(f"symbol '{tree}' has no value")
        return values[tree]
    operator, *parts = tree
    if operator == "q":
        return exact(Fraction(parts[0], parts[1]))
    numbers = [evaluate(part, values) for part in parts]
    return exact(_apply(operator, numbers))


def _apply(operator: str, numbers: list[Number]) -> Number:
    if operator == "+":
        return sum(numbers)
    if operator == "*":
        return math.prod(numbers)
    if operator == "^":
        return power(numbers[0], numbers[1])
    if operator in ("max", "min"):
        return max(numbers) if operator == "max" else min(numbers)
    return math.ceil(numbers[0]) if operator == "ceil" else math.floor(numbers[0])


def written(tree: Tree) -> str:
    """A tree as a person would type it, for messages: "3*kv_cache/(h + 1)"."""
    return _written(tree, 0)


_WRITTEN: Final = {"+": (" + ", 1), "*": ("*", 2), "^": ("**", 3)}


def _written(tree: Tree, around: int) -> str:
    if isinstance(tree, (int, str)):
        return f"({tree})" if isinstance(tree, int) and tree < 0 and around > 1 else str(tree)
    operator, *parts = tree
    if operator == "q":
        return f"({parts[0]}/{parts[1]})" if around > 1 else f"{parts[0]}/{parts[1]}"
    if operator not in _WRITTEN:
        return f"{operator}({', '.join(_written(part, 0) for part in parts)})"
    between, rank = _WRITTEN[operator]
    text = _product(parts) if operator == "*" else between.join(_written(part, rank) for part in parts).replace("+ -", "- ")
    return f"({text})" if rank < around or (rank == around == 3) else text


def _product(parts: list[Tree]) -> str:
    under = [part[1] for part in parts if isinstance(part, list) and part[0] == "^" and part[2] == -1]
    over = [part for part in parts if not (isinstance(part, list) and part[0] == "^" and part[2] == -1)]
    sign = "-" if over and over[0] == -1 else ""
    texts = [_written(part, 2) for part in (over[1:] if sign else over)] or ["1"]
    return sign + "*".join(texts) + "".join(f"/{_written(part, 3)}" for part in under)
