"""Claims judged: the verdicts are derived, so that they change with the blocks and with the figures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from symllm import catalog
from symllm.audit import Judged, audit, judged, shelf
from symllm.audit_formulas import Shelf, _Question, _read, declares, minimal
from symllm.audit_models import model, models
from symllm.audit_numbers import machine, number
from symllm.block import Block
from symllm.claims import Claim, load
from symllm.errors import SymllmError
from symllm.judging import SILENT, VERDICTS, compare, judge, printed
from symllm.render import audit as page

EXPECTED = {
    "holds": {
        "weights-1b-fp16", "gpt2-parameters", "weights-70b-fp16", "kv-per-token-llama3-8b", "kv-full-context-llama3-8b", "kv-share-of-24gb",
        "kv-per-token-llama3-70b", "kv-full-context-llama3-70b", "weights-32b-bf16", "h100s-for-685b", "bytes-per-dtype",
        "parameters-embedding", "parameters-layernorm",
    },
    "definition": {"inference-total-sum"},
    "rounded": {"kv-batch-32"},
    "holds under a convention": {"gpt2-weights-fp32"},
    "not refuted": {"gpt2-peak"},
    "wrong": {
        "activation-k-factor", "inference-activations-34", "concurrency-multiplies-model", "training-total", "parameters-output-layer",
        "llama-table-estimates", "llama-table-decoder", "forward-flops-detailed",
    },
}  # fmt: skip
SMALL = {"attention's products of tokens with tokens are small beside its matrices: s ≪ d",
         "few parameters multiply no token (lookup tables, norms, biases): a small embedding"}  # fmt: skip


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
        assert list(data) == ["id", "verdict", "says", "document", "place", "states", "stated", "true", "instead", "error", "assumptions",
                              "conventions", "models", "also", "reason"]  # fmt: skip
        assert data["verdict"] in VERDICTS
        assert data["reason"] and data["says"] and data["document"] and data["place"]
        assert bool(data["assumptions"]) == (item.verdict == "holds under assumptions")
        assert bool(data["instead"]) == (item.verdict == "wrong")
        assert not data["conventions"] or item.verdict not in ("holds", "rounded", "definition")
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
    ("kv-cache-mha", ["k = h", "d_h = d/h"]),
    ("training-memory-8x12nd2", ["no gate", "what stands once"]),
    ("training-time", ["2 times the dense bf16 peak"]),
    ("a100-ops-per-byte", ["tp from 2 to 3"]),
    ("latency-sum", ["n is large"]),
    ("parameters-ffn", ["no gate", "biases everywhere"]),
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
    ("1.86 GB", 2 * 10**9, "holds under a convention"), ("2.00 GB", 2 * 10**9, "holds"), ("1.1 GB", 1_073_610_752, "holds"),
    ("26 GB", 28_521_267_200, "holds under a convention"), ("26 GB", 26_900_000_000, "rounded"),
    ("140 GB", 10**9, "wrong"), ("6.4e13 FLOP", 64 * 10**12, "holds"),
    ("4.5 percent", 4.473, "holds"), ("18 GPU", 18, "holds"),
])  # fmt: skip
def test_a_printed_figure_is_read_with_its_digits_and_unit(text: str, amount: int, verdict: str) -> None:
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


def _questions(drawn: Shelf) -> list[_Question]:
    """Every formula check of every claim, read."""
    return [_read(claim.name, check, drawn) for claim in load().claims for check in claim.checks if check["kind"] == "formula"]


def test_a_hypothesis_is_listed_only_if_the_proof_fails_without_it() -> None:
    """Of every claim and every set found: the set proves it, and no set with one hypothesis less does."""
    drawn, seen = shelf(load()), 0
    for question in _questions(drawn):
        if declares(question.claim, drawn.book):
            continue
        for hypotheses in minimal(question, drawn):
            seen += 1
            assert drawn.prover.proves(question.claim, hypotheses)
            for fewer in hypotheses.fewer():
                assert not drawn.prover.proves(question.claim, fewer), (question.claim.name, hypotheses, fewer)
    assert seen >= 18


@pytest.mark.parametrize("name", ["prefill-flops-2pt", "training-flops-6pt", "two-flop-per-parameter-token", "training-time",
                                  "seconds-per-token-without-cache"])  # fmt: skip
def test_two_flop_a_parameter_needs_short_sequences_and_a_small_embedding_alone(everything: dict[str, Judged], name: str) -> None:
    found = set(everything[name].finding.assumptions)
    assert found >= SMALL
    assert not [text for text in found - SMALL if "dense bf16 peak" not in text]
    assert "2·N·h·d_h·s" in " ".join(everything[name].finding.reasons)


def test_what_is_small_has_its_size_on_models(everything: dict[str, Judged]) -> None:
    """Attention's products of gpt2 at 1,000 tokens are 4·N·d·s² of F_pre, and the position table and vectors what 2·P·b·s has too much."""
    drawn = shelf(load())
    question = next(q for q in _questions(drawn) if q.claim.name == "prefill-flops-2pt")
    assert question.judge is not None
    sample = question.judge.sizes(minimal(question, drawn)[0])[0]
    products, matrices = 4 * 12 * 768 * 1000**2, 12 * 12 * 768**2 + 50257 * 768
    assert sample.shares == (Fraction(products, 2 * 1000 * matrices + products), Fraction(124439808 - matrices, 124439808))
    assert sample.small == (False, True) and not sample.holds
    assert "13 % on gpt2" in " ".join(everything["prefill-flops-2pt"].finding.reasons)


