"""Symbols that know what they stand for. Each is created once, in a page of the book."""

from __future__ import annotations

from typing import Any, Literal

from sympy import Symbol

Domain = Literal["count", "count or zero", "amount", "amount or zero", "real"]

_ASSUMPTIONS: dict[str, dict[str, bool]] = {
    "count": {"integer": True, "positive": True},
    "count or zero": {"integer": True, "nonnegative": True},
    "amount": {"positive": True},
    "amount or zero": {"nonnegative": True},
    "real": {"real": True},
}

_GREEK = {"Δ": r"\Delta", "α": r"\alpha", "β": r"\beta"}


class NamedSymbol(Symbol):  # type: ignore[misc]  # SymPy ships no types
    """A SymPy symbol with a name for people, a meaning, a unit, a LaTeX form and a place in the notation.

    Two symbols of the same identifier and domain are equal, as in SymPy; the further facts are for showing
    and for the dimension check.
    """

    __slots__ = ("domain", "latex_form", "meaning", "most", "rank", "step", "text_form", "title", "unit")

    title: str
    meaning: str
    unit: str
    latex_form: str
    text_form: str
    domain: Domain
    rank: int
    step: str
    most: str

    def __new__(cls, name: str, *, title: str, meaning: str, unit: str = "1", latex: str = "",
                text: str = "", domain: Domain = "count", rank: int = 0,
                step: str = "1", most: str = "") -> NamedSymbol:  # fmt: skip
        made: Any = Symbol.__xnew__(cls, name, **_ASSUMPTIONS[domain])
        made.title = title
        made.meaning = meaning
        made.unit = unit
        made.latex_form = latex or latex_name(name)
        made.text_form = text or name
        made.domain = domain
        made.rank = rank
        made.step = step
        made.most = most
        result: NamedSymbol = made
        return result

    def __getnewargs_ex__(self) -> Any:  # a symbol is its declaration; never pickled
        raise TypeError("symbols are declared in the book, not copied")


def latex_name(name: str) -> str:
    """`M_kv` -> `M_{\\mathrm{kv}}`, `d_h` -> `d_{h}`: one letter stays a variable, a word stands upright."""
    head, _, tail = name.partition("_")
    if len(head) > 1:
        head = rf"\mathrm{{{head}}}"
    if not tail:
        return head
    parts = [_GREEK.get(part, part) if len(part) == 1 else rf"\mathrm{{{part}}}" for part in tail.split("_")]
    return f"{head}_{{{','.join(parts)}}}"
