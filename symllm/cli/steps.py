"""Showing an answer's derivation in the format that was asked for."""

from __future__ import annotations

import importlib

import click

from ..answer import Answer
from ..derivation import Derivation


def show_steps(answer: Answer, form: str, standalone: bool) -> None:
    """Print the derivation of an answer as "explain" (text), "latex", "markdown" or "html"."""
    click.echo(written(answer.derivation(), form, standalone))


def written(derivation: Derivation, form: str, standalone: bool) -> str:
    """A derivation in one of the formats."""
    name = "text" if form == "explain" else form
    page = importlib.import_module(f"..render.{name}", __package__)
    if form == "latex" and standalone:
        text: str = page.document(derivation)
    else:
        text = page.derivation(derivation)
    return text
