"""This machine's own GPU, read through NVML (the extra `gpu`: the package nvidia-ml-py)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from . import catalog
from .errors import SymllmError

INSTEAD = "name one with --gpu (`symllm gpus`), or give --gpu-memory"


def local_gpu(index: int = 0) -> catalog.Gpu:
    """The machine's GPU: its name and memory as NVML reports them, the rest from the catalogue where the name is known.

    Raises `SymllmError`, saying what to do, where the package, the driver or a GPU is missing.
    """
    try:
        import pynvml
    except ImportError:
        raise SymllmError(f"--gpu local needs the package nvidia-ml-py: pip install 'symllm[gpu]'; or {INSTEAD}") from None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise SymllmError(f"--gpu local: this machine shows no NVIDIA driver ({error}); {INSTEAD}") from None
    try:
        if pynvml.nvmlDeviceGetCount() <= index:
            raise SymllmError(f"--gpu local: the NVIDIA driver is there, but no GPU; {INSTEAD}")
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        name = pynvml.nvmlDeviceGetName(handle)
        total = Fraction(int(pynvml.nvmlDeviceGetMemoryInfo(handle).total))
    except pynvml.NVMLError as error:
        raise SymllmError(f"--gpu local: NVML cannot read the GPU ({error}); {INSTEAD}") from None
    finally:
        pynvml.nvmlShutdown()
    return named(name.decode() if isinstance(name, bytes) else str(name), total)


def named(name: str, total: Fraction) -> catalog.Gpu:
    """A catalogue row for a GPU that calls itself `name` and shows `total` bytes."""
    says = "NVML, this machine"
    try:
        return replace(catalog.find_gpu(name), title=f"{name} (this machine)", visible=total, visible_source=says)
    except SymllmError:
        zero = Fraction(0)
        return catalog.Gpu("local", f"{name} (this machine)", (), "", total, "", total, says, zero, {}, {}, says,
                           "not in the catalogue: bandwidth and peak are not known")  # fmt: skip
