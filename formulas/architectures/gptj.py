"""GPT-J and CodeGen: one norm for attention and feed-forward side by side, biases in the feed-forward block and the head.

Wang and Komatsuzaki 2021, "GPT-J-6B"; Nijkamp et al. 2022, arXiv:2203.13474.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field

from ..blocks.attention import attention
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import N, V, d, d_ff, d_h, h, k, s_max
from .decoder import decoder
from .dense import POSITIONLESS, tied


def build(config: Config) -> Architecture:
    """Attention and feed-forward read the same normed vector: one norm a layer."""
    layer = (layer_norm(), attention(), plain(bias=True))
    return decoder(layer, (layer_norm("final_norm"),), config.options["tie_word_embeddings"], head_bias=True)


FIELDS = (
    Field("n_embd", d, also=("hidden_size",)),
    Field("n_layer", N, also=("num_hidden_layers",)),
    Field("n_head", h, also=("num_attention_heads",)),
    Field("n_head", k, also=("num_attention_heads",)),
    Field("n_embd / n_head", d_h, default=d / h),
    Field("n_inner", d_ff, default=4 * d),
    Field("vocab_size", V),
    Field("n_positions", s_max, default=None, also=("max_position_embeddings",)),
)
INERT = (*POSITIONLESS, "rotary")

FAMILIES = (
    Family("gptj", "GPT-J", ("gptj",), FIELDS, build, "Wang and Komatsuzaki 2021; transformers GPTJConfig", (tied(False),), INERT),
    Family("codegen", "CodeGen", ("codegen",), FIELDS, build, "arXiv:2203.13474; transformers CodeGenConfig", (tied(False),), INERT),
)