def test_of_several_minimal_sets_the_one_that_is_true_of_most_models_is_kept(everything: dict[str, Judged]) -> None:
    """12·N·d² holds of a plain block four times as wide and of a gated one 8/3 times as wide; hardly a model has the second."""
    found = everything["parameters-12nd2"].finding
    assert any("d_ff = 4d" in text for text in found.assumptions)
    assert len(found.also) == 1 and "d_ff = 8d/3" in found.also[0]
    drawn = shelf(load())
    question = next(q for q in _questions(drawn) if q.claim.name == "parameters-12nd2")
    holding = {any(str(e) == "d_ff = 4*d" for e in h.equations): (seen := question.survey(h)) and seen.holding for h in minimal(question, drawn)}
    assert holding[True] > (holding[False] or 0)


def test_a_claim_is_judged_within_a_models_own_context(everything: dict[str, Judged]) -> None:
    for one in models({"context": 2048}):
        assert one.values["s"] + one.values["n"] <= one.values.get("s_max", 2048)
    assert model("gpt2").within_limits({"context": 2048}).values["s"] == 1024
    assert model("gpt2").within_limits({"context": 2048, "sets": {"n": "24"}}).values["s"] == 1000
    assert "gpt2 at 1,024 tokens, its limit" in everything["training-flops-6pt"].finding.error
    assert not any("from 1 to" in text and int(text.split(" to ")[1].split(" ")[0].replace(",", "")) > 2048
                   for text in everything["training-4-to-6-times"].finding.assumptions)  # fmt: skip
    with pytest.raises(SymllmError, match="beyond the context limit"):
        number({"kind": "number", "value": "M_kv", "model": "gpt2", "context": 2048, "stated": ["1 GB"]})


def test_what_repeats_the_books_own_formula_is_a_definition_and_no_proof(everything: dict[str, Judged]) -> None:
    assert "nothing to prove" in everything["inference-total-sum"].finding.reasons[0]
    assert [part.verdict for part in everything["latency-sum"].parts] == ["holds under assumptions", "definition"]
    assert everything["latency-sum"].finding.reasons[0].startswith("compared with the book's definition")
    assert any(text.startswith("taken as the book declares it: F_fb = 3") for text in everything["training-flops-6pt"].finding.reasons)
    assert not any("as the book declares" in text for text in everything["kv-cache-mha"].finding.reasons)
    for name in ("kv-cache-mha", "parameters-mha", "parameters-embedding"):
        assert "proved from the blocks" in " ".join(everything[name].finding.reasons)


