"""Reading the catalogue of models whose figures the oracle records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "formulas" / "catalog" / "models"

Config = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """One released model: its name in the catalogue and its published configuration."""

    name: str
    config: Config


def expand(value: Any) -> Any:
    """Write out run-length lists: {"runs": [[count, item], ...], "times": n} is a plain list."""
    if isinstance(value, dict):
        if "runs" in value and set(value) <= {"runs", "times"}:
            once = [expand(item) for count, item in value["runs"] for _ in range(count)]
            return once * int(value.get("times", 1))
        return {key: expand(item) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item) for item in value]
    return value


def _lines(folder: Path) -> Iterator[Config]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def models(folder: Path) -> list[Model]:
    """Every model of a folder: catalogue lines (*.jsonl), or whole config files (*.json)."""
    listed = [Model(line["name"], expand(line["config"])) for line in _lines(folder)]
    for path in sorted(folder.glob("*.json")):
        listed.append(Model(path.stem, expand(json.loads(path.read_text(encoding="utf-8")))))
    return sorted(listed, key=lambda model: model.name)
