"""`symllm list`: everything that can be asked for by name."""

from __future__ import annotations

from typing import Any

import click

from .options import echo_json


@click.command("list")
@click.option("--symbols", is_flag=True, help="The notation.")
@click.option("--formats", is_flag=True, help="Weight and cache formats.")
@click.option("--engines", is_flag=True, help="Engines whose own way of computing is known.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def command(symbols: bool, formats: bool, engines: bool, as_json: bool) -> None:
    """Quantities and questions; or the symbols, formats or engines."""
    from ..listing import engine_rows, format_rows, quantity_rows, question_rows, symbol_rows

    chosen = [(symbols, "symbols", symbol_rows), (formats, "formats", format_rows), (engines, "engines", engine_rows)]
    tables: dict[str, list[dict[str, Any]]] = {name: rows() for on, name, rows in chosen if on}
    if not tables:
        tables = {"quantities": quantity_rows(), "questions": question_rows()}
    if as_json:
        echo_json(tables)
        return
    from ..render.tables import listing

    click.echo("\n\n".join(listing(name, rows) for name, rows in tables.items()))
