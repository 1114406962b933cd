"""The literature's closed forms: each proved from the blocks, and no longer so where a block changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy

from symllm.assumptions import Assumption
from symllm.block import Block
from symllm.derivation import check
from symllm.errors import SymllmError
from symllm.formulas.book import book
from symllm.formulas.literature.theorems import MISPRINTS, TEXTBOOK, THEOREMS
from symllm.formulas.notation import N, P, V, d, d_ff, d_h, h, k, s, s_pos
from symllm.theorem import Theorem, facts, prove, smallest, unproved

BY_NAME = {theorem.name: theorem for theorem in (*THEOREMS, *MISPRINTS)}
GPT2_SMALL = {N: 12, d: 768, h: 12, k: 12, d_h: 64, d_ff: 3072, V: 50257, s_pos: 1024, s: 1024}


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.name)
def test_every_theorem_is_proved_step_by_step(theorem: Theorem) -> None:
    proof = prove(theorem, book())
    assert proof.proved
    assert theorem.source
    assert proof.chain is not None
    assert proof.chain.steps[-1].expression == theorem.right
    check(proof.chain, facts(theorem, book()))


@pytest.mark.parametrize("theorem", MISPRINTS, ids=lambda theorem: theorem.name)
def test_every_misprint_is_refuted(theorem: Theorem) -> None:
    proof = prove(theorem, book(), [("GPT-2 small", GPT2_SMALL)])
    assert not proof.proved
    assert proof.difference != 0
    assert proof.chain is None


def test_a_refutation_shows_a_model() -> None:
    proof = prove(BY_NAME["head_of_width_d"], book(), [("GPT-2 small", GPT2_SMALL)])
    assert proof.counterexample is not None
    assert (proof.counterexample.left, proof.counterexample.right) == (768 * 50257, 768**2 + 768)
    assert proof.counterexample.error == pytest.approx(768 * 769 / (768 * 50257) - 1)


def _changed(theorem: Theorem, of: str, change: dict[str, sympy.Expr]) -> Theorem:
    """The theorem about blocks in which a weight has another shape."""

    def altered(block: Block) -> Block:
        weights = tuple(replace(w, shape=(*w.shape[:-1], change[w.name])) if w.name in change else w for w in block.weights)
        return replace(block, weights=weights) if block.name == of else block

    made = theorem.subject.model
    groups = tuple(replace(group, blocks=tuple(map(altered, group.blocks))) for group in made.groups)
    subject = replace(theorem.subject, model=replace(made, once=tuple(map(altered, made.once)), groups=groups))
    return replace(theorem, subject=subject)


def test_a_changed_coefficient_fails_the_theorems_that_rest_on_it() -> None:
    """W_O one column too wide: what counts attention's parameters or products fails, the cache does not."""
    failed = set()
    for theorem in THEOREMS:
        if not prove(_changed(theorem, "attention", {"W_O": 2 * d}), book()).proved:
            failed.add(theorem.name)
    assert {"decoder_parameters", "decoder_parameters_12nd2", "attention_parameters", "llama_layer_parameters",
            "layer_compute", "model_compute", "training_memory_16_bit"} <= failed  # fmt: skip
    assert not failed & {"kv_cache_textbook", "saved_activations_layer", "ffn_parameters", "layer_norm_parameters", "two_per_parameter"}


def test_a_changed_saved_tensor_fails_the_theorem_on_saved_activations() -> None:
    theorem = BY_NAME["saved_activations_layer"]
    made = theorem.subject.model
    blocks = tuple(replace(block, saved=block.saved[1:]) if block.name == "mlp" else block for block in made.groups[0].blocks)
    subject = replace(theorem.subject, model=replace(made, groups=(replace(made.groups[0], blocks=blocks),)))
    proof = prove(replace(theorem, subject=subject), book())
    assert not proof.proved
    assert str(proof.difference) == "2*b*d*s"


def test_needless_hypotheses_are_left_out() -> None:
    theorem = replace(BY_NAME["attention_parameters"], hypotheses=())
    found = smallest(theorem, book(), TEXTBOOK)
    assert found is not None
    assert {assumption.symbol for assumption in found.hypotheses} == {k, d_h}
    assert smallest(replace(theorem, right=5 * d**2), book(), TEXTBOOK) is None


def test_contradictory_hypotheses_are_refused() -> None:
    theorem = replace(BY_NAME["attention_parameters"], hypotheses=(*TEXTBOOK, Assumption(k, 2 * h)))
    with pytest.raises(SymllmError, match="contradict"):
        prove(theorem, book())


def test_the_check_command_names_what_is_unproved() -> None:
    wrong = replace(BY_NAME["decoder_parameters"], right=N * (12 * d**2 + 14 * d))
    assert [name for name, _ in unproved(book(), [wrong], [])] == ["theorem decoder_parameters"]
    assert list(unproved(book(), THEOREMS, MISPRINTS)) == []


def test_a_limit_needs_its_symbol() -> None:
    with pytest.raises(SymllmError, match="grows"):
        prove(replace(BY_NAME["decoder_parameters_12nd2"], grows=None), book())
    assert P in BY_NAME["decoder_parameters"].left.free_symbols
