"""Expressions from the command line: numbers with units, names, + - * / ** ( ), min, max, ceil, floor, sqrt. Nothing is run.

An amount is a number and a unit, "20 ms", "2**30 byte" or "450 GB/s": the slash of a unit stands without spaces, so that
`80 GB/s` is a rate and `80 GB / s` is 80 GB for each token of a sequence. "7B" is 7·10^9, "7 B" is 7 byte.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from .errors import SymllmError
from .tree import Tree
from .units import COUNTS, UNITS, exact

FUNCTIONS: Final = {"min": "min", "Min": "min", "max": "max", "Max": "max", "ceil": "ceil", "ceiling": "ceil", "floor": "floor", "sqrt": "sqrt"}
RELATIONS: Final = {"<=": "<=", "≤": "<=", ">=": ">=", "≥": ">=", "<": "<", ">": ">", "==": "==", "=": "=="}
_SCALES: Final = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_LONGEST, _DEEPEST, _MOST_DIGITS = 2000, 60, 60

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])|[0-9][0-9_]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z]))?)"
    r"|(?P<name>[^\W\d][\w.]*)|(?P<mark>\*\*|<=|>=|==|[-+*/^()<>=,%≤≥·×−]))"
)
_ATTACHED: Final = re.compile(r"(?P<unit>[A-Za-z]+)(?:/(?P<under>[A-Za-z]+))?")


def _refuse(text: str, why: str) -> SymllmError:
    shown = text if len(text) <= 60 else text[:57] + "..."
    return SymllmError(f"cannot read the expression {shown!r}: {why}")


class _Reader:
    """A recursive reader over one text; `at` is where it stands."""

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise _refuse(text, f"it is longer than {_LONGEST} characters")
        text = text.replace("²", "**2").replace("³", "**3")
        self.text, self.at, self.depth, self.calls = text, 0, 0, 0

    def look(self) -> re.Match[str] | None:
        return _TOKEN.match(self.text, self.at)

    def mark(self, *wanted: str) -> str:
        """The mark that stands next, if it is one of those wanted; it is passed over."""
        found = self.look()
        if found is None or found["mark"] not in wanted:
            return ""
        self.at = found.end()
        return str(found["mark"])

    def end(self) -> bool:
        return not self.text[self.at :].strip()

    def refuse(self, why: str) -> SymllmError:
        return _refuse(self.text, why)

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refuse(f"it is nested deeper than {_DEEPEST} levels")
        terms = [self.product()]
        while sign := self.mark("+", "-", "−"):
            term = self.product()
            terms.append(term if sign == "+" else ["*", -1, term])
        self.depth -= 1
        return terms[0] if len(terms) == 1 else ["+", *terms]  # one list, as a chain of pairs would nest without end

    def product(self) -> Tree:
        factors = [self.signed()]
        while sign := self.mark("*", "/", "·", "×"):
            factor = self.signed()
            if sign == "/" and factor == 0:
                raise self.refuse("it divides by zero")
            factors.append(["^", factor, -1] if sign == "/" else factor)
        return factors[0] if len(factors) == 1 else ["*", *factors]

    def signed(self) -> Tree:
        sign = self.mark("-", "+", "−")
        if not sign:
            return self.amount()
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refuse(f"it is nested deeper than {_DEEPEST} levels")
        inner = self.signed()
        self.depth -= 1
        if sign == "+":
            return inner
        return -inner if isinstance(inner, int) else ["*", -1, inner]

    def amount(self) -> Tree:
        """A power, and the unit that may stand behind a number: 20 ms, 2**30 byte."""
        start = self.at
        found = self.power()
        unit = self.unit() if _plain(found) and self.text[start : self.at].strip() else None
        return found if unit is None else _scaled(found, unit)

    def power(self) -> Tree:
        base = self.primary()
        if not self.mark("**", "^"):
            return base
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refuse(f"it is nested deeper than {_DEEPEST} levels")
        sign = self.mark("-", "−", "+")
        exponent = self.power()
        self.depth -= 1
        exponent = _folded(["*", -1, exponent] if sign in ("-", "−") else exponent)
        if base == 0 and isinstance(exponent, int) and exponent < 0:
            raise self.refuse("it divides by zero")
        return ["^", base, exponent]

    def unit(self) -> list[Tree] | None:
        rest = re.compile(r"\s*").match(self.text, self.at)
        begin = rest.end() if rest else self.at
        found = _ATTACHED.match(self.text, begin)
        if found is None:
            return None
        name, under = found["unit"], found["under"]
        if name not in UNITS and name.removesuffix("s") not in COUNTS:
            raise self.refuse(f"{name!r} is no unit; write an operator before it, or a unit such as GiB, ms or TFLOP/s")
        self.at = found.end("unit")
        factors = _of_unit(name, 1)
        if under and (under in UNITS or under in COUNTS) and not self.text[found.end() : found.end() + 1].replace("(", "_").isidentifier():
            factors += _of_unit(under, -1)
            self.at = found.end()
        return factors

    def primary(self) -> Tree:
        found = self.look()
        if found is None:
            rest = self.text[self.at :].strip()
            raise self.refuse(f"{rest[:1]!r} is not understood" if rest else "something is missing at its end; write it as in 'parameters <= 7e9'")
        self.at = found.end()
        if found["number"]:
            return self.number(found["number"])
        if found["name"]:
            return self.call(found["name"]) if self.mark("(") else found["name"]
        if found["mark"] == "(":
            inner = self.sum()
            if not self.mark(")"):
                raise self.refuse("a bracket is not closed")
            return _folded(inner)
        raise self.refuse(f"{found['mark']!r} stands where a number or a name is expected")

    def number(self, digits: str) -> Tree:
        if "," in digits and self.calls:  # min(1,024): arguments, not thousands
            self.at -= len(digits) - digits.index(",")
            digits = digits[: digits.index(",")]
        digits = digits.replace(",", "").replace("_", "")
        if len(digits) > _MOST_DIGITS:
            raise self.refuse("a number in it is out of range")
        value = Fraction(digits)
        scale = re.compile(r"([kKMBT])(?![A-Za-z0-9_])").match(self.text, self.at)
        if scale:
            value, self.at = value * _SCALES[scale[1]], scale.end()
        elif self.mark("%"):
            value /= 100
        if abs(value) > 10**60:
            raise self.refuse("a number in it is out of range")
        return _number(value)

    def call(self, name: str) -> Tree:
        if name not in FUNCTIONS:
            raise self.refuse(f"{name!r} is no function; there are min, max, ceil, floor and sqrt")
        self.calls += 1
        arguments = [self.sum()]
        while self.mark(","):
            arguments.append(self.sum())
        if not self.mark(")"):
            raise self.refuse("a bracket is not closed")
        self.calls -= 1
        operator = FUNCTIONS[name]
        if operator in ("ceil", "floor", "sqrt") and len(arguments) != 1:
            raise self.refuse(f"{name} takes one argument")
        return ["^", arguments[0], ["q", 1, 2]] if operator == "sqrt" else [operator, *arguments]


def _number(value: Fraction) -> Tree:
    whole = exact(value)
    return whole if isinstance(whole, int) else ["q", value.numerator, value.denominator]


def _of_unit(name: str, power: int) -> list[Tree]:
    """A unit as factors: its size, and the symbol of its base unit; a count is a plain number."""
    if name not in UNITS:
        return []
    unit = UNITS[name]
    factor = _number(unit.factor**power)
    base: Tree = unit.base if power == 1 else ["^", unit.base, -1]
    return [base] if factor == 1 else [factor, base]


def _scaled(number: Tree, unit: list[Tree]) -> Tree:
    """A number of a unit as one factor and symbols of base units."""
    value, sizes, bases = _value(number), Fraction(1), []
    for factor in unit:
        if _plain(factor):
            sizes *= _value(factor) or 1
        else:
            bases.append(factor)
    if value is None:  # a long power stays written
        return ["*", number, *([] if sizes == 1 else [_number(sizes)]), *bases]
    total = _number(value * sizes)
    return ["*", total, *bases] if bases else total


def _plain(tree: Tree) -> bool:
    """Whether a tree is made of numbers alone."""
    return isinstance(tree, int) or (isinstance(tree, list) and (tree[0] == "q" or all(_plain(part) for part in tree[1:])))


def _folded(tree: Tree) -> Tree:
    """Sums, products and quotients of numbers worked out, so that (1/2) is an exponent."""
    if not (isinstance(tree, list) and tree[0] in ("+", "*") and _plain(tree)):
        return tree
    values = [value for part in tree[1:] if (value := _value(part)) is not None]
    if len(values) < len(tree) - 1:
        return tree
    total = sum(values, Fraction(0)) if tree[0] == "+" else values[0]
    if tree[0] == "*":
        for value in values[1:]:
            total *= value
    return _number(total)


def _value(tree: Tree) -> Fraction | None:
    tree = _folded(tree)
    if isinstance(tree, int):
        return Fraction(tree)
    if tree[0] == "q":
        return Fraction(tree[1], tree[2])
    inner = _value(tree[1]) if tree[0] == "^" and tree[2] == -1 else None
    return 1 / inner if inner else None


def unit(name: str) -> Tree | None:
    """The amount that a bare unit names, as in kv_cache/GiB: 2**30 byte; a count is 1, and what is no unit None."""
    if name in UNITS:
        return _scaled(1, _of_unit(name, 1))
    return 1 if name.removesuffix("s") in COUNTS else None


def expression(text: str) -> Tree:
    """The tree of an expression such as "4*d", "ceil(s/16)" or "20 ms"; numbers stay exact."""
    reader = _Reader(text)
    found = reader.sum()
    if not reader.end():
        raise reader.refuse(_left_over(reader))
    return found


def _left_over(reader: _Reader) -> str:
    rest = reader.text[reader.at :].strip()
    if rest[:1] in "<>=≤≥":
        return "a comparison stands where an expression is expected"
    return f"{rest[:20]!r} is not understood; write + - * / ** or a comparison between its parts"


def definition(text: str) -> tuple[str, Tree]:
    """The name and the tree of "name = expression"."""
    name, equals, right = text.partition("=")
    if not equals or right.startswith("=") or not name.strip().isidentifier():
        raise _refuse(text, "write it as 'symbol = expression', for example 'd_ff = 4*d'")
    return name.strip(), expression(right)


def comparisons(text: str) -> list[tuple[Tree, str, Tree]]:
    """The relations of "parameters <= 7e9", or of a chain "1 GB <= kv_cache <= 2 GB", one for each sign."""
    reader = _Reader(text)
    sides, signs = [reader.sum()], []
    while sign := reader.mark(*RELATIONS):
        signs.append(RELATIONS[sign])
        reader.depth = 0
        sides.append(reader.sum())
    if not reader.end():
        raise reader.refuse(_left_over(reader))
    if not signs:
        raise reader.refuse("write a comparison, as in 'parameters <= 7e9' or 'time_per_output_token <= 20 ms'")
    return [(sides[i], signs[i], sides[i + 1]) for i in range(len(signs))]


def comparison(text: str) -> tuple[Tree, str, Tree]:
    """The two sides and the relation of "parameters <= 7e9"; raises for a chain."""
    found = comparisons(text)
    if len(found) != 1:
        raise _refuse(text, "write one comparison, as in 'parameters <= 7e9'")
    return found[0]
