"""Cache formats with scales: what one token's keys or values take.

llama.cpp stores each token's row in ggml blocks (`--cache-type-k q8_0`). transformers' QuantizedCache cuts the flat
tensor into groups of 64 numbers with a scale and a zero point in 16 bits; a whole prompt is quantized at once, and
of tokens generated after it the newest, at most 127, wait in 16 bits, which is not counted. DeepSeek's layout in
vLLM and FlashMLA keeps a latent in FP8 with a float32 scale for each 128 numbers and the rotary key in 16 bits.
Sources: github.com/ggml-org/ggml; KIVI, arXiv:2402.02750, and transformers QuantizedLayer; github.com/vllm-project/vllm
(fp8_ds_mla) and github.com/deepseek-ai/FlashMLA: 512 + 4 * 4 + 64 * 2 = 656 bytes a token and layer.
"""

from __future__ import annotations

import sympy
from sympy import Expr, Integer, Rational, ceiling

from symllm.block import CacheEntry
from symllm.errors import SymllmError
from symllm.format import CacheFormat

from ..notation import BYTE
from .ggml import TYPES, element

GGML, KIVI, FLASH_MLA = "github.com/ggml-org/ggml", "arXiv:2402.02750; transformers QuantizedLayer", "github.com/deepseek-ai/FlashMLA"


def numbers(entry: CacheEntry) -> Expr:
    """Numbers of an entry for one kept token."""
    return sympy.Mul(*(sympy.sympify(size) for size in entry.shape))


def blocked(kind: str) -> CacheFormat:
    """A ggml type for every token's row."""
    held, size = TYPES[kind]

    def entry(kept: CacheEntry) -> Expr:
        return size * ceiling(numbers(kept) / Integer(held)) * BYTE

    return CacheFormat(kind, f"{kind.upper()} of llama.cpp, {size} bytes for {held} numbers", GGML, element(kind), entry)


def grouped(bits: int, group: int = 64) -> CacheFormat:
    """Integers of `bits` bits in groups, each with a 16-bit scale and a 16-bit zero point."""
    each = Rational(bits, 8) + Rational(4, group)

    def entry(kept: CacheEntry) -> Expr:
        return numbers(kept) * each * BYTE

    return CacheFormat(f"int{bits}", f"INT{bits} in groups of {group} with scale and zero point (QuantizedCache)", KIVI, each, entry,
                       aliases=(f"quantized_int{bits}",))  # fmt: skip


def latent(kept: CacheEntry) -> Expr:
    """A latent, or an indexer's key, in FP8 with a float32 scale for each 128 numbers; the rotary key K_R in 16 bits.

    Raises `SymllmError` for the keys or values of a layer that has no latent.
    """
    if kept.name == "K_R":
        return numbers(kept) * 2 * BYTE
    if kept.name in ("K", "V"):
        raise SymllmError(f"cache format fp8_ds_mla: it is for latent attention, and this model caches {kept.name}; fp8 is for all")
    return (numbers(kept) + 4 * ceiling(numbers(kept) / 128)) * BYTE


CACHE_FORMATS = (
    *(blocked(kind) for kind in ("q8_0", "q5_0", "q5_1", "q4_0", "q4_1", "iq4_nl")),
    grouped(8),
    grouped(4),
    grouped(2),
    CacheFormat("fp8_ds_mla", "DeepSeek's FP8 latent with 16-bit rotary key", FLASH_MLA, Integer(1), latent),
)
