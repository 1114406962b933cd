"""Judged claims as terminal text and as Markdown: the verdict, what is true instead, then the evidence."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from ..audit import Judged
from ..audit_models import Survey
from ..judging import ASSUMING, CONVENTION, DEFINITION, HOLDS, UNREFUTED, VERDICTS, WRONG, off
from .markdown import _escaped
from .report import width


def verdict(item: Judged) -> str:
    """The verdict in words: a convention about units is named in it."""
    readings = [text.replace(" means ", " as ") for text in item.finding.conventions if " means " in text]
    if item.verdict == CONVENTION and readings:
        return f"holds, reading {' and '.join(readings)}"
    return item.verdict


def one(item: Judged) -> str:
    """A single claim: verdict, what was said and where, what is true instead, and why, in full."""
    claim, columns = item.claim, width()
    lines = textwrap.wrap(f"{_heading(item)}   “{claim.says}”", columns,
                          subsequent_indent="  ")  # fmt: skip
    lines += textwrap.wrap(f"{claim.document.title}: {claim.place}", columns, initial_indent="  ", subsequent_indent="  ")
    for lead, texts in _facts(item):
        for text in texts:
            lines += textwrap.wrap(f"{lead}{text}", columns, initial_indent="  ", subsequent_indent="     ")
    for reason in item.finding.reasons:
        lines += textwrap.wrap(_capital(reason), columns, initial_indent="  - ", subsequent_indent="    ")
    return "\n".join(lines)


def _heading(item: Judged) -> str:
    """The verdict in capitals, but for the names of units."""
    first, comma, rest = verdict(item).partition(",")
    return f"{first.upper()}{comma}{rest}"


def _facts(item: Judged) -> list[tuple[str, list[str]]]:
    """What stands between the sentence and the evidence: leads and their lines."""
    found = item.finding
    return [
        ("true instead: ", [found.instead] if found.instead else []),
        ("as it states itself: ", list(item.claim.states)),
        ("reading ", [text.replace(" means ", " as ") for text in found.conventions]),
        ("if ", _assumptions(item)),
        ("if ", [_arrangement(item)] if found.of and item.verdict == ASSUMING and item.models is not None else []),
        ("on models: ", [text] if (text := on_models(item)) else []),
        ("as well if ", list(found.also)),
    ]


def _arrangement(item: Judged) -> str:
    """The arrangement of blocks that the proof is about, and how many models it describes."""
    assert item.models is not None
    return f"blocks are arranged like that, as {item.finding.of} (true of {item.models.described} of {item.models.judged} models)"


def _assumptions(item: Judged) -> list[str]:
    """Each assumption, and on how many models it is true where models tell."""
    counts = item.finding.counts or (None,) * len(item.finding.assumptions)
    judged = item.models.judged if item.models is not None else 0
    return [text if count is None else f"{text} (true of {count} of {judged} models)"
            for text, count in zip(item.finding.assumptions, counts, strict=True)]  # fmt: skip


def on_models(item: Judged) -> str:
    """How many models the claim is true of, and how far it is off on the others."""
    seen = item.models
    if seen is None or not seen.judged:
        return ""
    cases = "models" if item.finding.of else "cases"
    if item.verdict == WRONG:
        return f"right on {seen.holding} of {seen.judged} {cases}{_failing(seen, '; ')}"
    within = f", to within {off(float(seen.within[1]))}" if seen.within is not None and seen.within[1] else ""
    return f"holds on {seen.holding} of {seen.judged} {cases}{within}{_failing(seen, '; on the others ')}"


def _failing(seen: Survey, lead: str) -> str:
    if seen.median is None or seen.worst is None:
        return ""
    name, error = seen.worst
    return f"{lead}{_size(seen.median)} off at the median, at worst {off(float(error))} ({name})"


def _size(error: Fraction) -> str:
    return f"{100 * float(error):.3g} %" if error < 9 else f"{1 + float(error):.3g} times"


def table(items: Sequence[Judged]) -> str:
    """All claims, each with its verdict, its sentence and how far it is off, and how many there are of every verdict."""
    columns = width()
    lines: list[str] = []
    for item in items:
        name = item.claim.name
        lines += textwrap.wrap(f"{verdict(item)}  [{name}]", columns, break_on_hyphens=False)
        lines += textwrap.wrap(f"“{item.claim.says}”", columns, initial_indent="    ", subsequent_indent="    ")
        for text in _short(item):
            lines += textwrap.wrap(text, columns, initial_indent="    ", subsequent_indent="      ")
    closing = textwrap.wrap(f"{summary(items)}; `symllm audit NAME` says why.", columns)
    return "\n".join([*lines, "", *closing])


def _short(item: Judged) -> list[str]:
    """What a list says beside the sentence: what is true instead, and the error."""
    found = item.finding
    lines = [f"true instead: {found.instead}"] if found.instead else []
    if item.verdict == ASSUMING and found.assumptions:
        lines.append(f"if {'; '.join(text.partition(':')[0] for text in found.assumptions)}")
    return [*lines, f"error: {error(item)}"]


def error(item: Judged) -> str:
    """How far a claim is off, in a line: on models, else its figures'."""
    text = on_models(item)
    if text:
        return text
    if item.verdict == UNREFUTED:
        return "not known, as it is measured"
    errors = item.errors()
    if not errors:
        return "none, as it is a convention" if item.verdict == DEFINITION else "none, as it is proved" if item.verdict == HOLDS else "not known"
    largest = off(max(errors, key=abs))
    return f"{largest}, within the digits printed" if item.verdict in (HOLDS, CONVENTION) and any(errors) else largest


