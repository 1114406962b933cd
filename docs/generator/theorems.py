"""The page of theorems: closed forms of the literature with their proofs, and misprints with what refutes them."""

from __future__ import annotations

from collections.abc import Iterator

from symllm.formulas.book import book
from symllm.formulas.literature.theorems import MISPRINTS, THEOREMS
from symllm.render import latex
from symllm.theorem import Theorem, prove

from . import markup as md


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of the page."""
    yield "reference/theorems.md", md.page(
        "Theorems",
        "Closed forms that papers and handbooks state, each proved from the shapes of blocks under its hypotheses, step by step. "
        "`symllm check` proves them again.",
        *(_theorem(theorem) for theorem in THEOREMS),
        "## Misprints",
        "Closed forms that are in circulation and that the blocks refute.",
        *(_misprint(theorem) for theorem in MISPRINTS),
    )


def _stated(theorem: Theorem, level: str) -> list[str]:
    parts = [f"{level} {md.prose(theorem.title)}", md.equation(theorem.left, theorem.right, theorem.relation)]
    facts = [f"about {md.prose(theorem.subject.title)}", *map(md.prose, theorem.subject.words)]
    facts += [f"under {md.math(item.symbol)} = {md.math(item.expression)}" for item in theorem.hypotheses]
    if theorem.grows is not None:
        facts.append(f"as {md.math(theorem.grows)} grows")
    return [*parts, md.bullets((*facts, f"source: {md.source(theorem.source)}"))]


def _theorem(theorem: Theorem) -> str:
    proof = prove(theorem, book())
    parts = _stated(theorem, "##")
    if not proof.proved:
        return "\n\n".join((*parts, f"**Not proved**: the closed form minus what the blocks give is {md.math(proof.difference)}."))
    if proof.chain is not None:
        parts += ["Proof:", md.typeset(latex.aligned(latex.chain_rows(proof.chain)))]
    return "\n\n".join(parts)


def _misprint(theorem: Theorem) -> str:
    proof = prove(theorem, book())
    return "\n\n".join((*_stated(theorem, "###"), f"What the blocks give is {md.math(proof.found)}; the closed form minus that is "
                                                  f"{md.math(proof.difference)}, not 0."))  # fmt: skip
