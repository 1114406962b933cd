"""Printed figures against exact ones: what a figure's digits and unit allow, and which verdict follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, Final

from .errors import SymllmError
from .units import COUNTS, UNITS, Number, rounded, significant

HOLDS: Final = "holds"
ROUNDED: Final = "rounded"
ASSUMING: Final = "holds under assumptions"
WRONG: Final = "wrong"
#: From the strongest to the weakest: a claim is as good as its worst part.
VERDICTS: Final = (HOLDS, ROUNDED, ASSUMING, WRONG)

#: How a figure is described that lost its further digits instead of being rounded.
CUT: Final = "cut off"

_BINARY: Final = {"kB": "KiB", "MB": "MiB", "GB": "GiB", "TB": "TiB"}
_PRINTED = re.compile(r"([0-9]+)(?:\.([0-9]+))?(?:e([0-9]+))?")


@dataclass(frozen=True)
class Finding:
    """What came of one check, or of a whole claim.

    stated, true, error: as numbers in the printed unit, or texts of formulas; lists where several figures were printed.
    assumptions: under which it holds. reasons: sentences, each computed.
    """

    verdict: str
    stated: Any
    true: Any
    error: Any = None
    assumptions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def worst(verdicts: Iterable[str]) -> str:
    """The weakest verdict of several."""
    return max(verdicts, key=VERDICTS.index, default=HOLDS)


@dataclass(frozen=True)
class Printed:
    """A figure as it was printed: its exact value in its unit, the size of its last digit, the unit, and how it reads."""

    value: Fraction
    quantum: Fraction
    unit: str
    text: str

    def factor(self, binary: bool = False) -> Fraction:
        """Base units in one printed unit; with `binary`, GB is read as GiB."""
        if self.unit not in UNITS and "/" not in self.unit:  # percent, and what is counted
            return Fraction(1)
        over, _, under = self.unit.partition("/")
        over = _BINARY.get(over, over) if binary else over
        for name in (over, under):
            if name and name not in UNITS:
                raise SymllmError(f"a claim is printed in the unknown unit {self.unit!r}")
        return UNITS[over].factor / (UNITS[under].factor if under else 1)

    @property
    def two_readings(self) -> bool:
        """Whether the unit is one that authors use for its binary neighbour too."""
        return self.unit in _BINARY

    def reading(self) -> str:
        """The assumption that goes with the binary reading."""
        return f"{self.unit} means {_BINARY[self.unit]}"

    def shown(self, amount: Number, binary: bool = False) -> str:
        """An exact amount in the printed unit, with two digits more than were printed where it needs them."""
        value = Fraction(amount) / self.factor(binary)
        name = _BINARY.get(self.unit, self.unit) if binary else self.unit
        digits = len(str(self.quantum.denominator)) - 1
        plain = value.denominator == 1 or digits or abs(value) >= 1000
        text = rounded(value, 0 if value.denominator == 1 else digits + 2) if plain else significant(value, 4)
        return _with_unit(text, name)


def printed(text: str) -> Printed:
    """A figure such as "1.86 GB", "6.4e13 FLOP" or "18 GPU"; raises for anything else."""
    number, _, unit = text.strip().partition(" ")
    match = _PRINTED.fullmatch(number)
    if match is None or not unit:
        raise SymllmError(f"a claim's figure is {text!r}; write a number and a unit")
    power = Fraction(10) ** int(match[3] or 0)
    decimals = len(match[2] or "")
    shown = f"{int(match[1]):,}.{match[2]}" if match[2] else f"{int(match[1]):,}"
    written = _with_unit(f"{shown}·10^{match[3]}" if match[3] else shown, unit)
    return Printed(Fraction(f"{match[1]}.{match[2] or 0}") * power, power / 10**decimals, unit, written)


def _with_unit(number: str, unit: str) -> str:
    """A number with its unit as a sentence has it: 4.5 %, 18 GPUs, 1,040."""
    if unit in ("1", "percent"):
        return number if unit == "1" else f"{number} %"
    return f"{number} {unit}{'s' if unit in ('byte', *COUNTS) and number != '1' else ''}"


def off(error: float) -> str:
    """A relative error as a person says it: +12.5 %, 14.0 times too much, or none."""
    if error == 0:
        return "no error"
    return f"{100 * error:+.3g} %" if error < 9 else f"{1 + error:.3g} times too much"


def as_json(value: Number) -> int | float:
    """An exact number as JSON shows it: whole numbers whole."""
    value = Fraction(value)
    return int(value) if value.denominator == 1 else float(value)


def compare(figure: Printed, amount: Number, about: bool = False, binary: bool = False) -> tuple[str, str] | None:
    """How an exact amount agrees with a printed figure under one reading of its unit: a verdict and a word, or None."""
    true = Fraction(amount) / figure.factor(binary)
    if true == figure.value:
        return HOLDS, "exactly as printed"
    steps = true / figure.quantum
    if floor(steps + Fraction(1, 2)) * figure.quantum == figure.value:
        return (HOLDS if about else ROUNDED), f"printed as {figure.text}, rounded"
    if floor(steps) * figure.quantum == figure.value:
        return ROUNDED, f"printed as {figure.text}, {CUT} to its digits"
    return None


def judge(figure: Printed, amounts: Sequence[Number], about: bool = False, two_readings: bool | None = None) -> Finding:
    """A printed figure against its exact amount under each reading of its unit: amounts[0] decimal, amounts[1] binary.

    The decimal reading is tried first, and before digits that were cut off the binary one that rounds.
    """
    readings = (False, True) if (figure.two_readings if two_readings is None else two_readings) else (False,)
    found = [(outcome, binary) for binary in readings if (outcome := compare(figure, amounts[binary], about, binary)) is not None]
    found.sort(key=lambda item: CUT in item[0][1])
    base = Fraction(amounts[0]) / figure.factor()
    stated, true = as_json(figure.value), as_json(base)
    error = float(figure.value / base - 1) if base else None
    if not found:
        what = f"{figure.text} is printed; it is {figure.shown(amounts[0])}: {off(error or 0)}"
        if len(readings) == 2:
            what += f" ({off(float(figure.value * figure.factor(True) / Fraction(amounts[1]) - 1))} in binary units)"
        return Finding(WRONG, stated, true, error, (), (what,))
    (verdict, word), binary = found[0]
    says = f"it is {figure.shown(amounts[binary], binary)}, {word}"
    if word.startswith("exactly") and not binary and figure.shown(amounts[0]) != figure.text:
        says = f"it is {figure.text}, {word}"
    if not binary:
        return Finding(verdict, stated, true, error, (), (says,))
    says += f"; in decimal units {figure.shown(amounts[0])}"
    reading = figure.reading() if figure.two_readings else "GB means GiB and MB MiB"
    return Finding(ASSUMING, stated, true, error, (reading,), (says,))
