"""What was compiled is kept on disk as JSON, keyed by the content of the book and of the question.

The folder is `$SYMLLM_CACHE`, else the user's cache folder. Nothing in it is code; a file that cannot be read is
made again, and a folder that cannot be written is done without.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any


def folder() -> Path:
    """Where compiled programs are kept."""
    given = os.environ.get("SYMLLM_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "symllm"


@cache
def book_stamp() -> str:
    """Changes whenever a page of the book or a part of the engine does: the files' names, sizes and times."""
    from .catalog import pages_folder

    parts = []
    for root in (Path(__file__).parent, pages_folder()):
        for path, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
            for name in sorted(files):
                if name.endswith(".py"):
                    status = os.stat(os.path.join(path, name))
                    parts.append(f"{path}/{name}:{status.st_size}:{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def kept(kind: str, key: Mapping[str, Any], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The JSON data under `key`, made and kept if it is not there yet."""
    text = json.dumps(key, sort_keys=True, default=str)
    name = hashlib.sha256(f"{book_stamp()}\n{kind}\n{text}".encode()).hexdigest()[:32]
    file = folder() / book_stamp() / f"{kind}-{name}.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(data, dict):
            return data
    except (OSError, ValueError, RecursionError):
        pass
    data = make()
    _write(file, json.dumps(data))
    return data


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _drop_stale(file.parent)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(name, file)
    except OSError:
        return


def _drop_stale(current: Path) -> None:
    """Folders of earlier books go, the five newest stay."""
    others = sorted((p for p in current.parent.iterdir() if p.is_dir() and p != current), key=lambda p: p.stat().st_mtime)
    for old in others[:-5]:
        for file in old.iterdir():
            file.unlink(missing_ok=True)
        old.rmdir()
