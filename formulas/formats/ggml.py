"""The tensor types of ggml (llama.cpp, GGUF): how many numbers a block holds, and in how many bytes.

Example Q4_K: a block of 256 numbers in 4 bits (128 bytes), 12 bytes of 6-bit scales and minima for its eight parts,
and two float16 that scale those: 144 bytes, 4.5 bits a number.
Source: github.com/ggml-org/ggml, the block structures of ggml-common.h; the same table as gguf's GGML_QUANT_SIZES.
"""

from __future__ import annotations

from typing import Final

from sympy import Expr, Integer, Rational

#: Type -> (numbers in a block, bytes of a block).
TYPES: Final = {
    "f32": (1, 4), "f16": (1, 2), "bf16": (1, 2),
    "q4_0": (32, 18), "q4_1": (32, 20), "q5_0": (32, 22), "q5_1": (32, 24), "q8_0": (32, 34), "q8_1": (32, 40),
    "q2_k": (256, 84), "q3_k": (256, 110), "q4_k": (256, 144), "q5_k": (256, 176), "q6_k": (256, 210), "q8_k": (256, 292),
    "iq1_s": (256, 50), "iq1_m": (256, 56), "iq2_xxs": (256, 66), "iq2_xs": (256, 74), "iq2_s": (256, 82),
    "iq3_xxs": (256, 98), "iq3_s": (256, 110), "iq4_nl": (32, 18), "iq4_xs": (256, 136),
    "tq1_0": (256, 54), "tq2_0": (256, 66), "mxfp4": (32, 17), "nvfp4": (64, 36), "q1_0": (128, 18),
}  # fmt: skip

#: What a row that is no whole number of blocks is stored in instead; types that are missing here cannot fall back.
FALLBACK: Final = {
    "iq1_s": "iq4_nl", "iq1_m": "iq4_nl", "iq2_xxs": "iq4_nl", "iq2_xs": "iq4_nl", "iq2_s": "iq4_nl", "iq3_xxs": "iq4_nl",
    "iq3_s": "iq4_nl", "iq4_xs": "iq4_nl", "q2_k": "q4_0", "q3_k": "q4_0", "tq1_0": "q4_0", "tq2_0": "q4_0",
    "q4_k": "q5_0", "q5_k": "q5_1", "q6_k": "q8_0",
}  # fmt: skip


def element(kind: str) -> Expr:
    """Bytes of one number of a type, its share of the block's scales included."""
    numbers, size = TYPES[kind]
    return Rational(size, numbers) if numbers > 1 else Integer(size)


def fitting(kind: str, row: int | None) -> str | None:
    """The type that a row of so many numbers gets; None where llama.cpp refuses. An unknown length is taken to fit."""
    if row is None or row % TYPES[kind][0] == 0:
        return kind
    other = FALLBACK.get(kind)
    if other is None:
        return None
    return other if row % TYPES[other][0] == 0 else "f16"
