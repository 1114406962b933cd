"""`symllm derive QUANTITY`: why a formula is what it is; `symllm derive crossover A B --in s`: where one outgrows another."""

from __future__ import annotations

from typing import Any

import click

from .options import echo_json, once, one_format, output_options, request, scenario_options


@click.command("derive")
@click.argument("quantity")
@click.argument("others", nargs=-1)
@once("--dominant", metavar="SYMBOL", help="End with the term that outgrows the others in this symbol.")
@once("--in", "growing", metavar="SYMBOL", help="With crossover or elasticity: the symbol that grows.")
@scenario_options
@output_options("json", "latex", "markdown", "html", "standalone")
def command(quantity: str, others: tuple[str, ...], dominant: str | None, growing: str | None, **options: Any) -> None:
    """Derive QUANTITY step by step, from tensors to a closed form, under --assume.

    Without --model, the GPT block of the textbook is taken.
    """
    form = one_format(options)
    from ..deriving import crossover_of, derived, elasticity_of

    asked = request(options)
    if quantity in ("crossover", "elasticity"):
        found = crossover_of(asked, others, growing) if quantity == "crossover" else elasticity_of(asked, others, growing)
        if form == "json":
            echo_json(found.as_json())
        else:
            from ..render.tables import finding

            click.echo(finding(found, form, bool(options["as_standalone"])))
        return
    made = derived(asked, quantity, others, dominant)
    if form == "json":
        from ..render.json_form import derivation

        echo_json(derivation(made))
    else:
        from .steps import written

        click.echo(written(made, form or "explain", bool(options["as_standalone"])))
