"""Reading a Hugging Face config.json by a declared table: which field gives which symbol, and with which default.

A page of `formulas/architectures/` declares a `Family`; nothing here knows any. A field that is neither read nor
known to change no size is refused by name, so that no wrong number comes from what was not understood.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from numbers import Integral
from pathlib import Path
from typing import Any, Final

import sympy

from .block import Architecture
from .errors import SymllmError, unknown
from .reading import NotReadableError, contents

LARGEST_FILE: Final = 1 << 20
LARGEST_SIZE: Final = 10**9
#: Of what is put together one by one; the deepest model has some hundreds.
LARGEST_DEPTH: Final = 10**5
DEEPEST, LONGEST_NUMBER = 40, 1000
REQUIRED: Final = "required"
SAME: Final = "as when missing"

#: Fields that change no size in any family: how text, sampling, rope angles, dropout and training are set up.
INERT: Final = (
    "architectures", "model_type", "_*", "*_token_id", "*_token_ids", "*_token_index", "token_*_id", "transformers_version", "torch_dtype", "dtype",
    "use_cache", "*dropout*", "*_pdrop", "*_drop", "initializer_*", "*_std", "*_init", "*eps*", "rope_*", "*rope_theta", "*rope_scaling",
    "rotary_emb_base", "rotary_base", "*_act", "*_activation", "activation_function", "hidden_activation", "attn_implementation",
    "auto_map", "id2label", "label2id", "num_labels", "problem_type", "task_specific_params", "summary_*", "gradient_checkpointing",
    "output_attentions", "output_hidden_states", "output_router_logits", "return_dict", "return_dict_in_generate", "tokenizer_class",
    "prefix", "bad_words_ids", "do_sample", "num_beams", "num_beam_groups", "num_return_sequences", "temperature", "top_k", "top_p",
    "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "diversity_penalty",
    "early_stopping", "max_length", "min_length", "begin_suppress_tokens", "suppress_tokens", "forced_*", "remove_invalid_values",
    "exponential_decay_length_penalty", "finetuning_task", "is_decoder", "is_encoder_decoder", "chunk_size_feed_forward", "pruned_heads",
    "torchscript", "use_bfloat16", "tf_legacy_loss", "output_scores", "cross_attention_hidden_size", "add_cross_attention",
    "tie_encoder_decoder", "name_or_path", "pretraining_tp", "*_loss_coef", "*_loss_weight", "*_scaling", "*_scaling_factor", "*_multiplier",
    "scale_attn*", "reorder_and_upcast_attn", "attention_softmax_in_fp32", "n_ctx", "resid_pdrop", "final_logit_softcapping",
    "attn_logit_softcapping", "query_pre_attn_scalar", "unsloth_*", "quantization_config", "language", "license", "hidden_act",
    "predict_special_tokens", "transformers.js_config", "neftune_noise_alpha", "use_reentrant_checkpointing",
)  # fmt: skip

DTYPES: Final = {
    "float32": "fp32", "float": "fp32", "torch.float32": "fp32", "bfloat16": "bf16", "torch.bfloat16": "bf16",
    "float16": "fp16", "torch.float16": "fp16", "half": "fp16",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field of the config that gives a size.

    name: the field, dotted for a nested one ("text_config.hidden_size"); also: other names it goes by.
    symbol: the symbol it gives. default: REQUIRED, a number, None (the symbol stays unset) or an expression over
    symbols of other fields, as the library computes it. zero: 0 is allowed.
    null: what a null written out gives, where the library takes that for something else than a missing field.
    """

    name: str
    symbol: sympy.Symbol
    default: Any = REQUIRED
    also: tuple[str, ...] = ()
    zero: bool = False
    null: Any = SAME


@dataclass(frozen=True)
class Option:
    """One field of the config that changes the structure: a switch, a word, a list. default as in the library."""

    name: str
    default: Any = REQUIRED
    kind: type | tuple[type, ...] = bool
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Config:
    """A config that was read: sizes by symbol, options by name, and the raw fields for what a page looks up itself.

    ignore: fields that the person took to change no size; they hold for configs inside this one too.
    """

    family: str
    sizes: Mapping[sympy.Symbol, int]
    options: Mapping[str, Any]
    raw: Mapping[str, Any]
    dtype: str | None = None
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """An architecture's page: its name, the config fields it reads, and how its blocks are put together.

    inert: fields (shell patterns) that this family's configs carry and that change no size.
    dropout: whether the library trains it with dropout where the config does not say.
    build: config -> Architecture. source: the paper or model card the page follows.
    """

    name: str
    title: str
    model_types: tuple[str, ...]
    fields: tuple[Field, ...]
    build: Callable[[Config], Architecture]
    source: str
    options: tuple[Option, ...] = ()
    inert: tuple[str, ...] = ()
    context: sympy.Symbol | None = None
    notes: tuple[str, ...] = field(default=())
    dropout: bool = False


