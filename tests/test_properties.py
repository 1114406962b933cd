"""Properties beyond `test_invariants.py`: nested fields, amounts that are shown, sums cut by heads, printing and reading."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symllm import catalog, units
from symllm.build import program as build
from symllm.config import family_of, read
from symllm.errors import SymllmError
from symllm.formulas.book import book
from symllm.program import Program
from symllm.render.text import broken
from symllm.scenario import Request, scenario

BOOK = book()
ONE_OF_EACH_FAMILY = {family_of(row.config, BOOK.families).name: row for row in catalog.models().values()}
NESTED = {name: row for name, row in ONE_OF_EACH_FAMILY.items() if any(isinstance(value, dict) for value in row.config.values())}


def value(program: Program, inputs: dict[str, Any], quantity: str) -> Any:
    symbol = program.quantities[quantity]
    return program.run(inputs, [symbol])[symbol]


def places(raw: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where numbers and lists stand inside the objects of a config."""
    for name, item in raw.items():
        if isinstance(item, dict):
            yield from places(item, (*path, name))
        elif path and isinstance(item, (int, list)):
            yield (*path, name)


@pytest.mark.parametrize("family", sorted(NESTED))
def test_what_stands_inside_a_config_is_refused_or_read_too(family: str) -> None:
    """Fields of text_config, vision_config and the like, removed and corrupted in turn."""
    raw = NESTED[family].config
    for path in places(raw):
        for change in (..., "4096", -1, [3]):
            broken_config = copy.deepcopy(dict(raw))
            holder: Any = broken_config
            for name in path[:-1]:
                holder = holder[name]
            if change is ...:
                del holder[path[-1]]
            else:
                holder[path[-1]] = change
            try:
                here = family_of(broken_config, BOOK.families)
                here.build(read(broken_config, here))
            except SymllmError as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("family", sorted(ONE_OF_EACH_FAMILY))
def test_a_field_that_is_removed_is_refused_or_has_a_default(family: str) -> None:
    """The whole way to a program for the sizes of the config's first level."""
    raw = ONE_OF_EACH_FAMILY[family].config
    sizes = [name for name, item in raw.items() if isinstance(item, int) and not isinstance(item, bool) and item > 1]
    for name in sizes[:: max(1, len(sizes) // 3)]:
        kept = {key: item for key, item in raw.items() if key != name}
        try:
            made = build(BOOK, kept, {"name": family}, None, None, "full", "all", "")
        except SymllmError as error:
            assert "\n" not in str(error)
        else:
            assert made.sizes


@pytest.mark.parametrize("name", sorted({"llama", "qwen2", "mixtral", "gemma2", "falcon"} & set(ONE_OF_EACH_FAMILY)))
def test_the_cache_is_cut_by_heads_and_no_further(name: str) -> None:
    case = scenario(Request(model=ONE_OF_EACH_FAMILY[name].name, context=64, batch=2))
    heads, whole = case.values["k"], value(case.program, case.values, "kv_cache")
    for gpus in range(1, 2 * int(heads) + 1):
        share = value(case.program, case.with_values(tp=gpus).values, "kv_cache_per_gpu")
        assert share == whole * -(-int(heads) // gpus) / heads


@settings(deadline=None)
@given(st.integers(1, 10**17), st.sampled_from(["byte", "FLOP", "second", "joule"]))
def test_what_is_shown_is_near_what_is(amount: int, unit: str) -> None:
    """A shown amount read back differs by less than its last digit: half a percent."""
    shown = units.show(amount, unit)
    for side in shown.split(" = "):
        back = units.read_quantity(side, unit)
        assert abs(back - amount) <= Fraction(amount, 200)


@given(st.integers(1, 10**15))
def test_decimal_and_binary_names_are_never_mixed(amount: int) -> None:
    shown = units.show_bytes(amount)
    if " = " in shown:
        decimal, binary = shown.split(" = ")
        assert decimal.split()[1] in ("kB", "MB", "GB", "TB", "PB")
        assert binary.split()[1] in ("byte", "KiB", "MiB", "GiB", "TiB")


@given(st.recursive(st.sampled_from(["d", "d_ff", "12", "h·d_h"]), lambda inner: st.lists(inner, min_size=1, max_size=4).map(
    lambda parts: f"({' + '.join(parts)})·{parts[0]}"), max_leaves=20), st.integers(30, 80))  # fmt: skip
def test_lines_lose_nothing(text: str, width: int) -> None:
    lines = broken(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
