"""Units, as one small table that both worlds read; reading and writing exact amounts.

The base units are byte, FLOP, second, joule and USD; every amount is an exact `Fraction` of its base unit.
GB is 10**9 byte and GiB is 2**30 byte, and each is always written under its own name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeVar

from .errors import SymllmError

Number = int | Fraction


@dataclass(frozen=True)
class Unit:
    """A unit: its name, the base unit it is measured in and how many of that it is."""

    name: str
    base: str
    factor: Fraction


#: base unit -> the dimension it measures
DIMENSIONS: Final = {
    "byte": "information",
    "FLOP": "computation",
    "second": "time",
    "joule": "energy",
    "USD": "currency",
}

#: Things that are counted: dimensionless, but labelled when shown.
COUNTS: Final = (
    "token", "layer", "head", "parameter", "sequence", "GPU", "expert", "number",
    "image", "pair", "group", "patch", "request", "step",
)  # fmt: skip

_DECIMAL: Final = {"k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50}


def _table() -> dict[str, Unit]:
    rows = [
        Unit("byte", "byte", Fraction(1)),
        Unit("B", "byte", Fraction(1)),
        Unit("bit", "byte", Fraction(1, 8)),
        Unit("FLOP", "FLOP", Fraction(1)),
        Unit("OP", "FLOP", Fraction(1)),
        Unit("second", "second", Fraction(1)),
        Unit("s", "second", Fraction(1)),
        Unit("ms", "second", Fraction(1, 1000)),
        Unit("us", "second", Fraction(1, 10**6)),
        Unit("ns", "second", Fraction(1, 10**9)),
        Unit("min", "second", Fraction(60)),
        Unit("minute", "second", Fraction(60)),
        Unit("hour", "second", Fraction(3600)),
        Unit("hours", "second", Fraction(3600)),
        Unit("h", "second", Fraction(3600)),
        Unit("day", "second", Fraction(86400)),
        Unit("days", "second", Fraction(86400)),
        Unit("week", "second", Fraction(7 * 86400)),
        Unit("weeks", "second", Fraction(7 * 86400)),
        Unit("year", "second", Fraction(365 * 86400)),
        Unit("years", "second", Fraction(365 * 86400)),
        Unit("KB", "byte", Fraction(1000)),
        Unit("joule", "joule", Fraction(1)),
        Unit("J", "joule", Fraction(1)),
        Unit("Wh", "joule", Fraction(3600)),
        Unit("kWh", "joule", Fraction(3600 * 10**3)),
        Unit("MWh", "joule", Fraction(3600 * 10**6)),
        Unit("GWh", "joule", Fraction(3600 * 10**9)),
        Unit("USD", "USD", Fraction(1)),
    ]
    for prefix, power in _DECIMAL.items():
        rows.append(Unit(f"{prefix}B", "byte", Fraction(10**power)))
        rows.append(Unit(f"{prefix}bit", "byte", Fraction(10**power, 8)))
        rows.append(Unit(f"{prefix}FLOP", "FLOP", Fraction(10**power)))
        rows.append(Unit(f"{prefix}OP", "FLOP", Fraction(10**power)))
    rows += [Unit(f"{p}B", "byte", Fraction(2**n)) for p, n in _BINARY.items()]
    return {unit.name: unit for unit in rows}


UNITS: Final = _table()

_QUANTITY = re.compile(r"\s*([0-9][0-9_,]{0,40}(?:\.[0-9]{1,40})?)(?:[eE]\+?([0-9]{1,2}))?\s*([A-Za-z/$]{0,20})\s*")


def read_number(text: str) -> Fraction:
    """An exact number from decimal text such as "7e9", "0.46", "1,024" or "1/2"."""
    if re.fullmatch(r"\s*[0-9]{1,18}/[1-9][0-9]{0,17}\s*", text):
        return Fraction(text.strip())
    match = _QUANTITY.fullmatch(text)
    if match is None or match[3]:
        raise SymllmError(f"not a number: {text[:60]!r}; write it as 4096, 0.9, 7e9 or 1/2")
    return _value(match)


def _value(match: re.Match[str]) -> Fraction:
    mantissa = Fraction(match[1].replace(",", "").replace("_", ""))
    return mantissa * Fraction(10) ** int(match[2] or 0)


def read_quantity(text: str, base: str) -> Fraction:
    """The exact amount, in the base unit, that a text such as "79.19 GiB" or "989 TFLOP/s" names.

    `base` is the base unit expected, such as "byte", "FLOP/second" or "byte/second".
    Raises `SymllmError` for text that is no "number unit" or a unit of another dimension.
    """
    example = {"byte": "80 GB or 79.19 GiB", "FLOP/second": "989 TFLOP/s", "byte/second": "3.35 TB/s"}
    hint = example.get(base, f"a number of {base}")
    match = _QUANTITY.fullmatch(text)
    if match is None or not match[3]:
        raise SymllmError(f"cannot read {text[:60]!r} as an amount of {base}; write a number and a unit, such as {hint}")
    over, _, under = match[3].partition("/")
    names = [over] + ([under] if under else [])
    for name in names:
        if name not in UNITS:
            raise SymllmError(f"unknown unit {name!r} in {text[:60]!r}; write {hint}")
    found = "/".join(UNITS[name].base for name in names)
    if found != base:
        raise SymllmError(f"{text[:60]!r} is an amount of {found}, but {base} is expected; write {hint}")
    factor = UNITS[over].factor / (UNITS[under].factor if under else 1)
    return _value(match) * factor


def exact(value: Number) -> Number:
    """The same number, as an `int` where it is whole."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def rounded(value: Number | float, digits: int) -> str:
    """`value` with `digits` decimals, rounded half to even exactly, thousands separated by commas."""
    if isinstance(value, float):
        return f"{value:,.{digits}f}"
    scaled = round(Fraction(value) * 10**digits)
    sign, scaled = ("-" if scaled < 0 else ""), abs(scaled)
    whole, part = divmod(scaled, 10**digits)
    return f"{sign}{whole:,}.{part:0{digits}d}" if digits else f"{sign}{whole:,}"


