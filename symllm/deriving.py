"""What `symllm derive` answers: derivations, crossovers and elasticities of a model's quantities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy

from . import parse
from .answer import ClosedForm, assumptions, errors
from .assumptions import read, resolved
from .asymptotics import crossover
from .build import Opened
from .closed_form import meeting_form
from .derivation import Derivation, reachable
from .derive import derive, known_symbols
from .dimension import spell, unit_dimension
from .errors import SymllmError, unknown
from .explain import numbers, open_request
from .formula import Definition
from .numeric.feasible import FARTHEST, Grid, search
from .numeric.feasible import Test as Decider
from .overtaking import Run, runs
from .relations import number
from .scenario import Request, Scenario, compiled, complete, scenario
from .sensitivity import Elasticity, elasticities
from .symbols import NamedSymbol
from .tensors import parts
from .units import Number, exact, show

#: Where nobody names a model, the textbook's block is meant; its page says what it is made of.
TEXTBOOK = {"model_type": "gpt2"}
#: Its papers keep attention weights and dropout masks.
TEXTBOOK_TRAINING = "eager,dropout"


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
    if named_model(request):
        return request
    return replace(request, config=TEXTBOOK, training=request.training or TEXTBOOK_TRAINING)


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
    asked = _with_new_tokens(textbook(replace(request, assume=())), dominant)
    here = open_request(asked)
    symbols = known_symbols(here.book.symbols.values(), here.lines)
    target = symbol_of(here, quantity, symbols)
    assumed = read(request.assume, symbols, units=True)
    if given:
        _refuse_derived(request.assume, {line.symbol.name: line.because for line in here.lines})
    growing = None
    if dominant is not None:
        if dominant not in symbols:
            raise unknown("symbol", dominant, symbols, "`symllm list --symbols` shows all")
        growing = symbols[dominant]
    case = scenario(asked)
    values = numbers(case, symbols) if given else {}
    lines = [line for line in here.lines if line.symbol not in values or line.symbol.name not in case.inputs]
    lines, named = plain(here, case, lines, growing)
    subject = str(case.program.model["title"]) if given else ""
    made = derive(lines, target, assumed, growing, values, parts=named, subject=subject)
    return made if given else replace(made, notes=(*made.notes, "no model was named, so this is the block of the textbook, GPT-2's"))


def plain(here: Opened, case: Scenario, lines: Sequence[Definition],
          keep: sympy.Symbol | None = None) -> tuple[list[Definition], dict[Any, Any]]:  # fmt: skip
    """The definitions and their named summands without what is neutral in the scenario: parallelism that is not there.

    keep: a symbol that stays, as it is the one that grows.
    """
    named = parts(here.book, here.model, here.chosen, here.config)
    units = (here.book.roles.flop,)
    gone = {
        item.symbol: sympy.Integer(int(item.value)) for item in here.book.defaults
        if item.neutral and item.symbol not in units and item.symbol != keep and item.symbol.unit != "byte"
        and (entry := case.inputs.get(item.symbol.name)) is not None and entry.value == item.value
    }  # fmt: skip
    kept = [replace(line, expression=line.expression.xreplace(gone)) for line in lines]
    fewer = {symbol: tuple(replace(part, expression=part.expression.xreplace(gone)) for part in rows) for symbol, rows in named.items()}
    return kept, fewer


def crossover_of(request: Request, names: Sequence[str], growing: str | None) -> Finding:
    """Where one quantity is larger than another as a symbol grows: for a model every change, exactly, over whole numbers.

    Raises `SymllmError` for quantities of different dimension, for a symbol on which neither depends, and where the
    answer cannot be told exactly.
    """
    if len(names) != 2 or growing is None:
        raise SymllmError("write it as `symllm derive crossover kv_cache weights --in s --model NAME`")
    request = _with_new_tokens(request, growing)
    return _crossover_in_numbers(request, names, growing) if named_model(request) else _symbolic_crossover(request, names, growing)


def _with_new_tokens(request: Request, growing: str | None) -> Request:
    """The request with new tokens told apart from the prompt where they are what grows; without them they are no symbol."""
    return replace(request, new_tokens=0) if growing == "n" and request.new_tokens is None else request


def _crossover_in_numbers(request: Request, names: Sequence[str], growing: str) -> Finding:
    case = scenario(replace(request, beyond_context=True), (growing,))
    made = case.program
    symbols = [made.symbol_of(name) for name in names]
    if growing not in made.signs:
        raise unknown("symbol", growing, made.signs, "`symllm list --symbols` shows all")
    _alike(names, [made.signs[symbol].unit for symbol in symbols])
    _refuse_derived(request.assume, {line.name: line.because for line in compiled(request).lines})
    sign, (first, second) = made.signs[growing], (made.signs[symbol].title for symbol in symbols)
    model = made.model["title"]
    if made.line(growing) is not None:
        raise SymllmError(f"{growing} is a result, not an input: ask for a symbol that it rests on ({', '.join(made.inputs([growing])[:6])}, ...)")
    if growing not in made.inputs(symbols):
        raise SymllmError(f"neither {first} nor {second} of {model} depends on {sign.title} ({growing})")
    complete(case.with_values(**{growing: 1}), symbols)
    step = Fraction(sign.step)
    lines = {line.name: line.tree for line in made.needed(symbols)}
    try:
        found = runs(symbols[0], symbols[1], growing, lines, case.values, step)
    except SymllmError:  # powers that rest on the unknown: by bounds over stretches
        found = _bounded_runs(case, symbols, growing)
    title = f"{first} and {second} of {model}, in {sign.title}"
    notes = (*_other_model(request, case, model), *errors(made, symbols), *assumptions(case, symbols))
    edge = _edge(found)
    if edge is None:
        return Finding(title, said(found, first, second, sign.text, sign.unit, step), unit=sign.unit, notes=notes)
    at, larger = exact(edge[0] * step), edge[1]
    limit = case.inputs.get("s_max") if growing == "s" else None
    if limit is not None and at > limit.value:
        notes = (f"that is beyond the model's own context limit of {show(limit.value, 'token')}", *notes)
    form = _form(case, growing, symbols if larger > 0 else symbols[::-1], at)
    text = form.text.replace("≤", "=").replace("≥", "=") if form else ""
    latex = form.latex.replace(r"\le", "=", 1).replace(r"\ge", "=", 1) if form else ""
    return Finding(title, said(found, first, second, sign.text, sign.unit, step), text, latex, form.value if form else at, sign.unit, notes=notes)


def _bounded_runs(case: Scenario, symbols: Sequence[str], growing: str) -> list[Run]:
    """The runs of a crossover as feasible sets of "<" both ways; raises where the whole range cannot be decided."""
    made = case.program
    kept, values = made.around(symbols, (growing,), case.with_values(**{growing: 1}).values)
    lines = [*((name, number(value)) for name, value in values.items()), *kept]
    grid = Grid(1, FARTHEST, Fraction(made.signs[growing].step), made.signs[growing].whole)
    first, second = symbols
    both = [search([Decider(a, b, True, lines, growing, 1)], grid, downwards=None) for a, b in ((second, first), (first, second))]
    if not all(found.complete for found in both):
        raise SymllmError(f"no crossover in {growing} can be told: too many changes between the two")
    spans = sorted([(low, high, sign) for found, sign in zip(both, (1, -1), strict=True) for low, high in found.intervals])
    told, start = [], grid.low
    for low, high, sign in [*spans, (grid.high + 1, grid.high + 1, 0)]:
        if low > start:
            told.append(Run(start, low - 1 if low <= grid.high else None, 0))
        if low <= grid.high:
            told.append(Run(low, high if high < grid.high else None, sign))
        start = high + 1
    return told


def _edge(found: Sequence[Run]) -> tuple[int, int] | None:
    """The last number before one overtakes the other, and which (1: the first), where that happens just once."""
    if len(found) not in (2, 3) or any(run.sign is None for run in found):
        return None
    before, after = found[0], found[-1]
    touch = found[1:-1]
    if before.sign == 0 or after.sign == 0 or before.sign == after.sign or any(run.sign != 0 or run.start != run.end for run in touch):
        return None
    return after.start - 1, int(after.sign or 0)


def _form(case: Scenario, growing: str, symbols: Sequence[str], at: Number) -> ClosedForm | None:
    """The closed form of where the first of two symbols outgrows the second; None where there is none."""
    return meeting_form(case, growing, symbols[0], symbols[1], at)


def said(found: Sequence[Run], first: str, second: str, name: str, unit: str, step: Fraction) -> str:
    """A sentence for the runs of a crossover."""
    edge = _edge(found)
    if len(found) == 1 and found[0].sign is not None:
        if found[0].sign == 0:
            return f"they are equal for every {name}"
        return f"they never cross: {first if found[0].sign > 0 else second} is larger for every {name}"
    if edge is not None:
        later, earlier = (first, second) if edge[1] > 0 else (second, first)
        touch = ", where they are equal" if len(found) == 3 else ""
        return f"{later} outgrows {earlier} after {show(exact(edge[0] * step), unit)} ({name}){touch}"
    told = [(f"{first} is larger", 1), (f"{second} is larger", -1), ("they are equal", 0)]
    clauses = [f"{words} {_listed([_range(run, step) for run in found if run.sign == sign])}" for words, sign in told
               if any(run.sign == sign for run in found)]  # fmt: skip
    clauses += [_by_remainder(run, first, second, name, step) for run in found if run.sign is None]
    return f"in {name}: " + "; ".join(clauses)


def _range(run: Run, step: Fraction) -> str:
    start = _exactly(run.start * step)
    if run.end is None:
        return f"from {start} on"
    return f"at {start}" if run.end == run.start else f"from {start} to {_exactly(run.end * step)}"


def _exactly(value: Fraction) -> str:
    """A number exactly: with commas where it is whole, as a quotient else."""
    return f"{value.numerator:,}" if value.denominator == 1 else str(value)


def _listed(parts: Sequence[str]) -> str:
    if len(parts) > 12:  # where rounding plays, there may be hundreds
        parts = [*parts[:8], f"in {len(parts) - 9:,} more stretches", parts[-1]]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _by_remainder(run: Run, first: str, second: str, name: str, step: Fraction) -> str:
    counted = name if step == 1 else f"{name}/({step})"
    cases = [f"{words} where {counted} mod {run.modulus:,} is {_remainders(some)}"
             for words, some in ((f"{first} is larger", run.larger), ("they are equal", run.equal)) if some]  # fmt: skip
    rest = f"{second} is larger" if len(run.larger) + len(run.equal) < run.modulus else ""
    return f"{_range(run, step)}, {', '.join(cases)}{f', else {rest}' if rest else ''}"


def _remainders(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) if len(numbers) <= 8 else f"one of {len(numbers):,} ({', '.join(map(str, numbers[:6]))}, ...)"


def _alike(names: Sequence[str], units: Sequence[str]) -> None:
    """Raise where two quantities are of different dimension, so that neither can be the larger."""
    one, other = (spell(unit_dimension(unit)) for unit in units)
    if one != other:
        raise SymllmError(f"{names[0]} is {one} and {names[1]} is {other}: quantities of different dimension never cross; name two of one dimension")


def _symbolic_crossover(request: Request, names: Sequence[str], growing: str) -> Finding:
    """The closed form alone, for the textbook's block."""
    from .render import latex, text

    bare = textbook(replace(request, assume=()))
    here = open_request(bare)
    symbols = known_symbols(here.book.symbols.values(), here.lines)
    if growing not in symbols:
        raise unknown("symbol", growing, symbols, "`symllm list --symbols` shows all")
    symbol = symbols[growing]
    _alike(names, [symbol_of(here, name, symbols).unit for name in names])
    assumed = resolved(read(request.assume, symbols, units=True))
    lines, _ = plain(here, scenario(bare), here.lines, symbol)
    rows = {line.symbol: line.expression for line in lines if line.symbol not in assumed}
    units = {item.symbol: sympy.Integer(1) for item in here.book.defaults if item.neutral and item.value == 1 and item.symbol != symbol}
    sides = [_opened_in(symbol_of(here, name, symbols).xreplace(assumed), symbol, rows).xreplace(assumed).xreplace(units) for name in names]
    if not any(symbol in side.free_symbols for side in sides):
        raise SymllmError(f"neither {names[0]} nor {names[1]} of the textbook's block depends on {symbol.title} ({growing})")
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


