"""Hunyuan MoE: experts in every layer beside one dense block of the same width that every token passes.

Source: Hunyuan-A13B, Tencent 2025; transformers HunYuanMoEV1Config.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option, shown, whole
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router, shared_experts
from ..blocks.norm import query_key_norm, rms_norm
from ..notation import E as EXPERTS
from ..notation import E_a, N, d_ffe
from .decoder import TIED, decoder
from .dense import whole_groups
from .layer_kinds import check_experts
from .mixtral import BIAS, ROUTER_INERT, sizes


def hunyuan_moe(config: Config) -> Architecture:
    """Queries and keys normalized in each head; the shared block is as wide as one expert.

    Raises `SymllmError` for more chosen experts than there are, and for lists whose layers differ.
    """
    chosen = _same(config, "moe_topk")
    for name, wanted in (("num_shared_expert", 1), ("moe_intermediate_size", config.sizes[d_ffe])):
        if config.options[name] is not None and _same(config, name) != wanted:
            raise SymllmError(f"config: field {name!r} is {shown(config.options[name])}; {wanted} is understood here")
    made = replace(config, sizes={**config.sizes, E_a: chosen})
    check_experts(whole_groups(made), "moe_topk", "num_experts")
    biased, norm = config.options["attention_bias"], rms_norm()
    ffn = (router(), routed_experts(), shared_experts(d_ffe, d_ffe))
    layer = (norm, attention(qkv_bias=biased, out_bias=biased), query_key_norm(), norm, *ffn)
    model = decoder(layer, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])
    return Architecture(model.once, model.groups, {**model.values, E_a: chosen})


def _same(config: Config, name: str) -> int:
    """A number, or a list of the same number for each layer; models whose layers differ are refused."""
    value = config.options[name]
    entries = value if isinstance(value, list) else [value]
    if isinstance(value, list) and len(value) != config.sizes[N]:
        raise SymllmError(f"config: field {name!r} has {len(value)} entries, but the model has {config.sizes[N]} layers")
    numbers = {whole(entry, name) for entry in entries}
    if len(numbers) != 1:
        raise SymllmError(f"config: field {name!r} differs between layers, which is not understood for hunyuan_v1_moe models")
    return numbers.pop()


FAMILIES = (
    Family(
        "hunyuan_v1_moe", "Hunyuan MoE", ("hunyuan_v1_moe",),
        fields=sizes(Field("intermediate_size", d_ffe), Field("num_experts", EXPERTS, default=1, also=("num_local_experts",))),
        options=(TIED, BIAS, Option("moe_topk", default=1, kind=(int, list)), Option("num_shared_expert", default=None, kind=(int, list)),
                 Option("moe_intermediate_size", default=None, kind=(int, list)),
                 Option("use_qk_norm", default=True, choices=(True,)), Option("use_mixed_mlp_moe", default=True, choices=(True,))),
        build=hunyuan_moe,
        inert=(*ROUTER_INERT, "num_media_embeds", "moe_drop_tokens", "moe_random_routing*", "moe_layer_num_skipped",
               "group_limited_greedy"),
        source="Tencent 2025, Hunyuan-A13B; transformers HunYuanMoEV1Config",
    ),
)  # fmt: skip
