"""Errors are part of the interface: one line that says what is wrong, what was given, what would work."""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; `typing` itself would be a tenth of a short run
if TYPE_CHECKING:
    from collections.abc import Iterable
#: Characters of a message; of a longer one the middle goes, as what would work stands at its end.
LONGEST = 400
#: Characters of a name that are compared with the names that are known.
_COMPARED = 80


class SymllmError(Exception):
    """A mistake in what a person, a file or a page gave: one line. The command line prints it and exits with 2."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


def one_line(message: str) -> str:
    """A message as one line of at most `LONGEST` characters; what a terminal would act upon is written out (\\x1b)."""
    line = "".join(letter if letter.isprintable() else _spelled(letter) for letter in " ".join(message[: 4 * LONGEST].split()))
    if len(message) <= 4 * LONGEST and len(line) <= LONGEST:
        return line
    end = one_line(message[-LONGEST // 4 :])[-LONGEST // 4 :]
    return f"{line[: LONGEST - len(end) - 5]} ... {end}"


def _spelled(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def nearest(given: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names that look most like `given`, best first."""
    from difflib import get_close_matches  # as most runs need no such help

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
    near = nearest(given, known) if len(given) <= _COMPARED else []
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    tail = f" {where}." if where else ""
    return SymllmError(f"unknown {kind} {shown!r}{hint}{tail}")
