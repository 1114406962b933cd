"""Small models of each family, for measures that need real tensors."""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]

WINDOW = 32

_PLAIN: Config = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "vocab_size": 128,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_GROUPED = {**_PLAIN, "num_key_value_heads": 2, "head_dim": 16}
_GPT2 = {"n_embd": 64, "n_head": 4, "n_layer": 3, "n_positions": 512, "vocab_size": 128}
_FALCON = {
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "vocab_size": 128,
    "parallel_attn": True,
    "alibi": False,
    "bias": False,
}
_LATENT = {
    **_PLAIN,
    "num_key_value_heads": 4,
    "q_lora_rank": 24,
    "kv_lora_rank": 32,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 16,
}
_ROUTED = {
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "first_k_dense_replace": 1,
    "n_group": 1,
    "topk_group": 1,
}
_INDEXER = {"index_head_dim": 16, "index_n_heads": 2, "index_topk": 16}
_BLOCKS: Config = {
    "dense_intermediate_size": 128,
    "shared_intermediate_size": 32,
    "rotary_dim": 8,
    "sparse_attention_config": {
        "sparse_attention_freq": [0, 0, 1, 1],
        "sparse_num_index_heads": 2,
        "sparse_index_dim": 16,
        "sparse_block_size": 16,
        "sparse_topk_blocks": 2,
        "sparse_local_block": 1,
    },
    "moe_layer_freq": [0, 0, 1, 1],
}
_LOCAL = {"num_local_experts": 4, "num_experts_per_tok": 2}
_DELTA_LAYERS = ["linear_attention"] * 3 + ["full_attention"]
_DELTA = {
    **_GROUPED,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4,
    "layer_types": _DELTA_LAYERS,
}
_MAMBA = {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "state_size": 16,
    "conv_kernel": 4,
    "expand": 2,
    "vocab_size": 128,
}
_MAMBA2 = {
    "mamba_n_heads": 8,
    "mamba_d_head": 16,
    "mamba_n_groups": 1,
    "mamba_d_state": 16,
    "mamba_d_conv": 4,
    "mamba_expand": 2,
    "mamba_chunk_size": 32,
}
_SLIDING = {**_GROUPED, "sliding_window": WINDOW}

# Families that keep something only once a prompt is longer than the usual lengths.
LONGER = {"deepseek_v4-compressed": (300,)}


def _typed(model_type: str, *parts: Config, **more: Any) -> Config:
    """A configuration of a model type out of common parts and what is its own."""
    whole: Config = {"model_type": model_type}
    for part in parts:
        whole |= part
    return whole | more


