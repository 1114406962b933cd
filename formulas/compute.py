"""FLOP of one forward pass: 2 for each multiply-add of a weight with a token, and of the products of attention.

Norms, activations, softmax and lookups are not counted (as torch.utils.flop_counter does not). Full counts the
whole square of queries and keys; causal only pairs in which the key is not later.
Source: Kaplan et al. 2020, arXiv:2001.08361, section 2.1; Narayanan et al. 2021, arXiv:2104.04473, appendix.
"""

from __future__ import annotations

from symllm.formula import Composed

from .notation import F_dec, F_img, F_pre

SOURCE = "Kaplan et al. 2020, arXiv:2001.08361; Narayanan et al. 2021, arXiv:2104.04473"

PREFILL = Composed("prefill_compute", F_pre, "flop", "The prompts pass every block once, all their tokens together.", SOURCE,
                   phase="prefill", conditions=("matrix products and convolutions only",))  # fmt: skip
DECODE = Composed("decode_compute", F_dec, "flop", "One new token of each sequence passes every block and sees s tokens, itself among them.",
                  SOURCE, phase="decode", conditions=("matrix products and convolutions only",))  # fmt: skip
IMAGES = Composed("image_compute", F_img, "flop", "Each image passes the vision tower and the projector once, with the prompt.", SOURCE,
                  phase="prefill", components=("vision", "projector"),
                  conditions=("matrix products and convolutions only", "part of prefill_compute"))  # fmt: skip
