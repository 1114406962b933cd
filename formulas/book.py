"""The table of contents: the one place that lists every page."""

from __future__ import annotations

from functools import cache

from symllm.book import Book
from symllm.compose import Roles

from . import attention_pairs, compute, engines, inference_memory, kv_cache, latency, notation, parameters, questions, scenario, training
from .architectures import (
    baichuan,
    bloom,
    cohere,
    deci,
    deepseek,
    deepseek_v4,
    ernie,
    exaone,
    falcon,
    falcon_h1,
    gemma2,
    gemma4,
    glm,
    glm_vision,
    gpt1,
    gpt2,
    gpt_neo,
    gpt_neox,
    gpt_oss,
    gptj,
    granite_hybrid,
    hunyuan_moe,
    internlm,
    jamba,
    jetmoe,
    large_vision,
    lfm2,
    llama,
    llama4_text,
    llama_kin,
    llama_vision,
    llava,
    llava_kin,
    mamba,
    mimo,
    minicpm3,
    minimax,
    minimax_m3,
    ministral,
    mixtral,
    mpt,
    nemotron,
    nemotron_h,
    olmo,
    opt,
    phi,
    qwen,
    qwen_moe,
    qwen_next,
    qwen_vl,
    recurrent_gemma,
    rwkv,
    shuffled_vision,
    stablelm,
    starcoder,
    zamba2,
)
from .formats import caches, from_config, grouped, llama_cpp, plain, scaled

ROLES = Roles(
    flop=notation.FLOP, batch=notation.b, sequence=notation.s, pass_tokens=notation.q, seen_tokens=notation.t,
    logit_positions=notation.q_out, new_tokens=notation.n, weight_element=notation.u_w, cache_element=notation.u_kv,
    activation_element=notation.u_a,
    tensor_parallel=notation.tp, pipeline_parallel=notation.pp, expert_parallel=notation.ep,
)  # fmt: skip

FAMILY_PAGES = (
    gpt2, llama, baichuan, bloom, cohere, deci, exaone, falcon, gemma2, glm, gpt1, gpt_neo, gpt_neox, gptj, internlm, llama_kin,
    mimo, ministral, mpt, nemotron, olmo, opt, phi, qwen, stablelm, starcoder,
    llava, gemma4, qwen_vl, glm_vision, llama_vision, llava_kin, shuffled_vision, large_vision,
    falcon_h1, granite_hybrid, jamba, lfm2, mamba, minimax, nemotron_h, qwen_next, rwkv,
    zamba2, recurrent_gemma,
    mixtral, qwen_moe, deepseek, deepseek_v4, gpt_oss, ernie, llama4_text, minimax_m3, minicpm3, hunyuan_moe, jetmoe,
)  # fmt: skip
TRAINING = (training.GRADIENTS, training.OPTIMIZER, training.TRAINING_MEMORY, training.TRAINING_COMPUTE,
            training.TRAINING_COMPUTE_EXACT, training.TRAINING_TIME)  # fmt: skip
GENERATION = (latency.GENERATION, latency.GENERATION_WITHOUT_CACHE, latency.FIRST, latency.TOKEN, latency.MEAN_TOKEN, latency.LATENCY,
              latency.THROUGHPUT,
              latency.PREFILL_INTENSITY, latency.DECODE_INTENSITY, latency.RIDGE)  # fmt: skip
FORMAT_PAGES = (plain, scaled, grouped, llama_cpp)
CACHE_PAGES = (plain, caches)


@cache
def book() -> Book:
    """The book of symllm. Pages only declare; gathering them computes nothing."""
    return Book(
        symbols=notation.symbols(),
        roles=ROLES,
        formulas=(inference_memory.WORKSPACE, inference_memory.RUNTIME, inference_memory.INFERENCE_MEMORY, *TRAINING, *GENERATION),
        composed=(parameters.PARAMETERS, parameters.ACTIVE, parameters.COMPUTE, parameters.WEIGHTS, parameters.WEIGHTS_PER_GPU,
                  kv_cache.KV_CACHE, kv_cache.KV_CACHE_PER_GPU, compute.PREFILL, compute.DECODE, compute.IMAGES,
                  inference_memory.LAYER_WORKSPACE, training.SAVED, latency.WEIGHTS_READ, latency.PREFILL_WEIGHTS_READ, latency.CACHE_READ,
                  latency.FIRST_COMPUTE, latency.STEPS),
        families=tuple(family for page in FAMILY_PAGES for family in page.FAMILIES),
        weight_formats=tuple(form for page in FORMAT_PAGES for form in page.WEIGHT_FORMATS),
        cache_formats=tuple(form for page in CACHE_PAGES for form in page.CACHE_FORMATS),
        defaults=scenario.DEFAULTS,
        questions=questions.QUESTIONS,
        pairs=attention_pairs.query_key_pairs,
        kept=attention_pairs.kept_tokens,
        uniform_weights=parameters.UNIFORM_WEIGHTS,
        without_a_model=parameters.WITHOUT_A_MODEL,
        engines={engine.name: engine for engine in engines.ENGINES},
        training=training.OPTIONS,
        laws=scenario.LAWS,
        smaller_cards=scenario.SMALLER_CARDS,
        machine={"peak": notation.X, "bandwidth": notation.B_w},
        declared_format=from_config.weight_format,
    )  # fmt: skip