#: Dropout of parts that language modelling does not train: heads that classify, adapters.
_OTHER_DROPOUTS: Final = ("classifier", "summary", "lora", "adapter")


def drops_out(raw: Mapping[str, Any], family: Family) -> bool:
    """Whether a model is trained with dropout: as its own config says, else as the library's defaults of its family are."""
    stated = [value for name, value in raw.items() if ("dropout" in name or name.endswith("pdrop"))
              and not name.startswith(_OTHER_DROPOUTS) and isinstance(value, (int, float)) and not isinstance(value, bool)]  # fmt: skip
    return any(value > 0 for value in stated) if stated else family.dropout


def load(path: str | Path) -> dict[str, Any]:
    """The JSON object of a config file or of a model folder that holds a config.json.

    Raises `SymllmError` for a file that is missing, too large, no JSON, nested too deep, or no object.
    """
    file = os.path.join(path, "config.json") if os.path.isdir(path) else path
    try:
        text = contents(file, LARGEST_FILE).decode("utf-8")
    except FileNotFoundError:
        raise SymllmError(f"config {shown(path)}: there is no such file") from None
    except NotReadableError as error:
        raise SymllmError(f"config {shown(path)}: {error}, so it is no model's config.json") from None
    except UnicodeDecodeError as error:
        raise SymllmError(f"config {shown(path)}: cannot be read as text ({type(error).__name__})") from None
    return parse(text, f"config {shown(path)}")


def parse(text: str, where: str) -> dict[str, Any]:
    """The JSON object of a text; `where` begins the error."""
    try:
        data = json.loads(text, parse_constant=lambda name: name, object_pairs_hook=_object)
    except _RepeatedKeyError as error:
        raise SymllmError(f"{where}: the key {shown(error)} stands twice in one object; which of its values is meant?") from None
    except RecursionError:
        raise SymllmError(f"{where}: nested too deep to be a model's config.json") from None
    except ValueError as error:
        raise SymllmError(f"{where}: not valid JSON ({str(error)[:80]})") from None
    if not isinstance(data, dict):
        raise SymllmError(f"{where}: a JSON object is expected, not {type(data).__name__}")
    if not data:
        raise SymllmError(f"{where}: it is empty; 'model_type' and the sizes are needed")
    return plain(data, where)


