"""gpt-oss: every layer has experts with biases; full attention alternates with a short window; a sink in every head.

Source: gpt-oss model card, arXiv:2508.10925; transformers GptOssConfig.
"""

from __future__ import annotations

from symllm.block import EVERYTHING, Architecture, Block, Reach
from symllm.config import Config, Family, Field, Option

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router
from ..blocks.norm import rms_norm
from ..blocks.sinks import with_sinks
from ..notation import E as EXPERTS
from ..notation import E_a, N, W, d, d_ffe, h
from .decoder import TIED
from .dense import whole_groups
from .layer_kinds import check_experts, model_of_kinds, per_layer
from .mixtral import ROUTER_INERT, sizes


def gpt_oss(config: Config) -> Architecture:
    """Windows on layers 0, 2, 4, ... unless layer_types says otherwise.

    Raises `SymllmError` for a list of another length or kind, and for more chosen experts than there are.
    """
    check_experts(whole_groups(config), "num_experts_per_tok", "num_local_experts")
    kinds = per_layer(config, "layer_types", ("full_attention", "sliding_attention"))
    windows = [i % 2 == 0 for i in range(config.sizes[N])] if kinds is None else [kind == "sliding_attention" for kind in kinds]
    biased, norm = config.options["attention_bias"], rms_norm()

    def layer(reach: Reach) -> tuple[Block, ...]:
        attend = with_sinks(attention(qkv_bias=biased, out_bias=biased, reach=reach))
        return (norm, attend, norm, router(bias=True), routed_experts(bias=True))

    plans = {"full": ("layer with full attention", layer(EVERYTHING)), "window": ("layer with a sliding window", layer(Reach("window", W)))}
    words = ["window" if w else "full" for w in windows]
    return model_of_kinds(words, plans, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "gpt_oss", "gpt-oss", ("gpt_oss",),
        fields=(*sizes(kv=8, null_kv=h, head=64, null_head=d / h),
                Field("intermediate_size", d_ffe), Field("num_local_experts", EXPERTS, default=128, also=("num_experts",)),
                Field("num_experts_per_tok", E_a, default=4, also=("experts_per_token",)), Field("sliding_window", W, default=128)),
        options=(TIED, Option("attention_bias", default=True), Option("layer_types", default=None, kind=list)),
        build=gpt_oss, inert=(*ROUTER_INERT, "swiglu_*", "initial_context_length"),
        source="arXiv:2508.10925; transformers GptOssConfig",
    ),
)  # fmt: skip
