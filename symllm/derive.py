"""The derivation of any quantity, from its definitions down to the tensors and up again to a short closed form.

The whole is written as the sum of its parts; each part is written out with the names of what it holds, simplified
under the assumptions, and put back; the term that outgrows the others is named, and what it leaves out is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sympy

from . import asymptotics
from .assumptions import Assumption, resolved
from .crossing import lower
from .derivation import Chain, Derivation, Evaluation, Facts, Part, Share, Step, reachable
from .errors import SymllmError
from .formula import Definition
from .layout import rank, terms
from .polynomial import expanded
from .rules import Draft, assume, collect, define, dominant, expand, substitute
from .symbols import NamedSymbol
from .tree import names
from .units import Number

#: A closed form of more symbols than this teaches nothing; the sum of its parts is kept instead.
READABLE = 24
#: A definition of more symbols than this (a search over image tilings) is named and used, but not written out.
PRINTABLE = 100


def known_symbols(symbols: Iterable[NamedSymbol], definitions: Iterable[Definition]) -> dict[str, NamedSymbol]:
    """Every symbol that an assumption may speak of, by name: the notation's and those of the definitions."""
    found = {symbol.name: symbol for symbol in symbols}
    for line in definitions:
        for symbol in (line.symbol, *line.expression.free_symbols):
            if isinstance(symbol, NamedSymbol):
                found.setdefault(symbol.name, symbol)
    return found


def derive(definitions: Sequence[Definition], symbol: NamedSymbol, assumptions: Sequence[Assumption] = (),
           dominant_in: sympy.Symbol | None = None, values: Mapping[sympy.Symbol, Number] | None = None, *,
           parts: Mapping[sympy.Symbol, tuple[Part, ...]] | None = None, numbers_everywhere: bool = False,
           subject: str = "") -> Derivation:  # fmt: skip
    """The derivation of `symbol` from the definitions of a model or a bare family.

    assumptions: equalities to simplify under. dominant_in: the symbol whose largest term ends it. values: numbers of
    the inputs, of a model called `subject`; without them, with some missing, or where an assumption contradicts them,
    no numbers are shown.
    parts: the named summands of definitions (`symllm.tensors.parts`). numbers_everywhere: put numbers to every line.
    Raises `SymllmError` for contradictory assumptions, a symbol without definition, and where no term is the largest.
    """
    by_symbol = {line.symbol: line for line in definitions}
    if symbol not in by_symbol:
        raise SymllmError(f"nothing to derive: {symbol} is an input, it has no definition")
    stated = resolved(assumptions)
    if symbol in stated:
        raise SymllmError(f"{symbol} is what is derived, so it cannot be assumed")
    rows = {line.symbol: line.expression for line in definitions if line.symbol not in (values or {}) and line.symbol not in stated}
    given = _with_assumed(values or {}, stated, rows)
    used = reachable(symbol, {**rows, **stated})
    relevant = tuple(a for a in assumptions if a.symbol in used)
    kept = {key: expr for key, expr in rows.items() if key in used}
    facts = Facts(kept, relevant, {key: by_symbol[key].because for key in kept if by_symbol[key].because})
    broken = tuple(_broken(relevant, facts, given, subject))
    if broken:  # what is derived is true of another model, and so would its numbers be
        given, numbers_everywhere = {}, False
    writer = _Writer(facts, by_symbol, parts or {}, dominant_in, given, numbers_everywhere)
    chains = writer.chains(symbol)
    idle = (f"{assumption} changes nothing here" for assumption in assumptions if assumption not in relevant)
    return Derivation(symbol.title, symbol, facts, chains, writer.ends(symbol, chains), given,
                      subject, (*idle, *broken, *_unwritten(symbol, facts, chains)))  # fmt: skip


def _with_assumed(values: Mapping[sympy.Symbol, Number], stated: Mapping[sympy.Symbol, sympy.Expr],
                  rows: Mapping[sympy.Symbol, sympy.Expr]) -> dict[sympy.Symbol, Number]:  # fmt: skip
    """The numbers given, and those that assumptions give to symbols without one; none where no number is given."""
    known, facts = dict(values), Facts(rows)
    for symbol, expr in stated.items() if values else ():
        if symbol not in known and not facts.inputs_of(expr) - set(rows) - set(known):
            known[symbol] = facts.number(expr, values)
    return known