AnyNumber = TypeVar("AnyNumber", int, Fraction, float, int | Fraction, int | Fraction | float)


def magnitude(value: AnyNumber) -> AnyNumber:
    """The absolute value (typed: `abs` of a union is no number to the type checker)."""
    return value if value >= 0 else -value


def significant(value: Number | float, digits: int = 3) -> str:
    """`value` with about `digits` significant decimals: 61.0, 7.73, 0.318."""
    size = magnitude(value)
    if size == 0:
        return "0"
    if size < Fraction(1, 10**6):
        return f"{float(value):.{digits - 1}e}"
    after = digits - 1
    while size >= 10 and after > 0:
        size, after = size / 10, after - 1
    while size < 1 and after < 12:
        size, after = size * 10, after + 1
    return rounded(value, after)


_SCALES: Final = {
    "byte": (("PB", 10**15), ("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3), ("byte", 1)),
    "FLOP": (
        ("ZFLOP", 10**21), ("EFLOP", 10**18), ("PFLOP", 10**15), ("TFLOP", 10**12), ("GFLOP", 10**9),
        ("MFLOP", 10**6), ("FLOP", 1),
    ),
    "second": (("days", 86400), ("hours", 3600), ("s", 1), ("ms", Fraction(1, 1000)), ("us", Fraction(1, 10**6))),
    "joule": (("GWh", 3600 * 10**9), ("MWh", 3600 * 10**6), ("kWh", 3600 * 10**3), ("J", 1)),
}  # fmt: skip
_BINARY_SCALE: Final = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("byte", 1))


def _scaled(value: Number | float, scale: tuple[tuple[str, Number], ...], digits: int = 3) -> str:
    for name, factor in scale:
        if magnitude(value) >= factor or name == scale[-1][0]:
            amount = value / factor if isinstance(value, float) else Fraction(value) / factor
            whole = not isinstance(amount, float) and amount.denominator == 1 and abs(amount) < 10**6
            return f"{rounded(amount, 0) if whole else significant(amount, digits)} {name}"
    raise AssertionError("a scale ends in its base unit")


def decimal(value: Number) -> str | None:
    """A number with all its decimals, where they end before the tenth: 0.625, 0.502280123; None for any other."""
    value = Fraction(value)
    if value.denominator == 1 or 10**9 % value.denominator or abs(value) >= 10**6:
        return None
    return rounded(value, 9).rstrip("0")


def show_bytes(value: Number | float) -> str:
    """Bytes both ways, decimal first: "65.5 GB = 61.0 GiB"."""
    if magnitude(value) < 1000:
        return f"{rounded(value, 0 if Fraction(value).denominator == 1 else 2)} byte"
    return f"{_scaled(value, _SCALES['byte'])} = {show_binary(value)}"


def show_binary(value: Number | float) -> str:
    """Bytes in the largest fitting binary unit: "61.0 GiB"."""
    return _scaled(value, _BINARY_SCALE)


def gib(value: Number, digits: int = 1) -> str:
    """Bytes as a bare number of GiB, for a column headed GiB."""
    return rounded(Fraction(value) / 2**30, digits)


def show(value: Number | float, unit: str, digits: int = 3) -> str:
    """A number with its unit as people write it, to so many digits; whole counts keep every digit."""
    base, _, per = unit.partition("/")
    if base == "byte" and not per:
        return show_bytes(value)
    if unit == "USD/second":
        return show(value * 3600, "USD/hour", digits)
    if base in _SCALES:
        text = _scaled(value, _SCALES[base], digits)
        return f"{text}/{_short(per)}" if per else text
    plain = rounded(value, 0) if not isinstance(value, float) and Fraction(value).denominator == 1 else significant(value, digits + 1)
    if unit in ("", "1", "number"):
        return plain
    plural = "s" if base in COUNTS and value != 1 else ""
    return f"{plain} {base}{plural}{'/' + _short(per) if per else ''}"


def _short(name: str) -> str:
    return {"second": "s"}.get(name, name)
