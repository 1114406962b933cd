"""A program as JSON data, and back with every piece checked: what a cache holds may have been written by anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, Final, TypeVar

from . import tree
from .errors import SymllmError
from .program import KINDS, Asked, Line, Program, Sign, as_tree
from .tree import Tree
from .units import DIMENSIONS, Number

Row = TypeVar("Row", Line, Sign, Asked)


def dump(program: Program) -> dict[str, Any]:
    """The program as JSON data."""
    data = asdict(program)
    for key in ("sizes", "fixed"):
        data[key] = {name: as_tree(value) for name, value in data[key].items()}
    data["defaults"] = {name: [as_tree(value), says] for name, (value, says) in program.defaults.items()}
    data["rules"] = {name: list(rule) for name, rule in program.rules.items()}
    return data


def restore(data: Mapping[str, Any]) -> Program:
    """The program of `dump`'s data. Raises `SymllmError` for data that `dump` cannot have made."""
    if set(data) != {item.name for item in fields(Program)}:
        raise _false("a program", sorted(data))
    made = Program(
        model=_mapping(data["model"], _any),
        sizes=_mapping(data["sizes"], _number),
        lines=tuple(_row(Line, item) for item in _list(data["lines"])),
        quantities=_mapping(data["quantities"], _text),
        defaults=_mapping(data["defaults"], lambda item: (_number(_pair(item)[0]), _text(_pair(item)[1]))),
        fixed=_mapping(data["fixed"], _number),
        signs=_mapping(data["signs"], lambda item: _row(Sign, item)),
        neutral=_texts(data["neutral"]),
        questions=_mapping(data["questions"], lambda item: _row(Asked, item)),
        notes=_texts(data["notes"]),
        choices=_mapping(data["choices"], _any),
        laws=tuple(_law(item) for item in _list(data["laws"])),
        rules=_mapping(data["rules"], lambda item: (tree.well_formed(_pair(item)[0]), _text(_pair(item)[1]))),
    )
    _complete(made)
    return made


def _complete(made: Program) -> None:
    """Every name that is used is one of the program's; definitions stand once, each after those it rests on."""
    defined: set[str] = set()
    for line in made.lines:
        if line.name in defined or line.name not in made.signs or line.kind not in KINDS:
            raise _false("a definition", line.name)
        defined.add(line.name)
    used = set().union(*(tree.names(line.tree) | tree.names(line.times) for line in made.lines), made.quantities.values())
    later = {line.name for line in made.lines}
    for line in made.lines:
        if tree.names(line.tree) & later:
            raise _false("an order of definitions", line.name)
        later.discard(line.name)
    _complete_words(made)
    strange = (used | set(made.sizes) | set(made.fixed)) - set(made.signs)
    if strange:
        raise _false("a symbol", sorted(strange)[0])


#: What an answer reads by name, and of which kind it is.
_MODEL: Final = ("name", "title", "hub", "source", "note", "family", "family_title")
_CHOICES: Final = {"dtype": str, "dtype_title": str, "dtype_origin": str, "kv_dtype": str, "kv_dtype_origin": str, "mask": str, "logits": str,
                   "engine": str, "context_symbol": str, "machine": dict, "compute_dtypes": list, "training": dict}  # fmt: skip
_DEFAULTS: Final = ("G", "tp", "pp", "ep", "n", "b")


def _complete_words(made: Program) -> None:
    """The names under which an answer looks things up are there."""
    if not all(isinstance(made.model.get(name), str) for name in _MODEL):
        raise _false("a model", made.model)
    if not all(isinstance(made.choices.get(name), kind) for name, kind in _CHOICES.items()):
        raise _false("choices", made.choices)
    if not made.quantities or not made.questions:
        raise _false("quantities and questions", (*made.quantities, *made.questions))
    _mapping(made.choices["machine"], _text)
    _mapping(made.choices["training"], _texts)
    _texts(made.choices["compute_dtypes"])
    missing = [name for name in (*_DEFAULTS, *DIMENSIONS, *made.neutral) if name not in made.defaults]
    if missing or not {*made.defaults, *made.rules} <= set(made.signs):
        raise _false("defaults", missing or made.defaults)


def _false(what: str, given: object) -> SymllmError:
    return SymllmError(f"stored program: no {what}: {str(given)[:60]!r}")


def _any(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _false("text", value)
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _false("list", value)
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in _list(value))


def _pair(value: Any) -> list[Any]:
    if len(_list(value)) != 2:
        raise _false("pair", value)
    return list(value)


def _law(value: Any) -> tuple[str, str, str, str]:
    kind, small, large, says = _texts(value) if len(_list(value)) == 4 else ("", "", "", "")
    return kind, small, large, says


Item = TypeVar("Item")


def _mapping(value: Any, item: Callable[[Any], Item]) -> dict[str, Item]:
    if not isinstance(value, dict):
        raise _false("mapping", value)
    return {name: item(inner) for name, inner in value.items()}


def _number(value: Tree) -> Number:
    return tree.evaluate(tree.well_formed(value), {})


def _cautions(value: Any) -> tuple[tuple[str, str], ...]:
    pairs = (_pair(item) for item in _list(value))
    return tuple((_text(first), _text(second)) for first, second in pairs)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise _false("whole number", value)
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _false("switch", value)
    return value


#: By the type that a field declares: what makes its value, or raises.
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "str": _text, "int": _whole, "bool": _switch, "Tree": tree.well_formed, "tuple[tuple[str, str], ...]": _cautions,
}  # fmt: skip


def _row(kind: type[Row], value: Any) -> Row:
    """A row of the program, each field of the type that its class declares."""
    if not isinstance(value, dict) or not set(value) <= {item.name for item in fields(kind)}:
        raise _false(kind.__name__, value)
    missing = [item.name for item in fields(kind) if item.name not in value and item.default is MISSING]
    if missing:
        raise _false(kind.__name__, missing)
    return kind(**{item.name: _READERS[str(item.type)](value[item.name]) for item in fields(kind) if item.name in value})
