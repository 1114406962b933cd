"""A small draw of benchmarks/hostile_inputs.py, every seed that ever failed, and the faults it found, each by itself."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import symllm
from symllm.errors import LONGEST, SymllmError
from symllm.numeric.powers import integer_root
from symllm.scenario import Request
from symllm.sweep import sweep

PAGE = Path(__file__).resolve().parent.parent / "benchmarks" / "hostile_inputs.py"
spec = importlib.util.spec_from_file_location("hostile_inputs", PAGE)
assert spec is not None and spec.loader is not None
hostile = importlib.util.module_from_spec(spec)
sys.modules["hostile_inputs"] = hostile
spec.loader.exec_module(hostile)

#: Seeds that were faults once.
ONCE_FALSE = {
    "configs": (47, 66, 71, 89, 255, 306),
    "expressions": (16, 66, 108, 143, 300, 567, 1003, 1525, 1639, 1787, 1964, 2422, 3147, 3757, 3854),
    "options": (1, 8, 15, 22, 35, 51, 52),
    "files": (16, 52, 54, 345, 1946),
    "cache": (1525, 1696),
    "processes": (),
}
#: How many more of each class are drawn.
DRAWN = {"configs": 40, "expressions": 60, "options": 60, "files": 40, "cache": 30, "processes": 1}
LLAMA = {"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "intermediate_size": 11008,
    "vocab_size": 32000}


@pytest.fixture(scope="module")
def lab() -> Iterator[Any]:
    with hostile.laboratory() as made:
        yield made


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", DRAWN)
def test_no_hostile_input_does_harm(name: str, lab: Any) -> None:
    seeds = [*ONCE_FALSE[name], *range(900_000, 900_000 + DRAWN[name])]
    faults = [(seed, outcome.why, outcome.says) for seed in seeds if (outcome := hostile.tried(name, seed, lab)).kind == "fault"]
    assert not faults


def refused(says: str, call: Any) -> None:
    """The call raises one line that says so."""
    with pytest.raises(SymllmError) as error:
        call()
    line = str(error.value)
    assert says in line
    assert len(line) <= LONGEST and line.isprintable()


def test_a_message_is_one_line_of_bounded_length() -> None:
    refused("what would work", lambda: (_ for _ in ()).throw(SymllmError("a\n\x1b[31m" * 10_000 + "what would work")))


@pytest.mark.parametrize("name", ["if", "lambda", "True", "max", "Fraction", "power", "t0", "low", "computed"])
def test_a_definition_may_have_any_name(name: str) -> None:
    """What is compiled calls a symbol by a name of its own, so no keyword and no function of ours is hidden."""
    define = (f"{name} = max(s, 77) + 1/s", f"other = {name}*ceil({name}) + (s - 50)*(s - 300)")
    direct = symllm.evaluate("other", model="gpt2", define=define, context=100).value
    assert direct == Fraction(10001, 100) * 101 - 10_000
    assert sweep(Request(model="gpt2", define=define), "other", "context=100").values == (direct,)
    assert symllm.minimize("other", over="s", low="100", high="100", model="gpt2", define=define).value == direct


def test_a_definition_does_not_take_the_place_of_what_is_asked() -> None:
    """A name of the engine's own once stood for the expression that was asked about: 0 became the answer."""
    define = ("asked_expression = s - 50",)
    assert symllm.minimize("asked_expression + 7", over="s", low="60", high="90", model="gpt2", define=define).value == 17
    refused("begins with a letter", lambda: symllm.evaluate("_asked_expression", model="gpt2", define="_asked_expression = s"))


@pytest.mark.parametrize("body", [
    "9**9**9", "2**(10**9)", "(1 + 1/10**50)**(10**50)", "(2*d)**(10**9)",
    "d**(1/10**9)", "((2*d)**4000)**4000", "(d + h)**500",
])  # fmt: skip
def test_what_would_not_end_is_refused(body: str) -> None:
    refused("", lambda: symllm.evaluate("mine", model="gpt2", define=f"mine = {body}"))


