"""Terminal reports of answers: the headline, the certificate, the breakdown, what was assumed."""

from __future__ import annotations

import shutil
import sys
from fractions import Fraction
from textwrap import wrap
from typing import Any

from ..answer import Answer, Part
from ..units import COUNTS, Number, gib, rounded, show, show_binary, significant


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
    digits = rounded(value, 0) if not hasattr(value, "denominator") or value.denominator == 1 else rounded(value, 3)
    short = show(value, unit)
    base = unit.partition("/")[0]
    if base in ("byte", "FLOP") and abs(value) >= 1000:
        return f"{digits} {unit} ({short})"
    return short


def headline(answer: Answer) -> str:
    """Which model, in which format, on what."""
    model, program = answer.model, answer.scenario.program
    says = f"{model['title']} ({program.choices['dtype']})"
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
    return _indented(table)


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
    percent = value * 100 / total if isinstance(value * 100 / total, float) else value * 100 / total
    return f"{float(percent):.0f} %" if percent >= 1 or percent == 0 else f"{float(percent):.2g} %"


def _indented(text: str) -> str:
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
    lines += _verdict(answer)
    if answer.table:
        lines += ["", *_tradeoff(answer)]
    if answer.breakdown:
        lines += ["", *_budget(answer)]
    if answer.closed_form is not None and len(answer.closed_form.text) <= 4 * width():
        lines += ["", *paragraph(f"{answer.closed_form.text}  = {_near(answer.closed_form.value)}")]
    if answer.ways:
        lines += ["", *_ways(answer)]
    return "\n".join([*lines, *footer(answer)])


def _near(value: Number | float) -> str:
    return rounded(value, 2)


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
    value = show_binary if c.unit == "byte" else (lambda number: show(number, c.unit))
    exact = (lambda number: f"{rounded(number, 0)} byte") if c.unit == "byte" else _digits
    here = f"{_plain(c.at)} needs {value(c.needs)} {'≤' if c.relation == '<=' else '<'} {value(c.budget)}"
    there = ""
    if c.beyond is not None and c.beyond_needs is not None and c.beyond_budget is not None:
        over = "" if c.beyond_budget == c.budget else f" of {value(c.beyond_budget)}"
        there = f" < {value(c.beyond_needs)}{over} for {_plain(c.beyond)}" if not over else (
            f"; {_plain(c.beyond)} needs {value(c.beyond_needs)}{over}")  # fmt: skip
    digits = f"{exact(c.needs)} {'≤' if c.relation == '<=' else '<'} {exact(c.budget)}"
    if c.beyond_needs is not None and c.beyond_budget == c.budget:
        digits += f" < {exact(c.beyond_needs)}"
    return [*paragraph(f"certificate: {here}{there}"), f"               {digits}", *paragraph(f"bound by: {answer.bound_by}")]


def _digits(value: Number) -> str:
    return rounded(value, 0) if abs(value) >= 10**6 or Fraction(value).denominator == 1 else significant(value, 9)


def _plain(value: Number) -> str:
    return rounded(value, 0) if float(value).is_integer() else rounded(value, 3)


def _tradeoff(answer: Answer) -> list[str]:
    from tabulate import tabulate

    full_context = answer.table[-1]["context"]
    heads = [f"{row['context']:,}" + ("*" if row["context"] == full_context else "") for row in answer.table]
    values = ["no limit" if row["max_batch"] is None else f"{row['max_batch']:,}" for row in answer.table]
    rows = [["context", *heads], ["max batch", *values]]
    text = tabulate(rows, tablefmt="plain", disable_numparse=True, colalign=("left", *["right"] * len(heads)))
    if max(map(len, text.splitlines())) + 2 > width():
        text = tabulate(list(zip(heads, values, strict=True)), ["context", "max batch"], tablefmt="plain", disable_numparse=True,
                        colalign=("right", "right"))  # fmt: skip
    return _indented(text).splitlines()


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
        rows.append(["left" if used <= budget else "missing", "", _amount(Part("", abs(budget - used), answer.breakdown[0].unit, ""), of_bytes),
                     share(abs(budget - used), total)])  # fmt: skip
        rows.append(["budget", "", _amount(Part("", budget, answer.breakdown[0].unit, ""), of_bytes), ""])
    at = c.at if c is not None and c.at is not None else (c.beyond if c is not None else None)
    where = f"with {show(at, sign.unit)}" if at is not None else ""
    heads = [where, "", _head(answer, of_bytes), "share"]
    table = tabulate(rows, heads, tablefmt="plain", disable_numparse=True, colalign=("left", "left", "right", "right"))
    return _indented(table).splitlines()


