"""A dozen derivations as text, LaTeX and Markdown, held by golden files (SYMLLM_UPDATE_GOLDEN=1 rewrites them)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import golden

import symllm
from symllm.derivation import Derivation
from symllm.deriving import derived
from symllm.render import latex, markdown, text
from symllm.scenario import Request

GPT = ("k = h", "d_h = d/h", "d_ff = 4*d")
CASES: dict[str, Callable[[], Derivation]] = {
    "parameters-gpt": lambda: derived(Request(model="gpt2", assume=GPT), "parameters", (), "d"),
    "parameters-bare": lambda: derived(Request(assume=GPT), "parameters", (), "d"),
    "kv-cache-llama-3-8b": lambda: derived(Request(model="llama-3-8b"), "kv_cache"),
    "kv-cache-gemma-2-9b": lambda: derived(Request(model="gemma-2-9b"), "kv_cache", (), "s"),
    "kv-cache-deepseek-v2-lite": lambda: derived(Request(model="deepseek-v2-lite"), "kv_cache"),
    "active-parameters-mixtral": lambda: derived(Request(model="mixtral-8x7b"), "active_parameters"),
    "prefill-qwq-32b": lambda: derived(Request(model="qwq-32b", context=8192), "prefill_compute", (), "s"),
    "decode-gpt": lambda: derived(Request(assume=GPT), "decode_compute"),
    "saved-activations-gpt": lambda: derived(Request(assume=(*GPT, "u_a = 2")), "saved_activations"),
    "weights-explained": lambda: symllm.evaluate("weights", model="gemma-7b").derivation(),
    "inference-memory-explained": lambda: symllm.evaluate("inference_memory", model="qwq-32b", context=8192).derivation(),
    "max-batch-explained": lambda: symllm.solve("max_batch", model="qwq-32b", gpu="h100", context=8192).derivation(),
    "kv-ratio-defined": lambda: symllm.evaluate("r", define="r = kv_cache / weights", model="gpt2", context=1024).derivation(),
}


@pytest.mark.parametrize("name", CASES)
def test_derivation_reads_as_its_golden_files(name: str) -> None:
    made = CASES[name]()
    plain = text.derivation(made)
    assert max(map(len, plain.splitlines())) <= 80
    golden(f"derivations/{name}.txt", plain + "\n")
    golden(f"derivations/{name}.tex", latex.derivation(made) + "\n")
    golden(f"derivations/{name}.md", markdown.derivation(made))
