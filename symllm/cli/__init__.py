"""The command line: one file a command, each imported only when it is asked for."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from .. import __version__
from ..errors import SymllmError, nearest, one_line

#: command -> what it does, as `symllm --help` shows it; the command lives in the module of its name.
COMMANDS = {
    "solve": "The most, or the least, that fits: max_batch, max_context, min_gpus, ...",
    "eval": "The value of a quantity: parameters, kv_cache, prefill_compute, ...",
    "derive": "Why a formula is what it is, step by step, each step checked.",
    "show": "A formula, a quantity, a block, a model or a GPU.",
    "list": "Quantities, questions, symbols, formats, engines.",
    "models": "The model catalogue; --model shows the anatomy of one.",
    "gpus": "The GPU catalogue.",
    "whatif": "Before, after and difference of changes to a scenario.",
    "sweep": "A quantity over a range of values.",
    "audit": "Claims of the literature, judged.",
    "check": "Check the whole book: dimensions, examples, sources, proofs.",
}


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name}_command")
        found: click.Command = module.command
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            hint = f"; did you mean {' or '.join(near)}?" if near else "."
            raise SymllmError(f"unknown command {args[0][:60]!r}{hint} `symllm --help` lists them.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="symllm")
def group() -> None:
    """The executable formula book of large language models.

    symllm solve max_batch --gpu h100 --model qwq-32b
    """


def main() -> None:
    """Run the command line; every mistake of the caller is one line and exit code 2."""
    try:
        code = group(prog_name="symllm", standalone_mode=False)
        if isinstance(code, int) and code:  # a command that ended by `Exit`
            sys.exit(code)
    except SymllmError as error:
        _fail(str(error))
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.ctx.get_help() if asked.ctx else str(asked))
    except click.UsageError as error:
        _fail(error.format_message())
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _fail(message: str) -> None:
    click.echo(f"Error: {one_line(message)}", err=True)
    sys.exit(2)
