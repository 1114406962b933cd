"""The weight format that a config.json states in its `quantization_config`.

`METHODS` is the table: quant_method -> what reads its fields. Modules that the config leaves alone ("ignore",
"modules_to_not_convert") are understood by `modules`. A method or a scheme that is not here is refused by name.
Sources: transformers' quantization_config.py (class names of each method), compressed-tensors' QuantizationConfig,
NVIDIA ModelOpt's hf_quant_config.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from sympy import Expr, Integer

from symllm.block import Block, Weight
from symllm.config import shown
from symllm.errors import SymllmError, unknown
from symllm.format import Place, WeightFormat

from . import grouped, scaled
from .matrix import Chosen, linear, mixed_format
from .modules import kept_by

FIELD: Final = "quantization_config"


def weight_format(raw: Mapping[str, Any], plain: str = "bf16") -> WeightFormat | None:
    """The format that a config states, or None where it states none.

    plain: the config's own dtype ("bf16", "fp16", "fp32"), which unquantized tensors keep.
    Raises `SymllmError`, naming the field and its value, for what is not understood.
    """
    stated = _stated(raw)
    if stated is None:
        return None
    method = stated.get("quant_method")
    if method is None and ("load_in_4bit" in stated or "load_in_8bit" in stated):
        method = "bitsandbytes"
    if not isinstance(method, str):
        raise SymllmError(f"config: field '{FIELD}.quant_method' is {shown(method)}; a name is expected")
    if method not in METHODS:
        raise unknown(f"{FIELD}.quant_method", method, METHODS, "--dtype states a format")
    stated = {"expert_dtype": raw.get("expert_dtype"), **stated}
    made = METHODS[method](stated, 4 if plain == "fp32" else 2)
    return replace(made, compute_element=Integer(4 if plain == "fp32" else 2))


def _stated(raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    nested = raw.get("text_config")
    inner = nested if isinstance(nested, Mapping) else {}
    for holder in (raw, inner):
        for field in (FIELD, "compression_config"):
            value = holder.get(field)
            if value:
                if not isinstance(value, Mapping):
                    raise SymllmError(f"config: field {field!r} is {shown(value)}, not an object")
                return value
    return None


def _whole(stated: Mapping[str, Any], name: str, default: int) -> int:
    value = stated.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value <= 10**6:
        raise SymllmError(f"config: field '{FIELD}.{name}' is {shown(value)}; a whole number is expected")
    return value


def _flag(stated: Mapping[str, Any], name: str) -> bool:
    value = stated.get(name)
    if value not in (None, True, False):
        raise SymllmError(f"config: field '{FIELD}.{name}' is {shown(value)}; true or false is expected")
    return bool(value)


def _bits(stated: Mapping[str, Any], allowed: tuple[int, ...]) -> int:
    bits = _whole(stated, "bits" if "bits" in stated else "w_bit", 4)
    if bits not in allowed:
        raise SymllmError(f"config: field '{FIELD}.bits' is {bits}; known: {', '.join(map(str, allowed))}")
    return bits


def _group(stated: Mapping[str, Any]) -> int:
    size = _whole(stated, "group_size" if "group_size" in stated else "q_group_size", 128)
    if size == 0:
        raise SymllmError(f"config: field '{FIELD}.group_size' is 0; -1 takes a row as one group")
    return size


def _chosen(stated: Mapping[str, Any], *fields: str, base: Chosen = linear) -> Chosen:
    """The matrices that are quantized: those of the method, without the modules listed in `fields`."""
    entries: list[str] = []
    for field in fields:
        value = stated.get(field) or []
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise SymllmError(f"config: field '{FIELD}.{field}' is {shown(value)}; a list of module names is expected")
        entries += value
    if not entries:
        return base
    kept = kept_by(tuple(entries), f"{FIELD}.{fields[0]}")

    def chosen(place: Place, block: Block) -> Expr:
        part = base(place, block)
        return part * (1 - kept(place, block)) if part != 0 else part

    return chosen


def _fp8(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    chosen = _chosen(stated, "modules_to_not_convert", "ignored_layers")
    block = stated.get("weight_block_size")
    if block is None:
        return mixed_format("fp8", "FP8 with one float32 scale a matrix", scaled.FP8, scaled.fp8_tensor, chosen=chosen, rest=rest,
                            computes=scaled.IN_FP8)  # fmt: skip
    scale = stated.get("scale_fmt", "float")
    if scale not in (None, "float", "ue8m0"):
        raise SymllmError(f"config: field '{FIELD}.scale_fmt' is {shown(scale)}; known: float, ue8m0")
    made = _blocks(block, "weight_block_size", chosen, rest, 1 if scale == "ue8m0" else 4)
    experts = stated.get("expert_dtype")
    if experts not in (None, "fp8", "fp4"):
        raise SymllmError(f"config: field 'expert_dtype' is {shown(experts)}; known: fp8, fp4")
    return _with_experts(mixed_format("", "", scaled.MX, scaled.mxfp4, chosen=chosen, rest=rest), made) if experts == "fp4" else made


def _with_experts(experts: WeightFormat, others: WeightFormat) -> WeightFormat:
    """Routed experts in MXFP4, all else in the other format (DeepSeek-V4; transformers FineGrainedFP8Config)."""
    def tensor(weight: Weight, block: Block, place: Place) -> Expr:
        form = experts if place.weight.spread else others
        assert form.tensor is not None
        return form.tensor(weight, block, place)

    return replace(others, name=f"{others.name}_fp4_experts", title=f"{others.title}, experts in MXFP4", tensor=tensor, aliases=())


def _fbgemm(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    return mixed_format("fp8_channel", "FP8 with a float32 scale a row", scaled.FP8, scaled.fp8_channel,
                        chosen=_chosen(stated, "modules_to_not_convert"), rest=rest, computes=scaled.IN_FP8)  # fmt: skip


def _gptq(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    _flag(stated, "desc_act")  # the order of the inputs changes no size: the index is stored either way
    if stated.get("dynamic"):
        raise SymllmError(f"config: field '{FIELD}.dynamic' sets bits for single modules, which is not understood")
    if stated.get("checkpoint_format") not in (None, "", "gptq", "gptq_v2"):
        raise SymllmError(f"config: field '{FIELD}.checkpoint_format' is {shown(stated['checkpoint_format'])}; known: gptq, gptq_v2")
    chosen = _chosen(stated, "modules_to_not_convert")
    return grouped.gptq(_bits(stated, (2, 3, 4, 8)), _group(stated), chosen, rest)


def _awq(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    version = stated.get("version", "gemm")
    if not isinstance(version, str) or version.lower() not in ("gemm", "gemv"):
        raise SymllmError(f"config: field '{FIELD}.version' is {shown(version)}; known: gemm, gemv")
    return grouped.awq(_bits(stated, (4,)), _group(stated), _chosen(stated, "modules_to_not_convert"), rest)


def _bitsandbytes(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    chosen = _chosen(stated, "llm_int8_skip_modules")
    if _flag(stated, "load_in_8bit") or _flag(stated, "_load_in_8bit"):
        return mixed_format("bnb_int8", "LLM.int8 of bitsandbytes", scaled.INT8, scaled.int8_channel, chosen=chosen, rest=rest)
    if not (_flag(stated, "load_in_4bit") or _flag(stated, "_load_in_4bit")):
        raise SymllmError(f"config: field '{FIELD}' is bitsandbytes without load_in_4bit or load_in_8bit")
    if _flag(stated, "bnb_4bit_use_double_quant"):
        return mixed_format("nf4_double", "4 bit of bitsandbytes with double quantization", scaled.QLORA, scaled.nf4_double,
                            chosen=chosen, rest=rest)  # fmt: skip
    return mixed_format("nf4", "4 bit of bitsandbytes, blocks of 64", scaled.QLORA, scaled.nf4, chosen=chosen, rest=rest)


def _mxfp4(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    chosen = _chosen(stated, "modules_to_not_convert", base=scaled.experts_first)
    return mixed_format("mxfp4", "MXFP4, the experts' matrices only where there are experts", scaled.MX, scaled.mxfp4,
                        chosen=chosen, rest=rest)  # fmt: skip


def _mxfp8(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    return mixed_format("mxfp8", "MXFP8", scaled.MX, scaled.mxfp8, chosen=_chosen(stated, "modules_to_not_convert"), rest=rest)


def _nvfp4(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    chosen = _chosen(stated, "modules_to_not_convert", "ignore", "exclude_modules")
    return mixed_format("nvfp4", "NVFP4", scaled.NVFP4, scaled.nvfp4, chosen=chosen, rest=rest)


def _bitnet(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    return mixed_format("bitnet", "BitNet b1.58, four ternary numbers a byte", scaled.BITNET, scaled.ternary,
                        chosen=_chosen(stated, "modules_to_not_convert"), rest=rest)  # fmt: skip


def _modelopt(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    inner = stated.get("quantization")
    fields = {**stated, **inner} if isinstance(inner, Mapping) else stated
    algorithm = fields.get("quant_algo")
    chosen = _chosen(fields, "ignore", "exclude_modules")
    if algorithm == "NVFP4":
        return mixed_format("nvfp4", "NVFP4", scaled.NVFP4, scaled.nvfp4, chosen=chosen, rest=rest)
    if algorithm == "FP8":
        return mixed_format("fp8", "FP8 with one float32 scale a matrix", scaled.FP8, scaled.fp8_tensor, chosen=chosen, rest=rest,
                            computes=scaled.IN_FP8)  # fmt: skip
    if algorithm == "FP8_PER_CHANNEL_PER_TOKEN":
        return mixed_format("fp8_channel", "FP8 with a float32 scale a row", scaled.FP8, scaled.fp8_channel, chosen=chosen, rest=rest)
    if algorithm in ("FP8_PB_WO", "fp8_pb_wo"):
        return scaled.fp8_block_format(chosen=chosen, rest=rest)
    raise SymllmError(f"config: field '{FIELD}.quant_algo' is {shown(algorithm)}; known: NVFP4, FP8, FP8_PER_CHANNEL_PER_TOKEN, FP8_PB_WO")


def _compressed(stated: Mapping[str, Any], rest: int) -> WeightFormat:
    groups = stated.get("config_groups")
    if not isinstance(groups, Mapping) or not groups:
        raise SymllmError(f"config: field '{FIELD}.config_groups' is {shown(groups)}; an object with one scheme is expected")
    schemes = [group for group in groups.values() if isinstance(group, Mapping)]
    if len(schemes) != 1 or len(groups) != 1:
        raise SymllmError(f"config: field '{FIELD}.config_groups' holds {len(groups)} schemes; one for all is understood")
    targets = schemes[0].get("targets", ["Linear"])
    if targets != ["Linear"]:
        raise SymllmError(f"config: field '{FIELD}.config_groups.targets' is {shown(targets)}; ['Linear'] is understood")
    weights = schemes[0].get("weights")
    if not isinstance(weights, Mapping):
        raise SymllmError(f"config: field '{FIELD}.config_groups.weights' is {shown(weights)}, not an object")
    return _scheme({**weights, "packed": stated.get("format") == "pack-quantized"}, _chosen(stated, "ignore"), rest)


def _scheme(weights: Mapping[str, Any], chosen: Chosen, rest: int) -> WeightFormat:
    kind, bits, strategy = weights.get("type"), weights.get("num_bits"), weights.get("strategy")
    size = _whole(weights, "group_size", -1)
    if (kind, bits) == ("float", 8) and strategy in ("tensor", "channel", "block"):
        if strategy == "block":
            return _blocks(weights.get("block_structure"), "config_groups.weights.block_structure", chosen, rest)
        name, bytes_of = ("fp8", scaled.fp8_tensor) if strategy == "tensor" else ("fp8_channel", scaled.fp8_channel)
        return mixed_format(name, f"FP8 with a float32 scale a {strategy}", scaled.FP8, bytes_of, chosen=chosen, rest=rest)
    if (kind, bits, size) == ("float", 4, 16):
        return mixed_format("nvfp4", "NVFP4", scaled.NVFP4, scaled.nvfp4, chosen=chosen, rest=rest)
    if (kind, bits, size) == ("float", 4, 32):
        return mixed_format("mxfp4_linear", "MXFP4", scaled.MX, scaled.mxfp4, chosen=chosen, rest=rest)
    if (kind, bits, strategy, weights.get("packed")) == ("int", 8, "channel", False):
        return mixed_format("int8", "INT8 with a float32 scale a row (W8A8)", scaled.W8A8, scaled.int8_channel, chosen=chosen, rest=rest)
    if kind == "int" and bits in (2, 4, 8) and strategy in ("group", "channel"):
        zeros = weights.get("symmetric") is False
        return grouped.packed(int(bits), size, zeros, weights.get("actorder") == "group", chosen, rest)
    given = shown({"type": kind, "num_bits": bits, "strategy": strategy, "group_size": size}, 110)
    raise SymllmError(f"config: field '{FIELD}.config_groups.weights' is {given}, which is not understood")


def _blocks(sizes: Any, field: str, chosen: Chosen, rest: int, scale: int = 4) -> WeightFormat:
    given = sizes if isinstance(sizes, list) else []
    if len(given) != 2 or not all(isinstance(n, int) and not isinstance(n, bool) and 0 < n <= 10**6 for n in given):
        raise SymllmError(f"config: field '{FIELD}.{field}' is {shown(sizes)}; two positive whole numbers are expected")
    return scaled.fp8_block_format(given[0], given[1], chosen, rest, scale)


#: quant_method -> what reads the other fields: (the object, bytes of an unquantized number) -> the format.
METHODS: Final[Mapping[str, Callable[[Mapping[str, Any], int], WeightFormat]]] = {
    "fp8": _fp8, "fbgemm_fp8": _fbgemm, "gptq": _gptq, "awq": _awq, "bitsandbytes": _bitsandbytes, "mxfp4": _mxfp4, "mxfp8": _mxfp8,
    "nvfp4": _nvfp4, "bitnet": _bitnet, "modelopt": _modelopt, "modelopt_fp4": _modelopt, "compressed-tensors": _compressed,
}  # fmt: skip