def _broken(relevant: Sequence[Assumption], facts: Facts, values: Mapping[sympy.Symbol, Number], subject: str) -> Iterable[str]:
    """The assumptions that the model's own sizes contradict, in words."""
    for assumption in relevant:
        inputs = facts.inputs_of(assumption.expression) - set(facts.definitions)
        if assumption.symbol in values and not inputs - set(values):
            found, claimed = values[assumption.symbol], facts.number(assumption.expression, values)
            if found != claimed:
                yield (f"{assumption} does not hold for {subject or 'this model'}: {assumption.symbol} is {_digits(found)}, not {_digits(claimed)}; "
                       "so what is derived is not about it, and no numbers of it are put in")  # fmt: skip


def _unwritten(symbol: NamedSymbol, facts: Facts, chains: Sequence[Chain]) -> Iterable[str]:
    """What is defined but too long to print, with what it stands for."""
    shown = {chain.left for chain in chains}
    seen = {used for chain in chains for step in chain.steps for used in step.expression.free_symbols}
    for used in sorted(seen - shown - {symbol}, key=str):
        if used in facts.definitions and size(facts.definitions[used]) > PRINTABLE:
            yield f"{used} ({used.meaning}) has a definition too long to write out; it is used exactly"


def _digits(value: Number) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


