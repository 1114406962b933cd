"""The catalogue: models and GPUs as rows of data, one JSON object a line, each with its source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from . import hub
from .errors import SymllmError, unknown
from .units import read_quantity


def pages_folder() -> Path:
    """The folder of the book's pages, in a checkout or in an installation."""
    inside = Path(__file__).parent / "formulas"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "formulas"


def expand(value: Any) -> Any:
    """A row's facts with run-length lists written out: {"runs": [[5, "a"], [1, "b"]], "times": 2}."""
    if isinstance(value, dict):
        if set(value) in ({"runs"}, {"runs", "times"}):
            once = [expand(item) for count, item in value["runs"] for _ in range(count)]
            return once * int(value.get("times", 1))
        return {name: expand(item) for name, item in value.items()}
    return [expand(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Model:
    """A row of the model catalogue: what it is called, where its facts come from, and the facts."""

    name: str
    title: str
    hub: str
    aliases: tuple[str, ...]
    source: str
    config: Mapping[str, Any]
    note: str = ""


@dataclass(frozen=True)
class Gpu:
    """A row of the GPU catalogue. Amounts are exact, in bytes, byte/second and FLOP/second (dense peaks).

    memory: as sold, with its text. visible: what a program sees, where known; `usable` says which of the two counts.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    vendor: str
    memory: Fraction
    memory_text: str
    visible: Fraction | None
    visible_source: str | None
    bandwidth: Fraction
    peak: Mapping[str, Fraction]
    link: Mapping[str, Any]
    source: str
    note: str

    @property
    def usable(self) -> Fraction:
        """Bytes that a program can see: measured where known, else the sold figure read as decimal GB, the lower reading."""
        return self.memory if self.visible is None else self.visible


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


@cache
def _model_rows() -> dict[str, dict[str, Any]]:
    files = sorted((pages_folder() / "catalog" / "models").glob("*.jsonl"))
    return {row["name"]: row for file in files for row in _rows(file)}


def models() -> dict[str, Model]:
    """Every model of the catalogue by name."""
    return {name: _model(row) for name, row in sorted(_model_rows().items())}


def _model(row: Mapping[str, Any]) -> Model:
    return Model(row["name"], row["title"], row.get("hub", ""), tuple(row.get("aliases", ())), row["source"],
                 expand(row["config"]), row.get("note") or "")  # fmt: skip


def find(name: str) -> Model:
    """The model that a name, an alias or a hub id stands for; raises with the nearest names."""
    rows = _model_rows()
    wanted = name.strip().lower()
    if wanted in rows:
        return _model(rows[wanted])
    for row in rows.values():
        if wanted in row.get("aliases", ()) or wanted == row.get("hub", "").lower():
            return _model(row)
    if hub.is_hub_id(name):
        return Model(name, name.partition("/")[2], name, (), f"https://huggingface.co/{name}", hub.hub_config(name))
    known = [*rows, *(alias for row in rows.values() for alias in row.get("aliases", ()))]
    raise unknown("model", name, known, f"`symllm models` lists all {len(rows)}; --config PATH reads a config.json")


@cache
def _gpu_rows() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in _rows(pages_folder() / "catalog" / "gpus.jsonl")}


def gpus() -> dict[str, Gpu]:
    """Every GPU of the catalogue by name, in the catalogue's order."""
    return {name: _gpu(row) for name, row in _gpu_rows().items()}


def _gpu(row: Mapping[str, Any]) -> Gpu:
    visible = row.get("visible")
    return Gpu(
        row["name"], row["title"], tuple(row.get("aliases", ())), row["vendor"], read_quantity(row["memory"], "byte"),
        row["memory"], read_quantity(visible, "byte") if visible else None, row.get("visible_source"),
        read_quantity(row["bandwidth"], "byte/second"),
        {dtype: read_quantity(text, "FLOP/second") for dtype, text in row["peak"].items()},
        row.get("link") or {}, row["source"], row.get("note") or "",
    )  # fmt: skip


def find_gpu(name: str) -> Gpu:
    """The GPU that a name or an alias stands for; raises with the nearest names."""
    wanted = name.strip().lower()
    if wanted == "local":
        from .local_gpu import local_gpu

        return local_gpu()
    rows = _gpu_rows()
    forms = {wanted, wanted.replace(" ", "-").replace("_", "-")}
    for row in rows.values():
        if forms & {row["name"], *row.get("aliases", ())}:
            return _gpu(row)
    known = [*rows, *(alias for row in rows.values() for alias in row.get("aliases", ()))]
    raise unknown("GPU", name, known, f"`symllm gpus` lists all {len(rows)}")


def check_unique(rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise where a name or an alias stands for two rows."""
    seen: dict[str, str] = {}
    for name, row in rows.items():
        for word in (name, *row.get("aliases", ())):
            if seen.setdefault(word, name) != name:
                raise SymllmError(f"catalogue: {word!r} stands for both {seen[word]} and {name}")
