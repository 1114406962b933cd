"""Building a model from its configuration on the meta device: shapes without memory."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import oracle_pruned
import torch
import transformers
from oracle_equivalents import equivalent
from torch import nn
from transformers import CONFIG_MAPPING

torch.set_num_threads(1)
warnings.filterwarnings("ignore")
logging.getLogger("transformers").setLevel(logging.ERROR)

Config = dict[str, Any]

# Entries of a published file that say where weights or code lie, not how large the model is.
_ASIDE = ("auto_map", "quantization_config", "torch_dtype", "dtype")


class Unbuildable(Exception):
    """transformers has no class for this configuration."""


def configured(config: Config) -> transformers.PretrainedConfig:
    """The typed configuration, with the defaults of its family for what the file leaves out."""
    plain = {key: value for key, value in equivalent(config).items() if key not in _ASIDE}
    plain.setdefault("pad_token_id", 0)  # some families' own default lies outside a small table
    if plain["model_type"] not in CONFIG_MAPPING:
        raise Unbuildable(f"transformers has no model type {plain['model_type']}")
    made = CONFIG_MAPPING[plain["model_type"]].from_dict(plain)
    assert isinstance(made, transformers.PretrainedConfig)
    return made


def _builder(typed: transformers.PretrainedConfig, with_images: bool) -> Any:
    """The class with a language-model head that the configuration asks for."""
    for name in typed.architectures or ():
        cls = getattr(transformers, name, None)
        if cls is not None and not name.endswith("Model"):
            return cls._from_config
    text = [transformers.AutoModelForCausalLM, transformers.AutoModelForSeq2SeqLM]
    order = [transformers.AutoModelForImageTextToText, *text] if with_images else text
    for auto in [*order, transformers.AutoModelForMaskedLM]:
        mapping: Any = auto._model_mapping
        if type(typed) in mapping:
            return auto.from_config
    raise Unbuildable(f"transformers has no language model of type {typed.model_type}")


def build(config: Config, **options: Any) -> nn.Module:
    """A model of this configuration without memory; options as `attn_implementation`."""
    if "block_configs" in config:
        if options:
            raise Unbuildable("layers of different shapes are built to be counted, not to be run")
        return oracle_pruned.build(config)
    typed = configured(config)
    make = _builder(typed, "vision_config" in config)
    with torch.device("meta"):
        model: nn.Module = make(typed, **options)
    return model.eval()


def text_config(model: nn.Module) -> transformers.PretrainedConfig:
    """The configuration of the language model inside a model that may see images too."""
    whole: Any = model.config
    inner = whole.get_text_config(decoder=True)
    assert isinstance(inner, transformers.PretrainedConfig)
    return inner