@pytest.mark.parametrize(("left", "right", "verdict"), [
    ("M_inf", "M_rt + M_act + M_kvg + M_wg", "definition"), ("M_inf", "M_wg + M_act + M_kvg", "wrong"), ("R_tok", "b*n/tau_gen", "definition"),
    ("I_ridge", "X/B_w", "definition"), ("M_grad", "P*u_g", "definition"), ("M_kv", "2*b*s*N*k*d_h*u_kv", "holds"), ("P", "P", "holds"),
])  # fmt: skip
def test_circularity_is_found_by_what_the_proof_unfolds(left: str, right: str, verdict: str) -> None:
    check = {"kind": "formula", "left": left, "right": right, "of": "decoder", "folded": ["M_wg", "M_act", "M_kvg", "M_rt", "tau_gen"]}
    assert judged(_claim(check), shelf(load())).verdict == verdict


def _claim(*checks: dict[str, Any]) -> Claim:
    return replace(load().find("kv-cache-mha"), name="any-name", checks=checks, explains="")


def test_the_verdict_stands_apart_from_how_far_off_the_claim_is(everything: dict[str, Judged]) -> None:
    """The survey of the cache formula, counted here by hand: k heads of d/h against M_kv, at 1,024 tokens."""
    item = everything["kv-cache-mha"]
    holding, errors = 0, []
    for one in models({"context": 1024}):
        size = {name: one.values.get(name) for name in ("N", "d", "h", "k", "d_h", "s", "u_kv")}
        truth = one.amounts("M_kv", ["*", 2, "b", "s", "N", "d", "u_kv"])
        if truth is None or truth[0] == 0:
            continue
        error = Fraction(truth[1]) / Fraction(truth[0]) - 1
        if error == 0 and size["k"] == size["h"] and size["k"] and size["d_h"] == Fraction(size["d"] or 0, size["h"] or 1):
            holding += 1
        else:
            errors.append(error)
    assert item.models is not None
    assert (item.models.judged, item.models.holding) == (holding + len(errors), holding)
    assert item.models.median == median(abs(error) for error in errors)
    assert item.models.worst is not None and abs(item.models.worst[1]) == max(abs(error) for error in errors)
    assert 50 < holding < len(errors)
    assert page.error(item).startswith(f"holds on {holding} of {holding + len(errors)} models")


def test_where_the_assumptions_of_an_identity_hold_a_model_has_no_error(everything: dict[str, Judged]) -> None:
    for item in everything.values():
        seen = item.models
        if item.verdict == "holds under assumptions" and item.finding.of and seen is not None and seen.holding:
            limit = Fraction(1, 5) if any("small" in text for text in item.finding.assumptions) else 0
            assert seen.within is not None and abs(seen.within[1]) <= limit, item.claim.name


def test_a_convention_is_no_assumption(everything: dict[str, Judged]) -> None:
    item = everything["gpt2-weights-fp32"]
    assert item.finding.assumptions == () and item.finding.conventions == ("MB means MiB",)
    assert page.verdict(item) == "holds, reading MB as MiB"
    assert not [text for other in everything.values() for text in other.finding.assumptions if " means " in text]


def test_a_convention_that_the_claim_states_is_its_own() -> None:
    claim = load().find("weights-1b-fp16")
    check = dict(claim.checks[0])
    assert judged(claim, shelf(load())).verdict == "holds"
    unsaid = {key: value for key, value in check.items() if key != "reads"}
    assert judged(replace(claim, checks=(unsaid,)), shelf(load())).verdict == "holds under a convention"
    assert judged(replace(claim, checks=({**check, "stated": ["2.00 GB"]},)), shelf(load())).verdict == "wrong"
    table = load().find("bytes-per-dtype")
    assert judged(table, shelf(load())).verdict == "holds"
    scaled = {key: value for key, value in table.checks[0].items() if key != "alone"}
    assert judged(replace(table, checks=(scaled,)), shelf(load())).verdict == "holds under assumptions"


