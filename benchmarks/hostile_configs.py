"""Configs of the catalogue, mutated, as dicts and as files; what an answer may be is worked out here by a rule of its own."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import symllm
from symllm import catalog
from symllm.config import INERT

if TYPE_CHECKING:
    from hostile_inputs import Case, Lab

#: Sizes that every family needs as whole numbers above 0.
SIZES = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "n_embd", "n_layer", "n_head", "d_model", "n_layers")
#: Families whose parameters this page counts by itself.
COUNTED = ("llama", "mistral")
QUANTITIES = ("parameters", "parameters", "kv_cache", "weights")
_ROWS: dict[str, Mapping[str, Any]] = {}
_BASE: dict[tuple[str, str], Any] = {}


def values(rng: random.Random) -> Any:
    """A value that is seldom what a field means."""
    return rng.choice([
        None, -1, 0, 1, 2, 3, 7, 64, 4096, 10**9, 10**9 + 1, 10**30, -(10**30), 10**5000, 1.5, 4096.0, 1e300, -0.0, float("nan"), float("inf"),
        "", "4096", "x" * 5000, "é\u202e\n\x1b[31m", "\ud800", "__import__('os').system('touch canary')", [], [4096], [[[]]], {}, {"a": 1},
        {"runs": [[5, "a"]]}, True, False, ["full_attention"] * 3, "auto", {"hidden_size": 4096}, b"4096", {1, 2}, object(), 4096j,
    ])  # fmt: skip


def draw(rng: random.Random, lab: Lab) -> Case:
    """A mutated config, asked about for one quantity."""
    from hostile_inputs import Case

    if not _ROWS:
        _ROWS.update({name: row.config for name, row in catalog.models().items()})
    name = rng.choice(sorted(_ROWS))
    config = json.loads(json.dumps(_ROWS[name]))
    quantity = rng.choice(QUANTITIES)
    kind = rng.choice(["field", "field", "field", "size", "size", "size", "inert", "several", "unknown", "type", "nested", "text", "text"])
    if kind == "text":
        return _text_case(rng, lab, name, config, quantity)
    changed = _changed(rng, config, kind)
    asked: Any = config
    if kind != "nested" and rng.random() < 0.4:
        try:
            file = lab.folder / "config.json"
            file.write_text(json.dumps(config, ensure_ascii=rng.random() < 0.5), encoding="utf-8", errors="surrogatepass")
            asked = file
        except (TypeError, ValueError):
            pass
    rule = _rule(name, config, quantity, kind, changed)
    return Case(f"{quantity} of {name}: {_said(changed)}", lambda: symllm.evaluate(quantity, config=asked), rule)


def _said(changed: Mapping[str, Any]) -> str:
    def one(value: Any) -> str:
        return f"an int of {value.bit_length():,} bits" if isinstance(value, int) and value.bit_length() > 1000 else _repr(value)

    return ", ".join(f"{key[:40]!r} = {one(value)}" for key, value in changed.items())


def _repr(value: Any) -> str:
    try:
        return repr(value)[:60]
    except (RecursionError, ValueError):
        return "something deep or long"


def _changed(rng: random.Random, config: dict[str, Any], kind: str) -> dict[str, Any]:
    """The fields that were changed, with what they are now; "(gone)" for one that was taken out."""
    fields = sorted(config)
    if kind == "unknown":
        made = {rng.choice(["num_memory_layers", "a.b", "", "é", "x" * 3000, "{0}", "%s", "__class__", "hidden-size", "n_\n"]): values(rng)}
    elif kind == "type":
        made = {"model_type": rng.choice([None, 3, "", "lama", "é", "x" * 9000, ["llama"], {"llama": 1}, "llama\x00", "Llama",
                                          rng.choice(["gpt2", "qwen2", "mamba", "deepseek_v3", "gemma3", "llava", "falcon_h1"])])}  # fmt: skip
    elif kind == "nested":
        deep: Any = 1
        for _ in range(rng.choice([50, 500, 5000, 100_000])):
            deep = [deep] if rng.random() < 0.7 else {"a": deep}
        made = {rng.choice([*fields, "rope_scaling", "more"]): deep}
    elif kind == "inert":
        known = [name for name in fields if _inert(name)]
        made = {rng.choice(known or ["bos_token_id"]): values(rng)}
    elif kind == "size":
        known = [name for name in fields if name in SIZES or name.endswith(("_size", "_heads", "_layers"))]
        name = rng.choice(known or fields)
        old = config.get(name)
        made = {name: old * 2 if rng.random() < 0.3 and isinstance(old, int) else values(rng)}
    else:
        made = {name: values(rng) for name in rng.sample(fields, 1 if kind == "field" else min(3, len(fields)))}
    for name, value in made.items():
        if kind == "field" and rng.random() < 0.25:
            config.pop(name)
            made[name] = "(gone)"
        else:
            config[name] = value
    return made


def _nested(config: Mapping[str, Any]) -> bool:
    """Whether the sizes may stand in a config inside this one, so that those outside say nothing."""
    return any(name.endswith("_config") and isinstance(value, dict) for name, value in config.items())


def _inert(name: str) -> bool:
    spoken = ("model_type", "torch_dtype", "dtype", "quantization_config")
    return name not in spoken and any(fnmatchcase(name, pattern) for pattern in INERT)


def impossible(value: Any) -> bool:
    """Whether a value can be no count above 0."""
    if isinstance(value, float) and value == value and abs(value) < 1e18:
        return value != int(value) or value <= 0
    return value != "(gone)" and value is not None and (isinstance(value, bool) or not isinstance(value, int) or value <= 0 or value > 10**9)


def _rule(name: str, config: Mapping[str, Any], quantity: str, kind: str, changed: Mapping[str, Any]) -> Callable[[Any], str]:
    def wrong(answer: Any) -> str:
        for field, value in changed.items():
            if field in SIZES and not _nested(config) and impossible(value):
                return f"answered although {field} is {str(value)[:40]}"
        if config.get("model_type") in COUNTED and quantity == "parameters":
            own = counted(config)
            if own is not None and own != answer.value:
                return f"{answer.value} parameters, but {own} by hand"
        if kind == "inert" and quantity == "parameters":
            if (name, quantity) not in _BASE:
                _BASE[name, quantity] = symllm.evaluate(quantity, model=name).value
            if _BASE[name, quantity] != answer.value:
                return f"an inert field changed {quantity} from {_BASE[name, quantity]} to {answer.value}"
        return "" if isinstance(answer.value, int) or answer.value > 0 else f"{quantity} is {answer.value}"

    return wrong


def counted(config: Mapping[str, Any]) -> int | None:
    """The parameters of a Llama or Mistral model, by hand; None where a field may mean more than this page knows."""
    if any(config.get(name) for name in ("attention_bias", "mlp_bias", "quantization_config", "bias")):
        return None
    d, layers, heads = config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"]
    default_kv = heads if config.get("model_type") == "llama" else 8
    kv = config.get("num_key_value_heads")
    if "num_key_value_heads" not in config:
        kv = default_kv
    kv = heads if kv is None else kv
    head = config.get("head_dim")
    head = d // heads if head is None else head
    inner = config.get("intermediate_size", 11008 if config.get("model_type") == "llama" else 14336)
    tied = config.get("tie_word_embeddings", False)
    table = d * config["vocab_size"]
    layer = 2 * d * heads * head + 2 * d * kv * head + 3 * d * inner + 2 * d
    return int(layers * layer + d + table * (1 if tied else 2))


def _text_case(rng: random.Random, lab: Lab, name: str, config: dict[str, Any], quantity: str) -> Case:
    """A text that is no proper JSON of a config any more."""
    from hostile_inputs import Case

    text = json.dumps(config)
    kind = rng.choice(["cut", "twice", "deep", "bytes", "swap", "digits", "bom", "trailing", "nan", "array"])
    key = rng.choice(sorted(config))
    if kind == "cut":
        text = text[: rng.randrange(len(text))]
    elif kind == "twice":
        text = text[:-1] + f", {json.dumps(key)}: {json.dumps(config[key])}}}"
    elif kind == "deep":
        text = text[:-1] + ', "rope_scaling": ' + "[" * (n := rng.choice([10, 900, 3000, 400_000])) + "]" * n + "}"
    elif kind == "digits":
        text = text[:-1] + f', "{rng.choice(["hidden_size2", "rope_theta2", "bos_token_id2"])}": {"9" * rng.choice([50, 5000, 100_000])}}}'
    elif kind == "bom":
        text = "\ufeff" + text
    elif kind == "trailing":
        text += rng.choice(["{}", "\x00", ",", "]", "//"])
    elif kind == "nan":
        text = text[:-1] + f', "hidden_size": {rng.choice(["NaN", "Infinity", "-Infinity"])}}}' if "hidden_size" not in config else "NaN"
    elif kind == "array":
        text = f"[{text}]"
    raw = bytearray(text.encode())
    if kind in ("bytes", "swap"):
        for _ in range(rng.randint(1, 8)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
    file = lab.folder / "config.json"
    file.write_bytes(bytes(raw))
    never = {"cut", "twice", "bom", "trailing", "array"} | ({"nan"} if not _nested(config) else set())

    def wrong(answer: Any) -> str:
        return f"answered although its text is broken ({kind})" if kind in never else ""

    return Case(f"{quantity} of {name}: {kind}", lambda: symllm.evaluate(quantity, config=file), wrong)
