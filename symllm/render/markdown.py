"""Derivations as Markdown: prose, and mathematics in $$ blocks as GitHub and notebooks show it."""

from __future__ import annotations

from ..derivation import Derivation
from . import latex, words
from .words import Segments


def derivation(made: Derivation) -> str:
    """A derivation as Markdown, a block a chain."""
    parts = [f"### {_inline(words.heading(made))}"]
    if conditions := words.conditions(made):
        parts.append(_inline(conditions) + ":")
    parts += [_block(latex.chain_rows(chain)) for chain in made.chains]
    if made.evaluations:
        parts.append(f"**{_escaped(made.subject or 'In numbers')}**")
        parts += [_block(latex.evaluation_rows(evaluation)) for evaluation in made.evaluations]
    parts += [f"*Note: {_escaped(note)}.*" for note in made.notes]
    return "\n\n".join(parts) + "\n"


def _block(rows: list[str]) -> str:
    return "$$\n" + latex.aligned(rows) + "\n$$"


def _inline(segments: Segments) -> str:
    return "".join(_escaped(s) if isinstance(s, str) else latex.inline((s,)) for s in segments)


def _escaped(prose: str) -> str:
    return "".join(rf"\{letter}" if letter in r"\`*_{}[]<>#|$" else letter for letter in prose)
