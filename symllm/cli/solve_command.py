"""`symllm solve UNKNOWN`: the most, or the least, that fits."""

from __future__ import annotations

from typing import Any

import click

from .options import echo_json, once, one_format, output_options, request, scenario_options


@click.command("solve")
@click.argument("unknown")
@click.option("--such-that", "such_that", multiple=True, metavar="CONSTRAINT",
              help='A constraint, such as "time_per_output_token <= 20 ms"; it may be given again.')  # fmt: skip
@once("--sense", default="", metavar="max|min", help="The largest or the smallest value, where it does not follow from the constraints.")
@scenario_options
@output_options("json", "explain", "latex", "markdown", "html", "standalone")
def command(unknown: str, such_that: tuple[str, ...], sense: str, **options: Any) -> None:
    """The largest or smallest UNKNOWN that satisfies a budget: max_batch, max_context, min_gpus, max_layers,
    min_gpu_memory, or any symbol with --such-that. Exit code 1: nothing fits."""
    form = one_format(options)
    from ..answer import as_json
    from ..tradeoff import solved_with_tradeoff

    answer = solved_with_tradeoff(request(options), unknown, such_that, sense)
    if form == "json":
        echo_json(as_json(answer))
    elif form:
        from .steps import show_steps

        show_steps(answer, form, bool(options["as_standalone"]))
    else:
        from ..render.report import solution

        click.echo(solution(answer))
    if not answer.fits and not any(row["max_batch"] for row in answer.table):
        raise click.exceptions.Exit(1)
