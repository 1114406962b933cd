"""Printed figures against exact ones: what a figure's digits and unit allow, and which verdict follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any, Final

from .errors import SymllmError
from .units import COUNTS, UNITS, Number, rounded, significant

if TYPE_CHECKING:
    from .audit_models import Survey

#: Proved from blocks or, of a printed figure, equal to the exact value within the digits that were printed.
HOLDS: Final = "holds"
#: A convention that the book shares: its own formula again, so that there is nothing to prove.
DEFINITION: Final = "definition"
#: A figure whose last digits differ because digits were cut off, or rounded before the last multiplication.
ROUNDED: Final = "rounded"
#: True once a unit or a rate is read in another way than it is written, which the claim does not say.
CONVENTION: Final = "holds under a convention"
#: True where hypotheses about models or loads are.
ASSUMING: Final = "holds under assumptions"
#: A measurement that nothing contradicts and that cannot be derived.
UNREFUTED: Final = "not refuted"
WRONG: Final = "wrong"
#: From the strongest to the weakest: a claim is as good as its worst part.
VERDICTS: Final = (HOLDS, DEFINITION, ROUNDED, CONVENTION, ASSUMING, UNREFUTED, WRONG)
#: Of a part that states nothing to compare with.
SILENT: Final = ""

#: How a figure is described that lost its further digits instead of being rounded.
CUT: Final = "cut off"

#: Decimal units that authors use for their binary neighbours, and those.
BINARY: Final = {"kB": "KiB", "MB": "MiB", "GB": "GiB", "TB": "TiB"}
_PRINTED = re.compile(r"([0-9]+)(?:\.([0-9]+))?(?:e([0-9]+))?")


@dataclass(frozen=True)
class Finding:
    """What came of one check, or of a whole claim.

    stated, true, error: as numbers in the printed unit, or texts of formulas; lists where several figures were printed.
    assumptions: under which it holds, about models or loads; conventions: how units and rates have to be read.
    reasons: sentences, each computed. models: the claim on the catalogue; counts: on how many of its models each
    assumption is true. also: other sets of assumptions that suffice. instead: what is true where the claim is wrong.
    of: the arrangement of blocks that a proof is about.
    """

    verdict: str
    stated: Any
    true: Any
    error: Any = None
    assumptions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    models: Survey | None = None
    counts: tuple[int | None, ...] = ()
    also: tuple[str, ...] = ()
    instead: str = ""
    of: str = ""


def worst(verdicts: Iterable[str]) -> str:
    """The weakest verdict of several, parts without one aside."""
    return max((verdict for verdict in verdicts if verdict != SILENT), key=VERDICTS.index, default=SILENT)


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
        over = BINARY.get(over, over) if binary else over
        for name in (over, under):
            if name and name not in UNITS:
                raise SymllmError(f"a claim is printed in the unknown unit {self.unit!r}")
        return UNITS[over].factor / (UNITS[under].factor if under else 1)

    @property
    def two_readings(self) -> bool:
        """Whether the unit is one that authors use for its binary neighbour too."""
        return self.unit in BINARY

    def reading(self) -> str:
        """The assumption that goes with the binary reading."""
        return f"{self.unit} means {BINARY[self.unit]}"

    def shown(self, amount: Number, binary: bool = False) -> str:
        """An exact amount in the printed unit, with two digits more than were printed where it needs them."""
        value = Fraction(amount) / self.factor(binary)
        name = BINARY.get(self.unit, self.unit) if binary else self.unit
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


def compare(figure: Printed, amount: Number, binary: bool = False) -> tuple[str, str] | None:
    """How an exact amount agrees with a printed figure under one reading of its unit: a verdict and a word, or None."""
    true = Fraction(amount) / figure.factor(binary)
    if true == figure.value:
        return HOLDS, "exactly as printed"
    steps = true / figure.quantum
    if floor(steps + Fraction(1, 2)) * figure.quantum == figure.value:
        return HOLDS, f"printed as {figure.text}, the same in all digits printed"
    if floor(steps) * figure.quantum == figure.value:
        return ROUNDED, f"printed as {figure.text}, {CUT} to its digits"
    return None


def judge(figure: Printed, amounts: Sequence[Number], two_readings: bool | None = None, stated: bool = False) -> Finding:
    """A printed figure against its exact amount under each reading of its unit: amounts[0] decimal, amounts[1] binary.

    The decimal reading is tried first, and before digits that were cut off the binary one that rounds.
    stated: the claim itself says that its unit is the binary one, so that no other reading is tried.
    """
    readings = (True,) if stated else (False, True) if (figure.two_readings if two_readings is None else two_readings) else (False,)
    found = [(outcome, binary) for binary in readings if (outcome := compare(figure, amounts[binary], binary)) is not None]
    found.sort(key=lambda item: CUT in item[0][1])
    binary = found[0][1] if found else stated
    base = Fraction(amounts[binary]) / figure.factor(binary)
    printed_as, true = as_json(figure.value), as_json(base)
    error = float(figure.value / base - 1) if base else None
    if not found:
        what = f"{figure.text} is printed; it is {figure.shown(amounts[stated], stated)}: {off(error or 0)}"
        if len(readings) == 2:
            what += f" ({off(float(figure.value * figure.factor(True) / Fraction(amounts[1]) - 1))} in binary units)"
        return Finding(WRONG, printed_as, true, error, (), (what,), instead=figure.shown(amounts[stated], stated))
    verdict, word = found[0][0]
    says = f"it is {figure.shown(amounts[binary], binary)}, {word}"
    if word.startswith("exactly") and not binary and figure.shown(amounts[0]) != figure.text:
        says = f"it is {figure.text}, {word}"
    if not binary or stated:
        return Finding(verdict, printed_as, true, error, (), (says,))
    says += f"; in decimal units {figure.shown(amounts[0])}"
    reading = figure.reading() if figure.two_readings else "GB means GiB and MB MiB"
    return Finding(CONVENTION, printed_as, true, error, (), (says,), (reading,))
