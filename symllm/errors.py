"""Errors are part of the interface: one line that says what is wrong, what was given, what would work."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SymllmError(Exception):
    """A mistake in what a person, a file or a page gave. The command line prints it and exits with 2."""


def nearest(given: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names that look most like `given`, best first."""
    names = sorted(set(known))
    by_lower = {name.lower(): name for name in names}
    found = get_close_matches(given.lower(), list(by_lower), n=count, cutoff=0.6)
    if not found and len(given) >= 3:
        found = [name for name in by_lower if given.lower() in name or name in given.lower()]
    return [by_lower[name] for name in found[:count]]


def unknown(kind: str, given: str, known: Iterable[str], where: str = "") -> SymllmError:
    """The error for a name that is not there: names the nearest ones and where the whole list is.

    `where` is a sentence such as "`symllm gpus` lists all 58".
    """
    shown = given if len(given) <= 60 else given[:57] + "..."
    near = nearest(given, known)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    tail = f" {where}." if where else ""
    return SymllmError(f"unknown {kind} {shown!r}{hint}{tail}")
