"""Gemma 4: windows and full attention with heads of two sizes, experts beside a dense block, and a tower of its own.

Full layers have wider heads, fewer of them for keys, and may take their values from the keys' projection; the last
layers may use the keys and values of an earlier layer of their kind; small models give each layer a vector of its own
for each token. A feed-forward block and routed experts run side by side where the config has experts.
Sources: Gemma 3, arXiv:2503.19786; per-layer embeddings and shared keys: Gemma 3n, Google 2025; transformers
Gemma4TextConfig, Gemma4TextModel, Gemma4VisionModel.
"""

from __future__ import annotations

from dataclasses import replace

import sympy

from symllm.block import EVERYTHING, Architecture, Block, Product, Reach, Weight
from symllm.config import Config, Family, Field, Option, whole
from symllm.errors import SymllmError
from symllm.symbols import NamedSymbol

from ..blocks.attention import attention
from ..blocks.embedding import head, token_embedding
from ..blocks.experts import routed_experts, router
from ..blocks.feed_forward import gated
from ..blocks.norm import rms_norm
from ..blocks.vision import linear, patch_embedding, table, vision_attention, vision_mlp, vision_norm
from ..images import budget
from ..notation import E as EXPERTS
from ..notation import E_a, N, N_vis, V, W, c_img, d, d_ff, d_ffe, d_fvis, d_h, d_hvis, d_vis, h, h_vis, k, m_img, n_feat, n_img, p, s_max
from .dense import FULL, LAYER_TYPES, POSITIONLESS, WINDOW, layer_kinds, window
from .layer_kinds import check_experts, layers_of_kinds
from .llava import PARTS
from .nested import Part, joined, part
from .nested import tied as tied_whole
from .vit import tower

SOURCE = "arXiv:2503.19786; transformers Gemma4TextConfig"
TOWER_SOURCE = "transformers Gemma4VisionModel"
FEATURES = n_img * n_feat

d_hg = NamedSymbol("d_hg", title="full head size", meaning="width of one head of a full-attention layer", rank=941)
k_g = NamedSymbol("k_g", title="full KV heads", meaning="key/value heads of a full-attention layer", unit="head", rank=942)
d_ffw = NamedSymbol("d_ffw", title="wide feed-forward size", meaning="inner width of the layers that share keys and values", rank=943)
d_pl = NamedSymbol("d_pl", title="per-layer size", meaning="width of the vector that each layer has for each token",
                   domain="count or zero", rank=944)  # fmt: skip
V_pl = NamedSymbol("V_pl", title="per-layer vocabulary", meaning="rows of the tables of each layer's own vectors", rank=945)
N_shared = NamedSymbol("N_shared", title="sharing layers", meaning="last layers, which use the keys and values of an earlier one",
                       unit="layer", domain="count or zero", rank=946)  # fmt: skip
n_most = NamedSymbol("n_most", title="most features", meaning="most features that one image gives", rank=947)
n_table = NamedSymbol("n_table", title="vision positions", meaning="rows of the tower's position tables, one for each direction", rank=948)


def attend(config: Config, kind: str, shares: bool) -> tuple[Block, ...]:
    """Attention of a layer and its norms of queries and keys; a sharing layer has queries alone."""
    biased, full = config.options["attention_bias"], kind == FULL
    size, heads = (d_hg, k_g) if full else (d_h, k)
    made = attention(qkv_bias=biased, out_bias=biased, kv_heads=heads, head_size=size, reach=EVERYTHING if full else Reach("window", W))
    absent = {"W_K", "b_K", "W_V", "b_V"} if shares else {"W_V", "b_V"} if full and config.options["attention_k_eq_v"] else set()
    made = replace(made, weights=tuple(w for w in made.weights if w.name not in absent), cache=() if shares else made.cache)
    norms = (Weight("g_Q", (size,)),) if shares else (Weight("g_Q", (size,)), Weight("g_K", (size,)))
    return made, Block("query_key_norm", "query and key norm", "norm", norms, source="arXiv:2010.04245")


def layer(config: Config, kind: str, shares: bool) -> tuple[Block, ...]:
    """Norms before and behind attention and feed-forward; experts beside the latter, each path with norms of its own."""
    before, behind, expert_norm = rms_norm(), rms_norm("post_norm"), rms_norm("expert_norm")
    mlp = gated(inner=d_ffw if shares and config.options["use_double_wide_mlp"] else d_ff)
    mixture: tuple[Block, ...] = ()
    if config.options["enable_moe_block"]:
        scales = (Weight("g_r", (d,)), Weight("g_e", (EXPERTS,), because="a learned scale of each expert"))
        mixture = (router(tables=scales), routed_experts(), expert_norm, expert_norm, expert_norm)
    scale = Block("layer_scale", "layer scale", "norm", (Weight("a", (1,), buffer=True),), source=SOURCE)
    return (before, *attend(config, kind, shares), behind, before, mlp, *mixture, behind, *_own_vector(config), scale)


