"""Arguments from Python, checked: what is of the wrong type is refused by name, and numbers become plain exact ones.

The command line gives texts and whole numbers by itself; a notebook may give anything.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Final

from .errors import SymllmError, unknown
from .scenario import Request

_TEXTS: Final = ("model", "gpu", "gpu_memory", "dtype", "kv_dtype", "engine", "training", "mask", "logits")
_COUNTS: Final = ("gpus", "batch", "context", "new_tokens", "tp", "pp", "ep")
_LISTS: Final = ("assume", "define", "ignore_fields")
_OTHERS: Final = ("config", "book", "utilization", "sets", "beyond_context")


def request(model: Any, config: Any, options: Mapping[str, Any]) -> Request:
    """The request of options named as on the command line, with underscores. Raises `SymllmError` for an unknown name and a wrong type."""
    known = (*_TEXTS, *_COUNTS, *_LISTS, *_OTHERS)
    for name in options:
        if name not in known:
            raise unknown("option", name, known)
    given = {"model": model, "config": config, **options}
    made: dict[str, Any] = {name: text(name, given[name]) for name in _TEXTS if given.get(name) is not None}
    made |= {name: _count(name, given[name]) for name in _COUNTS if given.get(name) is not None}
    made |= {name: texts(name, given[name]) for name in _LISTS if given.get(name) is not None}
    made["sets"] = _sets(given.get("sets"))
    made["beyond_context"] = _switch("beyond_context", given.get("beyond_context"))
    made["config"] = _config(config)
    if given.get("book") is not None:
        made["book"] = _path("book", given["book"])
    if given.get("utilization") is not None:
        made["utilization"] = amount("utilization", given["utilization"])
    return Request(**made)


def text(name: str, value: Any) -> str:
    """`value` as text; raises for anything else."""
    if not isinstance(value, str):
        raise _wrong(name, value, "text")
    return str(value)


def texts(name: str, value: Any) -> tuple[str, ...]:
    """One text or several."""
    if isinstance(value, str):
        return (str(value),)
    if not isinstance(value, (list, tuple)):
        raise _wrong(name, value, "text, or a list of texts,")
    return tuple(text(name, item) for item in value)


def amount(name: str, value: Any) -> str:
    """A text or a number, as the text that is read exactly."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool) or not isinstance(value, (Integral, Fraction, Real)):
        raise _wrong(name, value, "a number, or text such as '1/2',")
    if isinstance(value, Integral):
        return str(_plain(name, int(value)))
    if isinstance(value, Fraction):
        return f"{_plain(name, value.numerator)}/{_plain(name, value.denominator)}"
    return str(float(value))


def _plain(name: str, value: int) -> int:
    if value.bit_length() > 1000:  # Python itself refuses to write the longest out
        raise SymllmError(f"{name} is a number of {value.bit_length():,} bits; no scenario needs one above 10^40")
    return value


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise _wrong(name, value, "a whole number")
    return _plain(name, int(value))  # NumPy's own would overflow in silence


def _switch(name: str, value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, value, "True or False")
    return bool(value)


def _sets(value: Any) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise _wrong("sets", value, "a mapping such as {'d_ff': 11008}")
    return tuple((text("a symbol in sets", name), amount(f"sets[{shown(name)}]", item)) for name, item in value.items())


def _config(value: Any) -> str | Path | Mapping[str, Any] | None:
    if value is None or isinstance(value, Mapping):
        return value
    return _path("config", value)


def _path(name: str, value: Any) -> str:
    found = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(found, str):
        raise _wrong(name, value, "a path, as text," if name == "book" else "a path or the fields of a config.json")
    return found


def shown(value: object) -> str:
    """A value as an error shows it, whatever it is."""
    try:
        found = repr(value)
    except Exception:  # a `repr` of somebody else's, or a number too long to be written
        found = f"of type {type(value).__name__}"
    return found if len(found) <= 60 else found[:57] + "..."


def _wrong(name: str, value: object, expected: str) -> SymllmError:
    return SymllmError(f"{name} is {shown(value)}; {expected} is expected")
