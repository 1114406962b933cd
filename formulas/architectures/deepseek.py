"""DeepSeek and the families built like it: DeepSeekMoE, V2, V3 (R1, Kimi K2), V3.2, GLM-4.5, GLM-4.7-Flash, GLM-5.

The first layers are dense, the others have many small routed experts and shared ones. V2 and later have latent
attention; V3.2 and GLM-5 add an indexer that selects what is attended, which GLM-5 may share between layers.
Sources: DeepSeekMoE, arXiv:2401.06066; DeepSeek-V2, arXiv:2405.04434; DeepSeek-V3, arXiv:2412.19437; DeepSeek-V3.2,
arXiv:2512.02556; Kimi K2, arXiv:2507.20534; GLM-4.5, arXiv:2508.06471; GLM-5, arXiv:2602.15763.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import floor

from symllm.block import EVERYTHING, Architecture, Block, Reach
from symllm.config import REQUIRED, Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router, shared_experts
from ..blocks.feed_forward import gated
from ..blocks.latent_attention import latent_attention
from ..blocks.norm import query_key_norm, rms_norm
from ..blocks.prediction import N_MTP, prediction_group
from ..blocks.sparse_indexer import SELECTED, lightning_indexer
from ..notation import E as EXPERTS
from ..notation import E_a, E_s, N, V, d, d_c, d_ff, d_ffe, d_I, d_n, d_q, d_r, d_v, h, h_I, k, k_I, s_max
from .decoder import TIED
from .dense import whole_groups
from .layer_kinds import check_experts, model_of_kinds, number, per_layer
from .mixtral import BIAS, ROUTER_INERT, sizes

INERT = (*ROUTER_INERT, "head_dim", "qk_head_dim", "indexer_rope_interleave", "index_share_for_mtp_iteration", "num_mtp_layers",
         "partial_rotary_factor")  # fmt: skip
MTP_NOTE = "multi-token-prediction layers are not counted, as the library does not build them; `\"mtp\": true` in the config counts them"


def sparse_layers(config: Config) -> list[bool]:
    """Which layers have experts: by mlp_layer_types where the config has it, else all but the first dense ones."""
    kinds = per_layer(config, "mlp_layer_types", ("dense", "sparse")) if "mlp_layer_types" in config.options else None
    if kinds is not None:
        return [kind == "sparse" for kind in kinds]
    dense = number(config, "first_k_dense_replace")
    step = number(config, "moe_layer_freq", zero=False)
    return [i >= dense and i % step == 0 for i in range(config.sizes[N])]


def mixture(correction: bool, shared: bool = True) -> tuple[Block, ...]:
    """Router, routed experts and, as a rule, shared ones; V3 and later keep the load even by a correction bias."""
    blocks = (router(correction="buffer" if correction else ""), routed_experts())
    return (*blocks, shared_experts()) if shared else blocks


def latent(config: Config, reach: Reach = EVERYTHING) -> tuple[Block, ...]:
    """Latent attention as the config has it: queries compressed or not, biases or none.

    Raises `SymllmError` where num_key_value_heads is not the number of heads, which latent attention expands to, and
    where q_lora_rank is missing: the library has a default for that, and another meaning for null.
    """
    if "q_lora_rank" not in config.raw:
        raise SymllmError("config: field 'q_lora_rank' is missing; null says that queries are not compressed")
    if config.sizes.get(k, config.sizes[h]) != config.sizes[h]:
        heads = f"'num_key_value_heads' is {config.sizes[k]}; latent attention has as many as heads, {config.sizes[h]}"
        raise SymllmError(f"config: field {heads}")
    return latent_attention(query_latent=d_q in config.sizes, bias=config.options["attention_bias"], reach=reach)


def layered(config: Config, attend: dict[str, tuple[Block, ...]], kinds: Sequence[str], correction: bool = True) -> Architecture:
    """Dense and routed layers of one or two kinds of attention; `kinds` names each layer's attention.

    Raises `SymllmError` for more chosen experts than there are and for lists of a wrong length.
    """
    check_experts(whole_groups(config), "num_experts_per_tok", "n_routed_experts")
    norm, routed = rms_norm(), mixture(correction, config.sizes.get(E_s, 0) > 0)
    words = [f"{kind}_{'moe' if sparse else 'dense'}".lstrip("_") for kind, sparse in zip(kinds, sparse_layers(config), strict=True)]
    plans: dict[str, tuple[str, tuple[Block, ...]]] = {}
    for kind, blocks in attend.items():
        with_kind = f" and {kind} indexer" if kind else ""
        for ffn, ffn_blocks, title in (("dense", (gated(),), "dense layer"), ("moe", routed, "layer with experts")):
            plans[f"{kind}_{ffn}".lstrip("_")] = (title + with_kind, (norm, *blocks, norm, *ffn_blocks))
    more = []
    if config.options.get("mtp") and config.sizes.get(N_MTP):
        more.append(prediction_group((norm, *next(iter(attend.values())), norm, *routed)))
    return model_of_kinds(words, plans, (rms_norm("final_norm"),), config.options["tie_word_embeddings"], more=more)


def deepseek_moe(config: Config) -> Architecture:
    """DeepSeekMoE (16B): plain multi-head attention."""
    biased = config.options["attention_bias"]
    return layered(config, {"": (attention(qkv_bias=biased, out_bias=biased),)}, [""] * config.sizes[N], correction=False)


def deepseek_v2(config: Config) -> Architecture:
    """DeepSeek-V2 and V2-Lite (whose queries are not compressed): a softmax router without correction."""
    return layered(config, {"": latent(config)}, [""] * config.sizes[N], correction=False)


def deepseek_v3(config: Config) -> Architecture:
    """DeepSeek-V3, R1, Kimi K2, GLM-4.7-Flash."""
    return layered(config, {"": latent(config)}, [""] * config.sizes[N])


def glm4_moe(config: Config) -> Architecture:
    """GLM-4.5: grouped-query attention, biases on Q, K and V, queries and keys normalized where the config says so."""
    norms = (query_key_norm(),) if config.options["use_qk_norm"] else ()
    return layered(config, {"": (attention(qkv_bias=config.options["attention_bias"]), *norms)}, [""] * config.sizes[N])


def indexed(config: Config) -> Architecture:
    """DeepSeek-V3.2 and GLM-5: attention to selected tokens; a "shared" layer takes the selection of an earlier one."""
    if d_q not in config.sizes:
        raise SymllmError("config: field 'q_lora_rank' is missing; the indexer's queries come from the compressed ones")
    attend = {"full": (*latent(config, SELECTED), *lightning_indexer()), "shared": latent(config, SELECTED)}
    kinds = _indexers(config)
    if set(kinds) == {"full"}:
        return layered(config, {"": attend["full"]}, [""] * config.sizes[N])
    if kinds[0] == "shared":
        raise SymllmError("config: field 'indexer_types' begins with 'shared', but there is no earlier selection to share")
    return layered(config, attend, kinds)


def _indexers(config: Config) -> list[str]:
    """Which layers run an indexer: the list, else the pattern of F and S, else every index_topk_freq-th layer."""
    if "indexer_types" not in config.options:
        return ["full"] * config.sizes[N]
    kinds = per_layer(config, "indexer_types", ("full", "shared"))
    if kinds is not None:
        return [str(kind) for kind in kinds]
    pattern = config.options["index_topk_pattern"]
    if pattern is not None:
        if len(pattern) != config.sizes[N] or set(pattern) - set("FS"):
            raise SymllmError(f"config: field 'index_topk_pattern' must be {config.sizes[N]} letters F or S, one a layer")
        return ["full" if letter == "F" else "shared" for letter in pattern]
    step, offset = max(number(config, "index_topk_freq"), 1), number(config, "index_skip_topk_offset")
    return ["full" if max(i - offset + 1, 0) % step == 0 else "shared" for i in range(config.sizes[N])]


def mixture_fields(experts: object, chosen: object, shared: object, inner: object) -> tuple[Field, ...]:
    return (Field("n_routed_experts", EXPERTS, default=experts, also=("num_experts", "num_local_experts")),
            Field("num_experts_per_tok", E_a, default=chosen), Field("n_shared_experts", E_s, default=shared, zero=True),
            Field("moe_intermediate_size", d_ffe, default=inner), Field("intermediate_size", d_ff))  # fmt: skip


def latent_fields(latent_size: object, unrotated: object, rotary: object, value: object) -> tuple[Field, ...]:
    """q_lora_rank has no default: null means that queries are not compressed."""
    return (
        Field("hidden_size", d), Field("num_hidden_layers", N), Field("num_attention_heads", h),
        Field("num_key_value_heads", k, default=h), Field("vocab_size", V), Field("max_position_embeddings", s_max, default=None),
        Field("kv_lora_rank", d_c, default=latent_size), Field("q_lora_rank", d_q, default=None),
        Field("qk_nope_head_dim", d_n, default=unrotated), Field("qk_rope_head_dim", d_r, default=rotary),
        Field("v_head_dim", d_v, default=value),
    )  # fmt: skip


FIRST = Option("moe_layer_freq", default=1, kind=int, choices=(1,))
KINDS = Option("mlp_layer_types", default=None, kind=list)
PREDICTS = Field("num_nextn_predict_layers", N_MTP, default=None, also=("num_mtp_layers",), zero=True)
MTP = Option("mtp", default=False)
INDEX = (Field("index_n_heads", h_I), Field("index_head_dim", d_I), Field("index_topk", k_I))

FAMILIES = (
    Family(
        "deepseek", "DeepSeekMoE", ("deepseek",),
        fields=sizes(*mixture_fields(REQUIRED, REQUIRED, REQUIRED, REQUIRED)),
        options=(TIED, BIAS, Option("first_k_dense_replace", kind=int), Option("moe_layer_freq", default=1, kind=int)),
        build=deepseek_moe, inert=INERT[:-1], source="arXiv:2401.06066",
    ),
    Family(
        "deepseek_v2", "DeepSeek-V2", ("deepseek_v2",),
        fields=(*latent_fields(512, 128, 64, 128), *mixture_fields(64, REQUIRED, 2, 1407)),
        options=(TIED, BIAS, FIRST, Option("first_k_dense_replace", default=0, kind=int)),
        build=deepseek_v2, inert=(*INERT, "mlp_bias"), source="arXiv:2405.04434; transformers DeepseekV2Config",
    ),
    Family(
        "deepseek_v3", "DeepSeek-V3", ("deepseek_v3",),
        fields=(*latent_fields(512, 128, 64, 128), *mixture_fields(256, 8, 1, 2048), PREDICTS),
        options=(TIED, BIAS, FIRST, MTP, Option("first_k_dense_replace", default=3, kind=int)),
        build=deepseek_v3, inert=INERT, source="arXiv:2412.19437; transformers DeepseekV3Config", notes=(MTP_NOTE,),
    ),
    Family(
        "kimi_k2", "Kimi K2", ("kimi_k2",),
        fields=(*latent_fields(REQUIRED, REQUIRED, REQUIRED, REQUIRED),
                *mixture_fields(REQUIRED, REQUIRED, REQUIRED, REQUIRED), PREDICTS),
        options=(TIED, BIAS, FIRST, MTP, Option("first_k_dense_replace", kind=int)),
        build=deepseek_v3, inert=INERT, source="arXiv:2507.20534", notes=(MTP_NOTE,),
    ),
    Family(
        "deepseek_v32", "DeepSeek-V3.2", ("deepseek_v32",),
        fields=(*latent_fields(512, 128, 64, 128), *mixture_fields(256, 8, 1, 2048), *INDEX, PREDICTS),
        options=(TIED, BIAS, FIRST, MTP, KINDS, Option("first_k_dense_replace", default=3, kind=int)),
        build=indexed, inert=(*INERT, "layer_types"), source="arXiv:2512.02556; transformers DeepseekV32Config", notes=(MTP_NOTE,),
    ),
    Family(
        "glm_moe_dsa", "GLM-5", ("glm_moe_dsa",),
        fields=(*latent_fields(512, 192, 64, 256), *mixture_fields(256, 8, 1, 2048), *INDEX, PREDICTS),
        options=(TIED, BIAS, FIRST, MTP, KINDS, Option("first_k_dense_replace", default=3, kind=int),
                 Option("indexer_types", default=None, kind=list), Option("index_topk_pattern", default=None, kind=(str, list)),
                 Option("index_topk_freq", default=1, kind=int), Option("index_skip_topk_offset", default=2, kind=int)),
        build=indexed, inert=(*INERT, "layer_types"), source="arXiv:2602.15763; transformers GlmMoeDsaConfig", notes=(MTP_NOTE,),
    ),
    Family(
        "glm4_moe_lite", "GLM-4.7-Flash", ("glm4_moe_lite",),
        fields=(*latent_fields(512, 192, 64, 256), *mixture_fields(64, 4, 1, 1536), PREDICTS),
        options=(TIED, BIAS, FIRST, MTP, KINDS, Option("first_k_dense_replace", default=1, kind=int)),
        build=deepseek_v3, inert=INERT, source="transformers Glm4MoeLiteConfig", notes=(MTP_NOTE,),
    ),
    Family(
        "glm4_moe", "GLM-4.5", ("glm4_moe", "glm4_moe_text"),
        fields=(*sizes(*mixture_fields(128, 8, 1, 1408), kv=8, null_kv=REQUIRED, head=floor(d / h)), PREDICTS),
        options=(TIED, BIAS, FIRST, MTP, Option("first_k_dense_replace", default=1, kind=int), Option("use_qk_norm", default=False)),
        build=glm4_moe, inert=INERT, source="arXiv:2508.06471; transformers Glm4MoeConfig", notes=(MTP_NOTE,),
    ),
)  # fmt: skip
