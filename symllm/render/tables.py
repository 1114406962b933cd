"""Terminal tables of everything that is not one answer: lists, catalogues, anatomies, comparisons, sweeps, pages."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from ..units import COUNTS, Number, magnitude, rounded, show, show_binary
from .report import full, headline, indented, paragraph, parts, share, width


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
    return f"{len(rows)} {title}\n\n{indented(table)}"


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


def file_page(made: Any) -> str:
    """What a model file holds: its tensors' numbers and bytes by type, largest first."""
    from tabulate import tabulate

    lines = [f"{made.path} ({made.kind})", f"  {made.parameters:,} numbers in {len(made.tensors):,} tensors"]
    lines.append(f"  {made.bytes:,} byte ({show(made.bytes, 'byte')}) without the header")
    rows = [[name, f"{numbers:,}", f"{size:,}", share(size, made.bytes) if made.bytes else ""]
            for name, (numbers, size) in sorted(made.by_dtype.items(), key=lambda item: -item[1][1])]  # fmt: skip
    table = tabulate(rows, ["type", "numbers", "byte", "share"], tablefmt="plain", disable_numparse=True,
                     colalign=("left", "right", "right", "right"))  # fmt: skip
    return "\n".join(lines) + (f"\n\n{indented(table)}" if rows else "")


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
    context = next((answer.inputs["s"].value for row in rows for answer in (row.before, row.after) if "s" in answer.inputs), None)
    at = f", at {show(context, 'token')}" if context is not None and not any(c.startswith(("context", "s=")) for c in changes) else ""
    lines = [*paragraph(f"{headline(rows[0].before)}{at}: what if {', '.join(changes)}", ""), "", indented(table)]
    before, after = _all(rows, "assumptions", "before"), _all(rows, "assumptions", "after")
    lines += footer_of([text for text in after if text in before], "assumed")
    lines += footer_of([text for text in before if text not in after], "assumed before")
    lines += footer_of([text for text in after if text not in before], "assumed after")
    lines += footer_of(_all(rows, "notes", "after"), "note")
    return "\n".join(lines)


def _all(rows: list[Any], what: str, side: str) -> list[str]:
    return list(dict.fromkeys(text for row in rows for text in getattr(getattr(row, side), what)))


def footer_of(items: list[str], title: str) -> list[str]:
    """Lines of one kind of footer."""
    return ["", *(line for item in items for line in paragraph(f"{title}: {item}"))] if items else []


def _compact(value: Number | None, unit: str) -> str:
    if value is None:
        return "no limit"
    if unit == "byte" and magnitude(value) >= 1000:
        sign = "-" if value < 0 else ""
        return f"{sign}{show_binary(magnitude(value))}"
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
    return "\n".join([f"{made.scenario.program.model['title']}: {made.title}", "", indented(table), *more])


def finding(found: Any, form: str = "", standalone: bool = False) -> str:
    """A crossover or elasticities."""
    if form in ("latex", "markdown", "html"):
        from . import finding as page

        return page.latex(found, standalone) if form == "latex" else page.markdown(found) if form == "markdown" else page.html(found)
    lines = [found.title, *paragraph(found.says)]
    if found.text:
        value = f"  = {show(found.value, found.unit)}" if found.value is not None else ""
        lines += paragraph(f"{found.text}{value}")
    if found.rows:
        from tabulate import tabulate

        body = [[name, title, f"{value:+.3f}"] for name, title, value in found.rows]
        lines += ["", indented(tabulate(body, ["symbol", "", "elasticity"], tablefmt="plain", disable_numparse=True,
                                         colalign=("left", "left", "right")))]  # fmt: skip
    return "\n".join([*lines, *(line for note in found.notes for line in paragraph(f"note: {note}"))])


def extreme_page(found: Any) -> str:
    """A minimum, maximum or sum with its proof."""
    sign = found.scenario.program.signs[found.symbol]
    lines = paragraph(f"{found.what} of {found.expression} over {sign.title} ({sign.text}) = {full(found.value, found.unit)}   {found.kind}", "")
    if found.at is not None:
        lines += paragraph(f"at {sign.text} = {full(found.at, sign.unit)}")
    lines += paragraph(found.proof)
    lines += footer_of(list(found.assumptions), "assumed") + footer_of(list(found.errors), "error")
    return "\n".join([*lines, *(line for note in found.scenario.notes for line in paragraph(f"note: {note}"))])


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
