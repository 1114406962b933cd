"""Ask real implementations for the figures that the formulas must equal, and record them.

    python tests/oracle/regenerate.py [parameters|flop|cache|saved ...] [--only NAME ...] [--check]

Without a measure all four are taken. `--only` takes some names and keeps the other recorded ones.
`--check` writes nothing: it measures again and fails with a list of what differs.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import oracle_record
from oracle_catalog import CATALOG, models

MEASURES = ("parameters", "flop", "cache", "saved")

Task = Callable[[], dict[str, Any]]


def tasks(measure: str, folder: Path, every: bool) -> tuple[dict[str, Task], str]:
    """What there is to measure by name, every model or the usual ones, and how in words."""
    module: Any = importlib.import_module(f"oracle_{measure}")
    if measure in ("cache", "saved"):
        return module.tasks(), module.HOW
    listed = models(folder)
    if measure == "flop" and not every:
        listed = module.selected(listed)
    return {m.name: partial(module.measure, m.config) for m in listed}, module.HOW


def attempt(task: Task) -> dict[str, Any]:
    """The figures of one task, or why there are none."""
    from oracle_build import Unbuildable

    try:
        return task()
    except Unbuildable as error:
        return {"unbuildable": str(error)}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {str(error).splitlines()[:1]}"}


def run(measure: str, folder: Path, only: list[str] | None) -> tuple[dict[str, Any], str]:
    """The figures of a measure by name, with a line of progress each."""
    work, how = tasks(measure, folder, only is not None)
    figures: dict[str, Any] = {}
    for name in oracle_record.chosen(work, only):
        began = time.monotonic()
        figures[name] = attempt(work[name])
        bad = figures[name].get("failed") or figures[name].get("unbuildable") or ""
        spent = time.monotonic() - began
        print(f"{measure} {name} {spent:.1f}s {bad}", file=sys.stderr, flush=True)
    return figures, how


def main() -> int:
    """Regenerate, or check, the measures asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="measure", help=", ".join(MEASURES))
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--models", type=Path, default=CATALOG, help="the catalogue's folder")
    chosen = parser.parse_args()
    found: list[str] = []
    for measure in chosen.measures or MEASURES:
        if measure not in MEASURES:
            parser.error(f"no measure {measure}")
        figures, how = run(measure, chosen.models, chosen.only)
        recorded = oracle_record.read(measure)
        if chosen.check:
            known = {name: recorded.get(name) for name in chosen.only or recorded | figures}
            found += oracle_record.differences(known, figures, measure)
        else:
            kept = recorded if chosen.only else {}
            oracle_record.write(measure, how, {**kept, **figures})
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
