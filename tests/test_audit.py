"""Claims judged: the verdicts are derived, so that they change with the blocks and with the figures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from symllm.audit import Judged, audit, judged, shelf
from symllm.block import Block
from symllm.claims import load
from symllm.errors import SymllmError
from symllm.judging import VERDICTS, compare, judge, printed
from symllm.render import audit as page

EXPECTED = {
    "holds": {
        "gpt2-parameters", "weights-70b-fp16", "inference-total-sum", "kv-per-token-llama3-8b", "kv-per-token-llama3-70b",
        "weights-32b-bf16", "parameters-embedding", "parameters-layernorm",
    },
    "rounded": {"kv-full-context-llama3-8b", "kv-share-of-24gb", "kv-full-context-llama3-70b", "kv-batch-32"},
    "wrong": {
        "activation-k-factor", "inference-activations-34", "concurrency-multiplies-model", "training-total", "parameters-output-layer",
        "llama-table-estimates", "llama-table-decoder", "forward-flops-detailed",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def everything() -> dict[str, Judged]:
    return {item.claim.name: item for item in audit()}


def test_all_43_claims_are_judged(everything: dict[str, Judged]) -> None:
    assert len(everything) == 43
    for verdict, names in EXPECTED.items():
        assert {name for name, item in everything.items() if item.verdict == verdict} == names
    others = set(everything) - set().union(*EXPECTED.values())
    assert {everything[name].verdict for name in others} == {"holds under assumptions"}


def test_each_verdict_comes_with_its_reason(everything: dict[str, Judged]) -> None:
    for item in everything.values():
        data = item.as_json()
        assert list(data) == ["id", "verdict", "stated", "true", "error", "assumptions", "reason"]
        assert data["verdict"] in VERDICTS
        assert data["reason"]
        assert bool(data["assumptions"]) == (item.verdict == "holds under assumptions") or item.verdict == "wrong"
        assert json.loads(json.dumps(data)) == data


def test_no_verdict_stands_in_the_claims_file() -> None:
    file = Path(__file__).parent.parent / "formulas" / "literature" / "claims.toml"
    data = file.read_text(encoding="utf-8")
    assert "verdict =" not in data
    for claim in load().claims:
        assert not any("verdict" in check for check in claim.checks)


@pytest.mark.parametrize(("name", "said"), [
    ("inference-activations-34", "what a GPT layer keeps for the backward pass"),
    ("parameters-output-layer", "P = d·V"),
    ("forward-flops-detailed", "4·N·h·s²·b + 2·d·V·s·b − 4·N·d·s²·b"),
    ("llama-table-estimates", "width x of its two ends is 4,096"),
    ("llama-table-decoder", "N*(12*d^2 + 13*d) gives the printed figure exactly"),
    ("llama13b-activations", "1,635 to 1,644"),
    ("kv-batch-32", "32 times 1.1 GB, which had been rounded"),
    ("training-time", "16.5 days"),
    ("training-total", "8P + M_kv − M_save"),
    ("gpt2-peak", "475.9658 MiB"),
])  # fmt: skip
def test_reasons_name_the_right_formula_or_the_input_that_makes_it_true(everything: dict[str, Judged], name: str, said: str) -> None:
    assert said in " ".join(everything[name].finding.reasons)


@pytest.mark.parametrize(("name", "words"), [
    ("gpt2-weights-fp32", ["MB means MiB"]),
    ("kv-cache-mha", ["k = h", "d_h = d/h"]),
    ("training-memory-8x12nd2", ["Adam's moments in 16 bits", "no float32 copy"]),
    ("training-time", ["2 times the dense bf16 peak"]),
    ("a100-ops-per-byte", ["tp from 2 to 3"]),
    ("latency-sum", ["n is large"]),
    ("parameters-ffn", ["no gate", "d_ff = 4d"]),
])  # fmt: skip
def test_assumptions_are_named(everything: dict[str, Judged], name: str, words: list[str]) -> None:
    found = " ".join(everything[name].finding.assumptions)
    assert all(word in found for word in words)


def _verdicts(change: Callable[[Block], Block], *names: str) -> list[str]:
    return [item.verdict for item in audit(names, change)]


def test_a_changed_block_changes_the_verdicts_that_rest_on_it() -> None:
    """Without W_O attention has 3 matrices, and what counts parameters is false."""

    def without_output(block: Block) -> Block:
        return replace(block, weights=tuple(weight for weight in block.weights if weight.name != "W_O"))

    names = ("parameters-mha", "parameters-decoder", "parameters-12nd2", "training-memory-8x12nd2", "kv-cache-mha")
    assert _verdicts(without_output, *names) == ["wrong"] * 4 + ["holds under assumptions"]


def test_a_changed_cache_changes_the_verdict_on_the_cache() -> None:
    def only_keys(block: Block) -> Block:
        return replace(block, cache=block.cache[:1])

    assert _verdicts(only_keys, "kv-cache-mha", "parameters-mha") == ["wrong", "holds under assumptions"]


def test_a_changed_figure_changes_the_verdict() -> None:
    claim = load().find("gpt2-parameters")
    other = replace(claim, checks=({**claim.checks[0], "stated": ["124439809 parameter"]},))
    assert judged(other, shelf(load())).verdict == "wrong"


@pytest.mark.parametrize(("text", "amount", "verdict"), [
    ("1.86 GB", 2 * 10**9, "holds under assumptions"), ("2.00 GB", 2 * 10**9, "holds"), ("1.1 GB", 1_073_610_752, "rounded"),
    ("26 GB", 28_521_267_200, "holds under assumptions"), ("140 GB", 10**9, "wrong"), ("6.4e13 FLOP", 64 * 10**12, "holds"),
    ("4.5 percent", 4.473, "rounded"), ("18 GPU", 18, "holds"),
])  # fmt: skip
def test_a_printed_figure_is_read_with_its_digits_and_unit(text: str, amount: int, verdict: str) -> None:
    from fractions import Fraction

    exact = Fraction(str(amount))
    assert judge(printed(text), [exact, exact]).verdict == verdict


def test_digits_that_were_cut_off_are_no_rounding() -> None:
    outcome = compare(printed("26 GB"), 26_900_000_000)
    assert outcome is not None
    assert "cut off" in outcome[1]
    assert compare(printed("26 GB"), 27_500_000_000) is None


def test_unknown_claims_are_refused_with_the_nearest() -> None:
    with pytest.raises(SymllmError, match="did you mean kv-batch-32"):
        audit(("kv-batch-23",))


def test_the_command_prints_table_claim_json_and_markdown(everything: dict[str, Judged]) -> None:
    items = list(everything.values())
    table = page.table(items)
    assert "43 claims: 8 holds, 4 rounded, 23 holds under assumptions, 8 wrong" in table
    assert max(map(len, table.splitlines())) <= 100
    one = page.one(everything["inference-activations-34"])
    assert one.startswith("WRONG")
    assert max(map(len, one.splitlines())) <= 80
    assert page.markdown(items).count("\n## ") == 43
    run = subprocess.run([sys.executable, "-m", "symllm", "audit", "kv-batch-32", "--json"], capture_output=True, text=True, check=True)
    data = json.loads(run.stdout)
    assert list(data) == ["claims"]
    assert [claim["verdict"] for claim in data["claims"]] == ["rounded"]


def test_the_page_in_the_docs_is_what_the_command_prints(everything: dict[str, Judged]) -> None:
    file = Path(__file__).parent.parent / "docs" / "claims.md"
    assert file.read_text(encoding="utf-8") == page.markdown(list(everything.values())) + "\n", "symllm audit --markdown > docs/claims.md"
