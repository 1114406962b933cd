"""How many numbers a model learned, how many a token passes, and the memory they take.

Parameters are counted tensor by tensor, tied tensors once. Sources: arithmetic on the blocks' shapes; what a
parameter count means: Kaplan et al. 2020, arXiv:2001.08361; bytes of a number: `formulas/formats/`.
"""

from __future__ import annotations

from sympy import Integer, Rational

from symllm.formula import Composed, Example, Formula

from .notation import FLOP, F_dec, F_one, F_pre, M_read, M_rpre, M_w, M_wg, P, P_a, P_c, b, pp, s, tp, u_w

SHAPES = "arithmetic on the shapes of the blocks"
KAPLAN = "Kaplan et al. 2020, arXiv:2001.08361"

PARAMETERS = Composed("parameters", P, "parameters", "Every stored tensor is counted once; tied tensors are one tensor.", SHAPES)
ACTIVE = Composed("active_parameters", P_a, "active_parameters",
                  "A token passes every parameter but the routed experts it is not sent to.", SHAPES)  # fmt: skip
COMPUTE = Composed("compute_parameters", P_c, "compute_parameters",
                   "The parameters that multiply a token: no lookup tables, a tied head counted; a token costs 2 FLOP for each.",
                   "Kaplan et al. 2020, arXiv:2001.08361 (its N counts no embeddings)")  # fmt: skip
WEIGHTS = Composed("weights", M_w, "weight_bytes", "Each tensor takes the bytes of its format, scales included.", SHAPES)
WEIGHTS_PER_GPU = Composed("weights_per_gpu", M_wg, "weight_bytes",
                           "Each GPU holds its share of what tensor, pipeline and expert parallelism divide, and all of the rest.",
                           "Shoeybi et al. 2019, arXiv:1909.08053", per_gpu=True,
                           conditions=("with pipeline stages: the fullest stage is taken to hold embedding and head",))  # fmt: skip

#: Where every weight has the same size and nothing but parameters is stored, one product says it all.
UNIFORM_WEIGHTS = Formula(
    "uniform_weights", M_w, P * u_w,
    because="Every parameter takes the same number of bytes.",
    source=SHAPES,
    example=Example({P: Integer(32763876352), u_w: Rational(2)}, Integer(65527752704)),
    conditions=("all weights in one format", "no stored buffers"),
)  # fmt: skip

#: What is said of a model of which nothing is known but how many parameters it has: dense, and its products alone.
WITHOUT_A_MODEL = (
    Formula("active_parameters", P_a, P, because="Of a dense model a token passes every parameter.", source=SHAPES,
            example=Example({P: 7 * 10**9}, Integer(7 * 10**9)), conditions=("a dense model",), kind="assumed"),
    Formula("compute_parameters", P_c, P_a, because="Lookup tables are taken to be small.", source=KAPLAN,
            example=Example({P_a: 7 * 10**9}, Integer(7 * 10**9)), conditions=("a small embedding",), kind="assumed"),
    UNIFORM_WEIGHTS,
    Formula("weights_per_gpu", M_wg, M_w / (tp * pp), because="Each GPU holds an even share.", source=SHAPES,
            example=Example({M_w: 14 * 10**9, tp: 2, pp: 1}, Integer(7 * 10**9)), conditions=("everything is divided",), kind="assumed"),
    Formula("weights_read", M_read, P_a * u_w, because="A step reads every weight that its token passes.", source=KAPLAN,
            example=Example({P_a: 7 * 10**9, u_w: 2}, Integer(14 * 10**9)), conditions=("one token, or a dense model",), kind="assumed"),
    Formula("prefill_weights_read", M_rpre, M_w, because="Many tokens reach every weight.", source=KAPLAN,
            example=Example({M_w: 14 * 10**9}, Integer(14 * 10**9)), conditions=("many tokens, or a dense model",), kind="assumed"),
    Formula("prefill_compute", F_pre, 2 * FLOP * P_c * b * s, because="Each parameter multiplies each token once.", source=KAPLAN,
            example=Example({FLOP: 1, P_c: 7 * 10**9, b: 1, s: 1000}, Integer(14 * 10**12)),
            conditions=("attention's products of tokens with tokens are left out",), kind="assumed"),
    Formula("first_token_compute", F_one, F_pre, because="The head is taken to be small.", source=KAPLAN,
            example=Example({F_pre: 10**12}, Integer(10**12)), kind="assumed"),
    Formula("decode_compute", F_dec, 2 * FLOP * P_c * b, because="Each parameter multiplies each sequence's new token once.", source=KAPLAN,
            example=Example({FLOP: 1, P_c: 7 * 10**9, b: 1}, Integer(14 * 10**9)),
            conditions=("attention's products of tokens with tokens are left out",), kind="assumed"),
)  # fmt: skip
