"""The reference's index, and a page for each formula and each quantity that is summed over blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import sympy

from symllm import compose
from symllm.config import family_of
from symllm.derivation import Derivation, Evaluation
from symllm.derive import reachable
from symllm.deriving import TEXTBOOK, derived, textbook
from symllm.explain import open_request
from symllm.formula import Composed, Formula
from symllm.formulas.book import book
from symllm.formulas.literature.theorems import THEOREMS
from symllm.listing import quantity_rows
from symllm.render import latex
from symllm.scenario import Request
from symllm.symbols import NamedSymbol
from symllm.units import exact

from . import markup as md

Page = Formula | Composed

#: Whose numbers worked examples show: the textbook's block in its smallest size; where it has none of a thing, a model with images.
EXAMPLES: tuple[Mapping[str, Any], ...] = (
    {"model": "gpt2", "context": 512},
    {"model": "llava-1.5-7b", "context": 2048, "sets": (("n_img", "1"),)},
)
NEW_TOKENS = 128


def every() -> list[Page]:
    """Every quantity of the book in the order of its contents, and the formula that stands in for a sum."""
    return [*book().composed, *book().formulas, book().uniform_weights]


def file_of(page: Page) -> str:
    """The file of a quantity's page."""
    return f"{page.name}.md"


@cache
def pages_of_symbols() -> dict[str, str]:
    """symbol -> the page of the quantity that it stands for."""
    return {page.symbol.name: file_of(page) for page in reversed(every())}


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of each page."""
    yield "reference/index.md", _index()
    for page in every():
        yield f"reference/{file_of(page)}", _page(page)


def _index() -> str:
    kinds = {row["name"]: row["kind"] for row in quantity_rows()}
    rows = [(f"[{page.name}]({file_of(page)})", md.math(page.symbol), md.unit(page.symbol.unit), kinds.get(page.name, page.kind),
             md.prose(page.symbol.meaning)) for page in every()]  # fmt: skip
    questions = [(md.code(f"symllm solve {question.name}"), md.prose(question.title), md.math(question.unknown),
                  f"{md.math(question.needs)} ≤ {md.math(question.budget)}", md.prose(question.bound)) for question in book().questions]  # fmt: skip
    return md.page(
        "Reference",
        "Everything here is written by `docs/generate.py` from the declarations of the book; nothing is typed by hand.",
        "## Quantities",
        "What `symllm eval`, `derive`, `sweep` and `whatif` take. *exact* is derived from shapes; the kind is the weakest of all that a "
        "quantity rests on.",
        md.table(("name", "symbol", "unit", "kind", "meaning"), rows),
        "## Questions",
        "What `symllm solve` takes by name; any other symbol is asked with `--such-that`.",
        md.table(("command", "answer", "solves for", "constraint", "budget"), questions),
        "## What they rest on",
        md.bullets((
            "[Notation](notation.md): every symbol, its unit and meaning",
            "[Blocks](blocks.md): the parts of models, declared by shape, and what follows from each declaration",
            "[Families](families.md): which `config.json` fields give which symbols",
            "[Formats](formats.md): how weights and caches are stored",
            "[Theorems](theorems.md): closed forms of the literature, proved from the blocks",
            "[Claims](../claims.md): claims of the literature, judged",
            "[Differences](../differences.md): where implementations differ from a model's own mathematics",
            "[Models](../models.md), [GPUs](../gpus.md), [commands](../cli.md), [JSON](../json.md)",
        )),
    )  # fmt: skip


def _page(page: Page) -> str:
    asked = page.name in book().quantities()
    parts = [md.prose(page.because), f"{md.math(page.symbol)}: {md.prose(page.symbol.meaning)}; unit: {md.unit(page.symbol.unit)}; *{page.kind}*."]
    if asked:
        parts.append(f"`symllm eval {page.name} --model NAME`")
    parts += ["## Formula", *_formula(page), "## Symbols", md.symbol_table(_symbols(page), pages_of_symbols())]
    parts += ["## When it holds", md.bullets(_conditions(page))]
    parts += ["## Worked example", _example(page)]
    if asked:
        subject, made = _derived(page.name)
        parts += ["## Derivation", f"For {md.prose(subject)}; every step is checked where it is made.", md.derivation(made)]
    parts += _theorems(page)
    parts += ["## Used by", md.bullets(_users(page)) or "nothing else in the book"]
    title = page.symbol.title if asked else page.name.replace("_", " ")
    return md.page(title[:1].upper() + title[1:], *parts)


def _formula(page: Page) -> list[str]:
    if isinstance(page, Formula):
        return [md.equation(page.symbol, page.expression)]
    how = (compose.ACCUMULATORS[page.accumulate].__doc__ or "").strip().splitlines()[0]
    taken = "The largest" if page.accumulate == "workspace" else "The sum"
    said = f"{taken} over the blocks of a model. Of each block: {how}"
    if page.components:
        said += f" Only blocks that count as {', '.join(page.components)} are summed."
    if page.per_gpu:
        said += " Each block gives the share of the fullest GPU."
    subject, made = _derived(page.name)
    return [md.prose(said), f"For {md.prose(subject)}, that is", md.equation(page.symbol, made.chains[0].steps[0].expression)]


def _symbols(page: Page) -> list[NamedSymbol]:
    """The symbols of the formula; of a sum those that its derivation ends in."""
    if isinstance(page, Formula):
        used = page.expression.free_symbols | {page.symbol}
    else:
        used = {page.symbol}.union(*(step.expression.free_symbols for chain in _derived(page.name)[1].chains for step in chain.steps))
    return [symbol for symbol in book().symbols.values() if symbol in used and symbol.name not in ("FLOP", "byte")]


def _conditions(page: Page) -> list[str]:
    said = [md.prose(condition) for condition in page.conditions]
    said.append(f"kind: *{page.kind}*" + (f"; error: {md.prose(page.error)}" if page.error else ""))
    if isinstance(page, Formula):
        said += [f"with {md.math(symbol)} ({md.prose(symbol.title)}): {md.prose(words)}" for symbol, words in page.cautions]
    return [*said, f"source: {md.source(page.source)}"]


def _example(page: Page) -> str:
    if isinstance(page, Formula):
        numbers = tuple((symbol, _number(value)) for symbol, value in page.example.values.items())
        made = Evaluation(page.symbol, page.expression, numbers, _number(page.example.result), page.symbol.unit)
        return md.typeset(latex.aligned(latex.evaluation_rows(made)))
    scenario, found = _in_numbers(page.name)
    given = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in scenario.items() if name != "sets")
    given += "".join(f" --set {symbol}={value}" for symbol, value in scenario.get("sets", ()))
    rows = [row for evaluation in found.evaluations for row in latex.evaluation_rows(evaluation)]
    return f"`symllm derive {page.name} {given}`:\n\n{md.typeset(latex.aligned(rows))}"


@cache
def _in_numbers(name: str) -> tuple[Mapping[str, Any], Derivation]:
    """The derivation with the numbers of the first scenario in which it is not 0, and that scenario."""
    more = {"new_tokens": NEW_TOKENS} if _speaks_of_new_tokens(name) else {}
    for scenario in EXAMPLES:
        asked = {**scenario, **more}
        found = derived(Request(**asked), name)
        if any(evaluation.result != 0 for evaluation in found.evaluations):
            break
    return asked, found


@cache
def _textbook() -> dict[Any, Any]:
    """The definitions of the textbook's block, nothing neutral taken out."""
    return {line.symbol: line.expression for line in open_request(textbook(Request())).lines}


