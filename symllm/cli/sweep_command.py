"""`symllm sweep QUANTITY --over symbol=range`: a quantity over a range of values."""

from __future__ import annotations

from typing import Any

import click

from .options import echo_json, once, request, scenario_options


@click.command("sweep")
@click.argument("quantity")
@once("--over", required=True, metavar="NAME=RANGE", help="context=1024:131072:*2, batch=1:64:8 or N=12,24,48.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@scenario_options
def command(quantity: str, over: str, as_json: bool, **options: Any) -> None:
    """The value of QUANTITY at each point of a range, exact."""
    from ..sweep import sweep

    made = sweep(request(options), quantity, over)
    if as_json:
        echo_json(made.as_json())
        return
    from ..render.tables import sweep_table

    click.echo(sweep_table(made))
