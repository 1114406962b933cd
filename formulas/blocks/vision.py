"""The parts of a vision tower and of the projector behind it.

An image is cut into square patches; a convolution whose stride is its own width makes a vector of each, positions
are added, and layers of attention (every patch sees every patch) and feed-forward follow. A projector carries the
result to the width of the language model. Nothing here runs in a decode step: images come with the prompt.
Sources: ViT, Dosovitskiy et al. 2020, arXiv:2010.11929; CLIP, arXiv:2103.00020; SigLIP, arXiv:2303.15343.
"""

from __future__ import annotations

import sympy

from symllm.block import Block, Product, Saved, Weight

from ..notation import b, c_img, d_fvis, d_hvis, d_vis, f_p, h_vis, n_img, n_p, p

SOURCE = "arXiv:2010.11929"
PATCHES = n_img * n_p


def patch_embedding(bias: bool, tokens: sympy.Expr = PATCHES, frames: bool = False) -> Block:
    """One vector of each patch; `frames` where the kernel also spans frames, through which an image is repeated."""
    pixels = c_img * p**2 * (f_p if frames else 1)
    weights = [Weight("W_patch", (pixels, d_vis), "convolution"), *([Weight("b_patch", (d_vis,))] if bias else [])]
    saved = (Saved("pixels", b * tokens * pixels, because="for the gradient of W_patch"),)
    return Block("patch_embedding", "patch embedding", "vision", tuple(weights), saved=saved, tokens=tokens, source=SOURCE)


def table(name: str, title: str, *shape: sympy.Expr | int) -> Block:
    """Learned vectors that are added to patches: positions, tiles, a class token, a gate. Adding multiplies nothing."""
    return Block(name, title, "vision", (Weight("W", tuple(shape), "lookup"),), tokens=PATCHES, source=SOURCE)


def vision_norm(name: str, *, bias: bool, width: sympy.Expr = d_vis, tokens: sympy.Expr = PATCHES, component: str = "vision") -> Block:
    """A norm inside tower or projector: LayerNorm where it has a bias, else RMSNorm."""
    weights = (Weight("g", (width,)), Weight("b", (width,))) if bias else (Weight("g", (width,)),)
    saved = (Saved("input", b * tokens * width, because="for the gradient through the statistics"),)
    return Block(name, "norm", component, weights, saved=saved, tokens=tokens, source="arXiv:1607.06450, arXiv:1910.07467")


def vision_attention(*, qkv_bias: bool, out_bias: bool, qk_norm: bool = False, tokens: sympy.Expr = PATCHES,
                     pairs: sympy.Expr | None = None, name: str = "vision_attention") -> Block:  # fmt: skip
    """Attention without a mask. `pairs`: pairs of patches that see one another; every pair of an image where it is None."""
    inner = h_vis * d_hvis
    pairs = tokens * n_p if pairs is None else pairs
    weights = [Weight(f"W_{part}", (d_vis, inner), "matmul", split=h_vis) for part in "QKV"]
    weights.append(Weight("W_O", (inner, d_vis), "matmul", split=h_vis))
    if qkv_bias:
        weights += [Weight(f"b_{part}", (inner,), split=h_vis) for part in "QKV"]
    if out_bias:
        weights.append(Weight("b_O", (d_vis,)))
    if qk_norm:
        weights += [Weight("g_Q", (d_hvis,)), Weight("g_K", (d_hvis,))]
    return Block(
        name, "vision attention", "vision", tuple(weights),
        products=(
            Product("Q·Kᵀ", inner, "token", tokens=pairs, split=h_vis, because="each patch with each patch it sees"),
            Product("A·V", inner, "token", tokens=pairs, split=h_vis, because="the values averaged with those weights"),
        ),
        saved=(
            Saved("input", b * tokens * d_vis, because="for the gradients of W_Q, W_K and W_V"),
            Saved("Q, K, V", 3 * b * tokens * inner, split=h_vis, because="for the gradients of both products"),
            Saved("softmax output", b * h_vis * pairs, when=("eager",), split=h_vis, because="softmax' gradient needs its output"),
            Saved("context", b * tokens * inner, split=h_vis, because="the input of W_O"),
        ),
        tokens=tokens, source=SOURCE,
    )  # fmt: skip


def vision_mlp(*, bias: bool, gated: bool = False, inner: sympy.Expr = d_fvis, tokens: sympy.Expr = PATCHES,
               name: str = "vision_mlp") -> Block:  # fmt: skip
    """The tower's feed-forward block, plain or gated."""
    return _mlp(name, "vision feed-forward", "vision", d_vis, inner, d_vis, bias, gated, tokens)


def projector_mlp(name: str, entry: sympy.Expr, inner: sympy.Expr, width: sympy.Expr, *, bias: bool, tokens: sympy.Expr,
                  gated: bool = False, component: str = "projector") -> Block:  # fmt: skip
    """Two matrices (three where gated) that lead from `entry` to `width`."""
    return _mlp(name, "projector", component, entry, inner, width, bias, gated, tokens)


def _mlp(name: str, title: str, component: str, entry: sympy.Expr, inner: sympy.Expr, width: sympy.Expr, bias: bool,
         gated: bool, tokens: sympy.Expr) -> Block:  # fmt: skip
    into = ("W_gate", "W_up") if gated else ("W_in",)
    split = inner if isinstance(inner, sympy.Symbol) else None
    weights = [Weight(word, (entry, inner), "matmul", split=split) for word in into]
    weights.append(Weight("W_out", (inner, width), "matmul", split=split))
    if bias:
        weights += [Weight(word.replace("W", "b"), (inner,), split=split) for word in into]
        weights.append(Weight("b_out", (width,)))
    saved = (
        Saved("input", b * tokens * entry, because="for the gradient of the first matrix"),
        Saved("inner", (4 if gated else 2) * b * tokens * inner, split=split, because="the nonlinearity and the second matrix"),
    )
    return Block(name, title, component, tuple(weights), saved=saved, tokens=tokens, source=SOURCE)


def linear(name: str, title: str, entry: sympy.Expr, width: sympy.Expr, *, bias: bool, tokens: sympy.Expr,
           component: str = "projector", convolution: bool = False) -> Block:  # fmt: skip
    """One matrix, or a convolution whose stride is its own width, for each of `tokens`."""
    weights = [Weight("W", (entry, width), "convolution" if convolution else "matmul")]
    if bias:
        weights.append(Weight("b", (width,)))
    saved = (Saved("input", b * tokens * entry, because="for the gradient of the matrix"),)
    return Block(name, title, component, tuple(weights), saved=saved, tokens=tokens, source=SOURCE)