TINY: dict[str, Config] = {
    # every head cached
    "gpt2": _typed("gpt2", _GPT2),
    "opt": _typed(
        "opt",
        hidden_size=64,
        ffn_dim=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        vocab_size=128,
        word_embed_proj_dim=64,
        max_position_embeddings=512,
    ),
    "bloom": _typed("bloom", hidden_size=64, n_head=4, n_layer=3, vocab_size=128),
    "mpt": _typed("mpt", d_model=64, n_heads=4, n_layers=3, max_seq_len=512, vocab_size=128),
    "gptj": _typed("gptj", _GPT2, rotary_dim=8),
    "gpt_neo-local": _typed(
        "gpt_neo",
        hidden_size=64,
        num_heads=4,
        num_layers=4,
        intermediate_size=128,
        attention_types=[[["global", "local"], 2]],
        window_size=WINDOW,
        vocab_size=128,
        max_position_embeddings=512,
    ),
    "gpt_neox": _typed("gpt_neox", _PLAIN),
    "olmo": _typed("olmo", _PLAIN),
    "phi": _typed("phi", _PLAIN),
    # one or a few cached heads
    "falcon-one-head": _typed("falcon", _FALCON, multi_query=True, new_decoder_architecture=False),
    "falcon-grouped": _typed(
        "falcon", _FALCON, num_attention_heads=8, num_kv_heads=2, new_decoder_architecture=True
    ),
    "gpt_bigcode-one-head": _typed("gpt_bigcode", _GPT2, multi_query=True),
    "llama": _typed("llama", _PLAIN, num_key_value_heads=2),
    "qwen2": _typed("qwen2", _PLAIN, num_key_value_heads=2),
    "qwen3-wide-heads": _typed("qwen3", _GROUPED, head_dim=32),
    "stablelm": _typed("stablelm", _PLAIN, num_key_value_heads=2),
    "olmo2": _typed("olmo2", _PLAIN, num_key_value_heads=2),
    "cohere": _typed("cohere", _PLAIN, num_key_value_heads=2),
    "smollm3": _typed("smollm3", _PLAIN, num_key_value_heads=2),
    "granite": _typed("granite", _PLAIN, num_key_value_heads=2),
    "bitnet": _typed("bitnet", _PLAIN, num_key_value_heads=2),
    "seed_oss": _typed("seed_oss", _GROUPED),
    "ernie4_5": _typed("ernie4_5", _GROUPED),
    "ministral3": _typed("ministral3", _GROUPED, sliding_window=None),
    "glm": _typed("glm", _GROUPED),
    "glm4": _typed("glm4", _GROUPED),
    "gemma": _typed("gemma", _GROUPED, num_key_value_heads=1),
    # routed experts leave the cache alone
    "mixtral": _typed("mixtral", _PLAIN, _LOCAL, num_key_value_heads=2, sliding_window=None),
    "glm4_moe": _typed("glm4_moe", _GROUPED, _ROUTED),
    "qwen3_moe": _typed(
        "qwen3_moe", _GROUPED, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32
    ),
    "qwen2_moe": _typed(
        "qwen2_moe",
        _PLAIN,
        num_key_value_heads=2,
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=32,
        shared_expert_intermediate_size=32,
    ),
    "olmoe": _typed("olmoe", _PLAIN, num_key_value_heads=2, num_experts=4, num_experts_per_tok=2),
    "dbrx": _typed(
        "dbrx",
        d_model=64,
        n_heads=4,
        n_layers=3,
        max_seq_len=512,
        vocab_size=128,
        attn_config={"kv_n_heads": 2, "rope_theta": 10000.0, "clip_qkv": 8},
        ffn_config={"ffn_hidden_size": 32, "moe_num_experts": 4, "moe_top_k": 2, "hidden_size": 64},
    ),
    "granitemoe": _typed("granitemoe", _PLAIN, _LOCAL, num_key_value_heads=2),
    "ernie4_5_moe": _typed(
        "ernie4_5_moe",
        _PLAIN,
        num_key_value_heads=2,
        moe_intermediate_size=32,
        moe_k=2,
        moe_num_experts=4,
        moe_num_shared_experts=1,
        moe_layer_start_index=1,
    ),
    "minimax_m2": _typed("minimax_m2", _GROUPED, _LOCAL, rotary_dim=8),
    # windows
    "mistral-window": _typed("mistral", _SLIDING),
    "phi3-window": _typed("phi3", _PLAIN, num_key_value_heads=4, sliding_window=WINDOW),
    "phimoe-window": _typed("phimoe", _PLAIN, _LOCAL, num_key_value_heads=2, sliding_window=WINDOW),
    "starcoder2-window": _typed("starcoder2", _PLAIN, num_key_value_heads=2, sliding_window=WINDOW),
    "qwen2-upper-windows": _typed(
        "qwen2",
        _PLAIN,
        num_key_value_heads=2,
        sliding_window=WINDOW,
        use_sliding_window=True,
        max_window_layers=2,
    ),
    "gemma2-alternating": _typed("gemma2", _SLIDING, query_pre_attn_scalar=16),
    "gemma3-five-to-one": _typed(
        "gemma3_text", _SLIDING, num_hidden_layers=12, query_pre_attn_scalar=16
    ),
    "gemma3n-shared-layers": _typed(
        "gemma3n_text",
        _SLIDING,
        num_hidden_layers=10,
        num_kv_shared_layers=5,
        intermediate_size=[128] * 10,
        activation_sparsity_pattern=[0.0] * 10,
        vocab_size_per_layer_input=128,
        hidden_size_per_layer_input=16,
        laurel_rank=8,
        layer_types=(["sliding_attention"] * 4 + ["full_attention"]) * 2,
    ),
    "gemma4-two-widths": _typed(
        "gemma4_text",
        _SLIDING,
        num_hidden_layers=6,
        global_head_dim=32,
        num_global_key_value_heads=1,
        attention_k_eq_v=True,
        hidden_size_per_layer_input=0,
        num_kv_shared_layers=0,
        layer_types=["sliding_attention"] * 5 + ["full_attention"],
    ),
    "gpt_oss-alternating": _typed("gpt_oss", _SLIDING, _LOCAL),
    "cohere2-three-to-one": _typed("cohere2", _PLAIN, num_key_value_heads=2, sliding_window=WINDOW),
    "exaone4-three-to-one": _typed(
        "exaone4", _PLAIN, num_key_value_heads=2, sliding_window=WINDOW, sliding_window_pattern=4
    ),
    "olmo3-three-to-one": _typed("olmo3", _PLAIN, num_key_value_heads=2, sliding_window=WINDOW),
    "llama4-chunks": _typed(
        "llama4_text",
        _GROUPED,
        intermediate_size_mlp=128,
        num_local_experts=4,
        num_experts_per_tok=1,
        attention_chunk_size=WINDOW,
        interleave_moe_layer_step=1,
    ),
    # latents
    "deepseek_v2-latents": _typed("deepseek_v2", _LATENT, _ROUTED),
    "deepseek_v3-latents": _typed("deepseek_v3", _LATENT, _ROUTED),
    "deepseek_v32-indexer": _typed("deepseek_v32", _LATENT, _ROUTED, _INDEXER),
    "glm_moe_dsa-indexer": _typed("glm_moe_dsa", _LATENT, _ROUTED, _INDEXER),
    "minicpm3-latents": _typed("minicpm3", _LATENT),
    "minimax_m3-sparse": _typed("minimax_m3_vl_text", _GROUPED, _LOCAL, _BLOCKS),
    # recurrent states
    "mamba": _typed("mamba", _MAMBA, time_step_rank=4),
    "falcon_mamba": _typed("falcon_mamba", _MAMBA, time_step_rank=4),
    "rwkv": _typed(
        "rwkv",
        hidden_size=64,
        attention_hidden_size=64,
        num_hidden_layers=3,
        intermediate_size=128,
        context_length=512,
        vocab_size=128,
    ),
    "mamba2": _typed("mamba2", _MAMBA, head_dim=16, num_heads=8, n_groups=1, chunk_size=32),
    "jamba": _typed(
        "jamba",
        _PLAIN,
        num_hidden_layers=8,
        num_key_value_heads=2,
        num_experts=4,
        num_experts_per_tok=2,
        attn_layer_period=4,
        attn_layer_offset=2,
        expert_layer_period=2,
        expert_layer_offset=1,
        mamba_d_state=16,
        mamba_d_conv=4,
        mamba_expand=2,
        mamba_dt_rank=4,
        use_mamba_kernels=False,
    ),
    "bamba": _typed("bamba", _PLAIN, _MAMBA2, num_key_value_heads=2, attn_layer_indices=[2]),
    "nemotron_h": _typed(
        "nemotron_h",
        _GROUPED,
        hybrid_override_pattern="M-M*-M-*",
        num_hidden_layers=8,
        mamba_num_heads=8,
        mamba_head_dim=16,
        n_groups=2,
        ssm_state_size=16,
        conv_kernel=4,
        expand=2,
        chunk_size=32,
    ),
    "falcon_h1-parallel": _typed("falcon_h1", _GROUPED, _MAMBA2, mamba_d_ssm=128),
    "granite-hybrid": _typed(
        "granitemoehybrid",
        _PLAIN,
        _MAMBA2,
        _LOCAL,
        num_key_value_heads=2,
        shared_intermediate_size=32,
        layer_types=["mamba", "mamba", "attention", "mamba"],
    ),
    "zamba2": _typed(
        "zamba2",
        _PLAIN,
        num_hidden_layers=6,
        num_key_value_heads=4,
        attention_head_dim=32,
        mamba_d_state=16,
        mamba_d_conv=4,
        mamba_expand=2,
        mamba_ngroups=1,
        n_mamba_heads=8,
        chunk_size=32,
        hybrid_layer_ids=[2, 5],
        layers_block_type=["mamba", "mamba", "hybrid", "mamba", "mamba", "hybrid"],
        use_mem_rope=False,
    ),
    "qwen3_next": _typed(
        "qwen3_next",
        _DELTA,
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=32,
        shared_expert_intermediate_size=32,
    ),
    "qwen3_5": _typed("qwen3_5_text", _DELTA),
    "minimax-lightning": _typed(
        "minimax", _GROUPED, _LOCAL, layer_types=_DELTA_LAYERS, block_size=32
    ),
    "lfm2-convolutions": _typed(
        "lfm2",
        _PLAIN,
        num_key_value_heads=2,
        layer_types=["conv", "conv", "full_attention", "conv"],
        conv_L_cache=3,
        block_multiple_of=16,
    ),
    "deepseek_v4-compressed": _typed(
        "deepseek_v4",
        _PLAIN,
        _INDEXER,
        num_key_value_heads=1,
        head_dim=32,
        qk_rope_head_dim=8,
        q_lora_rank=24,
        o_groups=2,
        o_lora_rank=16,
        n_routed_experts=4,
        n_shared_experts=1,
        num_experts_per_tok=2,
        moe_intermediate_size=32,
        num_hash_layers=1,
        sliding_window=WINDOW,
        compress_ratios=[0, 4, 128, 4],
    ),
}
