"""The arrangements of blocks that the literature's closed forms speak of, each put together from the book's own blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import sympy

from symllm.block import Architecture, Block, Group
from symllm.theorem import Subject

from ..blocks.attention import attention
from ..blocks.embedding import head, learned_positions, token_embedding
from ..blocks.experts import routed_experts
from ..blocks.feed_forward import gated, plain
from ..blocks.latent_attention import latent_attention
from ..blocks.norm import layer_norm, rms_norm
from ..notation import N


def stack(*blocks: Block, count: sympy.Expr | int = 1, once: tuple[Block, ...] = ()) -> Architecture:
    """`count` equal layers of the blocks, and what stands once."""
    return Architecture(once, (Group("layer", "decoder layer", sympy.sympify(count), blocks),) if blocks else ())


def matrices_only(block: Block) -> Block:
    """The block without its vectors: biases and the norms' scales and shifts."""
    return replace(block, weights=tuple(weight for weight in block.weights if weight.use in ("matmul", "lookup")))


def gpt_blocks() -> tuple[Block, ...]:
    """A layer of GPT-2 and GPT-3: LayerNorm, attention, LayerNorm, plain feed-forward, biases everywhere."""
    return layer_norm(), attention(qkv_bias=True, out_bias=True), layer_norm(), plain(bias=True)


def llama_blocks() -> tuple[Block, ...]:
    """A layer of LLaMA: RMSNorm, attention, RMSNorm, gated feed-forward, no biases."""
    return rms_norm(), attention(), rms_norm(), gated()


_GPT, _LLAMA = gpt_blocks(), llama_blocks()
_BARE = tuple(matrices_only(block) for block in _GPT)
_LATENT, _LATENT_NORM = latent_attention(query_latent=True)
_GPT_ENDS = (token_embedding(), learned_positions(), layer_norm("final_norm"), head(True))
_LLAMA_ENDS = (token_embedding(), rms_norm("final_norm"), head(False))

UNGATED, BIASED, NORMED = "a plain feed-forward block (two matrices, no gate)", "biases everywhere", "LayerNorm with scale and shift"
BARE = "vectors (biases, norms) left out"

_ALL = (
    Subject("embedding", "the token table", stack(once=(token_embedding(),))),
    Subject("head", "an output head of its own", stack(once=(head(False),))),
    Subject("tied_head", "an output head tied to the token table", stack(once=(head(True),)), ("the head is tied",)),
    Subject("attention", "attention without biases", stack(attention())),
    Subject("biased_attention", "attention with biases", stack(_GPT[1]), (BIASED,)),
    Subject("gated_ffn", "a gated feed-forward block", stack(gated())),
    Subject("ffn", "a plain feed-forward block", stack(plain()), (UNGATED,)),
    Subject("biased_ffn", "a plain feed-forward block with biases", stack(_GPT[3]), (UNGATED, BIASED)),
    Subject("two_layer_norms", "the two LayerNorms of a layer", stack(layer_norm(), layer_norm())),
    Subject("llama_layer", "a LLaMA layer", stack(*_LLAMA)),
    Subject("gpt_layer", "a GPT layer", stack(*_GPT), (UNGATED, BIASED)),
    Subject("gpt_matrices_layer", "the matrices of a GPT layer", stack(*_BARE), (UNGATED, BARE)),
    Subject("llama_decoder", "N LLaMA layers", stack(*_LLAMA, count=N)),
    Subject("gpt_decoder", "N GPT layers", stack(*_GPT, count=N), (UNGATED, BIASED, NORMED)),
    Subject("gpt_matrices", "the matrices of N GPT layers", stack(*_BARE, count=N), (UNGATED, BARE)),
    Subject("gpt", "a GPT model", stack(*_GPT, count=N, once=_GPT_ENDS), (UNGATED, BIASED)),
    Subject("llama", "a LLaMA model", stack(*_LLAMA, count=N, once=_LLAMA_ENDS)),
    Subject("latent_layers", "N layers of latent attention", stack(_LATENT, _LATENT_NORM, count=N)),
    Subject("experts", "the routed experts of a layer", stack(routed_experts())),
)

SUBJECTS: Final = {subject.name: subject for subject in _ALL}
