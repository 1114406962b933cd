"""`symllm whatif`: before, after and difference of changes to a scenario."""

from __future__ import annotations

from typing import Any

import click

from .options import echo_json, request, scenario_options


@click.command("whatif")
@click.option("--change", "changes", multiple=True, required=True, metavar="NAME=VALUE",
              help="A scenario option (kv_dtype=fp8, batch=8, gpu=h200) or a symbol (k=4, N=40).")  # fmt: skip
@click.option("--quantity", "quantities", multiple=True, metavar="NAME", help="What to compare; default: parameters, weights, cache, compute.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@scenario_options
def command(changes: tuple[str, ...], quantities: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Change a scenario and see what it does to each quantity."""
    from ..whatif import rows_as_json, whatif

    rows = whatif(request(options), changes, quantities)
    if as_json:
        echo_json(rows_as_json(rows, changes))
        return
    from ..render.tables import comparison

    click.echo(comparison(rows, changes))
