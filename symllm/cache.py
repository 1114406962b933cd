"""What was compiled is kept on disk as JSON, keyed by the content of the book and of the question.

The folder is `$SYMLLM_CACHE`, else the user's cache folder. Nothing in it is code, and what is read is checked: an
entry is sealed with a hash of its own name and data, so that one that was cut, changed or moved is made again, and so
is one whose data is not of the form it should have. A folder that cannot be written is done without.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from .errors import SymllmError
from .reading import NotReadableError, contents

LARGEST_ENTRY: Final = 64 * 2**20
#: Names of the folders and files that this page makes; no other is ever taken away.
_FOLDER, _FILE = re.compile(r"[0-9a-f]{20}"), re.compile(r"[a-z]+-[0-9a-f]{32}\.json|tmp[a-z0-9_]{8}")
_ENTRY = re.compile(r'\{"seal": "([0-9a-f]{64})", "data": (.*)\}', re.DOTALL)
Made = TypeVar("Made")


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


def kept(kind: str, key: Mapping[str, Any], make: Callable[[], dict[str, Any]], restore: Callable[[dict[str, Any]], Made]) -> Made:
    """What `restore` makes of the JSON data under `key`; the data is made and kept if it is not there yet.

    restore: raises `SymllmError` for data that is not of the form that `make` gives.
    """
    text = json.dumps(key, sort_keys=True, default=str)
    name = hashlib.sha256(f"{book_stamp()}\n{kind}\n{text}".encode()).hexdigest()[:32]
    file = folder() / book_stamp() / f"{kind}-{name}.json"
    data = _read(file)
    if data is not None:
        with suppress(SymllmError):
            return restore(data)
    text = json.dumps(make())
    _write(file, sealed(file.name, text))
    return restore(json.loads(text))  # as it will be read


def sealed(name: str, text: str) -> str:
    """The entry of a name: its data as JSON text, and a hash of both."""
    return f'{{"seal": "{_seal(name, text)}", "data": {text}}}'


def _seal(name: str, text: str) -> str:
    return hashlib.sha256(f"{name}\n{text}".encode()).hexdigest()


def _read(file: Path) -> dict[str, Any] | None:
    """The data of an entry; None where there is none that is whole and its own."""
    try:
        entry = _ENTRY.fullmatch(contents(file, LARGEST_ENTRY).decode())
        data = json.loads(entry[2]) if entry is not None and entry[1] == _seal(file.name, entry[2]) else None
    except (OSError, NotReadableError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _drop_stale(file.parent)
        handle, name = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
            os.replace(name, file)
        except BaseException:  # an interrupted run leaves no half of an entry
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError:
        return


def _drop_stale(current: Path) -> None:
    """Folders of earlier books go, the five newest stay. A folder or file that is none of ours stays, whatever its age."""
    others = [path for path in current.parent.iterdir() if _FOLDER.fullmatch(path.name) and path != current and not path.is_symlink()]
    for old in sorted((path for path in others if path.is_dir()), key=lambda path: path.stat().st_mtime)[:-5]:
        for file in old.iterdir():
            if _FILE.fullmatch(file.name):
                file.unlink(missing_ok=True)
        with suppress(OSError):  # something else lies there too
            old.rmdir()
