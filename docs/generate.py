"""Write the generated documentation: `python docs/generate.py`; `--check` names the files that are stale, missing or extra.

Pages come from the book alone; README.md and the notebooks keep their words and get the outputs of what they run.
Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from generator import blocks, commands, families, notebooks, quantities, tables, theorems

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
#: Folders in which every file is generated.
OWNED = (DOCS / "reference",)


def files() -> Iterator[tuple[Path, str]]:
    """Every generated file with its text."""
    for module in (quantities, theorems, blocks, families, tables, commands):
        began = time.monotonic()
        for name, text in module.pages():
            yield DOCS / name, text
        print(f"{module.__name__.rpartition('.')[2]}: {time.monotonic() - began:.1f} s", file=sys.stderr)
    yield ROOT / "README.md", commands.filled((ROOT / "README.md").read_text(encoding="utf-8"))
    yield from notebooks.notebooks(ROOT / "notebooks")


def main() -> int:
    """Write or check; 1 where a check finds something."""
    parser = argparse.ArgumentParser(description="Write the generated documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing; name what is stale, missing or extra")
    check = parser.parse_args().check
    wanted = dict(files())
    found = {file for folder in OWNED for file in folder.rglob("*") if file.is_file()}
    wrong = [f"extra: {_name(file)}" for file in sorted(found - set(wanted))]
    for file, text in wanted.items():
        old = file.read_text(encoding="utf-8") if file.exists() else None
        if old != text:
            wrong.append(f"{'missing' if old is None else 'stale'}: {_name(file)}")
            if not check:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
    if not check:
        for file in found - set(wanted):
            file.unlink()
    print(f"{len(wanted)} files, {len(wrong)} {'wrong' if check else 'written or removed'}", file=sys.stderr)
    if check and wrong:
        print("\n".join([*wrong, "`python docs/generate.py` writes them anew"]))
    return 1 if check and wrong else 0


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    sys.exit(main())
