"""The closed forms that papers and handbooks quote, each to be proved from the blocks under its hypotheses.

`THEOREMS` are proved and `MISPRINTS` refuted by the tests and by `symllm check`; nothing here is taken as fact.
Sources are named with each; [K] Kaplan et al. 2020, arXiv:2001.08361; [N] Narayanan et al. 2021, arXiv:2104.04473;
[S] Korthikanti et al. 2022, arXiv:2205.05198; [P] Pope et al. 2022, arXiv:2211.05102.
"""

from __future__ import annotations

from typing import Any, Final

import sympy

from symllm.assumptions import Assumption
from symllm.theorem import Theorem

from ..notation import (
    E,
    E_a,
    F_dec,
    F_fb,
    F_pre,
    M_grad,
    M_kv,
    M_opt,
    M_save,
    M_train,
    M_w,
    N,
    P,
    P_a,
    T,
    V,
    b,
    d,
    d_c,
    d_ff,
    d_ffe,
    d_h,
    d_r,
    h,
    k,
    s,
    u_a,
    u_g,
    u_kv,
    u_m,
    u_o,
    u_w,
)  # fmt: skip
from .subjects import SUBJECTS

KAPLAN, NARAYANAN = "Kaplan et al. 2020, arXiv:2001.08361", "Narayanan et al. 2021, arXiv:2104.04473"
KORTHIKANTI, POPE = "Korthikanti et al. 2022, arXiv:2205.05198", "Pope et al. 2022, arXiv:2211.05102"

MULTI_HEAD = (Assumption(k, h), Assumption(d_h, d / h))
TEXTBOOK = (*MULTI_HEAD, Assumption(d_ff, 4 * d))
SIXTEEN_BIT = (Assumption(u_a, sympy.Integer(2)),)


def _numbers(**values: int) -> tuple[Assumption, ...]:
    table = {"u_w": u_w, "u_g": u_g, "u_m": u_m, "u_o": u_o}
    return tuple(Assumption(table[name], sympy.Integer(value)) for name, value in values.items())


def _theorem(name: str, title: str, subject: str, left: sympy.Expr, right: Any, source: str, **more: Any) -> Theorem:
    return Theorem(name, title, SUBJECTS[subject], left, sympy.sympify(right), source, **more)


_PARAMETERS = (
    _theorem("decoder_parameters", "parameters of N GPT layers", "gpt_decoder", P, N * (12 * d**2 + 13 * d), KAPLAN, hypotheses=TEXTBOOK),
    _theorem("decoder_parameters_12nd2", "parameters of N GPT layers, largest term", "gpt_decoder", P, 12 * N * d**2, KAPLAN,
             hypotheses=TEXTBOOK, relation="≈", grows=d),
    _theorem("attention_parameters", "parameters of multi-head attention with biases", "biased_attention", P, 4 * d**2 + 4 * d,
             "Vaswani et al. 2017, arXiv:1706.03762", hypotheses=MULTI_HEAD),
    _theorem("ffn_parameters", "parameters of a plain feed-forward block with biases", "biased_ffn", P, 8 * d**2 + 5 * d,
             "Vaswani et al. 2017, arXiv:1706.03762", hypotheses=(TEXTBOOK[2],)),
    _theorem("gated_ffn_parameters", "parameters of a gated feed-forward block", "gated_ffn", P, 8 * d**2,
             "Shazeer 2020, arXiv:2002.05202 (two thirds of the plain width keep the count)",
             hypotheses=(Assumption(d_ff, 8 * d / 3),)),
    _theorem("llama_layer_parameters", "parameters of a LLaMA layer", "llama_layer", P,
             2 * d * d_h * (h + k) + 3 * d * d_ff + 2 * d, "LLaMA, arXiv:2302.13971; grouped heads, arXiv:2305.13245"),
    _theorem("layer_norm_parameters", "parameters of the two LayerNorms of a layer", "two_layer_norms", P, 4 * d,
             "Ba et al. 2016, arXiv:1607.06450"),
    _theorem("embedding_parameters", "parameters of the token table", "embedding", P, V * d, "Vaswani et al. 2017, arXiv:1706.03762"),
    _theorem("head_parameters", "parameters of an output head of its own", "head", P, d * V, "Press and Wolf 2016, arXiv:1608.05859"),
    _theorem("active_experts", "share of the routed experts that a token passes", "experts", P_a / P, E_a / E, "Mixtral, arXiv:2401.04088"),
    _theorem("expert_parameters", "parameters of the routed experts of a layer", "experts", P, 3 * E * d * d_ffe,
             "Mixtral, arXiv:2401.04088"),
)  # fmt: skip

_CACHE = (
    _theorem("kv_cache_textbook", "KV cache of multi-head attention", "gpt_decoder", M_kv, 2 * b * s * N * d * u_kv, POPE,
             hypotheses=MULTI_HEAD),
    _theorem("kv_cache_per_token", "KV cache of one token under grouped heads", "llama_decoder", M_kv / (b * s), 2 * N * k * d_h * u_kv,
             "Ainslie et al. 2023, arXiv:2305.13245"),
    _theorem("kv_cache_grouped", "KV cache of grouped heads beside multi-head", "llama_decoder", M_kv / (2 * b * s * N * d * u_kv), k / h,
             "Ainslie et al. 2023, arXiv:2305.13245", hypotheses=(MULTI_HEAD[1],)),
    _theorem("kv_cache_one_head", "KV cache of one KV head beside multi-head", "llama_decoder", M_kv / (2 * b * s * N * d * u_kv), 1 / h,
             "Shazeer 2019, arXiv:1911.02150", hypotheses=(Assumption(k, sympy.Integer(1)), MULTI_HEAD[1])),
    _theorem("latent_cache", "cache of latent attention", "latent_layers", M_kv, N * b * s * (d_c + d_r) * u_kv,
             "DeepSeek-V2, arXiv:2405.04434"),
)  # fmt: skip

