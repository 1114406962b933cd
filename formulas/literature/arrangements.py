"""What the literature's closed forms may be about, with every choice that authors leave unsaid, and what they call small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Final

import sympy

from symllm.block import Architecture, Block
from symllm.hypotheses import Arrangement, Neglect
from symllm.theorem import Subject

from ..blocks.attention import attention
from ..blocks.embedding import head, learned_positions, token_embedding
from ..blocks.feed_forward import gated, plain
from ..blocks.norm import layer_norm, rms_norm
from ..notation import N, P, P_c
from .subjects import SUBJECTS, matrices_only, stack

PLAIN, GATED = "a plain feed-forward block (two matrices, no gate)", "a gated feed-forward block (three matrices)"
BIASED, UNBIASED = "biases everywhere", "no biases"
SHIFTED, SCALED = "LayerNorm with scale and shift", "RMSNorm with a scale alone"
GPT, LLAMA = "biases everywhere and LayerNorm with shifts", "no biases, and RMSNorm with a scale alone"
TIED = "a head tied to the token table, and a learned position table"
OWN = "an output head of its own, and no position table"


def _blocks(gate: bool, bias: bool, shift: bool) -> tuple[Block, ...]:
    norm = layer_norm() if shift else rms_norm()
    return norm, attention(qkv_bias=bias, out_bias=bias), norm, (gated if gate else plain)(bias=bias)


def _layers(name: str, title: str, count: sympy.Expr | int) -> Arrangement:
    members = [Subject(name, title, stack(*_blocks(gate, bias, shift), count=count),
                       (GATED if gate else PLAIN, BIASED if bias else UNBIASED, SHIFTED if shift else SCALED))
               for gate, bias, shift in product((True, False), (False, True), (False, True))]  # fmt: skip
    return Arrangement(name, title, tuple(members))


def _models() -> Arrangement:
    members = []
    for gate, gpt, tied in product((True, False), (False, True), (False, True)):
        norm = layer_norm("final_norm") if gpt else rms_norm("final_norm")
        positions = (learned_positions(),) if tied else ()
        once = (token_embedding(), *positions, norm, head(tied))
        words = (GATED if gate else PLAIN, GPT if gpt else LLAMA, TIED if tied else OWN)
        members.append(Subject("model", "N equal layers with their ends", stack(*_blocks(gate, gpt, gpt), count=N, once=once), words))
    return Arrangement("model", "a model of N equal layers of attention and feed-forward", tuple(members))


def _alone(name: str) -> Arrangement:
    subject = SUBJECTS[name]
    return Arrangement(name, subject.title, (replace(subject, words=()),))


def _feed_forward() -> Arrangement:
    members = [Subject("ffn", "a feed-forward block", stack((gated if gate else plain)(bias=bias)),
                       (GATED if gate else PLAIN, BIASED if bias else UNBIASED))
               for gate, bias in product((True, False), (False, True))]  # fmt: skip
    return Arrangement("ffn", "a feed-forward block", tuple(members))


def _attention() -> Arrangement:
    members = [Subject("attention", "attention", stack(attention(qkv_bias=bias, out_bias=bias)), (BIASED if bias else UNBIASED,))
               for bias in (False, True)]  # fmt: skip
    return Arrangement("attention", "an attention block", tuple(members))


ARRANGEMENTS: Final = {item.name: item for item in (
    *map(_alone, ("embedding", "head", "two_layer_norms")), _attention(), _feed_forward(),
    _layers("layer", "a layer of attention and feed-forward", 1), _layers("decoder", "N equal layers of attention and feed-forward", N),
    _models(),
)}  # fmt: skip


def _each(model: Architecture, change: Callable[[Block], Block]) -> Architecture:
    groups = tuple(replace(group, blocks=tuple(map(change, group.blocks))) for group in model.groups)
    return replace(model, once=tuple(map(change, model.once)), groups=groups)


def _without_pairs(block: Block) -> Block:
    return replace(block, products=tuple(product for product in block.products if product.per != "pair"))


def _without_vectors(model: Architecture) -> Architecture:
    return _each(model, matrices_only)


#: Each is taken out of the blocks and what is left is proved exactly, so that its size is known on every model.
NEGLECTS: Final = {item.name: item for item in (
    Neglect("pairs", "attention's products of tokens with tokens are small beside its matrices: s ≪ d",
            lambda model: _each(model, _without_pairs)),
    Neglect("idle", "few parameters multiply no token (lookup tables, norms, biases): a small embedding", _without_vectors, {P: P_c}),
    Neglect("vectors", "vectors (biases, norms) are small beside the matrices: d is large", _without_vectors),
    Neglect("ends", "what stands once (token table, head, last norm) is small beside the layers", lambda model: replace(model, once=())),
)}  # fmt: skip
