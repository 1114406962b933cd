"""The checks of claims that compare numbers: figures, rules of thumb, inversions, measured peaks, formats and machines."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from . import catalog, parse, tree
from .audit_models import Sample, Survey, survey
from .errors import SymllmError
from .judging import (
    ASSUMING,
    CONVENTION,
    HOLDS,
    ROUNDED,
    SILENT,
    UNREFUTED,
    WRONG,
    Finding,
    Printed,
    as_json,
    compare,
    judge,
    printed,
    worst,
)  # fmt: skip
from .program import Line
from .scenario import Request, Scenario, scenario
from .units import Number, exact, read_number, read_quantity, show, significant

_REQUEST = ("model", "dtype", "kv_dtype", "context", "batch", "new_tokens", "gpu", "gpus", "training")
LARGEST = 2**20


@dataclass(frozen=True)
class Case:
    """What a check is about: a model's scenario, or plain given numbers. label: how a report names it."""

    label: str
    known: Mapping[str, Number]
    model: Scenario | None = None

    def value(self, body: tree.Tree, **more: Number) -> Number:
        """The exact value of an expression, with further symbols given."""
        values = {**self.known, **more}
        if self.model is None:
            return exact(tree.evaluate(body, values))
        program = self.model.program
        lines = tuple(line for line in program.lines if line.name not in more)
        program = replace(program, lines=(*lines, Line("claimed", body, "1", "claim", "")))
        return exact(program.run(values, ["claimed"])["claimed"])


def cases(check: Mapping[str, Any]) -> list[Case]:
    """The cases of a check: each table of its `cases` on top of the check's own fields."""
    return [case({**check, **own}, own) for own in check.get("cases", [{}])]


def case(check: Mapping[str, Any], own: Mapping[str, Any]) -> Case:
    """One case of a check."""
    if "given" in check:
        given = {name: exact(read_number(text)) for name, text in check["given"].items()}
        return Case(", ".join(f"{name} = {show(value, '1')}" for name, value in given.items()), given)
    options = {name: check[name] for name in _REQUEST if name in check}
    sets = tuple((name, str(text)) for name, text in check.get("sets", {}).items())
    made = scenario(Request(**options, sets=sets))  # raises beyond the model's own context
    words = [str(made.program.model["title"])]
    words += [f"{name.replace('_', ' ')} {own[name]}" for name in ("dtype", "batch", "context") if name in own]
    return Case(", ".join(words), made.values, made)


def number(check: Mapping[str, Any]) -> Finding:
    """Printed figures against the exact value of an expression."""
    body, figures = parse.expression(check["value"]), [printed(text) for text in check["stated"]]
    found = cases(check)
    amounts = {name: printed(text) for name, text in check.get("amounts", {}).items()}
    if not figures:
        value = found[0].value(body)
        return Finding(SILENT, None, as_json(value), None, (), (f"it comes to {show(value, check['unit'])}; no figure is printed to compare with",))
    if len(figures) != len(found):
        raise SymllmError(f"a claim's check has {len(figures)} figures for {len(found)} cases")
    parts = [_figure(check, body, one, figure, amounts) for one, figure in zip(found, figures, strict=True)]
    whole = parts[0] if len(parts) == 1 else _several(parts, found)
    return replace(whole, instead=f"{check['value'].replace('**', '^')} = {whole.instead}") if whole.instead else whole


def _several(parts: list[Finding], found: list[Case]) -> Finding:
    conventions = tuple(dict.fromkeys(text for part in parts for text in part.conventions))
    reasons = tuple(f"{one.label}: {reason}" for part, one in zip(parts, found, strict=True) for reason in part.reasons)
    wrong = [f"{part.instead} for {one.label}" for part, one in zip(parts, found, strict=True) if part.instead]
    return Finding(worst(part.verdict for part in parts), [part.stated for part in parts], [part.true for part in parts],
                   [part.error for part in parts], (), reasons, conventions, instead="; ".join(wrong))  # fmt: skip


def _figure(check: Mapping[str, Any], body: tree.Tree, one: Case, figure: Printed, amounts: Mapping[str, Printed]) -> Finding:
    stated = figure.unit in check.get("reads", ())
    readings = figure.two_readings or any(amount.two_readings for amount in amounts.values())
    values = [one.value(body, **{name: item.value * item.factor(binary) for name, item in amounts.items()})
              for binary in ((False, True) if readings else (False,))]  # fmt: skip
    found = judge(figure, values, readings, stated)
    if amounts and found.conventions and not figure.two_readings:
        found = replace(found, conventions=tuple(item.reading() for item in amounts.values() if item.two_readings))
    if found.verdict != WRONG:
        return found
    if "rounded_first" in check:
        return _rounded_first(check["rounded_first"], body, one, figure, found)
    return replace(found, reasons=(*found.reasons, *_came_from(check, one, figure)))