def _speaks_of_new_tokens(name: str) -> bool:
    return book().roles.new_tokens in reachable(book().quantities()[name], _textbook())


@cache
def _derived(name: str) -> tuple[str, Derivation]:
    """Of which block, and its derivation: the textbook's, or where that has nothing of it, that of the example."""
    made = derived(Request(new_tokens=NEW_TOKENS if _speaks_of_new_tokens(name) else None), name)
    if made.chains[0].steps[0].expression != 0:
        return f"the textbook's block, {family_of(TEXTBOOK, book().families).title}'s", made
    _, found = _in_numbers(name)
    return f"{found.subject}, as the textbook's block has nothing of it", found.without_numbers()


def _number(value: Any) -> int | Fraction:
    number = sympy.Rational(value)
    return exact(Fraction(int(number.p), int(number.q)))


def _theorems(page: Page) -> list[str]:
    about = [theorem for theorem in THEOREMS if page.symbol in theorem.left.free_symbols]
    if not about:
        return []
    lines = []
    for theorem in about:
        under = ", ".join(f"{md.math(item.symbol)} = {md.math(item.expression)}" for item in theorem.hypotheses)
        lines.append(f"[{md.prose(theorem.title)}](theorems.md#{md.anchor(theorem.title)}): {md.math(theorem.left)} {theorem.relation} "
                     f"{md.math(theorem.right)}{f' under {under}' if under else ''}")  # fmt: skip
    return ["## Closed forms of the literature", md.bullets(lines)]


def _users(page: Page) -> list[str]:
    using = [f"[{md.prose(other.symbol.title)}]({file_of(other)})" for other in (*book().formulas, book().uniform_weights)
             if page.symbol in other.expression.free_symbols]  # fmt: skip
    asking = [md.code(f"symllm solve {question.name}") for question in book().questions
              if page.symbol in question.needs.free_symbols | question.budget.free_symbols]  # fmt: skip
    return [*using, *asking]
