"""The plan that most language models share: embedding, N layers of (norm, attention, norm, feed-forward), norm, head.

A family's page names its parts and its config fields; this page puts such parts together, with layers that see
everything and layers that see a window where the config mixes them.
Sources: GPT-2 (Radford et al. 2019); LLaMA, arXiv:2302.13971.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy

from symllm.block import EVERYTHING, Architecture, Block, Group, Reach
from symllm.config import Field, Option
from symllm.errors import SymllmError
from symllm.symbols import NamedSymbol

from ..blocks.embedding import head, token_embedding
from ..notation import N, V, W, d, d_ff, d_h, h, k, s_max

#: The names that LLaMA gave the sizes, used by most families since.
LLAMA_FIELDS = (
    Field("hidden_size", d),
    Field("num_hidden_layers", N),
    Field("num_attention_heads", h),
    Field("num_key_value_heads", k, default=h),
    Field("head_dim", d_h, default=d / h),
    Field("intermediate_size", d_ff),
    Field("vocab_size", V),
    Field("max_position_embeddings", s_max, default=None),
)
TIED = Option("tie_word_embeddings", default=False)

N_full = NamedSymbol("N_full", title="full-attention layers", meaning="layers that see every earlier token", unit="layer", rank=1)
N_window = NamedSymbol("N_window", title="window layers", meaning="layers that see a sliding window", unit="layer", rank=2)


def decoder(layer: Sequence[Block], last_norm: Sequence[Block], tied: bool, *, embeddings: Sequence[Block] = (),
            head_bias: bool = False) -> Architecture:  # fmt: skip
    """N equal layers between the embedding and the head."""
    once = (*(embeddings or (token_embedding(),)), *last_norm, head(tied, head_bias))
    return Architecture(once, (Group("layer", "decoder layer", N, tuple(layer)),))


def mixed(layer: Callable[[Reach], Sequence[Block]], kinds: Sequence[str], last_norm: Sequence[Block], tied: bool, *,
          window: sympy.Expr = W, embeddings: Sequence[Block] = ()) -> Architecture:  # fmt: skip
    """Layers that see everything and layers that see a window, by the config's list of layer types."""
    unknown = sorted(set(kinds) - {"full_attention", "sliding_attention"})
    if unknown:
        raise SymllmError(f"config: field 'layer_types' holds {unknown[0]!r}; full_attention and sliding_attention are understood")
    where = {
        N_full: tuple(i for i, kind in enumerate(kinds) if kind == "full_attention"),
        N_window: tuple(i for i, kind in enumerate(kinds) if kind == "sliding_attention"),
    }
    made = {
        N_full: Group("full", "layer with full attention", N_full, tuple(layer(EVERYTHING)), layers=where[N_full]),
        N_window: Group("window", "layer with a sliding window", N_window, tuple(layer(Reach("window", window))), layers=where[N_window]),
    }
    used = [symbol for symbol in (N_full, N_window) if where[symbol]]
    once = (*(embeddings or (token_embedding(),)), *last_norm, head(tied))
    return Architecture(once, tuple(made[symbol] for symbol in used), {symbol: len(where[symbol]) for symbol in used})
