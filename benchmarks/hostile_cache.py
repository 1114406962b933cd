"""Entries of the cache that were cut, changed, swapped, linked or made up: the answer is that without a cache."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import symllm
from symllm.errors import SymllmError

if TYPE_CHECKING:
    from hostile_inputs import Case, Lab

MODELS = ("gpt2", "llama-3-8b", "mistral-7b-v0.1")
ASKED = ("parameters", "kv_cache", "swept", "solved")
_RIGHT: dict[tuple[str, str], Any] = {}
EVIL: tuple[Any, ...] = (
    "__import__('os').system('touch {c}')", "open('{c}','w')", "x\n    import os", "d if open('{c}','w') else d", ["__import__", "os"], ["eval",
    "open('{c}','w')"],
    ["+", "d", "(lambda: open('{c}','w'))()"], ["q", "open('{c}','w')", 1], ["q", 1, 0], ["q", 1.5, 2], ["^", 9, 10**9], ["^", "d"], ["+"], [],
        {}, None, 1.5, True,
    float("nan"), "lambda", "if", ["max"], ["ceil", 1, 2], [["+"], 1], ["+", ["+", None]], 10**500, "__class__", "é", "t0", "low",
)  # fmt: skip


def asked(name: str, what: str) -> Any:
    """A question whose answer rests on the cached program."""
    from symllm.scenario import Request
    from symllm.sweep import sweep

    if what == "swept":
        return sweep(Request(model=name), "kv_cache", "context=1,7,100").values
    if what == "solved":
        return symllm.solve("max_batch", model=name, gpu="h100", context=512).value
    return symllm.evaluate(what, model=name).value


def draw(rng: random.Random, lab: Lab) -> Case:
    """A question with a hostile entry where its program would be kept."""
    from hostile_inputs import Case

    name, what = rng.choice(MODELS), rng.choice(ASKED)
    place = lab.folder / "cache-of-a-case"
    outside = lab.folder / "outside"
    _fresh(place, outside)
    if (name, what) not in _RIGHT:
        _with(lab.folder / "cache-right", lambda: _RIGHT.setdefault((name, what), asked(name, what)))
    for kept in lab.folder.glob("cache-right"):
        shutil.copytree(kept, place)
    _with(place, lambda: asked(name, what))
    entries = sorted(place.glob("*/*.json"))
    kind, where = _spoil(rng, place, entries, outside, lab)

    def call() -> Any:
        try:
            return _with(place, lambda: asked(name, what))
        except SymllmError as error:  # nothing is wrong with the question, so a refusal is no answer
            return f"a refusal, {error},"

    def wrong(value: Any) -> str:
        if not (outside / "precious.txt").exists() or not (outside / "sub" / "precious.txt").exists():
            return "a file outside of the cache went"
        return "" if value == _RIGHT[name, what] else f"{value} is not {_RIGHT[name, what]}"

    return Case(f"{what} of {name}: {kind} {where}", call, wrong)


def _fresh(place: Path, outside: Path) -> None:
    for folder in (place, outside):
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.exists():
            os.chmod(folder, 0o755)
            shutil.rmtree(folder)
    (outside / "sub").mkdir(parents=True)
    for file in (outside / "precious.txt", outside / "sub" / "precious.txt"):
        file.write_text("kept")


def _with(place: Path, call: Any) -> Any:
    before = os.environ.get("SYMLLM_CACHE")
    os.environ["SYMLLM_CACHE"] = str(place)
    try:
        return call()
    finally:
        os.environ.pop("SYMLLM_CACHE") if before is None else os.environ.update(SYMLLM_CACHE=before)


KINDS = ("cut", "bytes", "json", "tree", "tree", "tree", "type", "gone", "number", "number", "swap", "folder", "pipe", "link", "loop", "device",
    "sparse", "readonly", "file",
         "nothing", "strangers", "strangers", "resealed", "resealed", "resealed")  # fmt: skip


def _spoil(rng: random.Random, place: Path, entries: list[Path], outside: Path, lab: Lab) -> tuple[str, str]:
    kind, file = rng.choice(KINDS), rng.choice(entries)
    text = file.read_text()
    if kind == "cut":
        file.write_text(text[: rng.randrange(len(text))])
    elif kind == "bytes":
        raw = bytearray(text.encode())
        for _ in range(rng.randint(1, 5)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        file.write_bytes(bytes(raw))
    elif kind == "json":
        file.write_text(rng.choice(["{}", "[]", "3", "null", "[" * 10**5, '{"lines": []}', "NaN", "", '{"a":' * 1000, "\ufeff{}", '{"data": {}}',
            '{"data": 3, "seal": 4}']))
    elif kind in ("tree", "type", "gone", "number", "resealed"):
        where = _edited(rng, file, kind, lab)
        return kind, where
    elif kind == "swap":
        other = rng.choice(entries)
        first, second = file.read_bytes(), other.read_bytes()
        file.write_bytes(second)
        other.write_bytes(first)
    elif kind == "strangers":  # folders that are none of ours beside ours, as where the cache is a home folder
        for i in range(9):
            (place / f"project{i}" / "src").mkdir(parents=True)
            (place / f"project{i}" / "precious.txt").write_text("kept")
            os.utime(place / f"project{i}", (i, i))
        (place / "link").symlink_to(outside)
        shutil.rmtree(file.parent)
        return kind, str(place)
    elif kind == "readonly":
        shutil.rmtree(file.parent)
        place.chmod(0o555)
    elif kind == "file":
        shutil.rmtree(place)
        place.write_text("no folder")
    else:
        file.unlink()
        if kind == "folder":
            file.mkdir()
        elif kind == "pipe":
            os.mkfifo(file)
        elif kind == "link":
            file.symlink_to(outside / "precious.txt")
        elif kind == "loop":
            file.symlink_to(file)
        elif kind == "device":
            file.symlink_to(rng.choice(["/dev/zero", "/dev/null", "/dev/full", "/proc/self/mem"]))
        elif kind == "sparse":
            file.write_text("{")
            os.truncate(file, 2 ** rng.choice([31, 40]))
    return kind, file.name[:20]


def _edited(rng: random.Random, file: Path, kind: str, lab: Lab) -> str:
    """A proper entry with one thing changed; "resealed" as by someone who knows how entries are sealed."""
    whole = json.loads(file.read_text())
    data = whole.get("data", whole)
    if kind in ("tree", "resealed") and "lines" in data and rng.random() < 0.8:
        value = json.loads(json.dumps(rng.choice(EVIL)).replace("{c}", str(lab.canary)))
        line = rng.choice(data["lines"])
        spot = rng.choice(["tree", "tree", "tree", "name", "times", "unit", "kind", "component", "extra", "sizes", "deep"])
        if spot == "deep" and isinstance(line["tree"], list):
            line["tree"][rng.randrange(len(line["tree"]))] = value
        elif spot == "sizes":
            data["sizes"][rng.choice(sorted(data["sizes"]))] = value
        elif spot == "extra":
            line["more"] = value
        else:
            line["tree" if spot == "deep" else spot] = value
        where = f"{spot} of {str(line['name'])[:20]} is {str(value)[:50]}"
    elif kind == "number" and "sizes" in data:
        name = rng.choice(sorted(data["sizes"]))
        data["sizes"][name] = data["sizes"][name] + rng.choice([1, -1, 1000]) if isinstance(data["sizes"][name], int) else 3
        where = f"size {name}"
    elif kind == "gone":
        where = rng.choice(sorted(data))
        del data[where]
    else:
        where = rng.choice(sorted(data))
        data[where] = rng.choice([None, 3, "x", [], {}, [[]], {"a": None}, True, 1.5])
    if kind == "resealed":
        from symllm import cache

        if hasattr(cache, "sealed"):
            file.write_text(cache.sealed(file.name, json.dumps(data)))
            return where
    file.write_text(json.dumps(whole))
    return where
