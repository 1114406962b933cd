"""Terminal reports of answers: the headline, the certificate, the breakdown, what was assumed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from fractions import Fraction
from textwrap import wrap
from typing import Any

from ..answer import Answer, Certificate, Part
from ..units import Number, decimal, gib, magnitude, rounded, show, show_binary, significant


def width() -> int:
    """Columns to fill: the terminal's, at most 100; 80 where output is piped."""
    return min(shutil.get_terminal_size((80, 24)).columns, 100) if sys.stdout.isatty() else 80


def evaluation(answer: Answer) -> str:
    """A quantity's value with its parts and assumptions."""
    lines = [f"{headline(answer)}", f"  {answer.title}: {full(answer.value, answer.unit)}   {answer.kind}"]
    if answer.breakdown:
        lines += ["", parts(answer)]
    return "\n".join([*lines, *footer(answer)])


def full(value: Number | None, unit: str) -> str:
    """A number with every digit and, for large amounts, as people say it: 65,527,752,704 byte (65.5 GB = 61.0 GiB)."""
    if value is None:
        return "none"
    digits = rounded(value, 0 if Fraction(value).denominator == 1 else 3)
    short = show(value, unit)
    base = unit.partition("/")[0]
    ending = decimal(value)
    if ending is not None and (unit in ("", "1") or (base == "byte" and magnitude(value) < 1000)):
        return f"{ending} {unit}".removesuffix(" 1").strip()
    if base in ("byte", "FLOP") and magnitude(value) >= 1000 and Fraction(value).denominator == 1:
        return f"{digits} {unit} ({short})"
    return short


def headline(answer: Answer) -> str:
    """Which model, in which format, on what."""
    model, program = answer.model, answer.scenario.program
    says = f"{model['title']} ({program.choices['dtype']})" if model["name"] else "Without a model"
    gpu = answer.scenario.gpu
    gpus = answer.scenario.inputs.get("G")
    count = int(gpus.value) if gpus is not None else 1
    if gpu is not None:
        says += f" on {'one' if count == 1 else count} {gpu.title}"
    if program.choices["engine"]:
        says += f", as {program.choices['engine']} does it"
    return says


def parts(answer: Answer) -> str:
    """The breakdown as a table with shares."""
    from tabulate import tabulate

    total = sum(part.value for part in answer.breakdown)
    of_bytes = answer.unit == "byte" or all(part.unit == "byte" for part in answer.breakdown)
    rows = [[part.name, part.kind, _amount(part, of_bytes), share(part.value, total)] for part in answer.breakdown]
    heads = ["", "", _head(answer, of_bytes), "share"]
    table = tabulate(rows, heads, tablefmt="plain", disable_numparse=True, colalign=("left", "left", "right", "right"))
    return indented(table)


def _head(answer: Answer, of_bytes: bool) -> str:
    unit = answer.breakdown[0].unit
    return "GiB" if of_bytes else "" if unit == "1" else unit


def _amount(part: Part, of_bytes: bool) -> str:
    if not of_bytes:
        return rounded(part.value, 0) if part.value == int(part.value) else show(part.value, "1")
    return gib(part.value, 3) if part.value < 2**30 else gib(part.value, 1)


def share(value: Number, total: Number) -> str:
    """A share in percent, small ones not rounded to nothing."""
    if not total:
        return ""
    percent = float(value * 100 / total)
    return f"{percent:.0f} %" if percent >= 1 or percent == 0 else f"{percent:.2g} %"


def indented(text: str) -> str:
    """Every line set in by two columns."""
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def footer(answer: Answer) -> list[str]:
    """Notes, assumptions and errors of fit, wrapped."""
    lines: list[str] = []
    for title, items in (("assumed", answer.assumptions), ("error", answer.errors), ("note", answer.notes)):
        if items:
            lines.append("")
        for item in items:
            lines += paragraph(f"{title}: {item}")
    return lines