def _rounded_first(how: Mapping[str, str], body: tree.Tree, one: Case, figure: Printed, found: Finding) -> Finding:
    """Whether the figure is a multiple of another one that had been rounded before."""
    times = one.known[how["symbol"]]
    unit = printed(how["stated"])
    single = one.value(body, **{how["symbol"]: 1})
    if compare(unit, single) is None or unit.value * unit.factor() * times != figure.value * figure.factor():
        return found
    says = f"it is {times} times {how['stated']}, which had been rounded from {unit.shown(single)}"
    return replace(found, verdict=ROUNDED, reasons=(*found.reasons, says), instead="")


def _came_from(check: Mapping[str, Any], one: Case, figure: Printed) -> list[str]:
    """Other expressions that give the printed figure exactly: how the error may have come about."""
    target = exact(figure.value * figure.factor())
    said = []
    for other in check.get("came_from", []):
        body = parse.expression(other["value"])
        if "unknown" not in other:
            if one.value(body) == target:
                said.append(f"{other['value'].replace('**', '^')} gives the printed figure exactly")
            continue
        name = other["unknown"]
        found = 1 + bisect_left(range(1, LARGEST + 1), target, key=lambda n, body=body, name=name: one.value(body, **{name: n}))
        if found <= LARGEST and one.value(body, **{name: found}) == target:
            said.append(f"the printed figure comes out exactly where {other['words']} is {found:,}")
    return said


def thumb(check: Mapping[str, Any]) -> Finding:
    """A rule of thumb: a value that is to lie between two others, for models and, with `over`, for which loads."""
    body = parse.expression(check["value"])
    low, high = (exact(read_number(check[name])) for name in ("low", "high"))
    found = cases(check)
    words = check["words"]
    stated = as_json(read_number(check["stated"])) if "stated" in check else [as_json(low), as_json(high)]
    if "over" in check:
        return _over(check, body, found, (low, high), stated)
    values = [one.value(body) for one in found]
    inside = [one for one, value in zip(found, values, strict=True) if low <= value <= high]
    reasons = [f"{words} is {significant(value)} for {one.label}" for one, value in zip(found, values, strict=True)]
    if "would" in check and not inside:
        reasons += [_would(check["would"], body, one, low, high) for one in found]
    verdict = HOLDS if len(inside) == len(found) else ASSUMING if inside else WRONG
    error = [float((low if value < low else high if value > high else value) / value - 1) for value in values]
    assumptions = tuple(f"for {one.label}" for one in inside) if verdict == ASSUMING else ()
    instead = f"{words} is {significant(min(values))} to {significant(max(values))}" if verdict == WRONG else ""
    return Finding(verdict, stated, [as_json(value) for value in values], error, assumptions, tuple(reasons),
                   models=_surveyed(found, values, low, high), instead=instead)  # fmt: skip


def _surveyed(found: list[Case], values: list[Number], low: Number, high: Number) -> Survey:
    """The rule on its cases: a value within its ends is as claimed, else the nearer end was."""
    nearest = [low if value < low else high if value > high else value for value in values]
    return survey([Sample(one.label, value, claimed, value == claimed) for one, value, claimed in zip(found, values, nearest, strict=True)])


def _would(symbol: str, body: tree.Tree, one: Case, low: Number, high: Number) -> str:
    """Which values of a symbol would make the rule true."""
    span = _interval(lambda n: one.value(body, **{symbol: n}), low, high, 1)
    assert one.model is not None
    title = one.model.program.signs[symbol].title
    if span is None:
        return f"no number of {title} makes it true for {one.label}"
    return f"it would be true for {one.label} with {_span(span)} {title}, not {show(one.known[symbol], '1')}"


def _span(span: tuple[int, int]) -> str:
    return f"{span[0]:,}" if span[0] == span[1] else f"{span[0]:,} to {span[1]:,}"


