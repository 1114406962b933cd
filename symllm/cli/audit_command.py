"""`symllm audit [CLAIM ...]`: claims of the literature, judged."""

from __future__ import annotations

from typing import Any

import click

from .options import echo_json, one_format, output_options


@click.command("audit")
@click.argument("names", nargs=-1, metavar="[CLAIM ...]")
@output_options("json", "markdown")
def command(names: tuple[str, ...], **options: Any) -> None:
    """Judge claims of the literature, each by what the blocks of the book prove: no verdict is typed."""
    form = one_format(options)
    from ..audit import audit

    found = audit(names)
    if form == "json":
        echo_json({"claims": [item.as_json() for item in found]})
        return
    from ..render import audit as page

    if form == "markdown":
        click.echo(page.markdown(found))
    elif names:
        click.echo("\n\n".join(page.one(item) for item in found))
    else:
        click.echo(page.table(found))