def _refuse_derived(texts: Sequence[str], because: Mapping[str, str]) -> None:
    """Raise for an assumption on what follows from a model's sizes: it is no longer free to be anything else."""
    for text in texts:
        name, _ = parse.definition(text)
        if name in because:
            raise SymllmError(f"--assume {text[:60]!r}: {name} of a named model is derived, not assumed ({because[name][:80]}); "
                              "assume sizes that it rests on, or name no model")  # fmt: skip


def _other_model(request: Request, case: Scenario, model: str) -> list[str]:
    """Which assumptions make the numbers those of another model, with the model's own number."""
    said = []
    for text in request.assume:
        name, _ = parse.definition(text)
        own, here = case.program.sizes.get(name), case.program.run(case.values, [name]).get(name)
        if own is not None and here is not None and own != here:
            said.append(f"under {text} this is not {model} any more: its {name} is {_exactly(Fraction(own))}, not {_exactly(Fraction(here))}")
    return said


def elasticity_of(request: Request, names: Sequence[str], growing: str | None) -> Finding:
    """By how many percent a quantity changes where each input (or the named one) changes by one percent, at a model's numbers.

    What is relaxed, and where the slope jumps, is said in notes. Raises `SymllmError` where the one input that is named
    has no elasticity; of many, those without are named.
    """
    if len(names) != 1 or not named_model(request):
        raise SymllmError("write it as `symllm derive elasticity inference_memory --in s --model NAME`; without --in, all inputs are shown")
    request = _with_new_tokens(request, growing)
    here = open_request(replace(request, assume=()))
    _refuse_derived(request.assume, {line.symbol.name: line.because for line in here.lines})
    case = scenario(request)
    symbols = known_symbols(here.book.symbols.values(), here.lines)
    target = symbol_of(here, names[0], symbols)
    assumed = read(request.assume, symbols, units=True)
    values = numbers(case, symbols)
    rows = {line.symbol: line.expression for line in here.lines if line.symbol not in values}
    rows |= {item.symbol: item.expression for item in assumed}
    inputs = [name for name in case.program.inputs([target.name]) if name not in case.program.neutral]
    if growing is not None:
        if growing not in symbols:
            raise unknown("symbol", growing, symbols, "`symllm list --symbols` shows all")
        inputs = [growing]
    found: dict[str, Elasticity] = {}
    notes: list[str] = []
    for name in inputs:
        try:
            found[name] = elasticities(target, symbols[name], values, rows)
        except SymllmError as error:
            if growing is not None:
                raise
            notes.append(str(error))
    notes = [*_relaxed(found), *_corners(found), *notes, *_other_model(request, case, str(case.program.model["title"]))]
    shown = sorted(((name, symbols[name].title, float(item.above)) for name, item in found.items()), key=lambda row: -abs(row[2]))
    title = f"Elasticities of the {target.title} of {case.program.model['title']}"
    return Finding(title, "1 % more of a symbol changes it by so many percent", rows=tuple(shown), notes=tuple(notes))


def _relaxed(found: Mapping[str, Elasticity]) -> list[str]:
    names = [name for name, item in found.items() if item.relaxed]
    if not names:
        return []
    return [f"relaxed slopes in {', '.join(names)}: the value is exact, but a ceiling or floor is taken to rise as smoothly as what it rounds"]


def _corners(found: Mapping[str, Elasticity]) -> list[str]:
    return [f"on a corner in {name}: 1 % more changes it by {float(item.above):+.4g} %, 1 % less by {-float(item.below):+.4g} %, as the branch "
            f"of {_brief(item.corners[-1])} changes" for name, item in found.items() if item.corners]  # fmt: skip


def _brief(expr: sympy.Expr) -> str:
    text = str(expr)
    return text if len(text) <= 60 else text[:57] + "..."
