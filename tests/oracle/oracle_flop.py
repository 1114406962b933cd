"""Forward FLOP: what torch's counter sees of whole prefills and single decode steps."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import oracle_record
import torch
from oracle_build import build, text_config
from oracle_catalog import Model
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import masking_utils

HOW = (
    "torch.utils.flop_counter.FlopCounterMode (2 FLOP a multiply-add of matrix products and "
    "convolutions; nothing for norms, softmax, scans, other elementwise work) over the forward "
    "pass of the full-size model on the meta device, text only, logits for all positions. The "
    "whole square (or rectangle) of scores counts, whatever the mask. Decode: one token after "
    "`cached` ones. `operators` splits the total. A scan that steps through tokens one by one is "
    "run with batch 1 only."
)

BATCHES = (1, 2)
LENGTHS = (128, 2048)
CACHED = 2047
ATTENTION = ("eager", "sdpa")
# Families that loop over tokens in Python, layer by layer: minutes for each long prefill. They run
# with batch 1 and one kind of attention.
SEQUENTIAL = frozenset({"mamba", "falcon_mamba", "jamba", "recurrent_gemma", "rwkv", "xlstm"})

# Measured for their type; a type without one here is measured by its smallest model.
_CHOSEN = """
    bloom-7b1 command-r-v01 deepseek-v2-lite deepseek-v3 falcon-7b falcon-h1-0.5b falcon-rw-1b
    gemma-2-9b gemma-3-1b gpt-j-6b gpt-oss-20b gpt2 granite-4.0-h-tiny jamba-v0.1 kimi-k2 llama-2-7b
    llama-3.1-405b llama-3.1-70b llama-3.1-8b llama-4-scout mamba-130m mamba2-130m minimax-m1-80k
    mistral-7b-v0.1 mixtral-8x7b mpt-7b nemotron-h-8b nemotron-3-nano-30b-a3b olmo-2-7b opt-1.3b
    opt-350m phi-2 qwen2.5-7b qwen2.5-vl-7b qwen3-30b-a3b qwen3-8b qwen3-next-80b-a3b qwen3.5-4b
    qwq-32b stablelm-3b-4e1t starcoder2-7b
"""
CHOSEN = frozenset(_CHOSEN.split())

Run = dict[str, Any]

# One small product a token and expert, which the counter sees; the default, a grouped product, it
# does not.
_OPTIONS = {"dtype": torch.bfloat16, "experts_implementation": "batched_mm"}

# Looking for several sequences packed in a row reads values, which meta tensors do not have; the
# prompts here are one sequence a row.
masking_utils.find_packed_sequence_indices = lambda position_ids: None


def selected(listed: list[Model]) -> list[Model]:
    """The models to measure: CHOSEN, and for the other types the smallest by parameters.json."""
    totals = {name: entry.get("total") for name, entry in oracle_record.read("parameters").items()}
    wanted = [model for model in listed if model.name in CHOSEN]
    types = {model.config["model_type"] for model in wanted}
    for model in sorted(listed, key=lambda model: totals.get(model.name) or 0):
        if model.config["model_type"] not in types:
            types.add(model.config["model_type"])
            wanted.append(model)
    return wanted


def _count(forward: Callable[[], Any]) -> tuple[int, dict[str, int]]:
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        forward()
    by_operator = counter.get_flop_counts().get("Global", {})
    split = {str(op).removeprefix("aten."): int(n) for op, n in by_operator.items()}
    return counter.get_total_flops(), dict(sorted(split.items()))


def _tokens(batch: int, length: int) -> torch.Tensor:
    return torch.zeros(batch, length, dtype=torch.long, device="meta")


def _cache_name(model: nn.Module) -> str:
    """How the forward pass takes and returns its cache: Mamba's and RWKV's names, or the usual."""
    own = [name for name in ("cache_params", "state") if name in _accepted(model)]
    return own[0] if own else "past_key_values"


def _accepted(model: nn.Module) -> set[str]:
    return set(inspect.signature(model.forward).parameters)


def prefill(model: nn.Module, batch: int, length: int) -> Run:
    """FLOP of a prompt."""
    tokens = _tokens(batch, length)
    flop, split = _count(lambda: model(input_ids=tokens, use_cache=False))
    return {"phase": "prefill", "batch": batch, "tokens": length, "flop": flop, "operators": split}


def decode(model: nn.Module, batch: int, past: int) -> Run:
    """FLOP of one token a sequence after `past` cached ones."""
    name = _cache_name(model)
    with torch.no_grad():
        output = model(input_ids=_tokens(batch, past), use_cache=True)
    arguments = {"input_ids": _tokens(batch, 1), name: getattr(output, name), "use_cache": True}
    flop, split = _count(lambda: model(**arguments))
    return {
        "phase": "decode",
        "batch": batch,
        "cached": past,
        "flop": flop,
        "operators": split,
    }


def _runs(model: nn.Module, batches: tuple[int, ...]) -> list[Run]:
    runs = [prefill(model, b, s) for s in LENGTHS for b in batches]
    return runs + [decode(model, b, CACHED) for b in batches]


def measure(config: dict[str, Any]) -> dict[str, Any]:
    """The runs of one model, once where eager and fused attention count the same."""
    runs: dict[str, list[Run]] = {}
    failed: dict[str, str] = {}
    for attention in ATTENTION:
        try:
            model = build(config, attn_implementation=attention, **_OPTIONS)
            typed = text_config(model)
            typed.pad_token_id = None  # else GPT-1 looks for padding in the prompt's values
            slow = typed.model_type in SEQUENTIAL
            runs[attention] = _runs(model, (1,) if slow else BATCHES)
            if slow:
                break
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            failed[attention] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    if not runs:
        return {"failed": failed["eager"]}
    first = next(iter(runs))
    entry: dict[str, Any] = {"class": type(model).__name__, "runs": runs[first]}
    entry["attention"] = list(runs)
    flops = {name: [run["flop"] for run in found] for name, found in runs.items()}
    if len(runs) == 2 and flops["eager"] != flops["sdpa"]:
        entry["attention"] = ["eager"]
        entry["sdpa_runs"] = runs["sdpa"]
    if failed:
        entry["failed_attention"] = failed
    return entry
