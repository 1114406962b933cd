"""MPT: ALiBi positions, LayerNorm without a shift, no biases, a tied head.

MosaicML 2023, "Introducing MPT-7B".
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import N, V, d, d_ff, d_h, h, k, s_max
from .decoder import decoder
from .dense import tied


def build(config: Config) -> Architecture:
    """The feed-forward block is four times as wide as the model; transformers knows no other ratio."""
    if config.options["expansion_ratio"] != 4:
        raise SymllmError(f"config: field 'expansion_ratio' is {config.options['expansion_ratio']}; only 4 is understood for mpt models")
    norm = layer_norm(bias=False)
    layer = (norm, attention(), norm, plain())
    return decoder(layer, (layer_norm("final_norm", bias=False),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "mpt", "MPT", ("mpt",),
        fields=(
            Field("d_model", d, also=("hidden_size",)),
            Field("n_layers", N, also=("num_hidden_layers",)),
            Field("n_heads", h, also=("num_attention_heads",)),
            Field("n_heads", k, also=("num_attention_heads",)),
            Field("d_model / n_heads", d_h, default=d / h),
            Field("4 d_model", d_ff, default=4 * d),
            Field("vocab_size", V),
            Field("max_seq_len", s_max, default=None),
        ),
        options=(tied(True), Option("expansion_ratio", default=4, kind=(int, float)), Option("no_bias", default=True, choices=(True,)),
                 Option("attn_config.attn_type", default="multihead_attention", kind=str, choices=("multihead_attention",)),
                 Option("attn_config.alibi", default=True, choices=(True,)), Option("attn_config.qk_ln", default=False, choices=(False,))),
        build=build,
        inert=("embedding_fraction", "init_config", "init_device", "learned_pos_emb", "logit_scale", "norm_type", "verbose",
               "tokenizer_name"),
        source="MosaicML 2023; transformers MptConfig",
    ),
)  # fmt: skip
