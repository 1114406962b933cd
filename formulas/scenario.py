"""What a scenario is taken to be where nobody said: each value is printed as assumed."""

from __future__ import annotations

from sympy import Rational

from symllm.book import Default

from .notation import BYTE, FLOP, G, b, b_pass, c_pass, ep, eta, n, pp, tp

DEFAULTS = (
    Default(FLOP, 1, ""),
    Default(BYTE, 1, ""),
    Default(b, 1, "one sequence"),
    Default(n, 0, "no new tokens"),
    Default(G, 1, "one GPU"),
    Default(tp, 1, "no tensor parallelism"),
    Default(pp, 1, "no pipeline parallelism"),
    Default(ep, 1, "no expert parallelism"),
    Default(eta, Rational(9, 10), "serving engines' usual share of the visible memory"),
    Default(c_pass, 8192, "most tokens in one forward pass (vLLM's default on an H100)"),
    Default(b_pass, 1024, "sequences sampled together (vLLM's default on an H100)"),
)
