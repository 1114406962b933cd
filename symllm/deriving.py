"""What `symllm derive` answers: derivations, crossovers and elasticities of a model's quantities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy

from .answer import Answer
from .assumptions import read
from .asymptotics import crossover, elasticity
from .build import Opened
from .derivation import Derivation, reachable
from .derive import derive, known_symbols
from .errors import SymllmError, unknown
from .explain import numbers, open_request
from .formula import Definition
from .scenario import Request, Scenario, scenario
from .solving import solve
from .symbols import NamedSymbol
from .tensors import parts
from .units import Number, show

#: Where nobody names a model, the textbook's block is meant; its page says what it is made of.
TEXTBOOK = {"model_type": "gpt2"}


@dataclass(frozen=True)
class Finding:
    """A crossover or a list of elasticities: a sentence, a closed form where there is one, numbers where a model is given."""

    title: str
    says: str
    text: str = ""
    latex: str = ""
    value: Number | float | None = None
    unit: str = ""
    rows: tuple[tuple[str, str, float], ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """JSON data of the schema `symllm.finding/1`."""
        return {"schema": "symllm.finding/1", "title": self.title, "says": self.says, "text": self.text, "latex": self.latex,
                "value": None if self.value is None else float(self.value), "unit": self.unit, "notes": list(self.notes),
                "elasticities": [{"symbol": name, "title": title, "elasticity": value} for name, title, value in self.rows]}  # fmt: skip


def named_model(request: Request) -> bool:
    """Whether the request says which model; if not, derivations speak of the textbook's block."""
    return request.model is not None or request.config is not None


def textbook(request: Request) -> Request:
    """The request, about the textbook's block where no model is named."""
    return request if named_model(request) else replace(request, config=TEXTBOOK)


def symbol_of(here: Opened, name: str, symbols: dict[str, NamedSymbol]) -> NamedSymbol:
    """The symbol of a quantity or a symbol by name; raises with the nearest names."""
    quantities = here.quantities
    if name in quantities:
        return quantities[name]
    if name in symbols:
        return symbols[name]
    raise unknown("quantity", name, [*quantities, *symbols], "`symllm list` shows all")


def derived(request: Request, quantity: str, others: Sequence[str] = (), dominant: str | None = None) -> Derivation:
    """The derivation of a quantity under the request's assumptions, with the model's numbers at its end where one is named.

    Raises `SymllmError` for unknown names, contradictory assumptions and a dominant term that there is none of.
    """
    if others:
        raise SymllmError(f"`symllm derive` takes one quantity; {' '.join(others)[:60]!r} is too much (crossover and elasticity take more)")
    given = named_model(request)
    asked = textbook(replace(request, assume=()))
    here = open_request(asked)
    symbols = known_symbols(here.book.symbols.values(), here.lines)
    target = symbol_of(here, quantity, symbols)
    assumed = read(request.assume, symbols, units=True)
    growing = None
    if dominant is not None:
        if dominant not in symbols:
            raise unknown("symbol", dominant, symbols, "`symllm list --symbols` shows all")
        growing = symbols[dominant]
    case = scenario(asked)
    values = numbers(case, symbols) if given else {}
    lines = [line for line in here.lines if line.symbol not in values or line.symbol.name not in case.inputs]
    lines, named = plain(here, case, lines)
    subject = str(case.program.model["title"]) if given else ""
    made = derive(lines, target, assumed, growing, values, parts=named, subject=subject)
    return made if given else replace(made, notes=(*made.notes, "no model was named, so this is the block of the textbook, GPT-2's"))


def plain(here: Opened, case: Scenario, lines: Sequence[Definition]) -> tuple[list[Definition], dict[Any, Any]]:
    """The definitions and their named summands without what is neutral in the scenario: parallelism that is not there."""
    named = parts(here.book, here.model, here.chosen, here.config)
    units = (here.book.roles.flop,)
    gone = {
        item.symbol: sympy.Integer(int(item.value)) for item in here.book.defaults
        if item.neutral and item.symbol not in units and item.symbol.unit != "byte"
        and (entry := case.inputs.get(item.symbol.name)) is not None and entry.value == item.value
    }  # fmt: skip
    kept = [replace(line, expression=line.expression.xreplace(gone)) for line in lines]
    fewer = {symbol: tuple(replace(part, expression=part.expression.xreplace(gone)) for part in rows) for symbol, rows in named.items()}
    return kept, fewer


def crossover_of(request: Request, names: Sequence[str], growing: str | None) -> Finding:
    """Where one quantity overtakes another as a symbol grows: closed form, and its value for a model."""
    if len(names) != 2 or growing is None:
        raise SymllmError("write it as `symllm derive crossover kv_cache weights --in s --model NAME`")
    if not named_model(request):
        return _symbolic_crossover(request, names, growing)
    one, other = names
    asked = replace(request, beyond_context=True)
    answer = solve(asked, growing, (f"{one} <= {other}",))
    signs = answer.scenario.program.signs
    first, second = (signs[answer.scenario.program.symbol_of(name)].title for name in names)
    title = f"{first} and {second} of {answer.model['title']}, in {signs[answer.symbol].title}"
    return _located(answer, title, first, second)


