"""`symllm derive QUANTITY`: why a formula is what it is; `symllm derive crossover A B --in s`: where one outgrows another."""

from __future__ import annotations

from typing import Any

import click

from ..errors import SymllmError
from .options import echo_json, once, one_format, output_options, request, scenario_options


def _extreme(what: str, expressions: tuple[str, ...], name: str | None, low: str, high: str, form: str, options: dict[str, Any]) -> None:
    """Print a minimum, a maximum or a sum."""
    if len(expressions) != 1 or name is None or (what == "sum" and not (low and high)):
        ends = " --from 1 --to 1000" if what == "sum" else ""
        raise SymllmError(f'write it as `symllm derive {what} "kv_cache/b" --in s{ends} --model NAME`')
    if form not in ("", "json"):
        raise SymllmError(f"--{form} shows derivations; a {what} is printed as text or with --json")
    from ..extremes import extreme, summed

    asked = request(options)
    found = summed(asked, expressions[0], name, low, high) if what == "sum" else extreme(asked, expressions[0], name, what, low, high)
    if form == "json":
        echo_json(found.as_json())
        return
    from ..render.tables import extreme_page

    click.echo(extreme_page(found))


@click.command("derive")
@click.argument("quantity")
@click.argument("others", nargs=-1)
@once("--dominant", metavar="SYMBOL", help="End with the term that outgrows the others in this symbol.")
@once("--in", "growing", metavar="SYMBOL", help="With crossover, elasticity, minimum, maximum or sum: the symbol that moves.")
@once("--from", "low", default="", metavar="N", help="With minimum, maximum or sum: where the range begins.")
@once("--to", "high", default="", metavar="N", help="With minimum, maximum or sum: where the range ends.")
@scenario_options
@output_options("json", "latex", "markdown", "html", "standalone")
def command(quantity: str, others: tuple[str, ...], dominant: str | None, growing: str | None, low: str, high: str, **options: Any) -> None:
    """Derive QUANTITY step by step, from tensors to a closed form, under --assume.

    Without --model, the GPT block of the textbook is taken. QUANTITY may be `crossover A B` or `elasticity A` of
    quantities, or `minimum A`, `maximum A` or `sum A`, where A may be an expression too, all with --in SYMBOL.
    """
    form = one_format(options)
    if quantity in ("minimum", "maximum", "sum"):
        _extreme(quantity, others, growing, low, high, form, options)
        return
    if low or high:
        raise SymllmError(f"--from and --to belong to minimum, maximum and sum, not to {quantity[:40]!r}")
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