def test_a_range_whose_points_grow_without_end_is_refused() -> None:
    refused("grow longer", lambda: sweep(Request(model="gpt2", beyond_context=True), "kv_cache", "context=1:1e99:*1.0001"))


def test_a_part_without_a_value_is_refused() -> None:
    refused("has no value", lambda: symllm.evaluate("mine", model="gpt2", define="mine = min(s, 1/floor(0))"))


@pytest.mark.parametrize("degree", [2, 3, 5, 59, 97])
@pytest.mark.parametrize("root", [0, 1, 2, 3, 10, 2**52, 2**53 + 1, 10**40 + 7, 3**400])
def test_roots_from_a_near_guess_are_whole(root: int, degree: int) -> None:
    for value in (root**degree - 1, root**degree, root**degree + 1):
        if value >= 0:
            found = integer_root(value, degree)
            assert found**degree <= value < (found + 1) ** degree


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("rope_scaling", [[[]]], ""), ("hidden_size", 10**4000, "bits"), ("more", b"4096", "holds a bytes"), ("bos_token_id", {1, 2}, "holds a set"),
        ("num_hidden_layers", 10**9, "above 100,000"), ("id2label", {1: "a"}, "names of fields are text"),
    ],
)  # fmt: skip
def test_a_config_is_plain_data(field: str, value: Any, says: str) -> None:
    config = {**LLAMA, field: value}
    if says:
        refused(says, lambda: symllm.evaluate("parameters", config=config))
    else:
        assert symllm.evaluate("parameters", config=config).value == 6_738_415_616


def test_a_config_that_is_nested_without_end_is_refused() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    refused("nested too deep", lambda: symllm.evaluate("parameters", config={**LLAMA, "rope_scaling": deep}))
    refused("", lambda: symllm.evaluate("parameters", config={"text_config": LLAMA, "model_type": "llama", "x": deep}))


def test_two_mappings_that_look_alike_are_two_configs() -> None:
    """A program is kept under the fields themselves, not under what a mapping calls itself."""

    class Named(dict):  # type: ignore[type-arg]
        def __str__(self) -> str:
            return "a config"

        __repr__ = __str__

    counts = {symllm.evaluate("parameters", config={**LLAMA, "rope_scaling": Named(x=i), "num_hidden_layers": i}).value for i in (1, 2)}
    assert len(counts) == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": ["gpt2"]}, "text is expected"), ({"batch": "8"}, "whole number"), ({"batch": True}, "whole number"), ({"define": 3},
            "list of texts"),
        ({"sets": [1]}, "mapping"), ({"sets": {"d_ff": 10**4000}}, "bits"), ({"sets": {"d_ff": None}}, "number"), ({"utilization": [1]}, "number"),
        ({"beyond_context": "yes"}, "True or False"), ({"config": 3}, "path"), ({"mask": b"causal"}, "text"),
    ],
)  # fmt: skip
def test_arguments_of_a_wrong_type_are_refused(options: dict[str, Any], says: str) -> None:
    refused(says, lambda: symllm.evaluate("kv_cache", **{"model": "gpt2", **options}))
    refused("is expected", lambda: symllm.evaluate(options, model="gpt2"))  # type: ignore[arg-type]


def test_numbers_of_numpy_are_plain_ones() -> None:
    numpy = pytest.importorskip("numpy")
    assert symllm.evaluate("kv_cache", model="gpt2", batch=numpy.int8(100), context=numpy.int8(100)).value == 36_864 * 10_000


