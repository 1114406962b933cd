"""MiniCPM3: latent attention as in DeepSeek-V2, with a dense feed-forward block in every layer.

Source: MiniCPM, arXiv:2404.06395; transformers MiniCPM3Config.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option

from ..blocks.feed_forward import gated
from ..blocks.norm import rms_norm
from ..notation import d_ff
from .decoder import decoder
from .deepseek import latent, latent_fields
from .mixtral import BIAS


def minicpm3(config: Config) -> Architecture:
    """Latent attention and a gated block; scaled residuals change no size."""
    norm = rms_norm()
    layer = (norm, *latent(config), norm, gated(bias=config.options["mlp_bias"]))
    return decoder(layer, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "minicpm3", "MiniCPM3", ("minicpm3",),
        fields=(*latent_fields(256, 64, 32, 64), Field("intermediate_size", d_ff)),
        options=(Option("tie_word_embeddings", default=True), BIAS, Option("mlp_bias", default=False)),
        build=minicpm3, inert=("scale_emb", "scale_depth", "dim_model_base", "head_dim", "qk_head_dim"),
        source="arXiv:2404.06395; transformers MiniCPM3Config",
    ),
)  # fmt: skip
