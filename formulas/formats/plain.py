"""Formats in which every number has the same size.

Sources: IEEE 754-2019 (fp32, fp16); bfloat16: Kalamkar et al. 2019, arXiv:1905.12322; FP8: Micikevicius et al.
2022, arXiv:2209.05433.
"""

from __future__ import annotations

import sympy

from symllm.format import CacheFormat, WeightFormat

_IEEE, _BF16, _FP8 = "IEEE 754-2019", "arXiv:1905.12322", "arXiv:2209.05433"

WEIGHT_FORMATS = (
    WeightFormat("fp32", "float32", _IEEE, sympy.Integer(4), compute_element=sympy.Integer(4), computes=("fp32",), aliases=("float32",)),
    WeightFormat("bf16", "bfloat16", _BF16, sympy.Integer(2), aliases=("bfloat16",)),
    WeightFormat("fp16", "float16", _IEEE, sympy.Integer(2), computes=("fp16",), aliases=("float16", "half")),
)

CACHE_FORMATS = (
    CacheFormat("fp32", "float32", _IEEE, sympy.Integer(4), aliases=("float32",)),
    CacheFormat("bf16", "bfloat16", _BF16, sympy.Integer(2), aliases=("bfloat16",)),
    CacheFormat("fp16", "float16", _IEEE, sympy.Integer(2), aliases=("float16", "half")),
    CacheFormat("fp8", "FP8 with one scale a tensor", _FP8, sympy.Integer(1), aliases=("fp8_e4m3", "fp8_e5m2", "float8")),
)
