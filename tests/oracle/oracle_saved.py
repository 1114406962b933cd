"""Training memory: what a block saves for its backward pass, and what AdamW keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from oracle_blocks import Block, Choice
from torch import Tensor, nn
from transformers import GPT2Config, LlamaConfig
from transformers.models.gpt2.modeling_gpt2 import GPT2Block
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

HOW = (
    "Blocks on the CPU in bfloat16 under torch.autograd.graph.saved_tensors_hooks: the bytes of "
    "the distinct storages saved for the backward pass, parameters excluded, the block's input "
    "included; rotary tables, which all layers share, apart in `shared`. `tensors`: [shape as "
    "first saved, dtype, bytes of the storage]. plain: oracle_blocks.Block. gpt2, llama: the "
    "blocks of transformers. head: output layer and cross entropy. adamw: optimizer state after "
    "one step on a plain block."
)

# batch, tokens, width, heads
SIZES = ((1, 64, 128, 4), (2, 128, 256, 8), (2, 256, 512, 8))
# cached heads and MLP width of the Llama-style block, at each size
LLAMA = (
    (1, 64, 128, 4, 4, 352),
    (1, 64, 128, 4, 2, 352),
    (1, 64, 128, 4, 1, 352),
    (2, 128, 256, 8, 8, 704),
    (2, 128, 256, 8, 2, 704),
    (2, 128, 256, 8, 1, 704),
    (2, 256, 512, 8, 8, 1408),
    (2, 256, 512, 8, 4, 1536),
)
VOCABULARIES = (512, 4096)

Entry = dict[str, Any]


def _at(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def saved(
    run: Callable[[], Any], weights: Iterable[Tensor], shared: Iterable[Tensor] = ()
) -> Entry:
    """The distinct storages that `run` saves for the backward pass, without weights."""
    own = {_at(weight) for weight in weights}
    common = {_at(table) for table in shared}
    kept: dict[int, tuple[Tensor, list[Any]]] = {}
    tables: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        place, size = _at(tensor), tensor.untyped_storage().nbytes()
        if place in common:
            tables[place] = size
        elif place not in own and size and place not in kept:
            dtype = str(tensor.dtype).removeprefix("torch.")
            kept[place] = (tensor, [list(tensor.shape), dtype, size])
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()
    rows = [row for _, row in kept.values()]
    del result
    entry = {"bytes": sum(row[2] for row in rows), "tensors": rows}
    return entry | ({"shared": sum(tables.values())} if tables else {})


def _typed(kind: Any, **sizes: Any) -> Any:
    """A configuration; transformers types its fields, not `attn_implementation`."""
    return kind(**sizes)


def _input(batch: int, tokens: int, width: int) -> Tensor:
    return torch.randn(batch, tokens, width, dtype=torch.bfloat16, requires_grad=True)


def plain(size: tuple[int, int, int, int], choice: Choice) -> Entry:
    """What the written-out block saves."""
    batch, tokens, width, heads = size
    torch.manual_seed(0)
    block = Block(width, heads, choice).to(torch.bfloat16)
    x = _input(batch, tokens, width)
    sized = {"batch": batch, "tokens": tokens, "width": width, "heads": heads}
    return {**sized, **vars(choice), **saved(lambda: block(x), block.parameters())}


def gpt2(size: tuple[int, int, int, int], attention: str, dropout: float) -> Entry:
    """What the GPT-2 block of transformers saves; its GELU is composed of several functions."""
    batch, tokens, width, heads = size
    torch.manual_seed(0)
    config = _typed(
        GPT2Config,
        n_embd=width,
        n_head=heads,
        resid_pdrop=dropout,
        attn_pdrop=dropout,
        attn_implementation=attention,
    )
    make: Any = GPT2Block
    block = make(config, layer_idx=0).to(torch.bfloat16).train()
    x = _input(batch, tokens, width)
    sized = {"batch": batch, "tokens": tokens, "width": width, "heads": heads}
    how = {"attention": attention, "dropout": dropout}
    return {**sized, **how, **saved(lambda: block(x), block.parameters())}


def llama(size: tuple[int, int, int, int, int, int], attention: str) -> Entry:
    """What the Llama block of transformers saves."""
    batch, tokens, width, heads, cached, inner = size
    torch.manual_seed(0)
    config = _typed(
        LlamaConfig,
        hidden_size=width,
        intermediate_size=inner,
        num_attention_heads=heads,
        num_key_value_heads=cached,
        attn_implementation=attention,
    )
    block = LlamaDecoderLayer(config, layer_idx=0).to(torch.bfloat16).train()
    x = _input(batch, tokens, width)
    cos = torch.ones(1, tokens, width // heads, dtype=torch.bfloat16)
    sin = torch.zeros_like(cos)
    run = partial(block, x, position_embeddings=(cos, sin))
    sized = {"batch": batch, "tokens": tokens, "width": width, "heads": heads}
    more = {"kv_heads": cached, "ffn_width": inner, "attention": attention}
    return {**sized, **more, **saved(run, block.parameters(), [cos, sin])}


def head(vocabulary: int) -> Entry:
    """What the output layer and the loss save: float32 logits of all positions, once."""
    batch, tokens, width = 2, 128, 256
    torch.manual_seed(0)
    layer = nn.Linear(width, vocabulary, bias=False).to(torch.bfloat16)
    x = _input(batch, tokens, width)
    labels = torch.randint(0, vocabulary, (batch * tokens,))

    def run() -> Tensor:
        logits = layer(x).float().view(-1, vocabulary)
        return nn.functional.cross_entropy(logits, labels)

    sized = {"batch": batch, "tokens": tokens, "width": width, "vocabulary": vocabulary}
    return {**sized, **saved(run, layer.parameters())}


def adamw(dtype: str, amsgrad: bool) -> Entry:
    """The bytes that AdamW keeps: two numbers a parameter, and a step counter a tensor."""
    torch.manual_seed(0)
    block = Block(64, 4, Choice()).to(getattr(torch, dtype))
    weights = list(block.parameters())
    optimizer = torch.optim.AdamW(weights, amsgrad=amsgrad)
    x = torch.randn(1, 8, 64, dtype=getattr(torch, dtype))
    block(x).sum().backward()
    optimizer.step()
    by_name: dict[str, int] = {}
    for state in optimizer.state.values():
        for name, value in state.items():
            by_name[name] = by_name.get(name, 0) + value.numel() * value.element_size()
    return {
        "dtype": dtype,
        "parameters": sum(weight.numel() for weight in weights),
        "parameter_tensors": len(weights),
        "state": by_name,
        "bytes": sum(by_name.values()),
    }


def _named(*parts: object) -> str:
    return "-".join(str(part) for part in parts)


def tasks() -> dict[str, Callable[[], Entry]]:
    """Every record, by name."""
    found: dict[str, Callable[[], Entry]] = {}
    for size in SIZES:
        where = "x".join(map(str, size))
        for attention in ("eager", "sdpa"):
            for dropout in ("none", "byte", "wide"):
                if (attention, dropout) == ("sdpa", "byte"):
                    continue  # the fused function keeps its own mask
                choice = Choice(attention, dropout)
                found[_named("plain", attention, dropout, where)] = partial(plain, size, choice)
            for p in (0.0, 0.1):
                found[_named("gpt2", attention, p, where)] = partial(gpt2, size, attention, p)
    for name, choice in {
        "erf": Choice(gelu="none"),
        "separate": Choice(fused=False),
        "separate-sdpa": Choice("sdpa", fused=False),
    }.items():
        found[_named("plain", name)] = partial(plain, SIZES[1], choice)
    for shape in LLAMA:
        where = "x".join(map(str, shape))
        for attention in ("eager", "sdpa"):
            found[_named("llama", attention, where)] = partial(llama, shape, attention)
    for vocabulary in VOCABULARIES:
        found[_named("head", vocabulary)] = partial(head, vocabulary)
    for dtype in ("float32", "bfloat16"):
        found[_named("adamw", dtype)] = partial(adamw, dtype, amsgrad=False)
        found[_named("adamw-amsgrad", dtype)] = partial(adamw, dtype, amsgrad=True)
    return found
