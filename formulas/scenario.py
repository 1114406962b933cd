"""What a scenario is taken to be where nobody said: each value is printed as assumed."""

from __future__ import annotations

from sympy import Rational

from symllm.book import Default, Law, SmallerCard

from .notation import UNITS, E, E_a, G, H_img, W_img, b, b_pass, c_pass, ep, eta, g_m, h, h_lk, h_lv, h_m, k, mbu, mfu, n, n_img, pp, tp

#: vLLM takes fewer tokens and sequences a pass on cards of less than 70 GiB and on every A100 (vllm/engine/arg_utils.py, 0.19).
_SMALL = "vLLM's default below 70 GiB and on an A100"
SMALLER_CARDS = (
    SmallerCard(c_pass, 2048, f"most tokens in one forward pass ({_SMALL})", 70 * 2**30, ("A100",)),
    SmallerCard(b_pass, 256, f"sequences sampled together ({_SMALL})", 70 * 2**30, ("A100",)),
)

#: What a change of one size must leave true, whichever model it is.
LAWS = (
    Law("divides", k, h, "each KV head serves as many query heads as the others"),
    Law("at most", E_a, E, "a token cannot pass more experts than there are"),
    Law("divides", h_lk, h_lv, "each linear key head serves as many value heads as the others"),
    Law("divides", g_m, h_m, "each group of state heads is as large as the others"),
)

DEFAULTS = (
    *(Default(unit, 1, "", neutral=True) for unit in UNITS),
    Default(b, 1, "a single sequence, as nobody said"),
    Default(n, 0, "no new tokens", neutral=True),
    Default(n_img, 0, "text only, no images", neutral=True),
    Default(H_img, 1024, "images of 1024 by 1024 pixels"),
    Default(W_img, 1024, "images of 1024 by 1024 pixels"),
    Default(G, 1, "one GPU", neutral=True),
    Default(tp, 1, "no tensor parallelism", neutral=True),
    Default(pp, 1, "no pipeline parallelism", neutral=True),
    Default(ep, 1, "no expert parallelism", neutral=True),
    Default(eta, Rational(9, 10), "serving engines' usual share of the visible memory"),
    Default(mfu, 1, "the peak is reached: times are lower bounds"),
    Default(mbu, 1, "the bandwidth is reached: times are lower bounds"),
    Default(c_pass, 8192, "most tokens in one forward pass (vLLM's default on an H100)"),
    Default(b_pass, 1024, "sequences sampled together (vLLM's default on an H100)"),
)