def _own_vector(config: Config) -> tuple[Block, ...]:
    if not config.sizes[d_pl]:
        return ()
    weights = (Weight("W_gate", (d, d_pl), "matmul", quantizes=True), Weight("W_out", (d_pl, d), "matmul", quantizes=True))
    return Block("per_layer", "per-layer input", "per_layer_input", weights, source="Gemma 3n"), rms_norm("per_layer_norm")


def _ends(config: Config) -> tuple[Block, ...]:
    if not config.sizes[d_pl]:
        return ()
    return (
        Block("per_layer_embedding", "per-layer embedding", "embedding", (Weight("W_E", (V_pl, N * d_pl), "lookup"),), source="Gemma 3n"),
        Block("per_layer_projection", "per-layer projection", "per_layer_input", (Weight("W", (d, N * d_pl), "matmul"),),
              source="Gemma 3n"),
        rms_norm("per_layer_projection_norm", d_pl),
    )  # fmt: skip


def gemma4_text(config: Config) -> Architecture:
    """The language model. Raises `SymllmError` for lists of a wrong length and experts without their sizes."""
    if config.options["enable_moe_block"]:
        missing = [name for name, size in (("num_experts", EXPERTS), ("top_k_experts", E_a), ("moe_intermediate_size", d_ffe))
                   if size not in config.sizes]  # fmt: skip
        if missing:
            raise SymllmError(f"config: field {missing[0]!r} is missing; a model with experts needs it")
        check_experts(config, "top_k_experts", "num_experts")
    layers, sharing = config.sizes[N], config.sizes[N_shared]
    kinds = layer_kinds(config, lambda i: WINDOW if (i + 1) % 6 else FULL)
    kinds[-1] = FULL  # the library forces the last layer to see everything
    full_sizes = _full_sizes(config, [i for i, kind in enumerate(kinds) if kind == FULL])
    own = kinds[: layers - sharing]
    if sharing and (sharing >= layers or set(own) != set(kinds)):
        raise SymllmError(f"config: field 'num_kv_shared_layers' is {sharing}; some kind of layer has no keys and values to share")
    names = [f"{kind.partition('_')[0]}{'_sharing' if i >= len(own) else ''}" for i, kind in enumerate(kinds)]
    plans = {
        f"{kind.partition('_')[0]}{'_sharing' if shares else ''}":
            (f"layer with {kind.replace('_', ' ')}{' and shared keys' if shares else ''}", layer(config, kind, shares))
        for kind in (WINDOW, FULL) for shares in (False, True)
    }  # fmt: skip
    groups, counts = layers_of_kinds(names, plans)
    once = (token_embedding(), *_ends(config), rms_norm("final_norm"), head(config.options["tie_word_embeddings"]))
    wide = {d_ffw: 2 * config.sizes[d_ff]} if config.options["use_double_wide_mlp"] else {}
    return Architecture(once, groups, {**counts, **wide, **full_sizes})


def _full_sizes(config: Config, full: list[int]) -> dict[sympy.Symbol, int]:
    """Head size and KV heads of full layers: from fields of their own, or from a later library's list of layers that differ."""
    listed = config.options["per_layer_config"]
    if listed is None:
        keys = config.sizes.get(k_g) if config.options["attention_k_eq_v"] else None
        return {d_hg: config.sizes[d_hg], k_g: keys or config.sizes[k]}
    given = [listed[key] for key in sorted(listed)]
    own = given[0] if given and isinstance(given[0], dict) else {}
    names = {"head_dim": d_h, "num_key_value_heads": k}
    if any(layer != own for layer in given) or not set(own) <= set(names) or {int(key) if key.isdecimal() else -1 for key in listed} != {*full}:
        raise SymllmError("config: field 'per_layer_config' must give all full-attention layers, and no other, the same head_dim "
                          "and num_key_value_heads")  # fmt: skip
    return {symbol: whole(own.get(name, config.sizes[size]), name)
            for symbol, (name, size) in zip((d_hg, k_g), names.items(), strict=True)}  # fmt: skip


