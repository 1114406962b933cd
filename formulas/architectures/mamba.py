"""Mamba, Falcon Mamba and Mamba-2: nothing but state-space layers, each a norm and a mixer.

Sources: arXiv:2312.00752 (Mamba), arXiv:2410.05355 (Falcon Mamba), arXiv:2405.21060 (Mamba-2).
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.mamba import mamba
from ..blocks.mamba2 import mamba2
from ..blocks.norm import rms_norm
from ..notation import N, V, c_m, d, d_conv, d_inner, d_m, d_state, g_m, h_m
from .decoder import decoder
from .state_space import STATE_SPACE_INERT, check_groups, expanded, mamba_sizes


def build(config: Config) -> Architecture:
    """Mamba: N layers of a norm and a Mamba-1 mixer."""
    values = mamba_sizes(config, "expand", "time_step_rank")
    given = config.raw.get("intermediate_size")
    if given is not None and given != values[d_inner]:
        raise SymllmError(f"config: field 'intermediate_size' is {given}, but expand times hidden_size is {values[d_inner]}")
    layer = (rms_norm(), mamba(bias=config.options["use_bias"], conv_bias=config.options["use_conv_bias"]))
    made = decoder(layer, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])
    return Architecture(made.once, made.groups, values)


def build2(config: Config) -> Architecture:
    """Mamba-2: N layers of a norm and a Mamba-2 mixer, whose heads fill the expanded width."""
    width, heads, size = expanded(config, "expand"), config.sizes[h_m], config.sizes[d_m]
    if heads * size != width:
        raise SymllmError(f"config: field 'num_heads' gives {heads} heads of {size}, but expand times hidden_size is {width}")
    check_groups(config, "n_groups")
    layer = (rms_norm(), mamba2(bias=config.options["use_bias"], conv_bias=config.options["use_conv_bias"]))
    return decoder(layer, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


_SIZES = (
    Field("hidden_size", d, default=768),
    Field("num_hidden_layers", N, default=32),
    Field("vocab_size", V, default=50280),
    Field("state_size", d_state, default=16),
    Field("conv_kernel", d_conv, default=4),
)
_OPTIONS = (
    Option("expand", default=2, kind=(int, float)),
    Option("use_bias", default=False),
    Option("use_conv_bias", default=True),
)
_RANK = Option("time_step_rank", default="auto", kind=(int, str))

FAMILIES = (
    Family(
        "mamba", "Mamba", ("mamba",),
        fields=_SIZES,
        options=(*_OPTIONS, _RANK, Option("tie_word_embeddings", default=True)),
        build=build,
        source="arXiv:2312.00752; transformers MambaConfig",
        inert=(*STATE_SPACE_INERT, "intermediate_size"),
    ),
    Family(
        "falcon_mamba", "Falcon Mamba", ("falcon_mamba",),
        fields=_SIZES,
        options=(*_OPTIONS, _RANK, Option("tie_word_embeddings", default=True)),
        build=build,
        source="arXiv:2410.05355; transformers FalconMambaConfig",
        inert=(*STATE_SPACE_INERT, "intermediate_size"),
    ),
    Family(
        "mamba2", "Mamba-2", ("mamba2",),
        fields=(
            Field("hidden_size", d, default=4096),
            Field("num_hidden_layers", N, default=64),
            Field("vocab_size", V, default=32768),
            Field("num_heads", h_m, default=128),
            Field("head_dim", d_m, default=64),
            Field("state_size", d_state, default=128),
            Field("n_groups", g_m, default=8),
            Field("conv_kernel", d_conv, default=4),
            Field("chunk_size", c_m, default=256),
        ),
        options=(*_OPTIONS, Option("tie_word_embeddings", default=False)),
        build=build2,
        source="arXiv:2405.21060; transformers Mamba2Config",
        inert=STATE_SPACE_INERT,
    ),
)  # fmt: skip
