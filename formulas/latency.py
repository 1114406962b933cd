"""Time of generation: a roofline over compute and memory traffic, and what it costs to have no cache.

A pass takes at least the time of its FLOP at the peak and at least the time of reading its weights and cache once:
the larger of the two. Both utilizations are 1 where nobody says, which makes every time a lower bound; with routed
experts it is one for tokens that spread evenly over them.
Sources: roofline, Williams et al. 2009, doi:10.1145/1498765.1498785; inference times, Pope et al. 2022,
arXiv:2211.05102.
"""

from __future__ import annotations

from sympy import Integer, Max, Rational

from symllm.formula import Composed, Example, Formula

from .notation import (
    B_w,
    F_dec,
    F_gen,
    F_one,
    F_pre,
    F_re,
    F_step,
    G,
    I_dec,
    I_pre,
    I_ridge,
    M_kv,
    M_read,
    M_rkv,
    M_rpre,
    R_tok,
    X,
    b,
    mbu,
    mfu,
    n,
    tau_first,
    tau_gen,
    tau_mean,
    tau_token,
)  # fmt: skip

ROOFLINE, POPE = "Williams et al. 2009, doi:10.1145/1498765.1498785", "Pope et al. 2022, arXiv:2211.05102"
BOUND = ("a lower bound at MFU = MBU = 1", "G GPUs share compute and traffic evenly; communication is not counted")

EVENLY = "of routed experts those that tokens reach on average, if each chooses evenly and by itself; at most min(E, E_a for each token)"

WEIGHTS_READ = Composed("weights_read", M_read, "read_bytes",
                        "A decode step reads every weight that multiplies a token once; of routed experts those that its tokens reach.",
                        POPE, phase="decode", conditions=("looked-up rows are not counted", EVENLY))  # fmt: skip
PREFILL_WEIGHTS_READ = Composed("prefill_weights_read", M_rpre, "read_bytes",
                                "A prefill reads every weight that multiplies a token once; its many tokens reach nearly every expert.",
                                POPE, phase="prefill",
                                conditions=("looked-up rows and a vision tower are not counted", EVENLY))  # fmt: skip
CACHE_READ = Composed("decode_steps_cache_read", M_rkv, "cache_bytes",
                      "Each of the n - 1 steps after the first token reads the whole cache, which is one token longer each time.",
                      POPE, phase="steps")  # fmt: skip

FIRST_COMPUTE = Composed("first_token_compute", F_one, "flop",
                         "Kernels leave out the pairs that a mask hides, and one position's logits give the first token.", POPE,
                         phase="prefill", conditions=("matrix products and convolutions only",), mask="causal", logits="last")  # fmt: skip
STEPS = Composed("decode_steps_compute", F_step, "flop", "The n - 1 steps after the first token see one token more each.", POPE,
                 phase="steps", conditions=("matrix products and convolutions only",))  # fmt: skip

GENERATION = Formula(
    "generation_compute", F_gen, F_pre + F_step,
    because="With a cache the prompt passes once and each further token once.",
    source=POPE,
    example=Example({F_pre: 10**12, F_step: 10**10}, Integer(101 * 10**10)),
    conditions=("at least one new token",),
)  # fmt: skip

GENERATION_WITHOUT_CACHE = Formula(
    "generation_compute_without_cache", F_re, n * F_pre,
    because="Without a cache every new token passes the whole prompt again.",
    source=POPE,
    example=Example({n: 13, F_pre: 10**12}, Integer(13 * 10**12)),
    conditions=("a lower bound: that the sequence grows with each token is left out",),
    kind="assumed",
    error="at least this: that the sequence grows with each token is left out",
)  # fmt: skip

FIRST = Formula(
    "time_to_first_token", tau_first, Max(F_one / (G * X * mfu), M_rpre / (G * B_w * mbu)),
    because="A prefill ends when its products are done and its weights are read.",
    source=ROOFLINE + "; " + POPE,
    example=Example({F_one: 10**15, G: 1, X: 10**15, mfu: Rational(1, 2), M_rpre: 10**12, B_w: 10**12, mbu: 1}, Integer(2)),
    conditions=(*BOUND, "no queue"),
    kind="assumed",
)  # fmt: skip

TOKEN = Formula(
    "time_per_output_token", tau_token, Max(F_dec / (G * X * mfu), (M_read + M_kv) / (G * B_w * mbu)),
    because="A decode step ends when its products are done and weights and cache are read.",
    source=ROOFLINE + "; " + POPE,
    example=Example({F_dec: 10**11, G: 1, X: 10**15, mfu: 1, M_read: 10**12, M_kv: 10**12, B_w: 10**12, mbu: 1}, Integer(2)),
    conditions=BOUND,
    kind="assumed",
)  # fmt: skip

MEAN_TOKEN = Formula(
    "mean_time_per_output_token", tau_mean,
    Max(F_step / (G * X * mfu), (Max(n - 1, 0) * M_read + M_rkv) / (G * B_w * mbu)) / Max(n - 1, 1),
    because="All steps after the first token together do their products, and read weights and a growing cache.",
    source=ROOFLINE + "; " + POPE,
    example=Example({F_step: 10**12, G: 1, X: 10**15, mfu: 1, n: 11, M_read: 10**11, M_rkv: 10**12, B_w: 10**12, mbu: 1}, Rational(1, 5)),
    conditions=(*BOUND, "all steps wait for compute, or all for memory; where that changes on the way it takes longer than this"),
    kind="assumed",
)  # fmt: skip

LATENCY = Formula(
    "latency", tau_gen, tau_first + Max(n - 1, 0) * tau_mean,
    because="The first token ends the prefill; each further one takes a step.",
    source=POPE,
    example=Example({tau_first: 1, n: 11, tau_mean: Rational(1, 10)}, Integer(2)),
    kind="assumed",
)  # fmt: skip

THROUGHPUT = Formula(
    "tokens_per_second", R_tok, b * n / tau_gen,
    because="b sequences get n tokens each in the time of the latency.",
    source=POPE,
    example=Example({b: 4, n: 10, tau_gen: 2}, Integer(20)),
    kind="assumed",
)  # fmt: skip

PREFILL_INTENSITY = Formula(
    "prefill_intensity", I_pre, F_pre / M_rpre,
    because="A prefill reads its weights once for all tokens.",
    source=ROOFLINE,
    example=Example({F_pre: 10**15, M_rpre: 10**12}, Integer(1000)),
    conditions=("what a layer hands to the next is not counted",),
)  # fmt: skip

DECODE_INTENSITY = Formula(
    "decode_intensity", I_dec, F_dec / (M_read + M_kv),
    because="A decode step reads weights and cache once, for one token of each sequence.",
    source=ROOFLINE,
    example=Example({F_dec: 4 * 10**12, M_read: 10**12, M_kv: 10**12}, Integer(2)),
)  # fmt: skip

RIDGE = Formula(
    "ridge", I_ridge, X / B_w,
    because="Work with fewer FLOP a byte waits for memory, with more for compute.",
    source=ROOFLINE,
    example=Example({X: 312 * 10**12, B_w: 2039 * 10**9}, Rational(312000, 2039)),
)  # fmt: skip
