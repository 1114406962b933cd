"""Lightning attention: linear attention with one fixed decay a head, computed block by block.

Each head keeps S = Σ decay·k·vᵀ, a matrix of d_h x d_h numbers, and answers a query with Sᵀq: two multiply-adds a
state number and token. A gate and a norm over all heads follow. Programs compute a prompt in blocks of c_m tokens:
what lies within a block as plain attention, what lies before it through the state.
Sources: Qin et al. 2024, arXiv:2401.04658; MiniMax-01, arXiv:2501.08313.
"""

from __future__ import annotations

import sympy

from symllm.block import Block, CacheEntry, Product, Saved, Weight

from ..notation import b, c_m, d, d_h, h, q, s, u_a
from .short_convolution import FIRST_PASS


def lightning_attention() -> Block:
    """The mixer as MiniMax-01 builds it: every query head has its own key and value."""
    width = h * d_h
    blocks = sympy.floor(q / c_m)
    rest = q - blocks * c_m
    within = FIRST_PASS * 2 * width * (blocks * c_m**2 + rest**2)
    return Block(
        "lightning", "lightning attention", "ssm",
        (
            *(Weight(f"W_{part}", (d, width), "matmul", split=h, quantizes=True) for part in ("Q", "K", "V", "gate")),
            Weight("W_O", (width, d), "matmul", split=h, quantizes=True),
            Weight("g", (width,), split=h),
        ),
        products=(
            Product("state update", width * d_h, per="token", split=h, because="key times value"),
            Product("state read-out", width * d_h, per="token", split=h, because="the state with the query"),
            Product("within blocks", 0, per="pass", split=h, because="nothing, as a recurrence",
                    departures={"transformers": {"size": within, "because": "scores and values of each block, its whole square"}}),
        ),
        cache=(CacheEntry("state", (h, d_h, d_h), tokens=1, element=u_a, split=h, because="in the model's own dtype in transformers"),),
        saved=(
            Saved("input", b * s * d, because="for the gradients of the projections in"),
            Saved("Q, K, V before their nonlinearity", 3 * b * s * width, split=h, because="for its gradient"),
            Saved("Q, K, V", 3 * b * s * width, split=h, because="for the scan, which computes its states again"),
            Saved("scan's output", b * s * width, split=h, because="for the gradient of the norm"),
            Saved("normed output", b * s * width, split=h, because="for the gradient of the gate"),
            Saved("gate", b * s * width, split=h, because="for the gradient of the product"),
            Saved("gated output", b * s * width, split=h, because="the input of W_O"),
        ),
        workspace=5 * width, workspace_split=h,
        source="arXiv:2401.04658, arXiv:2501.08313; transformers MiniMaxLightningAttention",
    )  # fmt: skip
