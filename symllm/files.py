"""What a real model file holds: bytes, types and shapes of its tensors, read from the header alone.

safetensors files (one, or a folder with an index) are opened with the `safetensors` package, GGUF files with `gguf`;
both are an optional extra, `pip install "symllm[files]"`. No tensor is loaded.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from . import gguf_guard
from .errors import SymllmError
from .reading import NotReadableError, contents

Tensor = tuple[str, str, tuple[int, ...], int]

#: safetensors' dtype -> bits of a number. An F4 tensor's shape counts numbers, not bytes.
BITS: Final = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16,
    "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "I64": 64, "U64": 64, "F64": 64, "F4": 4, "F6_E2M3": 6,
    "F6_E3M2": 6,
}  # fmt: skip
LARGEST_INDEX: Final = 64 * 2**20
LONGEST_ARRAY: Final = 1024
INDEX, ONE = "model.safetensors.index.json", "model.safetensors"
_PART = re.compile(r"(.*-)(\d{5})-of-(\d{5})\.gguf")


@dataclass(frozen=True)
class ModelFile:
    """A model file as its header describes it.

    kind: "safetensors" or "gguf". parameters: numbers in all tensors; where a format packs several numbers into an
    integer, or keeps scales, those integers and scales are what is counted. bytes: of the tensors, without the header.
    by_dtype: dtype -> (numbers, bytes). tensors: (name, dtype, shape, bytes), in the file's order.
    metadata: what else the header says; of an array longer than 1,024 entries only its length, under "name.length".
    """

    path: str
    kind: str
    parameters: int
    bytes: int
    by_dtype: Mapping[str, tuple[int, int]]
    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)


def read_model_file(path: str | Path) -> ModelFile:
    """The tensors of a .safetensors file, a .gguf file, or a folder that holds a model.

    Raises `SymllmError` for a file that is missing, of another kind, damaged or false, and where the package that
    reads it is not installed.
    """
    place = Path(path)
    try:
        if place.is_dir():
            return _folder(place)
        if not place.is_file():
            raise SymllmError(f"{_shown(place)}: there is no such file")
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise SymllmError(f"{_shown(place)}: cannot be read ({type(error).__name__})") from None
    suffix = place.suffix.lower()
    if suffix == ".gguf":
        return _gguf(place)
    if suffix == ".safetensors":
        return _safetensors(place, [place])
    raise SymllmError(f"{_shown(place)}: a .safetensors or .gguf file, or a folder with one, is expected")


def _shown(path: Path) -> str:
    text = str(path)
    return f"file {text if len(text) <= 100 else '...' + text[-97:]!r}"


def _folder(place: Path) -> ModelFile:
    index = place / INDEX
    if index.is_file():
        return _safetensors(place, _indexed(index), _wanted(index))
    if (place / ONE).is_file():
        return _safetensors(place, [place / ONE])
    found = sorted(place.glob("*.gguf"))
    first = [file for file in found if not _PART.fullmatch(file.name) or "-00001-of-" in file.name]
    if len(first) == 1:
        return _gguf(first[0])
    what = f"{len(first)} GGUF models" if first else f"neither {INDEX} nor {ONE} nor a .gguf file"
    raise SymllmError(f"{_shown(place)}: the folder holds {what}; name the file")


def _wanted(index: Path) -> dict[str, str]:
    """The index's map from a tensor's name to its file, every name a plain one of the same folder."""
    try:
        data = json.loads(contents(index, LARGEST_INDEX).decode("utf-8"))
    except NotReadableError as error:
        raise SymllmError(f"{_shown(index)}: {error}, so it is no index") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SymllmError(f"{_shown(index)}: cannot be read as JSON ({type(error).__name__})") from None
    files = data.get("weight_map") if isinstance(data, dict) else None
    if not isinstance(files, dict) or not files or not all(isinstance(name, str) for name in files.values()):
        raise SymllmError(f"{_shown(index)}: it has no 'weight_map' from tensors to files")
    for name in files.values():
        if not name.endswith(".safetensors") or name != Path(name).name or "\\" in name:
            raise SymllmError(f"{_shown(index)}: {name[:60]!r} is no safetensors file of the same folder")
    return files


def _indexed(index: Path) -> list[Path]:
    files = [index.parent / name for name in sorted(set(_wanted(index).values()))]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise SymllmError(f"{_shown(index)}: {len(missing)} of its {len(files)} files are missing, such as {missing[0][:80]!r}")
    return files


def _safetensors(path: Path, files: Iterable[Path], wanted: Mapping[str, str] | None = None) -> ModelFile:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise _missing("safetensors", path) from None
    tensors: list[Tensor] = []
    metadata: dict[str, Any] = {}
    for file in files:
        try:
            with safe_open(str(file), framework="numpy") as opened:
                metadata |= opened.metadata() or {}
                for name in opened.offset_keys():
                    part = opened.get_slice(name)
                    tensors.append(_tensor(name, part.get_dtype(), part.get_shape(), file))
        except (SafetensorError, OSError, ValueError, OverflowError, MemoryError) as error:
            raise SymllmError(f"{_shown(file)}: no safetensors file that can be read ({_line(error)})") from None
    names = [name for name, *_ in tensors]
    if len(set(names)) != len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise SymllmError(f"{_shown(path)}: the tensor {twice[:80]!r} is in two files")
    lost = sorted(set(wanted or ()) - set(names))
    if lost:
        raise SymllmError(f"{_shown(path)}: its index names {len(lost)} tensors that no file holds, such as {lost[0][:80]!r}")
    return _made(path, "safetensors", tensors, metadata)


def _tensor(name: str, dtype: str, shape: Iterable[int], file: Path) -> Tensor:
    if dtype not in BITS:
        raise SymllmError(f"{_shown(file)}: tensor {name[:60]!r} has the type {dtype[:20]!r}, which is not understood")
    sizes = tuple(int(size) for size in shape)
    return name, dtype, sizes, math.ceil(Fraction(math.prod(sizes) * BITS[dtype], 8))


def _gguf(path: Path) -> ModelFile:
    try:
        from gguf import GGUFReader
    except ImportError:
        raise _missing("gguf", path) from None
    tensors: list[Tensor] = []
    metadata: dict[str, Any] = {}
    for file in _parts(path):
        gguf_guard.check(file)
        try:
            reader = GGUFReader(str(file))
            for name, entry in reader.fields.items():
                if len(entry.data) > LONGEST_ARRAY:
                    metadata.setdefault(f"{name}.length", len(entry.data))
                else:
                    metadata.setdefault(name, entry.contents())
            for tensor in reader.tensors:
                shape = tuple(int(size) for size in reversed(tensor.shape.tolist()))
                tensors.append((tensor.name, tensor.tensor_type.name, shape, int(tensor.n_bytes)))
        except Exception as error:  # the package raises whatever a false header leads it into
            raise SymllmError(f"{_shown(file)}: no GGUF file that can be read ({_line(error)})") from None
    return _made(path, "gguf", tensors, metadata)


def _parts(path: Path) -> list[Path]:
    """The files of a model that was split into "...-00001-of-00003.gguf", or the one file."""
    match = _PART.fullmatch(path.name)
    if match is None:
        return [path]
    count = int(match[3])
    if not 1 <= int(match[2]) <= count <= 10_000:
        raise SymllmError(f"{_shown(path)}: its name says part {int(match[2])} of {count}")
    files = [path.with_name(f"{match[1]}{number:05d}-of-{match[3]}.gguf") for number in range(1, count + 1)]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise SymllmError(f"{_shown(path)}: {len(missing)} of its {count} parts are missing, such as {missing[0][-80:]!r}")
    return files


def _made(path: Path, kind: str, tensors: list[Tensor], metadata: Mapping[str, Any]) -> ModelFile:
    by_dtype: dict[str, tuple[int, int]] = {}
    for _, dtype, shape, size in tensors:
        numbers, held = by_dtype.get(dtype, (0, 0))
        by_dtype[dtype] = (numbers + math.prod(shape), held + size)
    parameters, held = (sum(pair[i] for pair in by_dtype.values()) for i in (0, 1))
    return ModelFile(str(path), kind, parameters, held, by_dtype, tuple(tensors), dict(metadata))


def _missing(package: str, path: Path) -> SymllmError:
    return SymllmError(f'{_shown(path)}: reading it needs the package {package!r}: pip install "symllm[files]"')


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:100] or type(error).__name__
