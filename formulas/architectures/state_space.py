"""What families with state-space layers read from their configs in the same way.

The inner width is an expansion factor times the hidden size, the step's rank and the head width may be "auto", and
layers go by an old and a new name.
Sources: transformers' MambaConfig, BambaConfig and their like.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

import sympy

from symllm.config import LARGEST_SIZE, Config, Option, shown, whole
from symllm.errors import SymllmError

from ..notation import d, d_inner, d_m, g_m, h_m, r_dt
from .layer_kinds import per_layer

#: Fields of state-space configs that set up kernels, time steps and residuals, and change no size.
STATE_SPACE_INERT: Final = (
    "time_step_*", "mamba_dt_min", "mamba_dt_max", "mamba_dt_limit", "mamba_dt_init_floor", "rescale_prenorm_residual", "residual_in_fp32",
    "use_mambapy", "use_falcon_mambapy", "use_associative_scan", "use_mamba_kernels", "mamba_ssm_cache_dtype", "mamba_ssm_dtype",
    "num_logits_to_keep", "rms_norm",
)  # fmt: skip
EXPAND: Final = Option("mamba_expand", default=2, kind=(int, float))
HEAD_WIDTH: Final = Option("mamba_d_head", default="auto", kind=(int, str))

#: transformers' names of layer kinds, and those that older configs use.
_KINDS: Final = {"mamba": "linear_attention", "attention": "full_attention", "linear_attention": "linear_attention",
                 "full_attention": "full_attention"}  # fmt: skip


def expanded(config: Config, name: str) -> int:
    """The inner width of a state-space layer: the expansion factor times the hidden size, cut to a whole number."""
    width = config.options[name] * config.sizes[d]
    if not 1 <= width <= LARGEST_SIZE:
        raise SymllmError(f"config: field {name!r} is {shown(config.options[name])}, which gives no plausible inner width")
    return int(width)


def mamba_sizes(config: Config, expand: str, rank: str) -> dict[sympy.Symbol, Any]:
    """What a Mamba-1 layer works out of its config: the inner width, and the step's rank (d/16 for "auto")."""
    value = config.options[rank]
    return {d_inner: expanded(config, expand), r_dt: ceil(config.sizes[d] / 16) if value == "auto" else whole(value, rank)}


def head_width(config: Config, inner: int, name: str = "mamba_d_head") -> dict[sympy.Symbol, Any]:
    """The head width of a Mamba-2 layer: as given, or the inner width shared out for "auto".

    Raises where heads times head width is not the inner width.
    """
    heads, value = config.sizes[h_m], config.options[name]
    width = inner // heads if value == "auto" else whole(value, name)
    if heads * width != inner:
        raise SymllmError(f"config: field {name!r} makes {heads} heads of {width}, but the state-space layer is {inner} wide")
    return {d_m: width}


def check_groups(config: Config, name: str) -> None:
    """Refuses groups of B and C that do not divide the heads."""
    heads, groups = config.sizes[h_m], config.sizes[g_m]
    if heads % groups:
        raise SymllmError(f"config: field {name!r} is {groups}, which does not divide {heads} heads")


def attention_or_state(config: Config, name: str) -> Sequence[str] | None:
    """A list of layer kinds under their new names; None where the config has none."""
    kinds = per_layer(config, name, tuple(_KINDS))
    return None if kinds is None else [_KINDS[str(kind)] for kind in kinds]