def paragraph(text: str, indent: str = "  ") -> list[str]:
    """Text wrapped to the width, continuation lines set in."""
    return wrap(text, width(), initial_indent=indent, subsequent_indent=indent + "  ", break_long_words=False, break_on_hyphens=False)


def solution(answer: Answer) -> str:
    """An inverse question's answer: number, certificate, where the budget goes, closed form, what would change it."""
    lines = [headline(answer)]
    if answer.tokens is not None:
        lines.append(f"batch × context ≤ {answer.tokens:,} tokens")
    lines += _verdict(answer)
    if answer.table:
        lines += ["", *_tradeoff(answer)]
    if answer.breakdown:
        lines += ["", *_budget(answer)]
    form = answer.closed_form
    if form is not None and len(form.text) <= 4 * width():
        lines += ["", *paragraph(f"{form.text}  = {_near(form.value)}{STATUS[form.status]}")]
        if form.folded:
            lines += paragraph(f"with {', '.join(answer.scenario.program.signs[name].text for name in form.folded)} as at the answer")
    if answer.ways:
        lines += ["", *_ways(answer)]
    return "\n".join([*lines, *footer(answer)])


#: What a closed form says, where it is not the constraint itself.
STATUS = {
    "exact": "",
    "necessary": "  (needed, not enough: ceilings relaxed)",
    "sufficient": "  (enough, not needed: ceilings relaxed)",
    "near": "  (near the answer only: ceilings relaxed)",
}


def _near(value: Number | float) -> str:
    return decimal(Fraction(value)) or rounded(value, 2) if magnitude(value) >= 10 else significant(value, 6)


def _verdict(answer: Answer) -> list[str]:
    sign = answer.scenario.program.signs[answer.symbol]
    context = answer.inputs.get("s")
    of = f" of {show(context.value, 'token')} each" if context is not None and answer.symbol == "b" else ""
    if answer.value is None or (answer.why and not answer.value):
        lines = paragraph(f"{answer.title}{of.removesuffix(' each')}: {answer.why}", "")
    else:
        amount = full(answer.value, sign.unit)
        lines = paragraph(f"{answer.title} = {amount}{of}", "")
        if answer.why:
            lines += paragraph(answer.why)
    return lines + _certificate(answer)


def _certificate(answer: Answer) -> list[str]:
    c = answer.certificate
    if c is None or c.at is None or c.needs is None or c.budget is None:
        return []
    value = _apart(c)
    here = f"{_plain(c.at)} needs {value(c.needs)} {'≤' if c.relation == '<=' else '<'} {value(c.budget)}"
    there = ""
    if c.beyond is not None and c.beyond_needs is not None and c.beyond_budget is not None:
        over = "" if c.beyond_budget == c.budget else f" of {value(c.beyond_budget)}"
        there = f" < {value(c.beyond_needs)}{over} for {_plain(c.beyond)}" if not over else (
            f"; {_plain(c.beyond)} needs {value(c.beyond_needs)}{over}")  # fmt: skip
    if c.relation == "<" and not over_equal(c):
        there = there.replace(" < ", " ≤ ", 1)
    following = paragraph(f"next: {answer.next_bound[0]}, at {_plain(answer.next_bound[1])}") if answer.next_bound[1] is not None else []
    return [*paragraph(f"certificate: {here}{there}"), *_digits(c),
            *(paragraph(f"bound by: {answer.bound_by}") if answer.bound_by else []), *following]  # fmt: skip


def over_equal(c: Certificate) -> bool:
    """Whether the neighbour exceeds the budget, and does not just meet it."""
    return c.beyond_needs is None or c.beyond_budget is None or c.beyond_needs > c.beyond_budget


def _digits(c: Certificate) -> list[str]:
    """Both sides with every digit, where they are bytes."""
    if c.unit != "byte" or c.needs is None or c.budget is None:
        return []
    digits = f"{rounded(c.needs, 0)} byte {'≤' if c.relation == '<=' else '<'} {rounded(c.budget, 0)} byte"
    if c.beyond_needs is not None and c.beyond_budget == c.budget:
        digits += f" {'<' if over_equal(c) else '≤'} {rounded(c.beyond_needs, 0)} byte"
    return [f"               {digits}"]


