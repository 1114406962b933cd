"""Mixture of experts: a router sends each token to E_a of E feed-forward blocks; shared experts see every token.

Only the chosen experts compute, so a token passes E_a/E of the routed parameters while all of them are stored.
Sources: Shazeer et al. 2017, arXiv:1701.06538; Mixtral, arXiv:2401.04088; shared experts: DeepSeekMoE,
arXiv:2401.06066; the bias that balances the load without a loss: Wang et al. 2024, arXiv:2408.15664.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

from symllm.block import Block, Saved, Weight

from ..notation import BYTE, E_a, E_s, b, d, d_ffe, s
from ..notation import E as EXPERTS

SOURCE = "arXiv:1701.06538, arXiv:2401.04088, arXiv:2401.06066"
#: Correction biases stay float32 in checkpoints whatever the weights' format.
FLOAT32 = sympy.Integer(4) * BYTE


def router(*, bias: bool = False, correction: str = "", experts: sympy.Expr = EXPERTS, tables: Sequence[Weight] = ()) -> Block:
    """One score for each expert: a matrix (d, E), never quantized.

    correction: "" for none, "buffer" or "learned" for one more number an expert that only the choice sees; a buffer is
    stored, but is no parameter. tables: what a router looks up besides (experts by token id). Raises nothing.
    """
    weights = [Weight("W_r", (d, experts), "matmul", because="a score for each expert"), *tables]
    if bias:
        weights.append(Weight("b_r", (experts,)))
    if correction:
        weights.append(Weight("b_load", (experts,), buffer=correction == "buffer", element=FLOAT32 if correction == "buffer" else None,
                              because="keeps the experts' load even (arXiv:2408.15664)"))  # fmt: skip
    return Block(
        "router", "router", "router", tuple(weights),
        saved=(Saved("input", b * s * d, because="for the gradient of W_r"),
               Saved("scores", b * s * experts, FLOAT32, because="for the gradient of the choice's weights")),
        workspace=experts, source="arXiv:1701.06538, arXiv:2408.15664",
    )  # fmt: skip


def routed_experts(inner: sympy.Symbol = d_ffe, *, bias: bool = False, computes_all: bool = False) -> Block:
    """E gated feed-forward blocks of inner width d_ffe, of which a token passes E_a.

    computes_all: the transformers library sends every token through every expert. Raises nothing.
    """
    departures = {"transformers": {"active": EXPERTS}} if computes_all else {}
    routed: dict[str, Any] = {"copies": EXPERTS, "active": E_a, "spread": True, "departures": departures}
    passed = b * s * E_a
    return Block(
        "routed_experts", "routed experts", "routed_experts", gated_weights(inner, inner, bias, **routed),
        saved=(
            Saved("inputs", passed * d, because="a token's vector for each expert it is sent to"),
            Saved("gate", passed * inner, split=inner, because="the nonlinearity's input"),
            Saved("activated gate", passed * inner, split=inner, because="for the gradient of the product"),
            Saved("up", passed * inner, split=inner, because="for the gradient of the product"),
            Saved("product", passed * inner, split=inner, because="the input of W_down"),
            Saved("outputs", passed * d, because="for the gradient of the router's weights"),
        ),
        workspace=E_a * (3 * inner + d), workspace_split=inner,
        holds="every token is sent to E_a experts, none is dropped",
        source=SOURCE,
    )  # fmt: skip


def shared_experts(inner: sympy.Expr = E_s * d_ffe, split: sympy.Symbol = d_ffe, *, bias: bool = False) -> Block:
    """The experts that every token passes, E_s of inner width d_ffe side by side: one gated feed-forward block."""
    numbers = b * s * inner
    return Block(
        "shared_experts", "shared experts", "shared_experts", gated_weights(inner, split, bias),
        saved=(
            Saved("input", b * s * d, because="for the gradients of W_gate and W_up"),
            Saved("gate", numbers, split=split, because="the nonlinearity's input"),
            Saved("activated gate", numbers, split=split, because="for the gradient of the product"),
            Saved("up", numbers, split=split, because="for the gradient of the product"),
            Saved("product", numbers, split=split, because="the input of W_down"),
        ),
        workspace=3 * inner, workspace_split=split, source="arXiv:2401.06066",
    )  # fmt: skip


def shared_expert_gate() -> Block:
    """One number for each token that scales the shared experts' output (Qwen MoE)."""
    return Block("shared_expert_gate", "shared expert gate", "shared_expert_gate", (Weight("W_s", (d, 1), "matmul"),),
                 saved=(Saved("gate", b * s, because="for its own gradient and the shared experts'"),),
                 source="Qwen1.5-MoE; transformers Qwen2MoeSparseMoeBlock")  # fmt: skip


def gated_weights(inner: sympy.Expr, split: sympy.Symbol, bias: bool, **routed: Any) -> tuple[Weight, ...]:
    """The three matrices of a gated feed-forward block, with what routing adds to each (copies, active, spread)."""
    weights = [
        Weight("W_gate", (d, inner), "matmul", split=split, quantizes=True, **routed),
        Weight("W_up", (d, inner), "matmul", split=split, quantizes=True, **routed),
        Weight("W_down", (inner, d), "matmul", split=split, quantizes=True, **routed),
    ]
    if bias:
        weights += [Weight("b_gate", (inner,), split=split, **routed), Weight("b_up", (inner,), split=split, **routed),
                    Weight("b_down", (d,), **routed)]  # fmt: skip
    return tuple(weights)
