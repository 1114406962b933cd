"""Models made of models: a config that holds the config of a language model and that of a tower beside it.

The part for the language model is read by that family's own page, so that a wrapper adds only what is new: its
tower, its projector, and the rule that makes tokens of an image. Where a part leaves a field out, the library takes
the default of the part's own class; a wrapper's page lists those that the language model's page would ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from symllm.block import Architecture, Block
from symllm.config import Config, Family, read, shown
from symllm.errors import SymllmError
from symllm.formula import Formula

#: Fields of the part for the language model that say how it is called there, or how images are masked.
INERT_PARTS = ("mm_tokens_per_image", "num_image_tokens", "use_bidirectional_attention", "is_llama_config", "pixel_shuffle_factor",
               "rope_interleaved", "perceiver_config", "max_image_size", "size", "use_base_siglip")  # fmt: skip


@dataclass(frozen=True)
class Part:
    """What a wrapper takes as a part of a model_type: the family that reads it, and defaults for fields left out."""

    family: Family
    defaults: Mapping[str, Any] = field(default_factory=dict)


def family(families: Sequence[Family], model_type: str) -> Family:
    """The family of a page that reads a model_type."""
    for page in families:
        if model_type in page.model_types:
            return page
    raise SymllmError(f"no family among {', '.join(page.name for page in families)} reads {model_type!r}")


def part(config: Config, name: str, parts: Mapping[str, Part], usual: str,
         given: Mapping[str, Any] | None = None) -> tuple[Family, Config]:  # fmt: skip
    """A part of a config, read by the family of its model_type (`usual` where it names none).

    given: fields that the whole decides for the part. Raises `SymllmError`, naming the part, for a part that is
    missing or that its family does not understand.
    """
    raw = config.raw.get(name)
    if not isinstance(raw, Mapping):
        raise SymllmError(f"config: field {name!r} is {'missing' if raw is None else 'not an object'}; a {config.family} model needs it")
    model_type = raw.get("model_type") or usual
    if not isinstance(model_type, str) or model_type not in parts:
        known = ", ".join(sorted(parts))
        raise SymllmError(f"config: field '{name}.model_type' is {shown(model_type)}; a {config.family} model takes {known}")
    chosen = parts[model_type]
    try:
        return chosen.family, read({**chosen.defaults, **raw, **(given or {})}, chosen.family, (*INERT_PARTS, *config.ignore))
    except SymllmError as error:
        raise SymllmError(f"{name}: {error}") from None


def squared(config: Config, name: str, fields: Sequence[str]) -> Config:
    """The config with one number in its part `name` for each field that holds two equal ones, as height and width."""
    raw = config.raw.get(name)
    if not isinstance(raw, Mapping):
        return config
    made = dict(raw)
    for item in fields:
        value = raw.get(item)
        if isinstance(value, list):
            if len(value) != 2 or value[0] != value[1]:
                raise SymllmError(f"{name}: config: field {item!r} is {shown(value)}; a number or two equal ones are expected")
            made[item] = value[0]
    return replace(config, raw={**config.raw, name: made})


def flat(config: Config, names: Sequence[str], parts: Mapping[str, Part], usual: str,
         given: Mapping[str, Any] | None = None) -> tuple[Family, Config]:  # fmt: skip
    """The language model's part of an older config, which has that part's fields at its top.

    names: fields of the whole that are not the part's.
    """
    inner = {key: value for key, value in config.raw.items() if key not in names and key != "model_type"}
    held = replace(config, raw={"text_config": inner})
    return part(held, "text_config", parts, usual, given)


def tied(config: Config, default: bool, either: bool = False) -> bool:
    """Whether the head is the token table: the whole's word, its class's default where it says nothing.

    either: the library ties also where the language model's part alone says so.
    """
    says = [config.raw.get("tie_word_embeddings")]
    inner = config.raw.get("text_config")
    if either and isinstance(inner, Mapping):
        says.append(inner.get("tie_word_embeddings"))
    for value in says:
        if value is not None and not isinstance(value, bool):
            raise SymllmError(f"config: field 'tie_word_embeddings' is {value!r}; bool is expected")
    whole = default if says[0] is None else bool(says[0])
    return whole or (either and any(says))


def joined(text: Architecture, text_config: Config, tower: Architecture, tower_config: Config, projector: Sequence[Block],
           rules: Sequence[Formula] = (), values: Mapping[Any, Any] | None = None) -> Architecture:  # fmt: skip
    """One model of language model, tower and projector; values: sizes that the whole adds."""
    groups = tuple(replace(group, name="text", title="text layer") if group.name == "layer" else group for group in text.groups)
    return replace(
        text,
        once=(*tower.once, *projector, *text.once),
        groups=(*tower.groups, *groups),
        values={**text_config.sizes, **text.values, **tower_config.sizes, **tower.values, **(values or {})},
        rules=(*tower.rules, *rules, *text.rules),
    )