@pytest.mark.parametrize("kind", ["pipe", "device", "loop", "name"])
def test_no_file_keeps_a_run_waiting(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    elif kind == "loop":
        file.symlink_to(file)
    path = "x" * 5000 + "\0" if kind == "name" else str(file)
    refused("", lambda: symllm.evaluate("parameters", config=path))
    refused("", lambda: symllm.evaluate("parameters", model="gpt2", book=path))
    refused("", lambda: symllm.evaluate("parameters", config=path + ".gguf"))


@pytest.mark.parametrize("text", ["raise SystemExit(3)", "\0", "class A(Exception):\n    def __str__(self): return 3\nraise A",
    "def __getattr__(n): raise ValueError(n)"])
def test_a_broken_page_is_one_line(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(text)
    refused("--book", lambda: symllm.evaluate("parameters", model="gpt2", book=str(page)))


def test_a_page_that_was_changed_within_its_second_is_read_anew(tmp_path: Path) -> None:
    """No compiled form of an earlier text stands in for the page."""
    page = tmp_path / "page.py"
    for number in (2, 3):
        page.write_text(f"""
from symllm.formula import Example, Formula
from symllm.formulas.notation import b, s
from symllm.symbols import NamedSymbol
mine = NamedSymbol("mine", title="mine", meaning="mine", unit="token", domain="amount")
FORMULAS = (Formula("mine", mine, {number}*b*s, because="so.", source="none", example=Example({{b: 1, s: 1}}, {number})),)
""")
        os.utime(page, (10**9, 10**9))
        assert symllm.evaluate("mine", model="gpt2", book=str(page), context=10).value == number * 10


def _entry(folder: Path) -> Path:
    (file,) = folder.glob("*/program-*.json")
    return file


@pytest.mark.parametrize("seal", [False, True])
@pytest.mark.parametrize("evil", ["__import__('os').system('false')", ["q", 1, 0], ["^", "d"], None, "x\n    import os", 1.5, ["eval", "d"], True])
def test_an_entry_of_the_cache_is_no_code_and_no_wrong_number(evil: Any, seal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from symllm import cache

    monkeypatch.setenv("SYMLLM_CACHE", str(tmp_path))
    right = symllm.evaluate("parameters", model="gpt2").value
    file = _entry(tmp_path)
    entry = json.loads(file.read_text())
    next(line for line in entry["data"]["lines"] if line["name"] == "P")["tree"] = evil
    file.write_text(cache.sealed(file.name, json.dumps(entry["data"])) if seal else json.dumps(entry))
    assert symllm.evaluate("parameters", model="gpt2").value == right
    assert sweep(Request(model="gpt2"), "parameters", "N=1,12").values[1] == right


def test_an_entry_that_was_changed_or_moved_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMLLM_CACHE", str(tmp_path))
    right = symllm.evaluate("parameters", model="gpt2").value
    file = _entry(tmp_path)
    text = file.read_text()
    file.write_text(text.replace('"d": 768', '"d": 769'))
    assert symllm.evaluate("parameters", model="gpt2").value == right
    symllm.evaluate("parameters", model="llama-3-8b")
    (other,) = (path for path in tmp_path.glob("*/program-*.json") if path != file)
    file.write_text(other.read_text())
    assert symllm.evaluate("parameters", model="gpt2").value == right


def test_the_cache_takes_nothing_away_that_is_not_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SYMLLM_CACHE may name a folder that holds other things, a home folder even."""
    monkeypatch.setenv("SYMLLM_CACHE", str(tmp_path / "home"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kept = [elsewhere / "file"]
    for i in range(9):
        (tmp_path / "home" / f"project{i}").mkdir(parents=True)
        kept.append(tmp_path / "home" / f"project{i}" / "file")
        old = tmp_path / "home" / f"{i:020x}"  # a folder of an earlier book, with a file that a person put there
        old.mkdir()
        kept.append(old / "notes.txt")
    (tmp_path / "home" / ("a" * 20)).symlink_to(elsewhere)
    for file in kept:
        file.write_text("precious")
    assert symllm.evaluate("parameters", model="gpt2").value == 124_439_808
    assert all(file.read_text() == "precious" for file in kept)


def test_stale_folders_of_the_cache_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMLLM_CACHE", str(tmp_path))
    for i in range(9):
        (tmp_path / f"{i:020x}").mkdir()
        (tmp_path / f"{i:020x}" / f"program-{i:032x}.json").write_text("{}")
        os.utime(tmp_path / f"{i:020x}", (i, i))
    symllm.evaluate("parameters", model="gpt2")
    assert sum(1 for path in tmp_path.iterdir()) == 6
