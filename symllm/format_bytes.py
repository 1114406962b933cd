"""What one number takes in a weight format, scales and zeros apart."""

from __future__ import annotations

from fractions import Fraction

import sympy

from .block import Block, Weight
from .build import choices
from .format import Place

SIDE = 4096


def matrix_bytes(name: str) -> tuple[str, Fraction, Fraction]:
    """A format's title, its bytes for each number of a matrix of 4,096 × 4,096, and how many of them are not the numbers.

    The numbers themselves take the largest power of two of bits that is not above the whole.
    Raises `SymllmError` for an unknown format.
    """
    from .formulas.book import book

    form = choices(book(), name, "bf16", "full", "all", "").weights
    if form.element is not None:
        return form.title, Fraction(int(form.element)), Fraction(0)
    size = sympy.Integer(SIDE)
    weight = Weight("W", (size, size), "matmul", quantizes=True)
    block = Block("matrix", "matrix", "ffn", (weight,))
    assert form.tensor is not None
    total = sympy.sympify(form.tensor(weight, block, Place(weight)))
    units = dict.fromkeys(total.free_symbols, 1)  # units of measure count 1
    total = sympy.Rational(total.subs(units)) / SIDE**2
    value = Fraction(int(total.p), int(total.q))
    bits = 1
    while Fraction(2 * bits, 8) <= value:
        bits *= 2
    return form.title, value, value - Fraction(bits, 8)