def _ways(answer: Answer) -> list[str]:
    said = " · ".join(f"{way['change']} ({'no limit' if way['max_batch'] is None else way['max_batch']})" for way in answer.ways)
    return paragraph(f"at full context nothing fits; it would (largest batch) with: {said}")


def listing(title: str, rows: list[dict[str, Any]]) -> str:
    """Rows as a table that fits the width: the last column wraps."""
    from tabulate import tabulate

    heads = list(rows[0]) if rows else []
    widths = [max(len(head), *(len(str(row[head])) for row in rows)) for head in heads]
    room = width() - 2 - sum(widths[:-1]) - 2 * (len(heads) - 1)
    limits: list[int | None] = [None] * len(heads)
    if widths and widths[-1] > room:
        limits[-1] = max(room, 24)
        overflow = sum(widths[:-1]) + 2 * (len(heads) - 1) + 24 + 2 - width()
        if overflow > 0:
            widest = max(range(len(heads) - 1), key=lambda i: widths[i])
            limits[widest] = max(widths[widest] - overflow, 12)
    body = [[str(row[head]) for head in heads] for row in rows]
    table = tabulate(body, heads, tablefmt="plain", disable_numparse=True, maxcolwidths=limits)
    return f"{len(rows)} {title}\n\n{_indented(table)}"


def gpu_table(rows: list[Any]) -> str:
    """The GPU catalogue: name, memory as sold and visible, bandwidth, dense 16-bit peak."""
    body = [
        {"name": row.name, "memory": row.memory_text, "visible": show_binary(row.visible) if row.visible else "",
         "bandwidth": show(row.bandwidth, "byte/second"),
         "bf16": show(peak, "FLOP/second") if (peak := row.peak.get("bf16") or row.peak.get("fp16")) else "",
         "aliases": min(row.aliases, key=len, default="")} for row in rows
    ]  # fmt: skip
    table = listing("GPUs", body)
    return f"{table}\n\n  bf16: dense peak (fp16 where there is no bf16); visible: what a program sees, where known"


def gpu_page(row: Any) -> str:
    """Everything known of one GPU."""
    lines = [row.title, f"  memory      {row.memory_text} as sold ({show_binary(row.memory)})"]
    lines.append(f"  visible     {show_binary(row.visible)}" if row.visible else "  visible     not known; as sold is taken, read as decimal")
    lines.append(f"  bandwidth   {show(row.bandwidth, 'byte/second')}")
    lines += [f"  {dtype:<10}  {show(peak, 'FLOP/second')} dense" for dtype, peak in row.peak.items()]
    if row.link:
        lines.append(f"  link        {row.link.get('name')}: {row.link.get('bandwidth')} ({row.link.get('note') or ''})".replace(" ()", ""))
    lines.append(f"  names       {', '.join((row.name, *row.aliases))}")
    for title, text in (("source", row.source), ("visible", row.visible_source), ("note", row.note)):
        if text:
            lines += paragraph(f"{title}: {text}")
    return "\n".join(lines)


def anatomy_page(made: Any) -> str:
    """A model's anatomy: parameters by component and layer kind, active, cache, context."""
    answer = made.parameters
    lines = [f"{answer.model['title']}  ({answer.model['family_title']})", f"  parameters   {full(answer.value, answer.unit)}"]
    if made.active.value != answer.value:
        lines.append(f"  active       {full(made.active.value, 'parameter')}  {share(made.active.value, answer.value)}")
    lines.append(f"  weights      {full(made.weights.value, 'byte')} in {made.scenario.program.choices['dtype']}")
    lines += ["", parts(answer)]
    if made.kinds:
        rows = [{"layers": f"{kind.count:,} × {kind.title}", "parameters of one": f"{kind.parameters:,}"} for kind in made.kinds]
        lines += ["", *listing("kinds of layers" if len(rows) > 1 else "kind of layer", rows).splitlines()[2:]]
    lines.append("")
    if made.token_cache is not None:
        first = f"; the second token adds {show(made.first_token_cache, 'byte')}" if made.first_token_cache != made.token_cache else ""
        lines += paragraph(f"cache: {full(made.token_cache, 'byte')} a token and sequence at full length{first}")
    if made.full_cache is not None and made.context is not None:
        lines += paragraph(f"context limit: {show(made.context, 'token')}, a full sequence caches {show(made.full_cache, 'byte')}")
    elif made.context is None:
        lines += paragraph("context limit: none stated in the config")
    lines += paragraph(f"source: {answer.model['source']}") if answer.model.get("source") else []
    lines += paragraph(f"note: {answer.model['note']}") if answer.model.get("note") else []
    return "\n".join([*lines, *(line for note in answer.notes for line in paragraph(f"note: {note}"))])


