"""`symllm eval QUANTITY`: the value of a quantity in a scenario."""

from __future__ import annotations

from typing import Any

import click

from .options import echo_json, one_format, output_options, request, scenario_options


@click.command("eval")
@click.argument("quantity")
@scenario_options
@output_options("json", "explain", "latex", "markdown", "html", "standalone")
def command(quantity: str, **options: Any) -> None:
    """The value of QUANTITY: parameters, weights, kv_cache, prefill_compute, ... (`symllm list`)."""
    form = one_format(options)
    from ..answer import as_json, evaluated
    from ..scenario import scenario

    answer = evaluated(scenario(request(options)), quantity)
    if form == "json":
        echo_json(as_json(answer))
    elif form:
        from .steps import show_steps

        show_steps(answer, form, bool(options["as_standalone"]))
    else:
        from ..render.report import evaluation

        click.echo(evaluation(answer))
