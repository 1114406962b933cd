"""The memory, compute and time of training.

Training keeps, for each parameter, the weight, its gradient and the optimizer's two moments (with bf16 weights also a
float32 copy), and of each layer what its backward pass will need. A backward pass costs two forward passes: one
product for the gradient of the input and one for that of the weight.
Sources: Adam, arXiv:1412.6980; mixed precision, Micikevicius et al. 2017, arXiv:1710.03740; bytes a parameter,
Rajbhandari et al. 2019 (ZeRO), arXiv:1910.02054; saved tensors, Korthikanti et al. 2022, arXiv:2205.05198; 6 FLOP a
parameter and token, Kaplan et al. 2020, arXiv:2001.08361; time, Narayanan et al. 2021, arXiv:2104.04473.
"""

from __future__ import annotations

from sympy import Expr, Integer, Rational

from symllm.formula import Composed, Example, Formula
from symllm.training import TrainingOption

from .notation import (
    FLOP,
    F_fb,
    F_pre,
    F_train,
    G,
    M_grad,
    M_opt,
    M_save,
    M_train,
    M_w,
    P,
    P_a,
    T,
    X,
    b,
    mfu,
    s,
    tau_train,
    u_g,
    u_m,
    u_o,
)  # fmt: skip

ZERO, KAPLAN = "Rajbhandari et al. 2019, arXiv:1910.02054", "Kaplan et al. 2020, arXiv:2001.08361"
ONE_GPU = "one GPU holds all of it: no sharding over GPUs and no recomputation"

SAVED = Composed("saved_activations", M_save, "saved_bytes",
                 "Of each block is kept what its gradients are computed from.", "Korthikanti et al. 2022, arXiv:2205.05198",
                 conditions=("no activation is computed again in the backward pass",))  # fmt: skip

GRADIENTS = Formula(
    "gradients", M_grad, P * u_g,
    because="Every parameter has one gradient.",
    source=ZERO,
    example=Example({P: 7_500_000_000, u_g: 2}, Integer(15_000_000_000)),
    conditions=("all parameters are trained",),
)  # fmt: skip

OPTIMIZER = Formula(
    "optimizer_states", M_opt, P * (u_m + 2 * u_o),
    because="Adam keeps a first and a second moment of each gradient, and in mixed precision a float32 copy of the weight.",
    source="Adam, arXiv:1412.6980; " + ZERO,
    example=Example({P: 7_500_000_000, u_m: 4, u_o: 4}, Integer(90_000_000_000)),
    conditions=("Adam or AdamW", "all parameters are trained"),
)  # fmt: skip

TRAINING_MEMORY = Formula(
    "training_memory", M_train, M_w + M_grad + M_opt + M_save,
    because="All four are there when the backward pass begins.",
    source="arithmetic; " + ZERO,
    example=Example({M_w: 15 * 10**9, M_grad: 15 * 10**9, M_opt: 90 * 10**9, M_save: 10**9}, Integer(121 * 10**9)),
    conditions=(ONE_GPU, "temporary buffers and fragmentation are not counted"),
)  # fmt: skip

TRAINING_COMPUTE = Formula(
    "training_compute", F_train, 6 * FLOP * P_a * T,
    because="Each parameter costs a token 2 FLOP forward and 4 backward.",
    source=KAPLAN,
    example=Example({FLOP: 1, P_a: 65 * 10**9, T: 1_400_000_000_000}, Integer(546_000_000_000_000_000_000_000)),
    conditions=("attention's products of tokens with tokens are left out", "looked-up tables are counted as if they multiplied"),
    kind="assumed",
    error="training_compute_exact counts every product; `symllm audit training-flops-6pt` shows the difference on models",
)  # fmt: skip

TRAINING_COMPUTE_EXACT = Formula(
    "training_compute_exact", F_fb, 3 * F_pre * T / (b * s),
    because="A backward pass makes two products for each one of the forward pass.",
    source="Narayanan et al. 2021, arXiv:2104.04473",
    example=Example({F_pre: 10**12, T: 2048, b: 1, s: 1024}, Integer(6 * 10**12)),
    conditions=("sequences of s tokens", "nothing is computed again"),
)  # fmt: skip

TRAINING_TIME = Formula(
    "training_time", tau_train, F_train / (G * X * mfu),
    because="G GPUs together do G times the peak of one, of which a share is reached.",
    source="Narayanan et al. 2021, arXiv:2104.04473",
    example=Example({F_train: 546 * 10**21, G: 2048, X: 312 * 10**12, mfu: Rational(1, 2)}, Rational(546 * 10**21, 2048 * 156 * 10**12)),
    conditions=("X is the dense peak", "at MFU = 1 it is a lower bound"),
    kind="assumed",
)  # fmt: skip


def _mixed(element: Expr) -> dict[Expr, Expr]:
    """16-bit weights and gradients under float32 moments and a float32 copy; float32 weights need no copy."""
    return {u_g: element, u_o: Integer(4), u_m: Integer(0 if element == 4 else 4)}


def _pure(element: Expr) -> dict[Expr, Expr]:
    """Gradients and moments in the weights' own format and no copy, as torch.optim.AdamW keeps them."""
    return {u_g: element, u_o: element, u_m: Integer(0)}


#: What a training run chooses; the first of each kind is taken where nobody says.
OPTIONS = (
    TrainingOption("eager", "attention", M_save, "attention weights are kept (no fused kernel)"),
    TrainingOption("fused", "attention", M_save, "a fused attention kernel keeps no attention weights"),
    TrainingOption("dropout", "dropout", M_save, "dropout after attention weights, attention and feed-forward"),
    TrainingOption("no-dropout", "dropout", M_save, "no dropout"),
    TrainingOption("no-statistics", "statistics", M_save, ""),
    TrainingOption("statistics", "statistics", M_save, "the norms' statistics and the targets counted too"),
    TrainingOption("mixed", "precision", M_opt, "Adam in float32 (mixed precision where weights have 16 bits)", values=_mixed),
    TrainingOption("pure", "precision", M_opt, "gradients and Adam in the format of the weights", values=_pure),
)