def _over(check: Mapping[str, Any], body: tree.Tree, found: list[Case], ends: tuple[Number, Number], stated: Any) -> Finding:
    symbol, reasons, assumptions, errors, true, ats = check["over"], [], [], [], [], []
    start = int(check.get("start", 1))
    everywhere = True
    for one in found:
        top = _top(symbol, one)
        span = _interval(lambda n, one=one: one.value(body, **{symbol: n}), *ends, start, top)  # type: ignore[misc]
        here = max(int(one.known.get(symbol, start)), start)
        at = one.value(body, **{symbol: here})
        true.append(as_json(at))
        ats.append(at)
        errors.append(float((ends[0] if at < ends[0] else ends[1] if at > ends[1] else at) / at - 1))
        if span is None:
            everywhere = False
            told = f"it is {significant(at)} at {symbol} = {here:,}"
            reasons.append(f"for {one.label} no {symbol} makes {check['words']} lie between: {told}")
            continue
        everywhere &= span == (start, top)
        told = f"{symbol} from {_span(span)} for {one.label}" if span[0] != span[1] else f"{symbol} = {span[0]} for {one.label}"
        assumptions.append(told)
        reasons.append(f"{check['words']} is {significant(at)} at {symbol} = {here:,} for {one.label}; as claimed with {told}")
    verdict = HOLDS if everywhere else ASSUMING if assumptions else WRONG
    return Finding(verdict, stated, true, errors, () if verdict == HOLDS else tuple(assumptions), tuple(reasons),
                   models=_surveyed(found, ats, *ends) if all(one.model for one in found) else None)  # fmt: skip


def _top(symbol: str, one: Case) -> int:
    """The largest number to try: a sequence is no longer than the model's own context."""
    return int(one.known.get("s_max", LARGEST)) if symbol == "s" else LARGEST


def _interval(f: Callable[[int], Number], low: Number, high: Number, start: int, top: int = LARGEST) -> tuple[int, int] | None:
    """The whole numbers from `start` to `top` at which a monotone function lies between two values; None where none does."""
    sign = 1 if f(LARGEST) >= f(start) else -1  # a falling function is a rising one turned over
    ends = (low, high) if sign == 1 else (-high, -low)
    values = range(start, LARGEST + 1)
    first = start + bisect_left(values, ends[0], key=lambda n: sign * f(n))
    last = start + bisect_right(values, ends[1], key=lambda n: sign * f(n)) - 1
    return (first, min(last, top)) if first <= min(last, top) else None


def inverted(check: Mapping[str, Any]) -> Finding:
    """Which value of an unknown makes printed figures true, all of them together."""
    body, symbol = parse.expression(check["value"]), check["unknown"]
    figures, found = [printed(text) for text in check["stated"]], cases(check)
    reasons, together = [], {}
    for binary in (False, True):
        spans = []
        for figure, one in zip(figures, found, strict=True):
            half = figure.quantum / 2
            low, high = ((figure.value + sign * half) * figure.factor(binary) for sign in (-1, 1))
            spans.append(_interval(lambda n, one=one: one.value(body, **{symbol: n}), low, high, 1, _top(symbol, one)))  # type: ignore[misc]
        units = "binary" if binary else "decimal"
        each = "; ".join(f"{one.label}: {_span(span) if span else 'none'}" for one, span in zip(found, spans, strict=True))
        reasons.append(f"{symbol} that gives the printed figures, read in {units} units: {each}")
        if all(span is not None for span in spans):
            first, last = max(s[0] for s in spans if s), min(s[1] for s in spans if s)
            if first <= last:
                together[binary] = (first, last)
    stated = [as_json(figure.value) for figure in figures]
    if not together:
        return Finding(WRONG, stated, None, None, (), (*reasons, f"no {symbol} makes all of them true together"))
    binary = False not in together
    span = together[binary]
    reading = tuple(dict.fromkeys(figure.reading() for figure in figures)) if binary else ()
    true = [as_json(one.value(body, **{symbol: span[0]}) / figure.factor(binary)) for one, figure in zip(found, figures, strict=True)]
    error = [float(figure.value) / value - 1 for figure, value in zip(figures, true, strict=True)]
    limit = found[0].known.get("s_max") if symbol == "s" else None
    beside = f" (the model's context is {show(limit, 'token')})" if limit is not None else ""
    return Finding(ASSUMING, stated, true, error, (f"{symbol} from {_span(span)}, which was not said",),
                   (*reasons, f"one {symbol} makes all of them true together: {_span(span)}{beside}"), reading)  # fmt: skip


