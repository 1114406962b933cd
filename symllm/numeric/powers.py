"""Powers of exact numbers between two exact bounds: equal where the power is a short rational, else 192 bits apart.

An irrational root, or a whole power too long to write out, has no exact value that a person or a machine would want.
Its bounds are exact all the same, so that what is decided from them is decided.
"""

from __future__ import annotations

import math
from fractions import Fraction
from math import isqrt

from ..units import Number, exact

#: Bits that a whole power may have before it is rounded.
EXACT_BITS = 512
#: Bits that a rounded power keeps.
KEPT_BITS = 192
#: A power beyond 2**this is refused: no scenario needs it, and it would not fit into the machine.
LARGEST_BITS = 4096
#: A power below 2**-this is only said to lie between 0 and that.
SMALLEST_BITS = 320
#: The root of a higher degree is refused: its bounds are roots of numbers of so many times `KEPT_BITS` bits.
HIGHEST_ROOT = 1000
_FLOAT_BITS = 52


def between(base: Number, exponent: Number) -> tuple[Number, Number]:
    """Bounds of base ** exponent, equal where it is written exactly.

    Raises `ZeroDivisionError` for 0 to a negative power, `ValueError` for a root of a negative number and
    `OverflowError` for a power beyond all use.
    """
    exponent = exact(exponent)
    if exponent < 0:
        if base == 0:
            raise ZeroDivisionError("a negative power of 0")
        return between(exact(1 / Fraction(base)), -exponent)
    if isinstance(exponent, Fraction):
        return _root(base, exponent)
    return _whole(base, exponent)


def _whole(base: Number, exponent: int) -> tuple[Number, Number]:
    size = max(abs(base.numerator).bit_length(), base.denominator.bit_length())
    if exponent <= 1 or base in (0, 1, -1) or size * exponent <= EXACT_BITS:
        value = exact(Fraction(base) ** exponent) if isinstance(base, Fraction) else base**exponent
        return value, value
    if base.denominator == 1 and size * exponent <= LARGEST_BITS:
        return int(base) ** exponent, int(base) ** exponent
    if base < 0:
        low, high = _whole(-base, exponent)
        return (low, high) if exponent % 2 == 0 else (-high, -low)
    return _squared(Fraction(base), exponent)


def _squared(base: Fraction, exponent: int) -> tuple[Number, Number]:
    """By repeated squaring, rounded outward at each step; a power that underflows is between 0 and the smallest step."""
    size = math.log2(base.numerator) - math.log2(base.denominator)
    slack = 2.0**-40 * (abs(math.log2(base.numerator)) + abs(math.log2(base.denominator)) + 1)  # what the logarithms may be off
    if size > slack and exponent * (size - slack) > 2 * LARGEST_BITS:
        raise OverflowError("a power beyond all use")
    if size < -slack and exponent * (-size - slack) > SMALLEST_BITS:
        return 0, Fraction(1, 1 << SMALLEST_BITS)
    low, high = (1, 0), (1, 0)
    square_low, square_high = _binary(base, up=False), _binary(base, up=True)
    while True:
        if exponent & 1:
            low, high = _times(low, square_low, up=False), _times(high, square_high, up=True)
        exponent >>= 1
        if not exponent:
            return _number(low, up=False), _number(high, up=True)
        square_low, square_high = _times(square_low, square_low, up=False), _times(square_high, square_high, up=True)


#: mantissa × 2**exponent, the mantissa of `KEPT_BITS` bits.
_Binary = tuple[int, int]


def _binary(value: Fraction, up: bool) -> _Binary:
    shift = KEPT_BITS - (value.numerator.bit_length() - value.denominator.bit_length())
    over = value.numerator << max(shift, 0)
    under = value.denominator << max(-shift, 0)
    return (-(-over // under) if up else over // under), -shift


def _times(left: _Binary, right: _Binary, up: bool) -> _Binary:
    mantissa, exponent = left[0] * right[0], left[1] + right[1]
    extra = mantissa.bit_length() - KEPT_BITS
    if extra <= 0:
        return mantissa, exponent
    return (-(-mantissa >> extra) if up else mantissa >> extra), exponent + extra


def _number(value: _Binary, up: bool) -> Number:
    mantissa, exponent = value
    if mantissa.bit_length() + exponent < -SMALLEST_BITS:
        return Fraction(1, 1 << SMALLEST_BITS) if up else 0
    return exact(Fraction(mantissa, 1 << -exponent)) if exponent < 0 else mantissa << exponent


def _root(base: Number, exponent: Fraction) -> tuple[Number, Number]:
    if base < 0:
        raise ValueError("a root of a negative number")
    degree = exponent.denominator
    if degree > HIGHEST_ROOT:
        raise OverflowError("a root beyond all use")
    low, high = _whole(base, exponent.numerator)
    return _degree(low, degree)[0], _degree(high, degree)[1]


def _degree(value: Number, degree: int) -> tuple[Number, Number]:
    """Bounds of a root: whole where numerator and denominator are powers themselves."""
    if value == 0:
        return 0, 0
    over, under = integer_root(value.numerator, degree), integer_root(value.denominator, degree)
    if over**degree == value.numerator and under**degree == value.denominator:
        root = exact(Fraction(over, under))
        return root, root
    shift = max(0, degree * KEPT_BITS + value.denominator.bit_length() - value.numerator.bit_length())
    scale = -(-shift // degree)
    scaled = (value.numerator << (scale * degree)) // value.denominator
    below = integer_root(scaled, degree)
    return exact(Fraction(below, 1 << scale)), exact(Fraction(below + 1, 1 << scale))


def integer_root(value: int, degree: int) -> int:
    """The largest r with r ** degree <= value."""
    if degree == 2:
        return isqrt(value)
    if value < 2:
        return value
    guess = _above(value, degree)
    while True:
        better = ((degree - 1) * guess + value // guess ** (degree - 1)) // degree
        if better >= guess:
            return guess
        guess = better


def _above(value: int, degree: int) -> int:
    """A number not below the root, near it: Newton's steps then are few."""
    size = math.log2(value) / degree
    if size > _FLOAT_BITS:
        whole = math.floor(size)
        guess: int = (math.floor(2.0 ** (size - whole) * (1 + 2.0**-36) * 2**_FLOAT_BITS) + 1) << (whole - _FLOAT_BITS)
        if guess**degree >= value:
            return guess
    return int(1 << -(-value.bit_length() // degree))
