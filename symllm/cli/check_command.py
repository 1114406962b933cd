"""`symllm check`: check the whole book."""

from __future__ import annotations

import sys

import click

from .options import once


@click.command("check")
@click.option("--quick", is_flag=True, help="Formulas, and one model of each family.")
@once("--book", "page", metavar="PAGE", help="A Python page of your own formulas, checked with the book.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def command(quick: bool, page: str | None, as_json: bool) -> None:
    """Dimensions, symbols, sources, worked examples, compiled = symbolic, for every formula, block and model."""
    from .. import catalog
    from ..checking import Finding, book_findings
    from ..formulas.literature.theorems import MISPRINTS, THEOREMS
    from ..theorem import unproved
    from ..userbook import opened_book
    from .options import echo_json

    models = catalog.models()
    if quick:
        models = {str(row.config.get("model_type")): row for row in models.values()}
    configs = [(row.name, row.config) for row in models.values()]
    bar = click.progressbar(configs, label="checking models", file=sys.stderr) if sys.stderr.isatty() else None
    pages = opened_book(page)
    found = list(book_findings(pages, bar if bar is not None else configs))
    found += [Finding(where, what) for where, what in unproved(pages, THEOREMS, MISPRINTS)]
    if as_json:
        echo_json({"schema": "symllm.check/1", "models": len(configs), "findings": [{"where": f.where, "what": f.what} for f in found]})
    else:
        for finding in found:
            click.echo(f"{finding.where}: {finding.what}")
        said = f"{len(pages.formulas) + 1} formulas, {len(pages.composed)} sums over blocks, {len(pages.families)} families, "
        said += f"{len(configs)} models, {len(THEOREMS)} theorems"
        click.echo(f"checked {said}: {'all is well' if not found else f'{len(found)} things are wrong'}")
    if found:
        sys.exit(1)
