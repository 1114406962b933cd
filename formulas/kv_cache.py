"""What is kept of earlier tokens, so that a decode step need not compute them again.

Source: Pope et al. 2022, arXiv:2211.05102, section 3.3; grouped heads: Ainslie et al. 2023, arXiv:2305.13245.
"""

from __future__ import annotations

from symllm.formula import Composed

from .notation import M_kv, M_kvg

SOURCE = "Pope et al. 2022, arXiv:2211.05102"

KV_CACHE = Composed("kv_cache", M_kv, "cache_bytes", "Every layer keeps what later tokens will look at.", SOURCE)
KV_CACHE_PER_GPU = Composed("kv_cache_per_gpu", M_kvg, "cache_bytes",
                            "Tensor parallelism divides the heads; a head that cannot be divided is kept whole.", SOURCE,
                            per_gpu=True)  # fmt: skip
