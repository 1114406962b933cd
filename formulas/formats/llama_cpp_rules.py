"""Which ggml type llama.cpp's quantizer gives each tensor: the mixes such as Q4_K_M, as tables.

A mix has a type for most matrices. Tensors that suffer most from few bits get more: the output head, the values of
attention, the second feed-forward matrix of some layers. Which layers, depends on a layer's place among all.
Source: github.com/ggml-org/llama.cpp, src/llama-quant.cpp as of commit 007dbbf3 (2026): default types, then the rules
for a tensor's kind. An importance matrix is taken to be there exactly where the quantizer asks for one. One rule is
the older one: Q, K and V in one tensor ("qkv") have a type of their own, as in the files that were published until
2026; since then the quantizer treats such a tensor as values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sympy import Expr, Integer, Min, floor

#: Mix -> the type of most matrices.
DEFAULT: Final = {
    "f32": "f32", "f16": "f16", "gguf_bf16": "bf16",
    "q4_0": "q4_0", "q4_1": "q4_1", "q5_0": "q5_0", "q5_1": "q5_1", "q8_0": "q8_0", "q4_0_imatrix": "q4_0", "q5_0_imatrix": "q5_0",
    "q2_k": "q2_k", "q2_k_s": "q2_k", "q3_k_s": "q3_k", "q3_k_m": "q3_k", "q3_k_l": "q3_k", "q4_k_s": "q4_k", "q4_k_m": "q4_k",
    "q5_k_s": "q5_k", "q5_k_m": "q5_k", "q6_k": "q6_k",
    "iq1_s": "iq1_s", "iq1_m": "iq1_m", "iq2_xxs": "iq2_xxs", "iq2_xs": "iq2_xs", "iq2_s": "iq2_xs", "iq2_m": "iq2_s",
    "iq3_xxs": "iq3_xxs", "iq3_xs": "iq3_s", "iq3_s": "iq3_s", "iq3_m": "iq3_s", "iq4_nl": "iq4_nl", "iq4_xs": "iq4_xs",
    "iq4_nl_imatrix": "iq4_nl", "iq4_xs_imatrix": "iq4_xs", "tq1_0": "tq1_0", "tq2_0": "tq2_0", "mxfp4_moe": "mxfp4",
}  # fmt: skip

#: Mixes of about two bits and less, which have rules of their own.
LOW: Final = frozenset({"iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq2_m"})
_LOW_OUTPUT = LOW | {"iq3_xxs"}
_EIGHT_EXPERTS_OUT = frozenset({"q2_k", "iq3_xs", "iq3_xxs", "q3_k_s", "q3_k_m", "iq4_nl", "iq4_nl_imatrix", "q4_k_s", "q4_k_m",
                                "iq3_s", "iq3_m", "iq4_xs", "iq4_xs_imatrix"})  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What the rules ask of a model: query heads a KV head, experts, a tied head, Falcon, and the 70B plan (80 layers, grouped)."""

    grouping: int = 1
    experts: int = 0
    tied: bool = False
    falcon: bool = False
    seventy: bool = False


#: A set of places in a stack of n tensors: its numeric test and its size. Rules name such sets, small ones first.
Layers = str
TESTS: Final[Mapping[Layers, Callable[[int, int], bool]]] = {
    "first 2": lambda i, n: i < 2,
    "first 4": lambda i, n: i < 4,
    "first sixteenth": lambda i, n: i < n // 16,
    "first eighth": lambda i, n: i < n // 8,
    "more bits": lambda i, n: i < n // 8 or i >= 7 * n // 8 or (i - n // 8) % 3 == 2,
    "middle": lambda i, n: n // 8 <= i < 7 * n // 8,
}


def count(layers: Layers, n: Expr) -> Expr:
    """How many of n places are in a set of `TESTS`; "more bits": the first and last eighth, and each third between them."""
    first, end = floor(n / 8), floor(7 * n / 8)
    sizes: Mapping[Layers, Expr] = {
        "first 2": Min(n, Integer(2)),
        "first 4": Min(n, Integer(4)),
        "first sixteenth": floor(n / 16),
        "first eighth": first,
        "more bits": first + (n - end) + floor((end - first) / 3),
        "middle": end - first,
    }
    return sizes[layers]


@dataclass(frozen=True)
class Rule:
    """The type of a tensor's kind: special types in some layers (each set holds the one before), the rest in `rest`."""

    rest: str
    special: tuple[tuple[Layers, str], ...] = ()


def rule(mix: str, kind: str, facts: Facts) -> Rule:
    """What a mix gives a kind of tensor: "embedding", "output", "v", "k", "q", "qkv", "out", "up", "gate", "down" or "other"."""
    default = DEFAULT[mix]
    if kind == "output" or (kind == "embedding" and facts.tied):
        return Rule(_output(mix, default, facts))
    if mix == "mxfp4_moe":
        return Rule(default if kind.startswith("expert") else "q8_0")
    kind = kind.removeprefix("expert ")
    if kind == "embedding":
        return Rule(_EMBEDDING.get(mix, default))
    if mix in LOW:
        return _low(mix, kind, facts, default)
    if kind == "qkv":
        return Rule(_FUSED.get(mix, default))
    makers = {"v": _values, "k": _keys, "q": _queries, "out": _out, "down": _down, "up": _up, "gate": _up}
    return makers[kind](mix, facts, default) if kind in makers else Rule(default)


