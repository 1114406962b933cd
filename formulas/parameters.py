"""How many numbers a model learned, how many a token passes, and the memory they take.

Parameters are counted tensor by tensor, tied tensors once. Sources: arithmetic on the blocks' shapes; what a
parameter count means: Kaplan et al. 2020, arXiv:2001.08361; bytes of a number: `formulas/formats/`.
"""

from __future__ import annotations

from sympy import Integer, Rational

from symllm.formula import Composed, Example, Formula

from .notation import M_w, M_wg, P, P_a, P_c, u_w

SHAPES = "arithmetic on the shapes of the blocks"

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
