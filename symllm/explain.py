"""Why an answer is what it is: its derivation with the scenario's numbers on every line. Part of the symbolic world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sympy

from . import closed_form, program
from .answer import Answer
from .assumptions import Assumption, read
from .build import Opened, opened
from .crossing import lift
from .derivation import Derivation
from .derive import derive, known_symbols
from .errors import SymllmError
from .formula import Definition
from .render import text
from .scenario import Request, Scenario, facts, structure
from .symbols import NamedSymbol
from .units import Number, show_binary
from .userbook import opened_book


def open_request(request: Request) -> Opened:
    """The request's model in the symbolic world, under the same choices as its compiled program."""
    raw, _ = facts(request)
    return opened(opened_book(request.book), raw, **structure(request))


def explained(answer: Answer) -> Derivation:
    """The derivation of an answer: of the quantity, or of the closed form of an inverse question and all it rests on."""
    case = answer.scenario
    here = open_request(case.request)
    from .deriving import plain

    symbols = known_symbols(here.book.symbols.values(), here.lines)
    values = numbers(case, symbols)
    lines, named = plain(here, case, [line for line in here.lines if line.symbol.name not in case.inputs])
    assumed = read(case.request.assume, symbols)
    if answer.certificate is None:
        return _evaluated(answer, lines, symbols, values, named, assumed)
    return _solved(answer, lines, symbols, values, named, assumed)


def numbers(case: Scenario, symbols: Mapping[str, NamedSymbol]) -> dict[sympy.Symbol, Number]:
    """The scenario's inputs by symbol."""
    return {symbols[name]: value for name, value in case.values.items() if name in symbols}


def _evaluated(answer: Answer, lines: list[Definition], symbols: Mapping[str, NamedSymbol], values: Mapping[sympy.Symbol, Number],
               named: Any, assumed: tuple[Assumption, ...]) -> Derivation:  # fmt: skip
    if answer.symbol in answer.scenario.inputs:
        raise SymllmError(f"{answer.title} was given, so there is nothing to derive")
    return derive(lines, symbols[answer.symbol], assumed, None, values, parts=named, numbers_everywhere=True,
                  subject=str(answer.model["title"]))  # fmt: skip


def _solved(answer: Answer, lines: list[Definition], symbols: Mapping[str, NamedSymbol], values: Mapping[sympy.Symbol, Number],
            named: Any, assumed: tuple[Assumption, ...]) -> Derivation:  # fmt: skip
    unknown = symbols[answer.symbol]
    bound = closed_form.bound_of(answer)
    if bound is None:  # no closed form on this branch: show what the constraint needs at the answer
        needs = closed_form.needs_symbol(answer)
        if needs is None or needs not in symbols:
            raise SymllmError(f"{answer.title} has no closed form here, and the constraint is no single quantity; --json has the certificate")
        made = derive(lines, symbols[needs], assumed, None, values, parts=named, numbers_everywhere=True, subject=str(answer.model["title"]))
    else:
        edge = NamedSymbol(f"{unknown.name}_edge", title=answer.title, meaning=f"{unknown.title} at which the budget is spent",
                           unit=unknown.unit, text=f"{unknown.text_form}*", latex=f"{unknown.latex_form}^{{*}}",
                           domain="amount", rank=unknown.rank)  # fmt: skip
        rule = f"{answer.bound_by} solved for {unknown.text_form}, ceilings relaxed on the branch that holds here"
        line = Definition(edge, lift(bound, {**symbols, **_parts_of(lines)}), rule, title=answer.title)
        made = derive([*lines, line], edge, assumed, None, values, parts=named, numbers_everywhere=True, subject=str(answer.model["title"]))
    return replace(made, notes=(*made.notes, *_verdict(answer, unknown)))


def _parts_of(lines: list[Definition]) -> dict[str, NamedSymbol]:
    return {line.symbol.name: line.symbol for line in lines}


def _verdict(answer: Answer, unknown: NamedSymbol) -> list[str]:
    """The exact answer beside the relaxed closed form, in words."""
    c, said = answer.certificate, []
    if answer.why:
        said.append(answer.why)
    if c is not None and c.at is not None and c.needs is not None and c.budget is not None and c.unit == "byte":
        edge = f"{text.expression(unknown)} = {program.approximate(c.at):,.10g}"
        line = f"exact answer {edge}: {show_binary(c.needs)} ≤ {show_binary(c.budget)}"
        if c.beyond_needs is not None and c.beyond is not None:
            line += f", and {program.approximate(c.beyond):,.10g} would need {show_binary(c.beyond_needs)}"
        said.append(line)
    return said
