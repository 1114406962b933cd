"""What the commands print: their help, the audit of claims, and the outputs that the README shows."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator

import click
from click.testing import CliRunner

from symllm.cli import COMMANDS, group
from symllm.errors import SymllmError

from . import markup as md

WIDTH = 80
_OUTPUT = re.compile(r"(<!-- output: (?P<command>[^\n]*?) -->\n```console\n)(?P<shown>.*?)(```\n<!-- end -->)", re.DOTALL)


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of each page."""
    yield "cli.md", _help()
    claims = _claims()
    if claims is not None:
        yield "claims.md", claims


def _help() -> str:
    parts = ["What `symllm COMMAND --help` prints.", md.typeset_text(_printed_help(group, "symllm"))]
    for name in COMMANDS:
        command = importlib.import_module(f"symllm.cli.{name}_command").command
        parts += [f"## {name}", md.typeset_text(_printed_help(command, f"symllm {name}"))]
    return md.page("Commands", *parts)


def _printed_help(command: click.Command, name: str) -> str:
    settings = {"help_option_names": ["-h", "--help"]}
    return command.get_help(click.Context(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH, **settings))  # type: ignore[arg-type]


def _claims() -> str | None:
    """The audit's own page; None where there is no audit."""
    try:
        from symllm.audit import audit
        from symllm.render.audit import markdown
    except ImportError:
        return None
    return markdown(audit(())) + "\n"


def filled(text: str) -> str:
    """A hand-written page with the output of the commands it names, between `<!-- output: COMMAND -->` and `<!-- end -->`."""
    return _OUTPUT.sub(lambda found: f"{found[1]}$ {found['command']}\n{_output(found['command'])}{found[4]}", text)


def _output(command: str) -> str:
    program, *words = shlex.split(command)
    if program != "symllm":
        raise SymllmError(f"only symllm's own output can be shown, not that of {program}")
    found = CliRunner().invoke(group, words, standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return "\n".join(line.rstrip() for line in found.output.splitlines()) + "\n"
