"""`symllm models`: the model catalogue, and the anatomy of one model."""

from __future__ import annotations

from typing import Any

import click

from ..errors import SymllmError
from .options import echo_json, once, request, scenario_options


@click.command("models")
@click.argument("search", required=False)
@click.option("--families", is_flag=True, help="The architectures and the model types they read.")
@once("--plot", metavar="FILE", help="With --model: draw the anatomy into a PNG, SVG or PDF file.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@scenario_options
def command(search: str | None, families: bool, plot: str | None, as_json: bool, **options: Any) -> None:
    """All models of the catalogue, those that SEARCH names, or with --model (or --config) one model's anatomy."""
    if plot and not (options.get("model") or options.get("config")):
        raise SymllmError("--plot draws one model: give --model NAME or --config PATH")
    if families:
        _families(as_json)
    elif options.get("model") or options.get("config"):
        _anatomy(options, as_json, plot)
    else:
        _table(search, as_json)


def _families(as_json: bool) -> None:
    from ..listing import family_rows
    from ..render.tables import listing

    rows = family_rows()
    if as_json:
        echo_json({"families": rows})
    else:
        click.echo(listing("families", rows))


def _anatomy(options: dict[str, Any], as_json: bool, plot: str | None) -> None:
    from ..anatomy import anatomy, as_json_data
    from ..render.tables import anatomy_page

    made = anatomy(request(options))
    if plot:
        from ..plot import draw_anatomy

        draw_anatomy(made, plot)
        click.echo(f"wrote {plot}")
    elif as_json:
        echo_json(as_json_data(made))
    else:
        click.echo(anatomy_page(made))


def _table(search: str | None, as_json: bool) -> None:
    from .. import catalog

    rows = [row for row in catalog.models().values() if search is None or search.lower() in f"{row.name} {row.title} {row.hub}".lower()]
    if not rows:
        raise SymllmError(f"no model's name holds {search!r}; `symllm models` lists all {len(catalog.models())}")
    if as_json:
        echo_json({"schema": "symllm.models/1", "models": [
            {"name": r.name, "title": r.title, "hub": r.hub, "aliases": list(r.aliases), "model_type": r.config.get("model_type"),
             "source": r.source, "note": r.note} for r in rows]})  # fmt: skip
        return
    from ..render.tables import listing

    shown = [{"name": r.name, "model type": str(r.config.get("model_type")), "hub": r.hub or r.title} for r in rows]
    click.echo(listing("models", shown))