def comparison(rows: list[Any], changes: tuple[str, ...]) -> str:
    """Before, after and difference of each quantity."""
    from tabulate import tabulate

    body = []
    for row in rows:
        unit = row.unit
        difference = row.difference
        sign = "" if difference is None or difference < 0 else "+"
        shown = "" if difference is None else "0" if difference == 0 else f"{sign}{_compact(difference, unit)}"
        ratio = "" if row.ratio is None or row.ratio == 1 else f"×{float(row.ratio):.3g}"
        body.append([row.title, _compact(row.before.value, unit), _compact(row.after.value, unit), shown, ratio])
    table = tabulate(body, ["", "before", "after", "difference", ""], tablefmt="plain", disable_numparse=True,
                     colalign=("left", "right", "right", "right", "right"))  # fmt: skip
    lines = [f"{headline(rows[0].before)}: what if {', '.join(changes)}", "", _indented(table)]
    new = [text for text in _all(rows, "after") if text not in _all(rows, "before")]
    lines += footer_of(_all(rows, "before"), "assumed") + footer_of(new, "assumed after")
    return "\n".join(lines)


def _all(rows: list[Any], side: str) -> list[str]:
    return list(dict.fromkeys(text for row in rows for text in getattr(row, side).assumptions))


def footer_of(items: list[str], title: str) -> list[str]:
    """Lines of one kind of footer."""
    return ["", *(line for item in items for line in paragraph(f"{title}: {item}"))] if items else []


def _compact(value: Number | None, unit: str) -> str:
    if value is None:
        return "no limit"
    if unit == "byte" and abs(value) >= 1000:
        sign = "-" if value < 0 else ""
        return f"{sign}{show_binary(abs(value))}"
    return show(value, "1" if unit.partition("/")[0] in COUNTS else unit)


def sweep_table(made: Any) -> str:
    """A sweep as a table, at most 40 rows of it."""
    from tabulate import tabulate

    sign = made.scenario.program.signs[made.symbol]
    rows = list(zip(made.points, made.values, strict=True))
    shown = rows if len(rows) <= 40 else [*rows[:20], *rows[-20:]]
    body = [[rounded(x, 0) if float(x).is_integer() else rounded(x, 3), full(y, made.unit)] for x, y in shown]
    table = tabulate(body, [f"{sign.title} ({sign.text})", made.title], tablefmt="plain", disable_numparse=True, colalign=("right", "right"))
    more = [f"  {len(rows) - 40:,} rows between are left out; --json has all"] if len(rows) > 40 else []
    return "\n".join([f"{made.scenario.program.model['title']}: {made.title}", "", _indented(table), *more])


def finding(found: Any, form: str = "", standalone: bool = False) -> str:
    """A crossover or elasticities."""
    if form == "latex":
        body = found.latex or rf"\text{{{found.says}}}"
        from .latex import standalone_document

        return standalone_document(found.title, body) if standalone else str(body)
    if form == "markdown":
        return f"### {found.title}\n\n{found.says}\n" + (f"\n$$\n{found.latex}\n$$\n" if found.latex else "")
    lines = [found.title, *paragraph(found.says)]
    if found.text:
        value = f"  = {show(found.value, found.unit)}" if found.value is not None else ""
        lines += paragraph(f"{found.text}{value}")
    if found.rows:
        from tabulate import tabulate

        body = [[name, title, f"{value:+.3f}"] for name, title, value in found.rows]
        lines += ["", _indented(tabulate(body, ["symbol", "", "elasticity"], tablefmt="plain", disable_numparse=True,
                                         colalign=("left", "left", "right")))]  # fmt: skip
    return "\n".join([*lines, *(line for note in found.notes for line in paragraph(f"note: {note}"))])


def page_text(found: Any) -> str:
    """A page of the book: title, formula, facts, symbols."""
    from ..showing import equation_text

    lines = [f"{found.title} ({found.name})"]
    if found.equation is not None:
        lines += ["", *paragraph(equation_text(found.equation)), ""]
    pad = max(len(head) for head, _ in found.rows)
    for head, words in found.rows:
        lines += wrap(f"  {head:<{pad}}  {words}", width(), subsequent_indent=" " * (pad + 4), break_long_words=False)
    if found.symbols:
        rows = [{"symbol": s.text_form, "title": s.title, "unit": s.unit, "meaning": s.meaning} for s in found.symbols]
        lines += ["", *listing("symbols", rows).splitlines()[2:]]
    return "\n".join(lines)