def _apart(c: Certificate) -> Callable[[Number], str]:
    """How to write both sides of a certificate so that they can be told apart: with as many digits as it takes."""
    sides = [side for side in (c.needs, c.budget, c.beyond_needs, c.beyond_budget) if side is not None]
    told = len(set(sides))
    if c.unit == "byte" and (min(sides) < 2**30 or told == len({show_binary(side) for side in sides})):
        return show_binary
    if c.unit == "byte":
        digits = next(d for d in range(2, 12) if told == len({gib(side, d) for side in sides}) or d == 11)
        return lambda number: f"{gib(number, digits)} GiB"
    digits = next(d for d in range(3, 41) if told == len({_bare(show(side, c.unit, d)) for side in sides}) or d == 40)
    return lambda number: show(number, c.unit, digits)


def _bare(text: str) -> str:
    """A shown amount without the zeros behind its last digit: 20.0 ms says no more than 20 ms."""
    number, _, unit = text.partition(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {unit}"


def _plain(value: Number) -> str:
    if float(value).is_integer():
        return rounded(value, 0) if magnitude(value) < 10**16 else f"{float(value):.6g}"
    return decimal(value) or f"{float(value):.9g}"


def _tradeoff(answer: Answer) -> list[str]:
    from tabulate import tabulate

    full_context = answer.table[-1]["context"]
    heads = [f"{row['context']:,}" + ("*" if row["context"] == full_context else "") for row in answer.table]
    values = ["no limit" if row["max_batch"] is None else f"{row['max_batch']:,}" for row in answer.table]
    rows = [["context (* full)", *heads], ["max batch", *values]]
    text = tabulate(rows, tablefmt="plain", disable_numparse=True, colalign=("left", *["right"] * len(heads)))
    if max(map(len, text.splitlines())) + 2 > width():
        text = tabulate(list(zip(heads, values, strict=True)), ["context", "max batch"], tablefmt="plain", disable_numparse=True,
                        colalign=("right", "right"))  # fmt: skip
    return indented(text).splitlines()


def _budget(answer: Answer) -> list[str]:
    """Where the budget goes, with what is left of it."""
    from tabulate import tabulate

    c = answer.certificate
    budget = c.budget if c is not None and c.budget is not None else (c.beyond_budget if c is not None else None)
    of_bytes = all(part.unit == "byte" for part in answer.breakdown)
    rows: list[list[Any]] = []
    total = budget if budget else sum(part.value for part in answer.breakdown)
    sign = answer.scenario.program.signs[answer.symbol]
    for part in answer.breakdown:
        rows.append([part.name, part.kind, _amount(part, of_bytes), share(part.value, total)])
    used = sum(part.value for part in answer.breakdown)
    if budget is not None:
        unit, rest = answer.breakdown[0].unit, max(budget - used, used - budget)
        rows.append(["left" if used <= budget else "missing", "", _amount(Part("", rest, unit, ""), of_bytes), share(rest, total)])
        rows.append(["budget", "", _amount(Part("", budget, answer.breakdown[0].unit, ""), of_bytes), ""])
    at = c.at if c is not None and c.at is not None else (c.beyond if c is not None else None)
    where = f"with {show(at, sign.unit)}" if at is not None else ""
    heads = [where, "", _head(answer, of_bytes), "share"]
    table = tabulate(rows, heads, tablefmt="plain", disable_numparse=True, colalign=("left", "left", "right", "right"))
    return indented(table).splitlines()


def _ways(answer: Answer) -> list[str]:
    said = " · ".join(f"{way['change']} ({'no limit' if way['max_batch'] is None else way['max_batch']})" for way in answer.ways)
    return paragraph(f"at full context nothing fits; it would (largest batch) with: {said}")