def summary(items: Sequence[Judged]) -> str:
    """How many claims of each verdict."""
    counted = Counter(item.verdict for item in items)
    return f"{len(items)} claims: " + ", ".join(f"{counted[verdict]} {verdict}" for verdict in VERDICTS if counted[verdict])


_MEANINGS = (
    "*holds*: proved from the blocks; of a printed figure, the exact value within the digits printed",
    "*definition*: the book defines it alike, so that there is nothing to prove",
    "*rounded*: the last digits differ because digits were cut off or rounded on the way",
    "*holds under a convention*: true once a unit is read as its binary neighbour, or a rate in its other usual sense",
    "*holds under assumptions*: proved under the hypotheses listed, none of which can be dropped; how far it is off where they fail stands beside",
    "*not refuted*: a measurement that nothing contradicts and that cannot be derived",
    "*wrong*: no set of the usual assumptions makes it true; what is true instead stands beside",
)


def markdown(items: Sequence[Judged]) -> str:
    """All claims as a page: what verdicts mean, a table, and a section each."""
    head = ["# The literature's claims, judged", "",
            "Generated by `symllm audit --markdown`; every verdict is derived from the blocks of the book, and each claim is put to the "
            "models of the catalogue within their own limits. What is small on a model is at most a tenth of the whole.", "",
            f"{summary(items)}.", "", *(f"- {text}" for text in _MEANINGS), "",
            "| claim | verdict | error |", "| --- | --- | --- |"]  # fmt: skip
    rows = [f"| [{_escaped(i.claim.says)}](#{i.claim.name.replace('.', '')}) | {verdict(i)} | {_escaped(error(i))} |" for i in items]
    return "\n".join([*head, *rows, "", *(line for item in items for line in _section(item))])


def _section(item: Judged) -> list[str]:
    claim = item.claim
    said = verdict(item)
    lines = [f"## {claim.name}", "", f"**{said[:1].upper()}{said[1:]}**: “{_escaped(claim.says)}”", "",
             f"{_escaped(claim.document.title)}: {_escaped(claim.place)}", ""]  # fmt: skip
    facts = [f"- {lead}{_escaped(text)}" for lead, texts in _facts(item) for text in texts]
    lines += [*facts, ""] if facts else []
    return [*lines, "Evidence:", "", *(f"- {_escaped(_capital(text))}" for text in item.finding.reasons), ""]


def _capital(text: str) -> str:
    """A sentence with a capital, unless it begins with a symbol or a name in small letters."""
    word = text.split(" ")[0]
    symbol = "_" in word or any(letter.isdigit() for letter in word) or (len(word) < 3 and word not in ("it", "no"))
    text = text if symbol else text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."
