"""Recorded figures: one JSON file a measure, one line a model, so that changes read well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent

Entry = dict[str, Any]


def versions() -> dict[str, str]:
    """The versions of the implementations that gave the figures."""
    import torch
    import transformers

    return {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}


def read(measure: str) -> dict[str, Entry]:
    """The recorded figures of a measure by name; empty where nothing is recorded yet."""
    path = HERE / f"{measure}.json"
    if not path.exists():
        return {}
    entries: dict[str, Entry] = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return entries


def write(measure: str, how: str, figures: dict[str, Entry]) -> None:
    """Write the figures of a measure, sorted by name."""
    head = [f' "versions": {json.dumps(versions())},', f' "how": {json.dumps(how)},']
    body = [f"  {json.dumps(name)}: {json.dumps(figures[name])}" for name in sorted(figures)]
    text = "\n".join(["{", *head, ' "figures": {', ",\n".join(body), " }", "}", ""])
    (HERE / f"{measure}.json").write_text(text, encoding="utf-8")


def differences(recorded: Any, measured: Any, path: str = "") -> list[str]:
    """Where two JSON values differ, one line a place."""
    if isinstance(recorded, dict) and isinstance(measured, dict):
        found = []
        for key in sorted(recorded.keys() | measured.keys()):
            here = f"{path}/{key}"
            found += differences(recorded.get(key), measured.get(key), here)
        return found
    if isinstance(recorded, list) and isinstance(measured, list) and len(recorded) == len(measured):
        pairs = enumerate(zip(recorded, measured, strict=True))
        return [line for i, (a, b) in pairs for line in differences(a, b, f"{path}/{i}")]
    return [] if recorded == measured else [f"{path}: recorded {recorded}, measured {measured}"]


def chosen(names: Iterable[str], only: list[str] | None) -> list[str]:
    """The names asked for, in order; all of them where none was asked for."""
    known = sorted(names)
    if only is None:
        return known
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}")
    return [name for name in known if name in only]


Measure = Callable[[str], Entry]
