"""A look over a GGUF header before the `gguf` package reads it: every length that the header claims must fit the file.

The package trusts the lengths it finds; a false one would keep it busy for ever. Only sizes are looked at here.
Layout: github.com/ggml-org/ggml, docs/gguf.md.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Final

from .errors import SymllmError
from .reading import NotReadableError, opened

MOST_TENSORS, MOST_FIELDS, LONGEST_NAME, MOST_DIMENSIONS = 1_000_000, 65_536, 65_535, 8
LARGEST_TENSOR: Final = 2**50
_STRING, _ARRAY = 8, 9
#: Value type -> bytes, for the types of fixed size.
_FIXED: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


class Walk:
    """Goes over a header, checking each claimed length against what is left of the file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size = file, size

    def number(self, form: str) -> int:
        """The next little-endian number."""
        text = self.file.read(struct.calcsize(form)) or b""
        if len(text) < struct.calcsize(form):
            raise ValueError("it ends within its header")
        return int(struct.unpack("<" + form, text)[0])

    def skip(self, length: int) -> None:
        """Goes over `length` bytes."""
        if length > self.size - self.file.tell():
            raise ValueError(f"it claims {length:,} bytes where {self.size - self.file.tell():,} are left")
        self.file.seek(length, 1)

    def name(self) -> None:
        """A name or key."""
        length = self.number("Q")
        if length > LONGEST_NAME:
            raise ValueError(f"it holds a name of {length:,} bytes")
        self.skip(length)

    def value(self) -> None:
        """A metadata value: of fixed size, a string, or a flat array of either."""
        kind = self.number("I")
        if kind != _ARRAY:
            self._values(kind, 1)
            return
        kind, count = self.number("I"), self.number("Q")
        self._values(kind, count)

    def _values(self, kind: int, count: int) -> None:
        if kind in _FIXED:
            self.skip(_FIXED[kind] * count)
        elif kind == _STRING:
            if count * 8 > self.size - self.file.tell():
                raise ValueError(f"it claims {count:,} strings, more than fit")
            for _ in range(count):
                self.skip(self.number("Q"))
        else:
            raise ValueError(f"it holds a value of type {kind}, which is not understood")

    def tensor(self) -> None:
        """A tensor's entry: name, dimensions, type, offset."""
        self.name()
        dimensions, elements = self.number("I"), 1
        if dimensions > MOST_DIMENSIONS:
            raise ValueError(f"it holds a tensor of {dimensions:,} dimensions")
        for _ in range(dimensions):
            elements *= self.number("Q")
        if elements > LARGEST_TENSOR:
            raise ValueError(f"it holds a tensor of {elements:,} numbers")
        self.number("I")
        self.number("Q")


def check(path: Path) -> None:
    """Raises `SymllmError` unless the header's claims fit the file."""
    try:
        with opened(path) as file:
            walk = Walk(file, path.stat().st_size)
            if file.read(4) != b"GGUF":
                raise ValueError("it does not begin with GGUF")
            version, tensors, fields = walk.number("I"), walk.number("Q"), walk.number("Q")
            if version not in (2, 3):
                raise ValueError(f"it is of version {version}; 2 and 3 are understood")
            if tensors > MOST_TENSORS or fields > MOST_FIELDS:
                raise ValueError(f"it claims {tensors:,} tensors and {fields:,} fields")
            for _ in range(fields):
                walk.name()
                walk.value()
            for _ in range(tensors):
                walk.tensor()
    except (ValueError, OSError, struct.error, NotReadableError) as error:
        raise SymllmError(f"file {str(path)[-80:]!r}: no GGUF file that can be read ({error})") from None
