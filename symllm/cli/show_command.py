"""`symllm show NAME`: the page of a formula, quantity, question, symbol, format, family, model or GPU; or what a model file holds."""

from __future__ import annotations

import os

import click

from ..errors import SymllmError
from .options import echo_json, once


@click.command("show")
@click.argument("name")
@once("--book", metavar="PAGE", help="A Python page of your own formulas.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.option("--latex", "as_latex", is_flag=True, help="The formula as LaTeX.")
def command(name: str, book: str | None, as_json: bool, as_latex: bool) -> None:
    """What NAME is: its formula, why it holds, its symbols, source and worked example."""
    if os.path.splitext(name)[1] in (".gguf", ".safetensors") or (os.path.sep in name and os.path.exists(name)):
        _file(name, as_json)
        return
    if _catalogued(name, as_json):
        return
    from ..render.tables import page_text
    from ..showing import equation_latex, page

    found = page(name, book)
    if as_json:
        echo_json(found.as_json())
    elif as_latex:
        if found.equation is None:
            raise SymllmError(f"{name} is no single formula; `symllm derive {name} --latex` typesets its derivation")
        click.echo(equation_latex(found.equation))
    else:
        click.echo(page_text(found))


def _catalogued(name: str, as_json: bool) -> bool:
    """Show a model's anatomy or a GPU's page where the name is one of the catalogue's."""
    from .. import catalog

    wanted = name.strip().lower()
    if any(wanted == row.name or wanted in row.aliases for row in catalog.gpus().values()):
        from .gpus_command import command as gpus

        gpus.callback(gpu=name, as_json=as_json)  # type: ignore[misc]
        return True
    if any(wanted == row.name or wanted in row.aliases for row in catalog.models().values()):
        from ..anatomy import anatomy, as_json_data
        from ..render.tables import anatomy_page
        from ..scenario import Request

        made = anatomy(Request(model=name))
        if as_json:
            echo_json(as_json_data(made))
        else:
            click.echo(anatomy_page(made))
        return True
    return False


def _file(path: str, as_json: bool) -> None:
    from ..files import read_model_file
    from ..render.tables import file_page

    found = read_model_file(path)
    if as_json:
        echo_json({"schema": "symllm.file/1", "path": found.path, "kind": found.kind, "parameters": found.parameters,
                   "bytes": found.bytes, "by_dtype": {name: list(value) if isinstance(value, tuple) else value
                                                      for name, value in found.by_dtype.items()}})  # fmt: skip
    else:
        click.echo(file_page(found))
