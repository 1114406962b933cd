"""`symllm solve UNKNOWN`: the most, or the least, that fits."""

from __future__ import annotations

from typing import Any

import click

from .options import echo_json, one_format, output_options, request, scenario_options


@click.command("solve")
@click.argument("unknown")
@click.option("--such-that", "such_that", multiple=True, metavar="CONSTRAINT", help='A constraint, such as "parameters <= 7e9".')
@scenario_options
@output_options("json", "explain", "latex", "markdown", "html", "standalone")
def command(unknown: str, such_that: tuple[str, ...], **options: Any) -> None:
    """The largest or smallest UNKNOWN that satisfies a budget: max_batch, max_context, min_gpus, max_layers,
    min_gpu_memory, or any symbol with --such-that."""
    form = one_format(options)
    from ..answer import as_json
    from ..tradeoff import solved_with_tradeoff

    answer = solved_with_tradeoff(request(options), unknown, such_that)
    if form == "json":
        echo_json(as_json(answer))
    elif form:
        from .steps import show_steps

        show_steps(answer, form, bool(options["as_standalone"]))
    else:
        from ..render.report import solution

        click.echo(solution(answer))