def test_a_misspelt_claims_file_is_refused(tmp_path: Path) -> None:
    text = (Path(__file__).parent.parent / "formulas" / "literature" / "claims.toml").read_text(encoding="utf-8")
    for old, new, said in (('reads = { GB = "GiB" }', 'reads = { GB = "MiB" }', "reads GB as MiB"),
                           ("context = 1024,", "contex = 1024,", "field of errors"),
                           ('kind = "bound"', 'kind = "bond"', "no check of kind 'bond'")):  # fmt: skip
        file = tmp_path / f"{len(said)}.toml"
        file.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(SymllmError, match=said):
            load(file)


def test_no_verdict_says_more_than_was_checked(everything: dict[str, Judged]) -> None:
    """A figure holds within its digits; one that is not printed has no verdict; a peak above its least is not refuted."""
    for item in everything.values():
        for check, part in zip(item.claim.checks, item.parts, strict=True):
            if part.verdict == "holds" and check["kind"] == "formula":
                assert part.reasons[0].startswith("proved from the blocks")
            if part.verdict == "holds" and check["kind"] == "number":
                assert "exactly as printed" in part.reasons[0] or "the same in all digits printed" in part.reasons[0]
    assert everything["training-time"].parts[0].verdict == SILENT
    assert everything["gpt2-peak"].parts[0].verdict == "not refuted"


def test_a_rate_that_nothing_explains_is_wrong() -> None:
    check = {"kind": "machine", "gpu": "a100", "field": "peak", "dtype": "bf16", "stated": ["624 TFLOP/s"]}
    assert machine(check).verdict == "wrong"
    assert machine({**check, "ratio": "2", "assumes": "sparse"}).verdict == "holds under assumptions"
    assert machine({**check, "ratio": "3", "assumes": "sparse"}).verdict == "wrong"
    assert machine({**check, "ratio": "2", "reading": "both"}).verdict == "holds under a convention"


def test_the_engine_knows_no_claim_by_name() -> None:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in (Path(__file__).parent.parent / "symllm").rglob("*.py")
                        if file.name.startswith(("audit", "judging", "claims", "hypotheses")))  # fmt: skip
    assert [claim.name for claim in load().claims if claim.name in sources] == []
    assert [name for name in catalog.models() if f'"{name}"' in sources] == []


def test_the_list_has_every_sentence_with_its_verdict_in_80_columns(everything: dict[str, Judged]) -> None:
    items = list(everything.values())
    text = page.table(items)
    assert "43 claims: 13 holds, 1 definition, 1 rounded, 1 holds under a convention, 18 holds under" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    flat = " ".join(text.split())
    for item in items:
        assert f"{page.verdict(item)} [{item.claim.name}] “{item.claim.says}”" in flat
        assert item.finding.instead in flat
    assert "true instead: F_pre = 2·d·s·b·(12·N·d + 2·N·s + V)" in flat


def test_one_claim_is_shown_verdict_first_then_what_is_true_then_the_evidence(everything: dict[str, Judged]) -> None:
    one = page.one(everything["inference-activations-34"])
    assert one.startswith("WRONG   “inference activations take")
    flat = " ".join(one.split())
    assert flat.index("part 01, formulas") < flat.index("true instead: M_act") < one.index("on models: right on 0 of") < one.index("  - No set")
    assert max(map(len, one.splitlines())) <= 80
    assert page.markdown(list(everything.values())).count("\n## ") == 43


def test_the_command_prints_json_and_ends_with_0() -> None:
    run = subprocess.run([sys.executable, "-m", "symllm", "audit", "kv-batch-32", "--json"], capture_output=True, text=True, check=True)
    data = json.loads(run.stdout)
    assert list(data) == ["claims"]
    assert [(claim["verdict"], claim["says"]) for claim in data["claims"]] == [
        ("rounded", "32 such sequences of Llama 3 8B need 35.2 GB of KV cache")]  # fmt: skip
    run = subprocess.run([sys.executable, "-m", "symllm", "audit", "parameters-output-layer"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("WRONG") and run.returncode == 0


def test_the_page_in_the_docs_is_what_the_command_prints(everything: dict[str, Judged]) -> None:
    file = Path(__file__).parent.parent / "docs" / "claims.md"
    assert file.read_text(encoding="utf-8") == page.markdown(list(everything.values())) + "\n", "symllm audit --markdown > docs/claims.md"