_SAVED = (
    _theorem("saved_activations_layer", "what a GPT layer keeps for the backward pass", "gpt_layer", M_save,
             34 * b * s * d + 5 * b * s**2 * h, KORTHIKANTI, hypotheses=(*TEXTBOOK, *SIXTEEN_BIT)),
    _theorem("saved_activations_statistics", "the same with the norms' statistics", "gpt_layer", M_save,
             34 * b * s * d + 5 * b * s**2 * h + 8 * b * s, f"{KORTHIKANTI}; the statistics: arithmetic",
             hypotheses=(*TEXTBOOK, *SIXTEEN_BIT), training=("statistics",)),
    _theorem("saved_activations_no_dropout", "what a GPT layer keeps without dropout", "gpt_layer", M_save,
             32 * b * s * d + 2 * b * s**2 * h, KORTHIKANTI, hypotheses=(*TEXTBOOK, *SIXTEEN_BIT), training=("no-dropout",)),
    _theorem("saved_activations_fused", "what a GPT layer keeps with a fused kernel", "gpt_layer", M_save,
             34 * b * s * d + 4 * b * h * s, "Dao et al. 2022, arXiv:2205.14135",
             hypotheses=(*TEXTBOOK, *SIXTEEN_BIT), training=("fused",)),
)  # fmt: skip

_COMPUTE = (
    _theorem("layer_compute", "forward compute of a layer", "gpt_layer", F_pre, 24 * b * s * d**2 + 4 * b * s**2 * d, NARAYANAN,
             hypotheses=TEXTBOOK),
    _theorem("model_compute", "forward compute of a model", "gpt", F_pre, N * (24 * b * s * d**2 + 4 * b * s**2 * d) + 2 * b * s * d * V,
             NARAYANAN, hypotheses=TEXTBOOK),
    _theorem("two_per_parameter", "forward compute for each parameter and token", "gpt", F_pre / (b * s), 2 * P, KAPLAN,
             hypotheses=MULTI_HEAD, relation="≈", grows=d),
    _theorem("six_per_parameter", "training compute", "gpt", F_fb, 6 * P * T, KAPLAN, hypotheses=MULTI_HEAD, relation="≈", grows=d),
    _theorem("two_per_parameter_llama", "forward compute of LLaMA for each parameter and token", "llama", F_pre / (b * s), 2 * P, KAPLAN,
             hypotheses=MULTI_HEAD, relation="≈", grows=d),
    _theorem("prefill_compute_exact", "forward compute of N layers' matrices and pairs", "gpt_matrices", F_pre,
             b * s * (2 * P + 4 * N * s * h * d_h), KAPLAN),
    _theorem("decode_compute", "compute of a decode step of N layers", "gpt_matrices", F_dec, b * (2 * P + 4 * N * s * d), KAPLAN,
             hypotheses=MULTI_HEAD),
)  # fmt: skip

_TRAINING = (
    _theorem("sixteen_bytes", "weights, gradients and Adam in mixed precision", "gpt", M_w + M_grad + M_opt, 16 * P,
             "Rajbhandari et al. 2019, arXiv:1910.02054", hypotheses=_numbers(u_w=2, u_g=2, u_m=4, u_o=4)),
    _theorem("sixteen_bytes_fp32", "weights, gradients and Adam in float32", "gpt", M_w + M_grad + M_opt, 16 * P,
             "Rajbhandari et al. 2019, arXiv:1910.02054", hypotheses=_numbers(u_w=4, u_g=4, u_m=0, u_o=4)),
    _theorem("training_memory_16_bit", "training memory with everything in 16 bits", "gpt_matrices", M_train,
             8 * 12 * N * d**2 + N * (34 * b * s * d + 5 * b * s**2 * h), KORTHIKANTI,
             hypotheses=(*TEXTBOOK, *SIXTEEN_BIT, *_numbers(u_w=2, u_g=2, u_m=0, u_o=2))),
)  # fmt: skip

THEOREMS: Final = (*_PARAMETERS, *_CACHE, *_SAVED, *_COMPUTE, *_TRAINING)

#: Closed forms that are in circulation and false: the same blocks refute them.
MISPRINTS: Final = (
    _theorem("head_of_width_d", "an output head of d² + d", "head", P, d**2 + d, "in circulation", hypotheses=TEXTBOOK),
    _theorem("attention_without_head_size", "forward compute with 4·b·h·s² for attention's products", "gpt", F_pre,
             N * (24 * b * s * d**2 + 4 * b * h * s**2) + 4 * b * s * d * V, "in circulation", hypotheses=TEXTBOOK),
    _theorem("grouped_cache_as_multi_head", "2·b·s·N·d·u for grouped heads", "llama_decoder", M_kv, 2 * b * s * N * d * u_kv,
             "in circulation", hypotheses=(MULTI_HEAD[1],)),
    _theorem("saved_by_the_whole_model", "34·b·s·d + 5·b·s²·h for all N layers", "gpt_decoder", M_save,
             34 * b * s * d + 5 * b * s**2 * h, "in circulation", hypotheses=(*TEXTBOOK, *SIXTEEN_BIT)),
)  # fmt: skip
