"""The dimension of an expression, by a walk of its own: SymPy never sees a unit, Pint never sees a symbol.

Sums, Min and Max need equal dimensions, products combine, exponents are plain numbers, and a function that is
not known is refused. A mismatch names the sub-expression and both dimensions.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import sympy
from pint import UnitRegistry

from .errors import SymllmError
from .symbols import NamedSymbol
from .units import COUNTS, DIMENSIONS, UNITS


@cache
def registry() -> Any:
    """The one Pint registry: the base units, what is derived from them, and the counts as labels."""
    lines = [f"{base} = [{dimension}]" for base, dimension in DIMENSIONS.items()]
    lines += [f"{u.name} = {u.factor.numerator} / {u.factor.denominator} * {u.base}"
              for u in UNITS.values() if u.name != u.base]  # fmt: skip
    lines += [f"{label} = []" for label in COUNTS]
    return UnitRegistry(lines, non_int_type=Fraction, cache_folder=None)


@cache
def unit_dimension(unit: str) -> Any:
    """The Pint dimensionality of a unit text of the book, such as "byte/second", "USD*byte" or "1"."""
    units = registry()
    over, _, under = unit.partition("/")
    result = units.dimensionless
    for text, sign in ((over, 1), (under, -1)):
        for factor in text.split("*") if text not in ("", "1") else ():
            name, _, power = factor.partition("^")
            result = result * units.Unit(name) ** (sign * Fraction(power or 1))
    return result.dimensionality


class DimensionError(SymllmError):
    """Two dimensions that must agree do not. Holds the sub-expression and both dimensions."""

    def __init__(self, expression: sympy.Basic, expected: Any, found: Any, where: str) -> None:
        self.expression, self.expected, self.found, self.where = expression, expected, found, where
        super().__init__(
            f"dimension mismatch in {where}: '{expression}' has dimension {spell(found)}, "
            f"but {spell(expected)} is needed; {suggestion(expected, found)}"
        )


def spell(dimension: Any) -> str:
    """A dimension in words: "information / time", or "a plain number"."""
    over = [_power(name, power) for name, power in dimension.items() if power > 0]
    under = [_power(name, -power) for name, power in dimension.items() if power < 0]
    if not over and not under:
        return "a plain number"
    return (" * ".join(sorted(over)) or "1") + ("".join(f" / {name}" for name in sorted(under)))


def _power(name: str, power: Any) -> str:
    bare = name.strip("[]")
    return bare if power == 1 else f"{bare}^{power}"


def suggestion(expected: Any, found: Any) -> str:
    """What factor would mend the mismatch."""
    missing = expected / found
    return f"multiply it by a factor of {spell(missing)}"


def dimension(expr: sympy.Expr) -> Any:
    """The dimension of `expr`; raises `DimensionError` where its parts do not fit together."""
    if isinstance(expr, NamedSymbol):
        return unit_dimension(expr.unit)
    if expr.is_Number:
        return unit_dimension("1")
    if isinstance(expr, (sympy.Add, sympy.Max, sympy.Min)):
        return _same(expr)
    if isinstance(expr, sympy.Mul):
        result = unit_dimension("1")
        for factor in expr.args:
            result = result * dimension(factor)
        return result
    if isinstance(expr, sympy.Pow):
        return _raised(expr)
    if isinstance(expr, (sympy.ceiling, sympy.floor)):
        return dimension(expr.args[0])
    if isinstance(expr, sympy.Symbol):
        raise SymllmError(f"symbol '{expr}' is in no notation table, so its dimension is unknown")
    raise SymllmError(f"the dimension of '{expr}' is not known: function {type(expr).__name__} is not in the book")


def _same(expr: sympy.Expr) -> Any:
    parts = [part for part in expr.args if part != 0]
    first = dimension(parts[0])
    for part in parts[1:]:
        found = dimension(part)
        if found != first:
            raise DimensionError(part, first, found, f"'{expr}'")
    return first


def _raised(expr: sympy.Pow) -> Any:
    base, exponent = expr.args
    inner = dimension(base)
    if exponent.is_Rational:
        power = Fraction(int(exponent.p), int(exponent.q))
        return inner ** (power.numerator if power.denominator == 1 else power)
    for part, name in ((base, "base"), (exponent, "exponent")):
        found = dimension(part)
        if found != unit_dimension("1"):
            raise DimensionError(part, unit_dimension("1"), found, f"the {name} of '{expr}'")
    return inner


def check(expr: sympy.Expr, unit: str, where: str) -> None:
    """Raise `DimensionError` unless `expr` has the dimension of `unit`; `where` names the formula."""
    expected, found = unit_dimension(unit), dimension(expr)
    if expr != 0 and found != expected:
        raise DimensionError(expr, expected, found, where)