_EMBEDDING: Final = {"iq1_s": "q2_k", "iq1_m": "q2_k", "iq2_xxs": "q2_k", "iq2_xs": "q2_k", "iq2_s": "iq3_s", "iq2_m": "iq3_s",
                     "iq3_xxs": "iq3_s", "tq1_0": "q4_k", "tq2_0": "q4_k"}  # fmt: skip

_FUSED: Final = {"q3_k_m": "q4_k", "q3_k_l": "q4_k", "iq3_m": "q4_k", "q4_k_m": "q5_k", "q5_k_m": "q6_k"}


def _output(mix: str, default: str, facts: Facts) -> str:
    if default in ("f32", "f16", "bf16"):
        return default
    if mix == "mxfp4_moe" or facts.falcon or default == "q8_0":
        return "q8_0"
    return "q5_k" if mix in _LOW_OUTPUT else "q6_k"


def _low(mix: str, kind: str, facts: Facts, default: str) -> Rule:
    more = "iq3_s" if mix in ("iq2_s", "iq2_m") else "q2_k"
    if kind == "v":
        return Rule("q4_k" if facts.grouping >= 4 or facts.experts >= 4 else more)
    if kind == "k" and facts.experts == 8:
        return Rule("q4_k")
    if kind == "down":
        return Rule(default, (("first eighth", more),))
    if kind == "out":
        if facts.experts == 8:
            return Rule("q5_k")
        return Rule({"iq1_s": "iq2_xxs", "iq1_m": "iq2_xxs", "iq2_s": "iq3_s", "iq2_m": "iq3_s"}.get(mix, default))
    return Rule(default)


def _values(mix: str, facts: Facts, default: str) -> Rule:
    special: tuple[tuple[Layers, str], ...] = {
        "q3_k_m": (("first 2", "q5_k"),), "q4_k_m": (("more bits", "q6_k"),), "q5_k_m": (("more bits", "q6_k"),),
        "q4_k_s": (("first 4", "q5_k"),),
    }.get(mix, ())  # fmt: skip
    rest = {"q2_k": "q3_k", "iq3_m": "q4_k", "q3_k_m": "q4_k", "q3_k_l": "q5_k"}.get(mix, default)
    if facts.grouping >= 4:
        grouped = {"q2_k": "q4_k", "q2_k_s": "q4_k", "iq3_xxs": "q4_k", "iq3_xs": "q4_k", "iq3_s": "q4_k", "iq4_nl": "q5_k",
                   "iq4_nl_imatrix": "q5_k", "iq4_xs": "q5_k", "iq4_xs_imatrix": "q5_k"}  # fmt: skip
        rest = grouped.get(mix, rest)
    if default in ("f32", "f16", "bf16"):
        return Rule(default)
    if facts.experts == 8:
        return Rule("q8_0")
    if facts.seventy:
        rest = "q5_k" if rest in ("q3_k", "q4_k") else rest
    return Rule(rest, special)


def _keys(mix: str, facts: Facts, default: str) -> Rule:
    if facts.experts == 8 and default not in ("f32", "f16", "bf16"):
        return Rule("q8_0")
    return _queries(mix, facts, default)


def _queries(mix: str, facts: Facts, default: str) -> Rule:
    return Rule({"iq3_xs": "iq3_xxs", "iq3_xxs": "iq2_s"}.get(mix, default))


def _out(mix: str, facts: Facts, default: str) -> Rule:
    if facts.falcon:
        return Rule("q4_k" if mix == "q3_k_l" else default)
    if facts.experts == 8:
        return Rule("q5_k" if mix in _EIGHT_EXPERTS_OUT else default)
    return Rule({"q2_k": "q3_k", "iq3_xxs": "iq3_s", "q3_k_m": "q4_k", "q3_k_l": "q5_k", "iq3_m": "q4_k"}.get(mix, default))


def _down(mix: str, facts: Facts, default: str) -> Rule:
    if facts.falcon:
        return {
            "q3_k_m": Rule("q3_k", (("first sixteenth", "q5_k"), ("more bits", "q4_k"))),
            "q3_k_l": Rule("q4_k"),
            "q4_k_m": Rule("q4_k", (("first sixteenth", "q6_k"), ("more bits", "q5_k"))),
            "q4_k_s": Rule("q4_k"),
        }.get(mix, _down(mix, Facts(experts=facts.experts), default))
    return {
        "q2_k": Rule("q3_k"),
        "q2_k_s": Rule(default, (("first eighth", "q4_k"),)),
        "q3_k_m": Rule("q4_k", (("first sixteenth", "q5_k"),)),
        "q3_k_l": Rule("q5_k"),
        "iq3_m": Rule(default, (("more bits" if facts.experts == 8 else "first eighth", "q4_k"),)),
        "q4_k_m": Rule(default, (("more bits", "q6_k"),)),
        "q5_k_m": Rule(default, (("more bits", "q6_k"),)),
        "q4_k_s": Rule(default, (("first eighth", "q5_k"),)),
        "iq4_nl": Rule(default, (("first eighth", "q5_k"),)),
        "iq4_xs": Rule(default, (("first eighth", "q5_k"),)),
        "q4_0_imatrix": Rule(default, (("first eighth", "q4_1"),)),
        "q5_0_imatrix": Rule(default, (("first eighth", "q5_1"),)),
    }.get(mix, Rule(default))


def _up(mix: str, facts: Facts, default: str) -> Rule:
    return Rule(default, (("middle", "iq3_xxs"),)) if mix == "iq3_xs" else Rule(default)
