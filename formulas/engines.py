"""Engines whose own way of computing the blocks' pages declare, beside the model's mathematics, as departures."""

from __future__ import annotations

from symllm.book import Engine

ENGINES = (
    Engine("transformers", "Hugging Face transformers with PyTorch", ("5.23",),
           "measured with transformers 5.23.0 and PyTorch 2.13.0: tests/oracle/README.md"),
)  # fmt: skip
