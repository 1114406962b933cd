"""Files that are no model, no config and no page: random, cut, mutated, of the wrong kind, without an end."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from symllm.cli import group

if TYPE_CHECKING:
    from hostile_inputs import Case, Lab

DOORS = ("config", "config", "model", "book", "show", "show", "config-gguf", "config-gguf")
GPT2 = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257, "n_positions": 1024}


def draw(rng: random.Random, lab: Lab) -> Case:
    """A hostile file at one door of the command line."""
    from hostile_inputs import Case

    folder = lab.folder / "pages"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    door = rng.choice(DOORS)
    suffix = {"config": ".json", "book": ".py", "config-gguf": ".gguf", "show": rng.choice([".gguf", ".safetensors"])}.get(door, "")
    if rng.random() < 0.1:
        suffix = rng.choice([".json", ".py", ".gguf", ".safetensors", "", ".txt", ".GGUF"])
    file = folder / f"{rng.choice(['a', 'config', 'model', 'model-00001-of-00002', 'é', 'x y', 'a' * 120, 'line' + chr(10) + 'break'])}{suffix}"
    kind = rng.choice([made for made in MAKERS if not (door == "book" and made == "page")])
    path = MAKERS[kind](rng, file) or file
    line = {"config": ["eval", "parameters", "--config", str(path)], "config-gguf": ["eval", "parameters", "--config", str(path)],
            "model": ["eval", "parameters", "--model", str(path)], "show": ["show", str(path)],
            "book": ["eval", "parameters", "--model", "gpt2", "--book", str(path)]}[door]  # fmt: skip
    if rng.random() < 0.3:
        line.append("--json")

    def call() -> str:
        outcome = CliRunner().invoke(group, line, standalone_mode=False)
        if outcome.exception is not None:
            raise outcome.exception
        return outcome.output

    def wrong(output: Any) -> str:
        return "" if kind in ANSWERED else f"answered although the file is {kind}: {output[:80]!r}"

    return Case(f"{door} {kind} {file.name[:30]!r}", call, wrong)


def _bytes(rng: random.Random, file: Path) -> None:
    file.write_bytes(rng.randbytes(rng.choice([0, 1, 7, 8, 100, 5000])))


def _binary(rng: random.Random, file: Path) -> None:
    file.write_bytes(rng.choice([b"\x7fELF", b"PK\x03\x04", b"\xff\xfe", b"GGUF", b"\x80\x05", b"\x00" * 16]) + rng.randbytes(200))


def _json(rng: random.Random, file: Path) -> None:
    file.write_text(rng.choice(["[]", "3", "null", '"x"', "{}", '{"a": 1}', "[[[[", '{"weight_map": {}}', "true", '{"model_type": "gpt2"}',
        "{'a': 1}", "NaN"]))


def _folder(rng: random.Random, file: Path) -> None:
    file.mkdir()
    for name in rng.sample(["config.json", "model.safetensors", "a.gguf", "b.gguf", "model.safetensors.index.json", "__init__.py"],
        rng.randint(0, 3)):
        if rng.random() < 0.3:
            (file / name).mkdir()
        elif rng.random() < 0.3:
            os.mkfifo(file / name)
        else:
            _json(rng, file / name)


def _loop(rng: random.Random, file: Path) -> None:
    other = file.with_name("other")
    other.symlink_to(file)
    file.symlink_to(other)


def _dangling(rng: random.Random, file: Path) -> None:
    file.symlink_to(file.with_name("nothing"))


def _pipe(rng: random.Random, file: Path) -> None:
    os.mkfifo(file)


def _linked_pipe(rng: random.Random, file: Path) -> None:
    os.mkfifo(file.with_name("pipe"))
    file.symlink_to(file.with_name("pipe"))


def _device(rng: random.Random, file: Path) -> None:
    file.symlink_to(rng.choice(["/dev/zero", "/dev/random", "/dev/full", "/proc/self/mem", "/dev/tty", "/proc/kmsg", "/dev/stdin"]))


def _sparse(rng: random.Random, file: Path) -> None:
    file.write_bytes(rng.choice([b"", b"GGUF", struct.pack("<Q", 2**20), b"{"]))
    os.truncate(file, 2 ** rng.choice([21, 33, 42]))


def _unreadable(rng: random.Random, file: Path) -> None:
    file.write_text(json.dumps({"a": 1}))
    file.chmod(0)


def _name(rng: random.Random, file: Path) -> Path:
    return Path(rng.choice(["a" * 300, "a/" * 3000, "\x00.json", "/nonexistent/x.gguf", "~", "~nobody/x.json", "\ud800.json", "x\ny.gguf",
        "/dev/null", "/dev/zero", " ",
                            f"{file.parent}/" + "b" * 5000 + ".gguf", "..", "/proc/self/fd/0", "/proc/self/mem.gguf", "x.py\x00",
                                "\x1b[31m.json"]))  # fmt: skip


def _safetensors(rng: random.Random, file: Path) -> None:
    header: Any = {f"t{i}": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [12 * i, 12 * i + 12]} for i in range(3)}
    edit = rng.randrange(9)
    if edit == 0:
        header["t0"]["shape"] = rng.choice([[2**40, 2**40], [-1], ["a"], None, [2.5], [0], [2**64]])
    elif edit == 1:
        header["t0"]["dtype"] = rng.choice(["BF17", None, 3, "x" * 10_000, ["F16"]])
    elif edit == 2:
        header["t0"]["data_offsets"] = rng.choice([[0, 2**63], [12, 0], [-1, 11], [0], None, [0, 12, 24], [0, 13]])
    elif edit == 3:
        header["__metadata__"] = rng.choice([3, {"a": 1}, [1], {"a": "x" * 100_000}, None])
    elif edit == 4:
        header = rng.choice([[], 3, {}, {"t": 1}, {"t": {}}])
    elif edit == 5:
        header["\x1b\n" + "n" * 9000] = header.pop("t0")
    text = json.dumps(header).encode()
    if edit == 6:
        text = b"[" * 50_000
    length = rng.choice([0, 1, 2**20, 2**62, 2**64 - 1]) if edit == 7 else len(text)
    data = struct.pack("<Q", length) + text + bytes(36)
    file.write_bytes(data[: rng.randrange(len(data))] if edit == 8 else data)


def _string(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def gguf(fields: dict[str, Any], tensors: list[tuple[str, tuple[int, ...]]]) -> bytes:
    """A small GGUF file, written by hand."""
    made = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    for key, value in fields.items():
        made += _string(key.encode())
        made += struct.pack("<I", 8) + _string(value.encode()) if isinstance(value, str) else struct.pack("<II", 4, value)
    offset = 0
    for name, shape in tensors:
        made += _string(name.encode()) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", size) for size in shape) + struct.pack("<IQ",
            0, offset)
        offset += -(-4 * shape[0] * (shape[1] if len(shape) > 1 else 1) // 32) * 32
    made += bytes(-len(made) % 32)
    return made + bytes(offset)


def _gguf(rng: random.Random, file: Path) -> None:
    fields: dict[str, Any] = {"general.architecture": "llama", "llama.embedding_length": 8, "llama.block_count": 1, "llama.attention.head_count": 2,
                              "llama.feed_forward_length": 16, "llama.context_length": 64}  # fmt: skip
    tensors = [("token_embd.weight", (8, 10)), ("output_norm.weight", (8,))]
    data = bytearray(gguf(fields, tensors))
    edit = rng.randrange(4)
    if edit == 0:
        data = data[: rng.randrange(len(data))]
    elif edit == 1:
        for _ in range(rng.randint(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif edit == 2:
        at = rng.randrange(len(data) - 8)
        data[at : at + 8] = struct.pack("<Q", rng.choice([2**63, 2**64 - 1, 2**32, 10**6, 0]))
    else:
        at = rng.randrange(len(data) - 4)
        data[at : at + 4] = struct.pack("<I", rng.choice([2**31, 2**32 - 1, 9, 8, 0, 12, 65535]))
    file.write_bytes(bytes(data))


def _page(rng: random.Random, file: Path) -> None:
    file.write_text(rng.choice([
        "def (", "raise SystemExit(3)", "1/0", "FORMULAS = 3", "FORMULAS = [1]", "import nosuchmodule", "x = ", "\tx\n  y", "def f(): f()\nf()",
        "FORMULAS = ()", "raise Exception('a\\nb' * 500)", "# -*- coding: nosuch -*-",
        "class A(Exception):\n    def __str__(self): return 3\nraise A", "é = '\ud800'".encode(
            "utf-8", "replace").decode(), "raise BaseException('x')", "import sys; sys.exit('bye')",
            "from symllm.errors import SymllmError\nraise SymllmError('a\\nb' * 999)",
        "FORMULAS = property()", "raise GeneratorExit", "FORMULAS = iter(())", "__getattr__ = 3", "def __getattr__(n): raise ValueError(n)",
        "raise MemoryError"]))  # fmt: skip


MAKERS: dict[str, Callable[[random.Random, Path], Path | None]] = {
    "bytes": _bytes, "binary": _binary, "json": _json, "folder": _folder, "loop": _loop, "dangling": _dangling, "pipe": _pipe,
    "linked pipe": _linked_pipe, "device": _device,
    "sparse": _sparse, "unreadable": _unreadable, "name": _name, "safetensors": _safetensors, "gguf": _gguf, "broken page": _page,
    "missing": lambda rng, file: None,
}  # fmt: skip
#: Kinds of which some are proper files after all.
ANSWERED = ("safetensors", "gguf", "json", "bytes", "broken page", "folder", "name")
