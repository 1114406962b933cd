"""Reading a file that a person names: whole, of bounded size, and only where it is a plain file.

A named pipe, a device or a file without an end would otherwise keep a run waiting for ever.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


class NotReadableError(Exception):
    """Why a file cannot be read, in a few words that follow its name."""


def opened(path: str | Path) -> BinaryIO:
    """A plain file, open for reading without waiting. Raises `NotReadableError` for another kind, `OSError` and `ValueError` as `open`."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise NotReadableError("it is no plain file")
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # another file under this name since
        file.close()
        raise NotReadableError("it is no plain file")
    return file


def contents(path: str | Path, most: int) -> bytes:
    """The bytes of a plain file of at most `most` bytes. Raises `NotReadableError`, and `FileNotFoundError` where there is none."""
    try:
        with opened(path) as file:
            found = file.read(most + 1) or b""
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise NotReadableError(f"it cannot be read ({type(error).__name__})") from None
    if len(found) > most:
        raise NotReadableError(f"it is larger than {most // 2**20} MiB")
    return found
