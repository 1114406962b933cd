"""Experts of two matrices instead of three, which may work in a narrower space than the residual stream.

Nemotron-H's experts are W_out·f(W_in·x) without a gate; from Nemotron 3 Super on, x is first projected to a latent
of d_lat numbers, all chosen experts work there, and their sum is projected back.
Source: NVIDIA, Nemotron 3 (2025), arXiv:2512.20856; transformers' NemotronHMoE.
"""

from __future__ import annotations

from typing import Any

import sympy

from symllm.block import Block, Saved, Weight
from symllm.symbols import NamedSymbol

from ..notation import E as EXPERTS
from ..notation import E_a, b, d, d_ffe, s

SOURCE = "arXiv:2512.20856; transformers NemotronHMoE"

d_lat = NamedSymbol("d_lat", title="expert latent", meaning="width of the vector that routed experts work on", latex=r"d_{\mathrm{lat}}",
                    rank=902)  # fmt: skip


def plain_experts(width: sympy.Expr = d) -> Block:
    """E feed-forward blocks of two matrices and inner width d_ffe, of which a token passes E_a.

    width: of what enters and leaves them, where that is not the residual stream.
    """
    routed: dict[str, Any] = {"copies": EXPERTS, "active": E_a, "split": d_ffe, "spread": True, "quantizes": True}
    passed = b * s * E_a
    return Block(
        "routed_experts", "routed experts", "routed_experts",
        (Weight("W_in", (width, d_ffe), "matmul", **routed), Weight("W_out", (d_ffe, width), "matmul", **routed)),
        saved=(
            Saved("inputs", passed * width, because="a token's vector for each expert it is sent to"),
            Saved("nonlinearity's input", passed * d_ffe, split=d_ffe, because="for its gradient"),
            Saved("nonlinearity's output", passed * d_ffe, split=d_ffe, because="the input of W_out"),
            Saved("outputs", passed * width, because="for the gradient of the router's weights"),
        ),
        workspace=E_a * (2 * d_ffe + width), workspace_split=d_ffe,
        holds="every token is sent to E_a experts, none is dropped",
        source=SOURCE,
    )  # fmt: skip


def expert_latents(bias: bool = False) -> Block:
    """The projections into the experts' latent and back, which every token passes once."""
    weights = [Weight("W_down", (d, d_lat), "matmul", quantizes=True), Weight("W_up", (d_lat, d), "matmul", quantizes=True)]
    if bias:
        weights += [Weight("b_down", (d_lat,)), Weight("b_up", (d,))]
    return Block("expert_latents", "projections of the experts' latent", "expert_latents", tuple(weights),
                 saved=(Saved("input", b * s * d, because="for the gradient of W_down"),
                        Saved("experts' sum", b * s * d_lat, because="the input of W_up")),
                 workspace=2 * d_lat, source=SOURCE)  # fmt: skip
