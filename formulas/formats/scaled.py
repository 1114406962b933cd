"""Formats of eight and four bits whose scales belong to a matrix, a row, or a small block of numbers.

Embeddings, norms, routers and the output head stay in 16 bits. Scales are float32 unless said otherwise, as the
serving engines keep them. Tables of 16 or 256 code values that a library shares or repeats are not counted.
Sources: FP8, Micikevicius et al. 2022, arXiv:2209.05433; blocks of 128 x 128, DeepSeek-V3, arXiv:2412.19437;
W8A8, SmoothQuant, arXiv:2211.10438; LLM.int8, arXiv:2208.07339; NF4 and double quantization, QLoRA,
arXiv:2305.14314; MXFP4, OCP Microscaling Formats 1.0, arXiv:2310.10537; gpt-oss, arXiv:2508.10925; NVFP4,
arXiv:2509.25149; BitNet b1.58, arXiv:2402.17764.
"""

from __future__ import annotations

from sympy import Expr, Integer, ceiling

from symllm.block import Block
from symllm.format import Place, WeightFormat

from .matrix import NEVER, Chosen, has_experts, linear, mixed_format

FP8, DEEPSEEK, W8A8, INT8 = "arXiv:2209.05433", "arXiv:2412.19437", "arXiv:2211.10438", "arXiv:2208.07339"
QLORA, MX, NVFP4, BITNET = "arXiv:2305.14314", "OCP Microscaling Formats 1.0, arXiv:2310.10537", "arXiv:2509.25149", "arXiv:2402.17764"

#: What is stored in FP8 is multiplied in FP8 too; MXFP4, NF4 and ternary weights are turned into 16 bits first.
IN_FP8 = ("fp8",)


def fp8_tensor(out: Expr, row: Expr) -> Expr:
    """A byte a number and one float32 scale."""
    return out * row + 4


def fp8_channel(out: Expr, row: Expr) -> Expr:
    """A byte a number and a float32 scale a row (an output channel)."""
    return out * row + 4 * out


def fp8_block(out: Expr, row: Expr, high: int = 128, wide: int = 128, scale: int = 4) -> Expr:
    """A byte a number and a scale for each block (float32, or E8M0 in one byte); a block cut off at the edge has its own."""
    return out * row + scale * ceiling(out / Integer(high)) * ceiling(row / Integer(wide))


def int8_channel(out: Expr, row: Expr) -> Expr:
    """A byte a number and a float32 scale a row (LLM.int8 keeps the row's largest size)."""
    return out * row + 4 * out


def nf4(out: Expr, row: Expr) -> Expr:
    """Two numbers a byte, and for each 64 of the flattened matrix their largest size as float32."""
    return ceiling(out * row / 2) + 4 * ceiling(out * row / 64)


def nf4_double(out: Expr, row: Expr) -> Expr:
    """NF4 whose block sizes are bytes, with a float32 for each 256 of them and one float32 offset."""
    blocks = ceiling(out * row / 64)
    return ceiling(out * row / 2) + blocks + 4 * ceiling(blocks / 256) + 4


def mxfp4(out: Expr, row: Expr) -> Expr:
    """Blocks of 32 numbers along a row: 16 bytes of four-bit floats and one power of two (E8M0) in a byte."""
    return 17 * out * ceiling(row / 32)


def mxfp8(out: Expr, row: Expr) -> Expr:
    """Blocks of 32 numbers along a row: 32 bytes and one power of two (E8M0) in a byte."""
    return out * row + out * ceiling(row / 32)


def nvfp4(out: Expr, row: Expr) -> Expr:
    """Blocks of 16 numbers along a row: 8 bytes of four-bit floats and an FP8 scale, and one float32 a matrix."""
    return out * ceiling(row / 2) + out * ceiling(row / 16) + 4


def ternary(out: Expr, row: Expr) -> Expr:
    """Four numbers of -1, 0, 1 in a byte, packed over rows, and one 16-bit scale a matrix."""
    return ceiling(out / 4) * row + 2


def experts_first(place: Place, block: Block) -> Expr:
    """Of a mixture of experts only the experts' matrices (gpt-oss); of a dense model every linear matrix."""
    return linear(place, block) if place.weight.spread or not has_experts(place) else NEVER


def fp8_block_format(high: int = 128, wide: int = 128, chosen: Chosen = linear, rest: int = 2, scale: int = 4) -> WeightFormat:
    """FP8 with a scale of `scale` bytes for each block of `high` rows and `wide` numbers of a row."""
    name = "fp8_block" if (high, wide) == (128, 128) else f"fp8_block_{high}x{wide}"
    kind = "a float32 scale" if scale == 4 else "a scale of one byte (E8M0)"
    return mixed_format(name if scale == 4 else f"{name}_ue8m0", f"FP8 with {kind} for each {high} x {wide} block", DEEPSEEK,
                        lambda out, row: fp8_block(out, row, high, wide, scale), chosen=chosen, rest=rest, computes=IN_FP8,
                        aliases=("fp8_128x128", "deepseek_fp8") if scale == 4 else ())  # fmt: skip


WEIGHT_FORMATS = (
    mixed_format("fp8", "FP8 with one float32 scale a matrix", FP8, fp8_tensor, computes=IN_FP8, aliases=("fp8_e4m3", "fp8_tensor", "float8")),
    mixed_format("fp8_channel", "FP8 with a float32 scale a row", FP8, fp8_channel, computes=IN_FP8, aliases=("fp8_dynamic", "fp8_per_channel")),
    fp8_block_format(),
    fp8_block_format(scale=1),
    mixed_format("int8", "INT8 with a float32 scale a row (W8A8)", W8A8, int8_channel, computes=("int8",), aliases=("w8a8", "int8_w8a8")),
    mixed_format("bnb_int8", "LLM.int8 of bitsandbytes", INT8, int8_channel, aliases=("llm_int8", "bnb8")),
    mixed_format("nf4", "NF4 of bitsandbytes, blocks of 64", QLORA, nf4, aliases=("bnb4", "bnb_4bit")),
    mixed_format("nf4_double", "NF4 with double quantization", QLORA, nf4_double, aliases=("nf4_dq", "qlora")),
    mixed_format("mxfp4", "MXFP4, the experts' matrices only where there are experts", MX, mxfp4, chosen=experts_first),
    mixed_format("mxfp4_linear", "MXFP4 in every linear matrix", MX, mxfp4, aliases=("mxfp4_all",)),
    mixed_format("mxfp8", "MXFP8", MX, mxfp8, computes=IN_FP8),
    mixed_format("nvfp4", "NVFP4", NVFP4, nvfp4, computes=("fp4",), aliases=("modelopt_fp4",)),
    mixed_format("bitnet", "BitNet b1.58, four ternary numbers a byte", BITNET, ternary, aliases=("ternary", "b1.58")),
)