@dataclass(frozen=True)
class _Writer:
    facts: Facts
    lines: Mapping[sympy.Symbol, Definition]
    parts: Mapping[sympy.Symbol, tuple[Part, ...]]
    dominant_in: sympy.Symbol | None
    values: Mapping[sympy.Symbol, Number]
    numbers_everywhere: bool
    short: dict[sympy.Symbol, sympy.Expr] = field(default_factory=dict)

    def chains(self, symbol: NamedSymbol) -> tuple[Chain, ...]:
        """The whole as its parts; every part, those it rests on before it; the whole put together."""
        first = Draft(symbol, self.facts).then(define(self.parts.get(symbol, ())))
        inner = self.order(symbol)
        if not inner:
            return (self.finished(symbol, self.simplified(first)),)
        chains = [first.chain(self.title(symbol))]
        for part in inner:
            draft = self.simplified(Draft(part, self.facts).then(define(self.parts.get(part, ()))))
            draft = self.together(part, draft)
            self.short[part] = self.readable(part, draft.current)
            chains.append(draft.chain(self.title(part), self.numbered(part, draft)))
        last = self.together(symbol, self.simplified(first))
        if len(last.steps) > 1:
            chains.append(self.finished(symbol, Draft(symbol, self.facts, last.steps[1:])))
        elif self.dominant_in is not None:
            chains.append(self.finished(symbol, Draft(symbol, self.facts)))
        else:
            chains[0] = self.finished(symbol, first)
        return tuple(chains)

    def order(self, symbol: sympy.Symbol) -> list[NamedSymbol]:
        """The defined symbols under `symbol`, each after those it rests on, in the order in which they are written."""
        found: list[NamedSymbol] = []

        def visit(here: sympy.Symbol) -> None:
            for used in _as_written(self.facts.definitions[here]):
                defined = used in self.lines and used in self.facts.definitions and used not in found
                if defined and size(self.facts.definitions[used]) <= PRINTABLE:
                    visit(used)
                    found.append(used)

        visit(symbol)
        return found

    def simplified(self, draft: Draft) -> Draft:
        """The draft under the assumptions, multiplied out and collected where that makes it shorter."""
        draft = draft.then(assume())
        for rule in (expand(), *((collect(self.dominant_in),) if self.dominant_in in draft.current.free_symbols else ())):
            tried = draft.then(rule)
            if size(tried.current) < size(draft.current):
                draft = tried
        return draft

    def together(self, symbol: sympy.Symbol, draft: Draft) -> Draft:
        """The draft with what was found for its parts put in, unless that is too long to read."""
        inner = [part for part in self.short if part in draft.current.free_symbols and self.short[part] != part]
        if not inner:
            return draft
        put = draft.current.xreplace({part: self.short[part] for part in inner})
        grouped = self.grouped(put)
        if size(grouped) > READABLE or (self.numbers_everywhere and grouped.atoms(sympy.Add, sympy.Max, sympy.Min)):
            return draft  # with numbers on every line, folded numbers say more than a polynomial
        return draft.then(substitute(draft.current, grouped))

    def grouped(self, expr: sympy.Expr) -> sympy.Expr:
        """A sum's like terms added without multiplying out what stands N times in parentheses."""
        plain: list[sympy.Expr] = []
        kept: list[sympy.Expr] = []
        for term in sympy.Add.make_args(expr):
            (kept if term.has(sympy.Add) else plain).append(term)
        return sympy.Add(*kept, expanded(sympy.Add(*plain)))

    def readable(self, part: sympy.Symbol, expr: sympy.Expr) -> sympy.Expr:
        return expr if size(expr) <= READABLE else part

    def finished(self, symbol: NamedSymbol, draft: Draft) -> Chain:
        if self.dominant_in is not None:
            draft = draft.then(dominant(self.dominant_in))
        return draft.chain(self.title(symbol), self.numbered(symbol, draft))

    def title(self, symbol: sympy.Symbol) -> str:
        return self.lines[symbol].title if symbol in self.lines else ""

    def numbered(self, symbol: NamedSymbol, draft: Draft) -> Evaluation | None:
        """A line's numbers, where every line is to have them."""
        if not self.numbers_everywhere or not self.known(symbol) or draft.steps[-1].relation != "=":
            return None
        return self.evaluation(symbol, self.telling(symbol, draft.steps))

    def telling(self, symbol: NamedSymbol, steps: Sequence[Step]) -> sympy.Expr:
        """The expression in which numbers say most: the last one that this model satisfies, or the definition."""
        exact = [step.expression for step in steps if step.relation == "="]
        whole = self.facts.number(symbol, self.values)
        if exact and self.known(exact[-1]) and self.facts.number(exact[-1], self.values) == whole:
            return exact[-1]
        return self.facts.definitions[symbol]

    def known(self, expr: sympy.Expr) -> bool:
        """Whether every input under `expr` has a number."""
        reached = set().union(*(reachable(s, self.facts.definitions) for s in expr.free_symbols)) if expr.free_symbols else set()
        return all(symbol in self.values or symbol in self.facts.definitions for symbol in reached)

    def evaluation(self, left: sympy.Expr, expr: sympy.Expr, unit: str = "", shares: tuple[Share, ...] = ()) -> Evaluation:
        result = self.facts.number(left, self.values)
        numbers = {name: symbol for symbol in expr.free_symbols for name in names(lower(symbol))}
        shown = tuple((symbol, self.facts.number(symbol, self.values)) for symbol in numbers.values())
        return Evaluation(left, expr, shown, result, unit or getattr(left, "unit", ""), shares)

    def ends(self, symbol: NamedSymbol, chains: tuple[Chain, ...]) -> tuple[Evaluation, ...]:
        """The whole in numbers; the largest term in numbers, and its share of what it stands for."""
        if not self.values or not self.known(symbol):
            return ()
        last = chains[-1].steps[-1]
        told = self.telling(symbol, chains[-1].steps)
        whole = self.evaluation(symbol, self.facts.definitions[symbol] if isinstance(told, sympy.Add) else told)
        if self.numbers_everywhere and last.relation == "=":
            return ()
        if last.relation != "≈" or not self.known(last.expression):
            return (whole,)
        sides = dict.fromkeys((*self.from_which(symbol), symbol))
        shares = tuple(Share(side, self.facts.number(side, self.values)) for side in sides)
        return whole, self.evaluation(last.expression, last.expression, symbol.unit, shares)

    def from_which(self, symbol: NamedSymbol) -> list[sympy.Expr]:
        """The summand of the whole that the largest term comes from, where it is a single one."""
        assert self.dominant_in is not None
        summands = sympy.Add.make_args(self.facts.definitions[symbol])
        try:
            degrees = {term: self.degree(self.facts.unfolded(term, self.dominant_in)) for term in summands}
        except SymllmError:  # one of them has no leading term of its own
            return []
        top = [term for term in summands if degrees[term] == max(degrees.values())]
        return top if len(top) == 1 else []

    def degree(self, expr: sympy.Expr) -> int:
        assert self.dominant_in is not None
        return asymptotics.leading(expr, self.dominant_in)[0]


def _as_written(expr: sympy.Expr) -> list[sympy.Symbol]:
    """The symbols of an expression in the order in which a reader meets them."""
    return [symbol for term in terms(expr) for symbol in sorted(term.free_symbols, key=lambda s: (rank(s), s.name))]


def size(expr: sympy.Expr) -> int:
    """How much there is to read: the symbols written, a power counting once."""
    return sum(1 for node in sympy.preorder_traversal(expr) if isinstance(node, sympy.Symbol))