def _located(answer: Answer, title: str, first: str, second: str) -> Finding:
    sign = answer.scenario.program.signs[answer.symbol]
    if answer.certificate is None or answer.certificate.at is None:
        return Finding(title, f"they never cross: {first} is larger for every {sign.title}")
    if answer.certificate.beyond is None and answer.value is None:
        return Finding(title, f"they never cross: {second} is larger for every {sign.title}")
    growing, value = answer.certificate, answer.certificate.at
    grows = growing.beyond is not None and growing.beyond > value
    later, earlier = (first, second) if grows else (second, first)
    form = answer.closed_form
    text = form.text.replace("≤", "=").replace("≥", "=") if form else ""
    latex = form.latex.replace(r"\le", "=", 1).replace(r"\ge", "=", 1) if form else ""
    limit = answer.scenario.inputs.get("s_max") if answer.symbol == "s" else None
    notes = []
    if limit is not None and value > limit.value:
        notes.append(f"that is beyond the model's own context limit of {show(limit.value, 'token')}")
    said = f"{later} outgrows {earlier} after {show(value, sign.unit)} ({sign.text})" if grows else (
        f"{later} is the larger from {show(value, sign.unit)} ({sign.text}) on")  # fmt: skip
    return Finding(title, said, text, latex, form.value if form else value, sign.unit, notes=(*notes, *answer.assumptions))


def _symbolic_crossover(request: Request, names: Sequence[str], growing: str) -> Finding:
    """The closed form alone, for the textbook's block."""
    from .render import latex, text

    here = open_request(textbook(replace(request, assume=())))
    symbols = known_symbols(here.book.symbols.values(), here.lines)
    if growing not in symbols:
        raise unknown("symbol", growing, symbols, "`symllm list --symbols` shows all")
    symbol = symbols[growing]
    assumed = {item.symbol: item.expression for item in read(request.assume, symbols)}
    lines, _ = plain(here, scenario(textbook(replace(request, assume=()))), here.lines)
    rows = {line.symbol: line.expression for line in lines}
    units = {item.symbol: sympy.Integer(1) for item in here.book.defaults if item.neutral and item.value == 1}
    sides = [_opened_in(symbol_of(here, name, symbols), symbol, rows).xreplace(units).subs(assumed) for name in names]
    titles = [symbol_of(here, name, symbols).title for name in names]
    found = crossover(sides[0], sides[1], symbol)
    title = f"{titles[0]} and {titles[1]} of the textbook's block, in {symbol.title}"
    if not found.points:
        return Finding(title, found.says)
    at = " or ".join(f"{text.expression(symbol)} = {text.expression(point)}" for point in found.points)
    typeset = r" \quad\text{or}\quad ".join(f"{latex.expression(symbol)} = {latex.expression(point)}" for point in found.points)
    return Finding(title, "they are equal where", at, typeset, unit=symbol.unit)


def _opened_in(expr: sympy.Expr, symbol: sympy.Symbol, rows: dict[NamedSymbol, sympy.Expr]) -> sympy.Expr:
    """`expr` with definitions written out where the symbol is inside; all else stays folded."""
    inside = [used for used in expr.free_symbols if used in rows and symbol in reachable(used, rows)]
    return expr.xreplace({used: _opened_in(rows[used], symbol, rows) for used in inside})


def elasticity_of(request: Request, names: Sequence[str], growing: str | None) -> Finding:
    """By how many percent a quantity changes where each input (or the named one) changes by one percent, at a model's numbers."""
    if len(names) != 1 or not named_model(request):
        raise SymllmError("write it as `symllm derive elasticity inference_memory --in s --model NAME`; without --in, all inputs are shown")
    here = open_request(replace(request, assume=()))
    case = scenario(request)
    symbols = known_symbols(here.book.symbols.values(), here.lines)
    target = symbol_of(here, names[0], symbols)
    values = numbers(case, symbols)
    rows = {line.symbol: line.expression for line in here.lines if line.symbol not in values}
    rows |= {item.symbol: item.expression for item in read(request.assume, symbols)}
    inputs = [name for name in case.program.inputs([target.name]) if name not in case.program.neutral]
    if growing is not None:
        if growing not in symbols:
            raise unknown("symbol", growing, symbols, "`symllm list --symbols` shows all")
        inputs = [growing]
    found = [(name, symbols[name].title, float(elasticity(target, symbols[name], values, rows))) for name in inputs]
    found.sort(key=lambda row: -abs(row[2]))
    title = f"Elasticities of the {target.title} of {case.program.model['title']}"
    return Finding(title, "1 % more of a symbol changes it by so many percent", rows=tuple(found))