def bound(check: Mapping[str, Any]) -> Finding:
    """A measured figure against what must at least be there; the rest is the measurement's own."""
    body, figure, one = parse.expression(check["value"]), printed(check["stated"][0]), cases(check)[0]
    least = one.value(body)
    binary = figure.two_readings
    rest = figure.value * figure.factor(binary) - least
    stated, true = as_json(figure.value), as_json(Fraction(least) / figure.factor(binary))
    says = f"{check['value']} is {figure.shown(least, binary)}, exactly; the peak cannot be less"
    if rest < 0:
        error = float(figure.value * figure.factor(binary) / Fraction(least) - 1)
        return Finding(WRONG, stated, true, error, (), (says,), instead=f"at least {figure.shown(least, binary)}")
    more = f"the other {figure.shown(rest, binary)} are intermediate values, libraries and the allocator's blocks of that one run"
    reading = (figure.reading(),) if binary else ()
    return Finding(UNREFUTED, stated, true, None, (), (says, f"{more}: measured, not derivable"), reading)


def formats(check: Mapping[str, Any]) -> Finding:
    """Bytes of one number in a format against the book's, for a matrix of 4,096 × 4,096; scales come on top in some.

    `alone = true` of the check: the claim speaks of the number alone, without scales and zeros.
    """
    from .format_bytes import matrix_bytes

    figures = [printed(text) for text in check["stated"]]
    verdicts, reasons, assumptions, true, errors = [], [], [], [], []
    for name, figure in zip(check["formats"], figures, strict=True):
        title, whole, scales = matrix_bytes(name)
        value = whole - scales if check.get("alone") else whole
        true.append(as_json(value))
        errors.append(float(figure.value / value - 1))
        if value == figure.value:
            verdicts.append(HOLDS)
        elif whole - scales == figure.value:
            verdicts.append(ASSUMING)
            assumptions.append(f"scales and zeros left out ({title}: {significant(whole, 5)} byte)")
        else:
            verdicts.append(WRONG)
        shown = f"{significant(whole, 5) if whole.denominator != 1 else whole} byte"
        reasons.append(f"{title}: {shown}" + (f", of which {significant(scales, 3)} are scales and zeros" if scales else ""))
    return Finding(worst(verdicts), [as_json(f.value) for f in figures], true, errors, tuple(assumptions), tuple(reasons))


def machine(check: Mapping[str, Any]) -> Finding:
    """A printed rate or size of a GPU against its row in the catalogue.

    ratio: the multiple of the row's rate that was printed, where `reading` (another way to state the same rate) or
    `assumes` (work of another kind) explains it; a multiple that nothing explains is wrong.
    """
    gpu, figure = catalog.find_gpu(check["gpu"]), printed(check["stated"][0])
    stated = figure.value * figure.factor()
    true, words = _rate(check, gpu)
    says = f"the {words} is {figure.shown(true)}"
    if check["field"] == "memory":
        says += f"; a program sees {figure.shown(gpu.usable)}"
    ratio = Fraction(stated) / Fraction(true)
    printed_as, exact_value = as_json(figure.value), as_json(true / figure.factor())
    if ratio == 1:
        return Finding(HOLDS, printed_as, exact_value, 0.0, (), (says,))
    error = float(ratio - 1)
    if "ratio" not in check or Fraction(check["ratio"]) != ratio:
        return Finding(WRONG, printed_as, exact_value, error, (), (says,), instead=figure.shown(true))
    taken = f"{figure.text} is {f'{ratio} times' if ratio > 1 else f'{ratio} of'} the {words}"
    if "reading" in check:
        return Finding(CONVENTION, printed_as, exact_value, error, (), (says,), (f"{taken}: {check['reading']}",))
    return Finding(ASSUMING, printed_as, exact_value, error, (f"{taken}: {check['assumes']}",), (says,))


def _rate(check: Mapping[str, Any], gpu: catalog.Gpu) -> tuple[Number, str]:
    """The catalogue's own amount and what it is called."""
    if check["field"] == "memory":
        return gpu.memory, f"memory that {gpu.title} is sold with"
    if check["field"] == "peak":
        return gpu.peak[check["dtype"]], f"dense {check['dtype']} peak of {gpu.title}"
    return read_quantity(str(gpu.link["bandwidth"]), "byte/second"), f"{gpu.link['name']} of {gpu.title} ({gpu.link.get('note', '')})"
