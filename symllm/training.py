"""What a training run chooses: options by name, declared in the book, some with values of symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from .errors import SymllmError, unknown
from .symbols import NamedSymbol


@dataclass(frozen=True)
class TrainingOption:
    """One way to train.

    kind: options of one kind exclude each other; the first declared is the default. of: the quantity that it changes.
    says: the words with which it is printed where nobody chose it; "" for what changes nothing.
    values: from the bytes of one number while computing, the value of symbols.
    """

    name: str
    kind: str
    of: NamedSymbol
    says: str
    values: Callable[[sympy.Expr], Mapping[Any, Any]] | None = None


def chosen(known: Sequence[TrainingOption], asked: Sequence[str] = ()) -> tuple[TrainingOption, ...]:
    """One option of each kind: those asked for by name, else the first declared.

    Raises `SymllmError` for an unknown name and for two of one kind.
    """
    table = {option.name: option for option in known}
    found: dict[str, TrainingOption] = {}
    for name in asked:
        if name not in table:
            raise unknown("training option", name, table)
        option = table[name]
        other = found.setdefault(option.kind, option)
        if other is not option:
            raise SymllmError(f"--training: '{other.name}' and '{option.name}' exclude each other")
    for option in known:
        found.setdefault(option.kind, option)
    return tuple(found.values())


def given(text: str | None) -> tuple[str, ...]:
    """The names in a text such as "fused,no-dropout"."""
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def values(options: Sequence[TrainingOption], element: sympy.Expr) -> dict[NamedSymbol, tuple[Any, str]]:
    """The symbols that options give a value, where a number has `element` bytes while computing, and the option's words."""
    return {symbol: (value, option.says) for option in options if option.values is not None
            for symbol, value in option.values(element).items()}  # fmt: skip


def said(options: Sequence[TrainingOption], asked: Sequence[str]) -> dict[str, list[str]]:
    """By quantity, in words, the options that change its structure and that nobody chose."""
    found: dict[str, list[str]] = {}
    for option in options:
        if option.values is None and option.says and option.name not in asked:
            found.setdefault(option.of.name, []).append(f"{option.says} (--training)")
    return found
