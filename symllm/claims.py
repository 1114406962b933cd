"""Claims of the literature as data: what was printed, and what each part of it is to be compared with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from .catalog import pages_folder
from .errors import SymllmError, unknown
from .judging import BINARY
from .units import read_number

KINDS = ("number", "formula", "range", "invert", "formats", "bound", "machine")


@dataclass(frozen=True)
class Document:
    """A page that claims come from. file: how a collection of such pages names it."""

    name: str
    title: str
    file: str


@dataclass(frozen=True)
class Candidate:
    """An assumption that an author may have taken for granted: an equation, and how a reader would say it."""

    text: str
    says: str


@dataclass(frozen=True)
class Claim:
    """One assertion, restated. place: where in the document. checks: what is to be compared, as tables of the claims file.

    states: conventions that the claim gives itself, under which its checks judge it, in words. explains: background,
    never a verdict.
    """

    name: str
    document: Document
    says: str
    checks: tuple[Mapping[str, Any], ...]
    explains: str = ""
    place: str = ""
    states: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claims:
    """The claims file: its claims in order, the assumptions that are tried, and which share of a whole counts as small."""

    claims: tuple[Claim, ...]
    candidates: tuple[Candidate, ...]
    small: Fraction = Fraction(1, 10)

    def find(self, name: str) -> Claim:
        """The claim of a name; raises with the nearest names."""
        table = {claim.name: claim for claim in self.claims}
        if name not in table:
            raise unknown("claim", name, table, f"`symllm audit` lists all {len(table)}")
        return table[name]


#: What a formula check may say about models: the sides as a model's own quantities give them, examples, and values.
_ERRORS = frozenset({"left", "right", "models", "context", "sets"})


def _refuse_misspelt(name: str, check: Mapping[str, Any]) -> None:
    """Raise for a check of an unknown kind, a field of `errors` that nobody reads, and a reading of no binary unit."""
    if check["kind"] not in KINDS:
        raise SymllmError(f"claim {name}: there is no check of kind {check['kind']!r}")
    for word in set(check.get("errors", ())) - _ERRORS:
        raise unknown(f"claim {name}: field of errors", word, _ERRORS)
    for unit, read in check.get("reads", {}).items():
        if BINARY.get(unit) != read:
            raise SymllmError(f"claim {name}: reads {unit} as {read}; what can be read as a binary unit: {', '.join(BINARY)}")


@cache
def load(file: Path | None = None) -> Claims:
    """The claims of a file; the book's own where none is given. Raises `SymllmError` for a check of an unknown kind."""
    path = file or pages_folder() / "literature" / "claims.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    documents = {row["id"]: Document(row["id"], row["title"], row["file"]) for row in data["document"]}
    claims = []
    for row in data["claim"]:
        for check in row["check"]:
            _refuse_misspelt(row["id"], check)
        claims.append(Claim(row["id"], documents[row["document"]], row["says"], tuple(row["check"]), row.get("explains", ""),
                            row["place"], tuple(row.get("states", ()))))  # fmt: skip
    candidates = tuple(Candidate(row["text"], row["says"]) for row in data["assumption"])
    return Claims(tuple(claims), candidates, Fraction(read_number(data["small"])))
