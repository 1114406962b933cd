"""Integer formats with a scale for each group of numbers of a row: GPTQ, AWQ and compressed-tensors' W4A16.

Numbers and zero points are packed into 32-bit words; scales are 16 bit. What the files hold is counted; an engine
that repacks for its own kernels may drop zero points that are all alike and an index that is in order.
Sources: GPTQ, Frantar et al. 2022, arXiv:2210.17323 (file layout: AutoGPTQ, GPTQModel); AWQ, Lin et al. 2023,
arXiv:2306.00978 (file layout: AutoAWQ, "gemm"); compressed-tensors, github.com/vllm-project/compressed-tensors
("pack-quantized").
"""

from __future__ import annotations

from sympy import Expr, Integer, Rational, ceiling

from symllm.format import WeightFormat

from .matrix import Chosen, linear, mixed_format

GPTQ, AWQ, PACKED = "arXiv:2210.17323", "arXiv:2306.00978", "github.com/vllm-project/compressed-tensors, pack-quantized"
WORD = 4


def groups(row: Expr, size: int) -> Expr:
    """Groups of a row; a size of -1 takes the whole row as one."""
    return Integer(1) if size <= 0 else ceiling(row / Integer(size))


def words(numbers: Expr, bits: int) -> Expr:
    """32-bit words that hold so many numbers of `bits` bits, packed tight."""
    return ceiling(numbers * Rational(bits, 32))


def gptq_bytes(out: Expr, row: Expr, bits: int, size: int) -> Expr:
    """qweight packs along the row; qzeros packs along the outputs; scales are 16 bit; g_idx is a word for each input."""
    scales = groups(row, size)
    return WORD * words(row, bits) * out + WORD * scales * words(out, bits) + 2 * scales * out + WORD * row


def awq_bytes(out: Expr, row: Expr, bits: int, size: int) -> Expr:
    """qweight and qzeros pack along the outputs; scales are 16 bit; there is no index."""
    scales = groups(row, size)
    return WORD * row * words(out, bits) + WORD * scales * words(out, bits) + 2 * scales * out


def packed_bytes(out: Expr, row: Expr, bits: int, size: int, zeros: bool, index: bool) -> Expr:
    """Packed along the row, 16-bit scales, the shape as two 64-bit integers; zero points and an index where the scheme has them."""
    scales = groups(row, size)
    total = WORD * out * words(row, bits) + 2 * out * scales + 16
    if zeros:
        total += WORD * words(out, bits) * scales
    return total + WORD * row if index else total


def _name(base: str, bits: int, size: int, usual: tuple[int, int]) -> str:
    return base if (bits, size) == usual else f"{base}_{bits}bit_{'row' if size <= 0 else f'g{size}'}"


def gptq(bits: int = 4, size: int = 128, chosen: Chosen = linear, rest: int = 2, aliases: tuple[str, ...] = ()) -> WeightFormat:
    """GPTQ of `bits` bits with groups of `size` numbers; act-order changes the order of the inputs, not a size."""
    return mixed_format(_name("gptq", bits, size, (4, 128)), f"GPTQ, {bits} bit, {_group(size)}", GPTQ,
                        lambda out, row: gptq_bytes(out, row, bits, size), chosen=chosen, rest=rest, aliases=aliases)  # fmt: skip


def awq(bits: int = 4, size: int = 128, chosen: Chosen = linear, rest: int = 2, aliases: tuple[str, ...] = ()) -> WeightFormat:
    """AWQ of `bits` bits with groups of `size` numbers."""
    return mixed_format(_name("awq", bits, size, (4, 128)), f"AWQ, {bits} bit, {_group(size)}", AWQ,
                        lambda out, row: awq_bytes(out, row, bits, size), chosen=chosen, rest=rest, aliases=aliases)  # fmt: skip


def packed(bits: int = 4, size: int = 128, zeros: bool = False, index: bool = False, chosen: Chosen = linear, rest: int = 2,
           aliases: tuple[str, ...] = ()) -> WeightFormat:  # fmt: skip
    """compressed-tensors' packed integers; zeros for an asymmetric scheme, index for activation order by group."""
    return mixed_format(_name(f"w{bits}a16", bits, size, (bits, 128)), f"packed {bits}-bit integers, {_group(size)}", PACKED,
                        lambda out, row: packed_bytes(out, row, bits, size, zeros, index), chosen=chosen, rest=rest,
                        aliases=aliases)  # fmt: skip


def _group(size: int) -> str:
    return "one group a row" if size <= 0 else f"groups of {size}"


WEIGHT_FORMATS = (
    gptq(aliases=("gptq_int4", "gptq_4bit")),
    gptq(8, 128),
    gptq(3, 128),
    gptq(4, 32),
    awq(aliases=("awq_int4", "awq_4bit")),
    packed(aliases=("int4", "int4_w4a16")),
    packed(8, 128),
)
