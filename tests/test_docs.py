"""docs/json.md documents every key that the code emits, and the table of models says what `evaluate` says.

Whether generated pages are up to date is for `python docs/generate.py --check`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import symllm
from symllm import catalog
from symllm.cli import group

DOCS = Path(__file__).parent.parent / "docs"
#: Objects of these keys are one thing, an expression; and keys whose values are data of many forms.
EXPRESSION = {"text", "latex", "tree"}
ANY = {"stated", "true", "error"}

COMMANDS = {
    "symllm.answer/1": (
        "eval inference_memory --model qwq-32b --gpu h100 --context 8192",
        "eval time_per_output_token --model qwq-32b --gpu h100 --context 8192",
        "eval kv_cache --model deepseek-v3 --kv-dtype int4 --context 3",
        "solve max_batch --model qwq-32b --gpu h100",
        "solve max_batch --model qwq-32b --gpu h100 --context 8192",
        "solve max_context --model gpt2 --gpu h100",
        "solve min_gpus --model llama-3-70b --gpu a100",
        "solve min_gpu_memory --model gpt2 --set eta=0.7",
        'solve d --such-that "parameters <= 7e9" --model llama-7b',
    ),
    "symllm.anatomy/1": ("models --model deepseek-v3", "models --model bloom-560m", "show gpt2"),
    "symllm.models/1": ("models", "models qwq"),
    "symllm.gpus/1": ("gpus", "show h100"),
    "symllm.whatif/1": ("whatif --model qwq-32b --gpu h100 --change kv_dtype=int4 --quantity kv_cache --quantity max_batch",),
    "symllm.extreme/1": ("derive minimum inference_memory --in b --model gpt2 --to 100", "derive sum kv_cache --in s --from 1 --to 9 --model gpt2"),
    "symllm.sweep/1": ("sweep inference_memory --model gpt2 --over context=100:1000:300",),
    "symllm.derivation/1": (
        'derive parameters --model gpt2 --assume "k = h" --assume "d_h = d/h" --assume "d_ff = 4*d" --dominant d',
        "derive time_per_output_token --model qwq-32b --gpu h100",
        "derive kv_cache",
    ),
    "symllm.finding/1": (
        "derive crossover kv_cache weights --in s --model llama-3-8b",
        "derive elasticity kv_cache --model llama-3-8b",
        "derive crossover kv_cache weights --in s",
    ),
    "symllm.page/1": ("show inference_memory", "show parameters", "show max_batch", "show d_ff", "show q4_k_m", "show llama"),
    "symllm.check/1": ("check --quick",),
    "list": ("list", "list --symbols --formats --engines"),
    "symllm.models/1 ": ("models --families",),
    "audit": ("audit kv-batch-32 activation-k-factor",),
}


@cache
def documented() -> dict[str, set[str]]:
    """The keys in the first column of the tables of each section."""
    found: dict[str, set[str]] = {}
    for section in (DOCS / "json.md").read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        found[title] = set(re.findall(r"^\| `([^`]+)` \|", body, re.MULTILINE))
    return found


def keys(data: Any, path: str = "") -> Iterator[str]:
    """The path of every value: a.b for keys, a[] for entries of lists."""
    if isinstance(data, dict) and set(data) != EXPRESSION:
        for key, value in data.items():
            inside = f"{path}.{key}" if path else key
            yield from (inside,) if key in ANY and "claims" in path else keys(value, inside)
    elif isinstance(data, list):
        for value in data:
            yield from keys(value, f"{path}[]")
    else:
        yield path


def is_documented(path: str, known: set[str]) -> bool:
    return any(re.fullmatch(re.escape(row).replace(r"\*", r"[^.\[\]]+"), path) for row in known)


def printed(command: str) -> Any:
    found = CliRunner().invoke(group, [*shlex.split(command), "--json"], standalone_mode=False)
    assert found.exception is None, found.exception
    return json.loads(found.output)


@pytest.mark.parametrize(("schema", "command"), [(schema, command) for schema, rows in COMMANDS.items() for command in rows])
def test_every_key_is_documented(schema: str, command: str) -> None:
    data = printed(command)
    assert data.get("schema", schema) == schema
    missing = sorted({path for path in keys(data) if not is_documented(path, documented()[schema.strip()])})
    assert missing == [], f"docs/json.md, section {schema}"


def test_every_schema_has_its_section() -> None:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in (DOCS.parent / "symllm").rglob("*.py"))
    assert set(re.findall(r'"(symllm\.[a-z]+/\d+)"', sources)) == {title for title in documented() if "/" in title}


def test_numbers_that_are_not_whole_have_a_float_beside_them() -> None:
    data = printed(COMMANDS["symllm.answer/1"][1])
    over, under = map(int, data["value"].split("/"))
    assert data["value_approximate"] == over / under
    assert isinstance(printed("eval parameters --model gpt2")["value"], int)


@pytest.mark.parametrize("name", ["gpt2", "gemma-2-9b", "deepseek-v3", "rwkv-4-169m"])
def test_the_table_of_models_says_what_evaluate_says(name: str) -> None:
    rows = (DOCS / "models.md").read_text(encoding="utf-8").splitlines()
    row = next(line for line in rows if line.startswith(f"| [{name}]"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == f"{symllm.evaluate('parameters', model=name).value:,}"
    for cell, dtype in zip(cells[3:7], ("bf16", "fp8", "awq", "q4_k_m"), strict=True):
        size = symllm.evaluate("weights", model=name, dtype=dtype).value
        assert size is not None
        assert float(cell.replace(",", "")) == pytest.approx(float(size) / 1e9, rel=1e-3)
    whole = symllm.evaluate("kv_cache", model=name, dtype="bf16").value
    assert whole is not None
    assert float(cells[8].replace(",", "")) == pytest.approx(float(whole) / 1e9, rel=1e-3)


def test_the_table_of_models_is_whole() -> None:
    text = (DOCS / "models.md").read_text(encoding="utf-8")
    assert [name for name in catalog.models() if f"| [{name}]" not in text and f"| {name} " not in text] == []


def test_links_lead_somewhere() -> None:
    """Relative links of the docs and of the README name files, and headings in them, that are there."""
    root = DOCS.parent
    for file in (root / "README.md", root / "CONTRIBUTING.md", *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", file.read_text(encoding="utf-8")):
            name, _, heading = target.partition("#")
            there = (file.parent / name) if name else file
            assert there.exists(), f"{file.relative_to(root)} links to {target}"
            assert not heading or heading in headings(there), f"{file.relative_to(root)} links to {target}"


@cache
def headings(file: Path) -> set[str]:
    """The fragments that GitHub gives the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    found = [re.sub(r"[^\w\- ]", "", title.replace("\\", "").lower()).replace(" ", "-") for title in titles]
    assert len(set(found)) == len(found), f"{file.name} has two headings of one name"
    return set(found)
