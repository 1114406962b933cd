"""The memory of a GPU during inference: weights, cache, the workspace of one pass, and the runtime.

Weights and cache are exact. Workspace and runtime are not the model's but a serving engine's: their forms are read
off the blocks, their constants fitted to the start-up logs of vLLM 0.19.0 on H100 (public record:
github.com/llm-d-incubation/llm-d-planner, commit d3121e05, accuracy/results/v0.19.0).
"""

from __future__ import annotations

from sympy import Integer, Max, Min, Rational

from symllm.formula import Composed, Example, Formula

from .notation import BYTE, E, M_act, M_inf, M_kvg, M_rt, M_wg, N_vis, V, b, b_pass, c_pass, d, s, tp, u_a, w_layer

LOGS = "fitted to vLLM 0.19.0 start-up logs on H100 80 GB, github.com/llm-d-incubation/llm-d-planner (d3121e05)"
MIB = 2**20

LAYER_WORKSPACE = Composed("layer_workspace", w_layer, "workspace",
                           "Blocks run one after another: the one that needs most decides.",
                           "arithmetic on the shapes of the blocks", per_gpu=True)  # fmt: skip

#: The sampler keeps logits in float32 and copies of them for each sequence it samples: 14 bytes an entry, fitted.
LOGIT_BYTES = Integer(14)
#: What both cases leave unexplained, fitted.
REST = Integer(164 * MIB)

WORKSPACE = Formula(
    "workspace", M_act,
    Max(Min(b * s, c_pass) * (w_layer + 2 * d) * u_a, LOGIT_BYTES * BYTE * b_pass * V) + REST * BYTE,
    because="A pass needs the larger of one layer's intermediate values and the sampler's logits, and a fixed rest.",
    source=LOGS,
    example=Example({b: 1, s: 8192, c_pass: 8192, w_layer: 82944, d: 5120, u_a: 2, b_pass: 1024, V: 152064, BYTE: 1},
                    Integer(14 * 1024 * 152064 + 164 * MIB)),
    conditions=("dense, text-only models in 16 bit",),
    kind="fitted",
    error="within 0.10 GiB of the 8 dense text-only models logged, at tensor parallelism 1 to 4 (0.77 to 3.65 GiB)",
    cautions=(
        (E, "workspace: fitted on dense models; the 4 mixture-of-experts models logged needed 0.03 to 0.40 GiB more"),
        (N_vis, "workspace: fitted on text-only models; the one logged model with a vision tower needed 0.33 GiB more"),
    ),
)  # fmt: skip

RUNTIME = Formula(
    "runtime", M_rt,
    (Rational(1, 4) + Rational(37, 20) * Min(1, tp - 1)) * 2**30 * BYTE,
    because="Libraries and the device context keep memory of their own, and communication buffers once GPUs work together.",
    source=LOGS,
    example=Example({tp: 1, BYTE: 1}, Integer(2**28)),
    kind="fitted",
    error="within 0.11 GiB of 37 logged runs but one (granite-3.1-8b, +0.21 GiB)",
)  # fmt: skip

INFERENCE_MEMORY = Formula(
    "inference_memory", M_inf, M_wg + M_kvg + M_act + M_rt,
    because="All four lie in the memory of the GPU at once.",
    source="arithmetic",
    example=Example({M_wg: 65527752704, M_kvg: 2**31, M_act: 2 * 2**30, M_rt: 2**28}, Integer(65527752704 + 2**31 + 2 * 2**30 + 2**28)),
)  # fmt: skip
