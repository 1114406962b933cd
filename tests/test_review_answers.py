"""What reviews found wrong after the search was built: each was a false line, a traceback or a silent fault."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

import symllm
from symllm.errors import SymllmError

ROOT = Path(__file__).resolve().parent.parent


def test_every_package_is_installed() -> None:
    """An editable checkout hides a folder that the wheel leaves out."""
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"])
    folders = {"symllm.formulas" if base == "formulas" else base: ROOT / base for base in ("symllm", "formulas")}
    there = {name + "".join(f".{part}" for part in path.parent.relative_to(folder).parts)
             for name, folder in folders.items() for path in folder.rglob("__init__.py")}  # fmt: skip
    assert there <= listed


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("solve", "b", "--such-that", "kv_cache <= 1 MB", "--model", "gpt2"), 1),
        (("solve", "max_batch", "--gpu", "rtx-4090", "--model", "qwq-32b"), 1),
        (("solve", "min_gpus", "--gpu", "h100", "--model", "qwen2-72b", "--batch", "128"), 1),
        (("solve", "max_batch", "--gpu", "h100", "--model", "qwq-32b"), 0),
        (("solve", "b", "--such-that", "kv_cache <= 1 GB", "--model", "gpt2"), 0),
        (("solve", "b", "--such-that", "kv_cache <= -1 GB", "--model", "gpt2"), 2),
    ],
)
def test_exit_codes_of_the_process(arguments: tuple[str, ...], code: int) -> None:
    done = subprocess.run([sys.executable, "-m", "symllm", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("expression", "name", "last", "true"),
    [
        ("1/s", "s", 100, sum(Fraction(1, s) for s in range(1, 101))),
        ("s/(s+1)", "s", 100, sum(Fraction(s, s + 1) for s in range(1, 101))),
        ("s*s*s", "s", 1000, Fraction(sum(s**3 for s in range(1, 1001)))),
        ("max(s - 5, 0)", "s", 50, Fraction(sum(max(s - 5, 0) for s in range(1, 51)))),
    ],
)
def test_sums(expression: str, name: str, last: int, true: Fraction) -> None:
    assert symllm.total(expression, over=name, low="1", high=str(last), model="llama-3-8b").value == true


def test_the_sum_of_a_quotient_of_quantities() -> None:
    found = symllm.total("tokens_per_second", over="b", low="1", high="8", model="llama-3-8b", gpu="h100", new_tokens=100, context=1000)
    each = [symllm.evaluate("tokens_per_second", model="llama-3-8b", gpu="h100", new_tokens=100, context=1000, batch=b).value for b in range(1, 9)]
    assert found.value == sum(each)  # type: ignore[arg-type]


def test_a_list_of_runs_is_whole_or_says_what_it_leaves_out() -> None:
    answer = symllm.solve("max_batch", such_that="b - 8*floor(b/8) <= 0", model="llama-3-8b", gpu="h100", context=256)
    assert answer.value == 1728
    assert answer.feasible == tuple((b, b) for b in range(8, 1729, 8))
    long = symllm.solve("b", such_that=("b - 4*floor(b/4) <= 0", "b <= 10000000"), model="gpt2")
    assert long.value == 10_000_000
    assert "nothing is said of b between" in long.why


def test_what_lies_between_the_steps_of_a_continuous_unknown_is_no_contradiction() -> None:
    for texts in (("eta >= 0.33333", "eta <= 0.33334"), ("eta*eta >= 1/9", "eta <= 1/3")):
        answer = symllm.solve("eta", such_that=texts, model="gpt2")
        assert answer.fits or "not decided" in answer.why
    small = symllm.solve("mfu", such_that="training_time >= 1e9 s", model="gpt2", gpu="h100", sets={"T": 10**9})
    assert 7e-7 < float(small.value or 0) < 8e-7
    assert "may hold below" in symllm.solve("eta", sense="min", such_that="eta*80 GB <= 40 GB", model="gpt2").why
    third = symllm.solve("eta", such_that="3*eta <= 1", model="gpt2")
    assert third.value == Fraction(333333333, 10**9)
    assert third.why == "in steps of 1e-09"


def test_tensor_parallelism_carries_the_number_of_gpus() -> None:
    asked = {"model": "qwq-32b", "gpu": "h100", "context": 4096}
    answer = symllm.solve("tp", such_that="time_per_output_token <= 5 ms", **asked)
    assert answer.value == 4
    assert symllm.evaluate("time_per_output_token", tp=4, **asked).value <= Fraction(1, 200)  # type: ignore[operator]
    assert symllm.evaluate("time_per_output_token", tp=3, **asked).value > Fraction(1, 200)  # type: ignore[operator]
    assert symllm.solve("min_gpus", such_that="time_per_output_token <= 3 ms", **asked).value == 8


def test_an_answer_at_the_inner_edge_of_two_runs() -> None:
    inner = symllm.solve("b", such_that=("(b-10)*(b-10) >= 25", "b <= 12"), model="gpt2")
    assert inner.value == 5
    other = symllm.solve("b", such_that=("(b-10)*(b-10) >= 25", "b >= 6"), model="gpt2", sense="min")
    assert other.value == 15


def test_neighbouring_steps_that_both_hold() -> None:
    text = "ceil(training_time/(1 day))*(1 day) <= 1.1*training_time"
    answer = symllm.solve("mfu", such_that=text, model="llama-3-8b", gpu="h100", gpus=8, sets={"T": "1e11"})
    assert answer.fits


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (("(b-10)*(b-10) >= 25", "(b-9)*(b-9) <= 9"), r"'\(b-10\)\*\(b-10\) >= 25' holds for b from 1 to 5, 15 to"),
        (("4 GB < kv_cache", "kv_cache < 2 GB"), "'4 GB < kv_cache' holds for b ≥ .*, 'kv_cache < 2 GB' for b ≤"),
        (("1 kB < kv_cache < 2 kB",), None),
    ],
)
def test_contradictions_say_where_each_holds(texts: tuple[str, ...], says: str | None) -> None:
    if says is None:
        assert not symllm.solve("b", such_that=texts, model="gpt2").fits
        return
    with pytest.raises(SymllmError, match=says):
        symllm.solve("b", such_that=texts, model="gpt2")


def test_the_parts_of_a_solved_result_are_those_of_the_solution() -> None:
    answer = symllm.solve("P", such_that="weights + gradients + optimizer_states <= 32e9", model="gpt2")
    assert answer.value == 2 * 10**9
    assert sum(part.value for part in answer.breakdown) == 32 * 10**9
    assert symllm.solve("P_a", such_that="training_compute <= 5.76e23 FLOP", assume="T = 20*P_a").value == 69_282_032_302


def test_a_departure_that_no_engine_or_field_knows_is_found() -> None:
    from sympy import Integer

    from symllm.block import Block, Weight
    from symllm.checking import departure_findings

    for departures in ({"transformer": {"tokens": 1}}, {"transformers": {"token": 1}}):
        block = Block("x", "x", "ffn", weights=(Weight("W", (Integer(2),), departures=departures),), source="x")
        assert len(list(departure_findings(block, ("transformers",)))) == 1


def test_small_values_keep_their_digits() -> None:
    from symllm.units import show

    assert show(Fraction(3, 10**13), "FLOP/byte") == "3.00e-13 FLOP/byte"
    assert show(Fraction(128, 10), "second") == "12.8 s"


def test_an_input_is_as_true_as_its_origin() -> None:
    assert symllm.evaluate("mfu", model="gpt2").kind == "assumed"
    assert symllm.evaluate("eta", model="gpt2").kind == "assumed"
    assert symllm.evaluate("eta", model="gpt2", utilization="0.8").kind == "exact"
    assert symllm.evaluate("M_gpu", model="gpt2", gpu="mi300x").kind == "assumed"
    assert symllm.evaluate("M_gpu", model="gpt2", gpu="h100").kind == "measured"


def test_options_without_effect_are_named() -> None:
    assert "--gpus changes nothing in training memory" in symllm.evaluate("training_memory", model="gpt2", gpus=8).notes
    assert "--set P changes nothing in weights read" in symllm.evaluate("weights_read", model="gpt2", sets={"P": 10**9}).notes
    assert "--kv-dtype changes nothing in parameters" in symllm.evaluate("parameters", model="gpt2", kv_dtype="fp8").notes
    quiet = symllm.evaluate("inference_memory", model="qwq-32b", gpus=2, gpu="h100", kv_dtype="fp8", batch=2, context=100)
    assert not [note for note in quiet.notes if note.startswith("--")]


def test_a_small_card_takes_fewer_tokens_a_pass() -> None:
    """Findings A11: 3,416 where the engine's own defaults for such a card give 9,653."""
    small = symllm.solve("max_context", model="qwq-32b", dtype="awq", gpu="rtx-4090")
    assert small.value == 9653
    assert {name: small.inputs[name].value for name in ("c_pass", "b_pass")} == {"c_pass": 2048, "b_pass": 256}
    assert symllm.solve("max_batch", model="qwq-32b", gpu="h200", context=8192).inputs["c_pass"].value == 8192
    assert symllm.solve("max_batch", model="qwq-32b", gpu="a100", context=8192).inputs["c_pass"].value == 2048
    assert symllm.solve("max_batch", model="qwq-32b", gpu="a100", context=8192, sets={"c_pass": 4096}).inputs["c_pass"].value == 4096


def test_the_unit_table_and_pint_agree() -> None:
    from symllm.dimension import spell, unit_dimension
    from symllm.numeric.dimensions import of_unit, spelled
    from symllm.units import UNITS

    for name in UNITS:
        for unit in (name, f"{name}/second", f"{name}*byte"):
            assert sorted(spelled(of_unit(unit)).split()) == sorted(spell(unit_dimension(unit)).split()), unit
