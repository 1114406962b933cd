"""OPT and XGLM: GPT-2's layer with biases, a tied head; OPT's smallest sibling has embeddings narrower than its layers.

OPT learns positions and keeps two rows more than positions; XGLM computes them.
Zhang et al. 2022, arXiv:2205.01068; Lin et al. 2021, arXiv:2112.10668.
"""

from __future__ import annotations

import sympy

from symllm.block import Architecture, Block, Group, Weight
from symllm.config import Config, Family, Field, Option
from symllm.symbols import NamedSymbol

from ..blocks.attention import attention
from ..blocks.embedding import head, learned_positions, token_embedding
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import N, V, d, d_ff, d_h, h, k, s_max, s_pos
from .decoder import decoder
from .dense import tied

d_emb = NamedSymbol("d_emb", title="embedding size", meaning="width of the token embedding", latex=r"d_{\mathrm{emb}}", rank=900)
#: fairseq's table begins after the padding index, and OPT kept the two unused rows.
UNUSED_ROWS = 2


def projection(name: str, title: str, rows: sympy.Expr, columns: sympy.Expr) -> Block:
    """A matrix between the width of the embedding and that of the layers."""
    weight = Weight("W", (rows, columns), "matmul")
    return Block(name, title, "embedding_projection", (weight,), source="arXiv:2205.01068")


def opt(config: Config) -> Architecture:
    """Layers of width d; the embedding may be narrower, and the last norm goes where norms come after their blocks."""
    options, narrow = config.options, config.sizes[d_emb] != config.sizes[d]
    biased, affine = options["enable_bias"], options["layer_norm_elementwise_affine"]
    norm = layer_norm(bias=affine, scale=affine)
    last = options["do_layer_norm_before"] and not options["_remove_final_layer_norm"]
    width = d_emb if narrow else d
    once: list[Block] = [token_embedding(width), learned_positions(s_pos + UNUSED_ROWS)]
    if narrow:
        once += [projection("project_in", "embedding to layers", d_emb, d), projection("project_out", "layers to head", d, d_emb)]
    if last:
        once.append(layer_norm("final_norm", bias=affine, scale=affine))
    once.append(head(options["tie_word_embeddings"], width=width))
    layer = (norm, attention(qkv_bias=biased, out_bias=biased), norm, plain(bias=biased))
    return Architecture(tuple(once), (Group("layer", "decoder layer", N, layer),))


def xglm(config: Config) -> Architecture:
    """Positions are sines, which hold no parameters."""
    norm = layer_norm()
    layer = (norm, attention(qkv_bias=True, out_bias=True), norm, plain(bias=True))
    return decoder(layer, (layer_norm("final_norm"),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "opt", "OPT", ("opt",),
        fields=(
            Field("hidden_size", d),
            Field("word_embed_proj_dim", d_emb, default=d),
            Field("num_hidden_layers", N),
            Field("num_attention_heads", h),
            Field("num_attention_heads", k),
            Field("hidden size / heads", d_h, default=d / h),
            Field("ffn_dim", d_ff),
            Field("vocab_size", V),
            Field("max_position_embeddings", s_pos),
            Field("max_position_embeddings", s_max),
        ),
        options=(tied(True), Option("do_layer_norm_before", default=True), Option("_remove_final_layer_norm", default=False),
                 Option("enable_bias", default=True), Option("layer_norm_elementwise_affine", default=True)),
        build=opt,
        inert=("layerdrop",),
        source="arXiv:2205.01068; transformers OPTConfig",
        dropout=True,
    ),
    Family(
        "xglm", "XGLM", ("xglm",),
        fields=(
            Field("d_model", d, also=("hidden_size",)),
            Field("num_layers", N, also=("num_hidden_layers",)),
            Field("attention_heads", h, also=("num_attention_heads",)),
            Field("attention_heads", k, also=("num_attention_heads",)),
            Field("hidden size / heads", d_h, default=d / h),
            Field("ffn_dim", d_ff),
            Field("vocab_size", V),
            Field("max_position_embeddings", s_max, default=None),
        ),
        options=(tied(True),),
        build=xglm,
        inert=("layerdrop", "scale_embedding"),
        source="arXiv:2112.10668; transformers XGLMConfig",
        dropout=True,
    ),
)  # fmt: skip