def gemma4_tower(config: Config) -> Architecture:
    """Norms before and behind both blocks and on queries and keys, a table of positions for each direction, patches averaged.

    transformers pads every image to the patches of the most features, and averages by a matrix product.
    """
    heads, keys = config.sizes[h_vis], config.options["num_key_value_heads"]
    if heads != keys:
        raise SymllmError(f"config: field 'num_key_value_heads' is {keys}; the tower has {heads} heads, each with keys of its own")
    if config.options["attention_bias"]:
        raise SymllmError("config: field 'attention_bias' is true, which is not understood for this tower")
    padded = n_img * n_most * m_img**2
    before, behind = vision_norm("vision_norm", bias=False), vision_norm("vision_post_norm", bias=False)
    blocks = (before, vision_attention(qkv_bias=False, out_bias=False, qk_norm=True), behind, before,
              vision_mlp(bias=False, gated=True), behind)  # fmt: skip
    pool = Product("averaging", d_vis, "token", tokens=sympy.Integer(0), because="patches averaged to features",
                   departures={"transformers": {"tokens": n_most * padded}})  # fmt: skip
    buffers = (Weight("mean", (d_vis,), buffer=True), Weight("scale", (d_vis,), buffer=True)) if config.options["standardize"] else ()
    once = (
        _padded(patch_embedding(bias=False), padded),
        table("vision_positions", "position tables", 2, n_table, d_vis),
        Block("pooling", "averaging of patches", "vision", buffers, (pool,), tokens=FEATURES, source=TOWER_SOURCE),
    )
    return tower(once, tuple(_padded(block, padded) for block in blocks), budget(n_most, TOWER_SOURCE))


def _padded(block: Block, padded: sympy.Expr) -> Block:
    """The block, which transformers runs over padded images."""
    weights = tuple(replace(w, departures={"transformers": {"tokens": padded}}) if w.use != "elementwise" else w for w in block.weights)
    pairs = {"transformers": {"tokens": padded * n_most * m_img**2}}
    return replace(block, weights=weights, products=tuple(replace(x, departures=pairs) for x in block.products))


TEXT = Family(
    "gemma4_text", "Gemma 4", ("gemma4_text",),
    (Field("hidden_size", d), Field("num_hidden_layers", N), Field("num_attention_heads", h), Field("num_key_value_heads", k, default=4),
     Field("head_dim", d_h, default=256), Field("global_head_dim", d_hg, default=512),
     Field("num_global_key_value_heads", k_g, default=None), Field("intermediate_size", d_ff), Field("vocab_size", V),
     Field("max_position_embeddings", s_max, default=None), window(512), Field("num_experts", EXPERTS, default=None),
     Field("top_k_experts", E_a, default=None), Field("moe_intermediate_size", d_ffe, default=None),
     Field("num_kv_shared_layers", N_shared, default=0, zero=True),
     Field("hidden_size_per_layer_input", d_pl, default=256, zero=True),
     Field("vocab_size_per_layer_input", V_pl, default=262144)),
    gemma4_text, SOURCE,
    (Option("tie_word_embeddings", default=True), Option("attention_bias", default=False), LAYER_TYPES,
     Option("attention_k_eq_v", default=False), Option("enable_moe_block", default=False), Option("use_double_wide_mlp", default=False),
     Option("per_layer_config", default=None, kind=dict)),
    (*POSITIONLESS, "use_bidirectional_attention"),
)  # fmt: skip
TOWER = Family(
    "gemma4_vision", "Gemma 4's vision tower", ("gemma4_vision",),
    (Field("hidden_size", d_vis, default=768), Field("intermediate_size", d_fvis, default=3072),
     Field("num_hidden_layers", N_vis, default=16), Field("num_attention_heads", h_vis, default=12), Field("head_dim", d_hvis, default=64),
     Field("num_channels", c_img, default=3), Field("patch_size", p, default=16), Field("pooling_kernel_size", m_img, default=3),
     Field("position_embedding_size", n_table, default=10240), Field("default_output_length", n_most, default=280)),
    gemma4_tower, TOWER_SOURCE,
    (Option("num_key_value_heads", default=12, kind=int), Option("attention_bias", default=False), Option("standardize", default=False),
     Option("use_clipped_linears", default=False, choices=(False,))),
    ("global_head_dim", "max_position_embeddings"),
)  # fmt: skip
LIBRARY = {"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 30, "num_attention_heads": 8, "vocab_size": 262144,
           "max_position_embeddings": 131072}  # fmt: skip


def gemma4(config: Config) -> Architecture:
    """Tower, one matrix behind a norm without a scale, and the language model."""
    page, text = part(config, "text_config", {"gemma4_text": Part(TEXT, LIBRARY)}, "gemma4_text",
                      {"tie_word_embeddings": tied_whole(config, True)})  # fmt: skip
    _, vision = part(config, "vision_config", {"gemma4_vision": Part(TOWER)}, "gemma4_vision")
    projector = (linear("projector", "projector", d_vis, d, bias=False, tokens=FEATURES),)
    return joined(page.build(text), text, gemma4_tower(vision), vision, projector)


FAMILIES = (
    TEXT,
    Family("gemma4", "Gemma 4 with images", ("gemma4",), (), gemma4, SOURCE, PARTS,
           ("vision_soft_tokens_per_image", "boi_token_index", "eoi_token_index", "eoa_token_index")),
)  # fmt: skip
