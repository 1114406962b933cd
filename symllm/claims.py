"""Claims of the literature as data: what was printed, and what each part of it is to be compared with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .catalog import pages_folder
from .errors import SymllmError, unknown

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
    """One assertion. checks: what is to be compared, as tables of the claims file; explains: background, never a verdict."""

    name: str
    document: Document
    says: str
    checks: tuple[Mapping[str, Any], ...]
    explains: str = ""


@dataclass(frozen=True)
class Claims:
    """The claims file: its claims in order, and the assumptions that are tried."""

    claims: tuple[Claim, ...]
    candidates: tuple[Candidate, ...]

    def find(self, name: str) -> Claim:
        """The claim of a name; raises with the nearest names."""
        table = {claim.name: claim for claim in self.claims}
        if name not in table:
            raise unknown("claim", name, table, f"`symllm audit` lists all {len(table)}")
        return table[name]


@cache
def load(file: Path | None = None) -> Claims:
    """The claims of a file; the book's own where none is given. Raises `SymllmError` for a check of an unknown kind."""
    path = file or pages_folder() / "literature" / "claims.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    documents = {row["id"]: Document(row["id"], row["title"], row["file"]) for row in data["document"]}
    claims = []
    for row in data["claim"]:
        for check in row["check"]:
            if check["kind"] not in KINDS:
                raise SymllmError(f"claim {row['id']}: there is no check of kind {check['kind']!r}")
        claims.append(Claim(row["id"], documents[row["document"]], row["says"], tuple(row["check"]), row.get("explains", "")))
    return Claims(tuple(claims), tuple(Candidate(row["text"], row["says"]) for row in data["assumption"]))
