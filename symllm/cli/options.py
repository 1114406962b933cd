"""The options that every command about a scenario takes, and the request that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ..errors import SymllmError
from ..scenario import Request


def once(*names: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A `click.option` that is refused when it is given twice: no value replaces another in silence."""
    default, required = settings.pop("default", None), settings.pop("required", False)

    def single(ctx: click.Context, option: click.Parameter, values: tuple[Any, ...]) -> Any:
        if len(values) > 1:
            raise SymllmError(f"{names[0]} is given {len(values)} times ({', '.join(map(str, values))[:60]}); give it once")
        if not values and required:
            raise click.MissingParameter(ctx=ctx, param=option)
        return values[0] if values else default

    return click.option(*names, multiple=True, callback=single, **settings)


def scenario_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the scenario options to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS = (
    once("--model", metavar="NAME", help="A model of the catalogue."),
    once("--config", metavar="PATH", help="A Hugging Face config.json, or a folder with one."),
    once("--gpu", metavar="NAME", help="A GPU of the catalogue; `local` asks this machine."),
    once("--gpus", type=int, metavar="N", help="GPUs that hold the model together."),
    once("--gpu-memory", metavar="TEXT", help='Memory a program sees, such as "79.19 GiB".'),
    once("--batch", type=int, metavar="N", help="Sequences computed together."),
    once("--context", type=int, metavar="N", help="Tokens of one sequence."),
    once("--new-tokens", type=int, metavar="N", help="Tokens generated after the prompt."),
    once("--dtype", metavar="NAME", help="How weights are stored; default: as the config says."),
    once("--kv-dtype", metavar="NAME", help="How the cache is stored; default: as the activations."),
    once("--tp", type=int, metavar="N", help="Tensor parallelism."),
    once("--pp", type=int, metavar="N", help="Pipeline parallelism."),
    once("--ep", type=int, metavar="N", help="Expert parallelism."),
    once("--engine", metavar="NAME", help="What this engine computes and keeps, not the model's own mathematics."),
    once("--utilization", metavar="SHARE", help="Share of the visible memory that is used; default 0.9."),
    once("--mask", default="", metavar="full|causal",
                 help="Pairs of tokens that attention computes; default: full for compute, causal for times."),
    once("--logits", default="", metavar="all|last",
                 help="Positions for which logits are computed; default: all for compute, the last for times."),
    once("--training", metavar="WORDS", help='How a training run goes, such as "fused,no-dropout,pure".'),
    click.option("--set", "sets", multiple=True, metavar="SYMBOL=VALUE", help="Give any symbol a value."),
    click.option("--assume", multiple=True, metavar="EQUATION", help='Tie symbols together: "d_ff = 4*d".'),
    once("--book", metavar="PAGE", help="A Python page of your own formulas; it is run, so trust it."),
    click.option("--define", multiple=True, metavar="EQUATION", help='A quantity of your own: "kv_ratio = kv_cache / weights".'),
    click.option("--beyond-context", is_flag=True, help="Ask beyond the model's own context limit."),
    click.option("--ignore-field", "ignore_fields", multiple=True, metavar="NAME", help="Take a config field to change no size."),
)


def request(options: dict[str, Any]) -> Request:
    """The request that the scenario options make."""
    names = set(Request.__dataclass_fields__)
    given = {name: value for name, value in options.items() if name in names}
    given["sets"] = tuple(_pair(text) for text in given.pop("sets", ()))
    return Request(**given)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise SymllmError(f"--set {text[:60]!r}: write it as symbol=value, for example --set d_ff=11008")
    return name.strip(), value.strip()


def output_options(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Flags for the ways of showing a result, of which at most one is given."""
    says = {
        "json": "Machine-readable, documented in docs/json.md.", "explain": "Every step: symbols = numbers = result.",
        "latex": "The derivation as LaTeX.", "markdown": "The derivation as Markdown with mathematics.",
        "html": "The derivation as an HTML page with MathML.", "standalone": "With --latex: a whole document.",
    }  # fmt: skip

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(formats):
            function = click.option(f"--{name}", f"as_{name}", is_flag=True, help=says[name])(function)
        return function

    return add


def one_format(options: dict[str, Any]) -> str:
    """Which output was asked for: "" for the report, else the flag's name."""
    given = [name[3:] for name, value in options.items() if name.startswith("as_") and value and name != "as_standalone"]
    if len(given) > 1:
        raise SymllmError(f"--{given[0]} and --{given[1]} exclude each other: give one")
    if options.get("as_standalone") and given != ["latex"]:
        raise SymllmError("--standalone goes with --latex")
    return given[0] if given else ""


def echo_json(data: Any) -> None:
    """Print JSON, exact integers and all."""
    import json

    click.echo(json.dumps(data, indent=2, ensure_ascii=False))
