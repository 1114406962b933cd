"""A plain GPT-2-style block, written out, so that every saved tensor has one visible cause."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Choice:
    """What differs between two blocks of one size.

    `attention`: "eager" (products and softmax written out) or "sdpa" (one fused function).
    `dropout`: "none"; "byte" keeps a mask of one byte an element, as on a GPU; "wide" is what
    F.dropout does on a CPU, where the mask has the format of the activations.
    `gelu`: the approximation, "none" (erf) or "tanh". `fused`: one projection for q, k and v.
    """

    attention: str = "eager"
    dropout: str = "none"
    gelu: str = "tanh"
    fused: bool = True


def drop(value: Tensor, kind: str, p: float = 0.1) -> Tensor:
    """Dropout, with the mask kept as `kind` says."""
    if kind == "none":
        return value
    if kind == "byte":
        kept: Tensor = torch.native_dropout(value, p, True)[0]
        return kept
    return F.dropout(value, p, training=True)


class Attention(nn.Module):
    """Causal self-attention of `heads` heads, with biases."""

    def __init__(self, width: int, heads: int, choice: Choice) -> None:
        super().__init__()
        self.heads, self.choice = heads, choice
        parts = [3 * width] if choice.fused else [width] * 3
        self.inputs = nn.ModuleList(nn.Linear(width, part) for part in parts)
        self.output = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """The attended values, projected."""
        b, s, h = x.shape
        made = [projection(x) for projection in self.inputs]
        parts = made[0].split(h, dim=-1) if self.choice.fused else made
        q, k, v = (part.view(b, s, self.heads, -1).transpose(1, 2) for part in parts)
        if self.choice.attention == "sdpa":
            p = 0.0 if self.choice.dropout == "none" else 0.1
            mixed = F.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True)
        else:
            hidden = torch.full((s, s), -math.inf, dtype=x.dtype).triu(1)
            scores = q @ k.transpose(-1, -2) * (h // self.heads) ** -0.5 + hidden
            mixed = drop(scores.softmax(-1), self.choice.dropout) @ v
        return self.output(mixed.transpose(1, 2).reshape(b, s, h))  # type: ignore[no-any-return]


class Block(nn.Module):
    """LayerNorm, attention, LayerNorm, an MLP of width 4h, with a residual around each half."""

    def __init__(self, width: int, heads: int, choice: Choice) -> None:
        super().__init__()
        self.choice = choice
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = Attention(width, heads, choice)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """The block's output for the next block."""
        x = x + drop(self.attention(self.norms[0](x)), self.choice.dropout)
        inner = F.gelu(self.up(self.norms[1](x)), approximate=self.choice.gelu)
        return x + drop(self.down(inner), self.choice.dropout)