def plain(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields as plain JSON data, copied; raises for anything else in them, by the field's name.

    What a program is kept under on disk is written from it, so two configs must never look alike.
    """
    return {_key(name, where): _plain(value, f"{where}: field {shown(name)}", 1) for name, value in raw.items()}


def _plain(value: Any, where: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise SymllmError(f"{where} is nested too deep to be a model's config.json")
    if isinstance(value, Mapping):
        return {_key(name, where): _plain(inner, where, depth + 1) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, where, depth + 1) for inner in value]
    if value is None or isinstance(value, (bool, str, float)):
        return value
    if not isinstance(value, Integral):
        raise SymllmError(f"{where} holds a {type(value).__name__}; text, numbers, true, false, null, lists and objects are understood")
    if int(value).bit_length() > LONGEST_NUMBER:
        raise SymllmError(f"{where} holds a number of {int(value).bit_length():,} bits, which no model has")
    return int(value)


def _key(name: Any, where: str) -> str:
    if not isinstance(name, str):
        raise SymllmError(f"{where} holds the key {shown(name)}; names of fields are text")
    return name


class _RepeatedKeyError(Exception):
    """A key that stands twice in one object. (No ValueError: those are texts that are no JSON.)"""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; a key that stands twice has no one value."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _RepeatedKeyError(key)
        found[key] = value
    return found


def shown(value: object, longest: int = 60) -> str:
    """A value as an error shows it: quoted and cut."""
    text = repr(str(value))
    return text if len(text) <= longest else text[: longest - 4] + "...'"


def family_of(raw: Mapping[str, Any], families: Iterable[Family]) -> Family:
    """The family whose page declares the config's model_type; refuses an unknown one by name."""
    by_type = {model_type: family for family in families for model_type in family.model_types}
    model_type = raw.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise SymllmError("config: field 'model_type' is missing or not a name, so the architecture is not known")
    if model_type not in by_type:
        raise unknown("model_type", model_type, by_type, f"{len(by_type)} are understood: `symllm models --families` lists them")
    return by_type[model_type]


def read(raw: Mapping[str, Any], family: Family, ignore: tuple[str, ...] = ()) -> Config:
    """The sizes and options of a config, every field checked.

    Raises `SymllmError` for a missing or impossible size, a field of the wrong type and a field that is not understood.
    """
    _refuse_unknown(raw, family, ignore)
    sizes: dict[sympy.Symbol, int] = {}
    for item in family.fields:
        value = _size(raw, item, family)
        if value is not None:
            sizes[item.symbol] = value
    for item in family.fields:
        default = _unset(raw, item)
        if item.symbol not in sizes and default not in (REQUIRED, None):
            sizes[item.symbol] = _default(item, default, sizes, family)
    options = {item.name: _option(raw, item, family) for item in family.options}
    return Config(family.name, sizes, options, raw, _dtype(raw), ignore)


def _dtype(raw: Mapping[str, Any]) -> str | None:
    nested = raw.get("text_config")
    given = raw.get("torch_dtype") or raw.get("dtype")
    if given is None and isinstance(nested, Mapping):
        given = nested.get("torch_dtype") or nested.get("dtype")
    if given in (None, "auto"):
        return None
    if not isinstance(given, str) or given not in DTYPES:
        raise SymllmError(f"config: field 'torch_dtype' is {shown(given)}, which is not understood; known: {', '.join(sorted(set(DTYPES)))}")
    return DTYPES[given]


def _lookup(raw: Mapping[str, Any], name: str) -> Any:
    value: Any = raw
    for part in name.split("."):
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise SymllmError(f"config: field {name.rsplit('.', 1)[0]!r} is {shown(value)}, not an object")
        value = value.get(part)
    return value


def _size(raw: Mapping[str, Any], item: Field, family: Family) -> int | None:
    most = LARGEST_DEPTH if getattr(item.symbol, "unit", "") == "layer" else LARGEST_SIZE
    given = {name: whole(value, name, item.zero, most) for name in (item.name, *item.also) if (value := _lookup(raw, name)) is not None}
    if given:  # real configs carry two names with two values; the library goes by the first, and each is checked
        return next(iter(given.values()))
    if _unset(raw, item) == REQUIRED:
        raise SymllmError(f"config: field {item.name!r} is missing; a {family.name} model needs it")
    return None


def _unset(raw: Mapping[str, Any], item: Field) -> Any:
    """What a field without a value gives: its default, or what a null that is written out stands for."""
    holder = _lookup(raw, item.name.rpartition(".")[0]) if "." in item.name else raw
    written = isinstance(holder, Mapping) and item.name.rpartition(".")[2] in holder
    return item.default if item.null is SAME or not written else item.null


def whole(value: Any, name: str, zero: bool = False, most: int = LARGEST_SIZE) -> int:
    """`value` as a size; refuses what is no whole number, negative, zero (unless allowed) or implausibly large."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_SIZE:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise SymllmError(f"config: field {name!r} is {shown(value)}; a whole number is expected")
    if value < 0 or (value == 0 and not zero):
        raise SymllmError(f"config: field {name!r} is {value if abs(value) < 10**12 else 'negative'}; it must be at least {0 if zero else 1}")
    if value > most:
        raise SymllmError(f"config: field {name!r} is {shown(value, 24)}; sizes above {most:,} are refused")
    return value


def _default(item: Field, default: Any, sizes: Mapping[sympy.Symbol, int], family: Family) -> int:
    value = sympy.sympify(default).subs(sizes)
    if not value.is_Integer or value <= 0:
        if value.is_Rational:
            raise SymllmError(f"config: field {item.name!r} is missing and its default {default} = {value} is not a positive whole number")
        raise SymllmError(f"config: field {item.name!r} is missing; a {family.name} model needs it")
    return int(value)


def _option(raw: Mapping[str, Any], item: Option, family: Family) -> Any:
    value = _lookup(raw, item.name)
    if value is None:
        if item.default == REQUIRED:
            raise SymllmError(f"config: field {item.name!r} is missing; a {family.name} model needs it")
        return item.default
    kinds = item.kind if isinstance(item.kind, tuple) else (item.kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise SymllmError(f"config: field {item.name!r} is {shown(value)}; {' or '.join(k.__name__ for k in kinds)} is expected")
    if item.choices and value not in item.choices:
        raise SymllmError(f"config: field {item.name!r} is {shown(value)}, which is not understood; known: {', '.join(map(str, item.choices))}")
    return value


def _refuse_unknown(raw: Mapping[str, Any], family: Family, ignore: tuple[str, ...]) -> None:
    read_names = {name.split(".")[0] for item in family.fields for name in (item.name, *item.also)}
    read_names |= {item.name.split(".")[0] for item in family.options}
    patterns = (*INERT, *family.inert, *ignore)
    for name, value in raw.items():
        off = value is None or value is False or value in (0, "", [], {})
        if name in read_names or off or any(fnmatchcase(name, pattern) for pattern in patterns):
            continue
        raise SymllmError(
            f"config: field {shown(name)} = {shown(json.dumps(value))} is not understood for {family.name} models and may "
            f"change sizes; `--ignore-field {name if name.isidentifier() else 'NAME'}` takes it to change none"
        )
