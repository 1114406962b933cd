"""The inverse questions that have a name: what is the most, or the least, that fits.

Any other is asked in the general form, `symllm solve d --such-that "parameters <= 7e9"`.
"""

from __future__ import annotations

from symllm.formula import Question

from .notation import M_gpu, M_inf, N, b, eta, h, s, s_max, tp

QUESTIONS = (
    Question("max_batch", "largest batch", b, M_inf, eta * M_gpu, "max", "GPU memory"),
    Question("max_context", "longest context", s, M_inf, eta * M_gpu, "max", "GPU memory", s_max, "the model's own context limit"),
    Question("max_layers", "most layers", N, M_inf, eta * M_gpu, "max", "GPU memory"),
    Question("min_gpus", "fewest GPUs", tp, M_inf, eta * M_gpu, "min", "GPU memory", divides=h),
    Question("min_gpu_memory", "smallest GPU memory", M_gpu, M_inf, eta * M_gpu, "min", "GPU memory"),
)
