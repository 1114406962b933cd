"""A scenario: a compiled model with a value for every symbol, and where each value comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import cache, catalog, parse, stored, tree
from .errors import SymllmError, one_line, unknown
from .numeric.dimensions import MismatchError, of_tree, of_unit
from .program import Line, Program
from .tree import Tree
from .units import DIMENSIONS, Number, exact, read_number, read_quantity, show, show_binary

MASKS, LOGITS = ("full", "causal"), ("all", "last")


@dataclass(frozen=True)
class Request:
    """What a person asked for, as given: the options of the command line, under the same names.

    config: a path or a mapping. book: a page of the person's own; define: texts such as "kv_ratio = kv_cache / weights".
    sets: symbol -> number. assume: texts such as "d_ff = 4*d". mentions: symbols that the question itself speaks of.
    """

    model: str | None = None
    config: str | Path | Mapping[str, Any] | None = None
    gpu: str | None = None
    gpus: int | None = None
    gpu_memory: str | None = None
    batch: int | None = None
    context: int | None = None
    new_tokens: int | None = None
    dtype: str | None = None
    kv_dtype: str | None = None
    tp: int | None = None
    pp: int | None = None
    ep: int | None = None
    engine: str | None = None
    utilization: str | float | Fraction | None = None
    mask: str = ""
    logits: str = ""
    sets: tuple[tuple[str, str], ...] = ()
    assume: tuple[str, ...] = ()
    beyond_context: bool = False
    ignore_fields: tuple[str, ...] = ()
    training: str | None = None
    book: str | None = None
    define: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Input:
    """The value of a symbol in a scenario and where it comes from: "model", "given", "GPU", "format" or "assumed"."""

    value: Number
    origin: str
    says: str = ""


@dataclass(frozen=True)
class Scenario:
    """A program, the value of every input with its origin, and the request that it answers."""

    program: Program
    inputs: Mapping[str, Input]
    request: Request
    gpu: catalog.Gpu | None = None
    notes: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, Number]:
        """The number of every input."""
        return {name: item.value for name, item in self.inputs.items()}

    def with_values(self, **values: Number) -> Scenario:
        """The same scenario with some inputs given."""
        given = {name: Input(value, "given") for name, value in values.items()}
        return replace(self, inputs={**self.inputs, **given})

    def without(self, *names: str) -> Scenario:
        """The same scenario in which some inputs are open."""
        return replace(self, inputs={name: item for name, item in self.inputs.items() if name not in names})


def structure(request: Request) -> dict[str, Any]:
    """The options that decide which program a model is compiled into."""
    return {
        "dtype": request.dtype, "kv_dtype": request.kv_dtype, "mask": _one_of("mask", request.mask, MASKS),
        "logits": _one_of("logits", request.logits, LOGITS), "engine": request.engine or "",
        "ignore": tuple(request.ignore_fields), "generation": _generates(request),
        "training": request.training, "define": tuple(request.define),
    }  # fmt: skip


def _generates(request: Request) -> bool:
    """Whether the question speaks of tokens after the prompt: by the option, or by the symbol itself."""
    named = {name for name, _ in request.sets} | {text.split("=")[0].strip() for text in request.assume} | set(request.mentions)
    return request.new_tokens is not None or bool(named & {"n", "new_tokens"})


@dataclass(frozen=True)
class _Asked:
    """A program by what it is made of; how it is made takes no part in that."""

    key: str
    place: str
    raw: Mapping[str, Any] | None = field(compare=False)
    model: Mapping[str, Any] = field(compare=False)
    book: str | None = field(compare=False)
    options: Mapping[str, Any] = field(compare=False)


def compiled(request: Request) -> Program:
    """The program of the request's model, from this process's memory or the disk where it was made before."""
    raw, model = facts(request)
    options = structure(request)
    key = json.dumps({"model": model, "config": raw, "book": _stamp(request.book), **options}, sort_keys=True, default=str)
    return _kept(_Asked(key, str(cache.folder()), raw, model, request.book, options))


@lru_cache(maxsize=256)
def _kept(asked: _Asked) -> Program:
    def make() -> dict[str, Any]:
        from .build import program as build
        from .userbook import opened_book

        return stored.dump(build(opened_book(asked.book), asked.raw, asked.model, **asked.options))

    return cache.kept("program", {"asked": asked.key}, make, stored.restore)


def _stamp(path: str | None) -> str:
    """Changes with the content of a person's own page."""
    if path is None:
        return ""
    from .userbook import stamp

    content = stamp(path)  # first, as only a file that can be read has a full name
    return f"{os.path.abspath(path)}:{content}"


def facts(request: Request) -> tuple[Mapping[str, Any] | None, dict[str, Any]]:
    """The config's fields and what the model is called; None where no model is named."""
    if request.model is not None and request.config is not None:
        raise SymllmError("give --model or --config, not both")
    if request.model is not None:
        if not request.model.strip():
            raise SymllmError("--model is empty; `symllm models` lists the names")
        row = catalog.find(request.model)
        told = {"name": row.name, "title": row.title, "hub": row.hub, "source": row.source, "note": row.note}
        return row.config, told
    if request.config is None:
        return None, {"name": "", "title": "no model", "hub": "", "source": "", "note": ""}
    if isinstance(request.config, Mapping):
        from .config import plain

        return plain(request.config, "config"), {"name": "config", "title": "the given config", "hub": "", "source": "given", "note": ""}
    path = Path(request.config)
    raw = _loaded(path)
    title = str(raw.get("_name_or_path") or "") or (path.name if path.is_dir() else path.stem)
    return raw, {"name": str(request.config), "title": one_line(title[:60]), "hub": "", "source": str(request.config), "note": ""}


def _loaded(path: Path) -> Mapping[str, Any]:
    """The fields of a config.json, of a folder's, or of a GGUF file's own metadata."""
    if path.suffix == ".gguf":
        from .files import read_model_file
        from .formulas.formats.gguf_config import config

        return config(read_model_file(str(path)))
    from .config import load

    return load(path)


def _one_of(name: str, given: str, known: tuple[str, ...]) -> str:
    if given and given not in known:
        raise SymllmError(f"--{name} is {given!r}; it is one of {', '.join(known)}")
    return given


def scenario(request: Request, open_symbols: Iterable[str] = ()) -> Scenario:
    """The scenario of a request: every input has a value, but for `open_symbols`.

    Raises `SymllmError` for what is unknown, impossible, or beyond the model's own context limit.
    """
    still_open = set(open_symbols)
    request = replace(request, mentions=tuple(sorted({*request.mentions, *still_open})))
    made = compiled(request)
    inputs = {name: Input(value, "assumed", says) for name, (value, says) in made.defaults.items()}
    inputs |= {name: Input(value, "model") for name, value in made.sizes.items()}
    inputs |= {name: Input(value, "format") for name, value in made.fixed.items()}
    gpu = _add_gpu(request, made, inputs)
    _add_given(request, made, inputs)
    _add_parallelism(request, inputs, still_open)
    _add_context(request, made, inputs, still_open)
    if {"tp", "G"} <= still_open:  # as many GPUs as the stages times their tensor parallelism
        sign = made.signs["G"]
        made = replace(made, lines=(Line("G", ["*", "tp", "pp"], sign.unit, sign.title, "each stage has its own tensor parallelism"), *made.lines))
    made = _add_assumptions(request, made, inputs)
    _keep_laws(request, made, inputs, still_open)
    result = Scenario(made, inputs, request, gpu, tuple(_notes(request, made, inputs)))
    return result.without(*still_open)


def _keep_laws(request: Request, made: Program, inputs: Mapping[str, Input], still_open: set[str]) -> None:
    """Refuse sizes given by hand that no model could have."""
    if not request.sets and not request.assume:
        return
    values = {name: item.value for name, item in inputs.items() if name not in still_open}
    for name, _ in (parse.definition(text) for text in request.assume):
        line = made.line(name)
        if line is not None and not set(made.inputs([name])) - set(values):
            values[name] = made.run(values, [name])[name]
    broken = made.broken(values)
    if broken:
        rules = [f"--assume \"{name} = {words}\"" for name, (rule, words) in made.rules.items()
                 if f"({name})" in broken and tree.names(rule) & {made.quantities.get(name, name) for name, _ in request.sets}]  # fmt: skip
        raise SymllmError(f"these sizes fit no model: {broken}" + (f"; its family's rule is {' '.join(rules)}" if rules else ""))


def _add_gpu(request: Request, made: Program, inputs: dict[str, Input]) -> catalog.Gpu | None:
    gpu = catalog.find_gpu(request.gpu) if request.gpu is not None else None
    if gpu is not None:
        says = f"{show_binary(gpu.usable)} visible" if gpu.visible else f"{gpu.memory_text} as sold; visible memory not known"
        inputs["M_gpu"] = Input(exact(gpu.usable), "measured" if gpu.visible else "assumed", says)
        inputs.update(_speed(gpu, made))
    if request.gpu_memory is not None:
        amount = exact(read_quantity(request.gpu_memory, "byte"))
        if amount <= 0:
            raise SymllmError(f"--gpu-memory is {request.gpu_memory!r}; it must be more than 0")
        inputs["M_gpu"] = Input(amount, "given", request.gpu_memory)
    if "M_gpu" in inputs:
        for name, value, says, below, also in made.choices["smaller_cards"]:
            if inputs["M_gpu"].value < below or (gpu is not None and any(word in gpu.title for word in also)):
                inputs[name] = Input(value, "assumed", says)
    return gpu


def _speed(gpu: catalog.Gpu, made: Program) -> Iterable[tuple[str, Input]]:
    """The peak of the format that the model computes in, and the bandwidth, under the symbols that the book gives them."""
    machine = made.choices["machine"]
    if "bandwidth" in machine:
        yield machine["bandwidth"], Input(exact(gpu.bandwidth), "GPU", f"memory bandwidth of {gpu.title}")
    dtype = next((name for name in made.choices["compute_dtypes"] if name in gpu.peak), None)
    if "peak" in machine and dtype is not None:
        yield machine["peak"], Input(exact(gpu.peak[dtype]), "GPU", f"dense {dtype} peak of {gpu.title}")


def _add_given(request: Request, made: Program, inputs: dict[str, Input]) -> None:
    counts = {"b": ("--batch", request.batch, 1), "s": ("--context", request.context, 1), "n": ("--new-tokens", request.new_tokens, 0),
              "tp": ("--tp", request.tp, 1), "pp": ("--pp", request.pp, 1), "ep": ("--ep", request.ep, 1),
              "G": ("--gpus", request.gpus, 1)}  # fmt: skip
    for name, (option, value, least) in counts.items():
        if value is not None:
            inputs[name] = Input(_count(option, value, least), "given")
    if request.utilization is not None:
        share = read_number(str(request.utilization))
        if not 0 < share <= 1:
            raise SymllmError(f"--utilization is {request.utilization}; it must be above 0 and at most 1")
        inputs["eta"] = Input(exact(share), "given")
    given: set[str] = set()
    for name, text in request.sets:
        symbol = made.quantities.get(name, name)
        if symbol in given:
            raise SymllmError(f"--set {name} is given twice; which value is meant?")
        given.add(symbol)
        if symbol not in made.signs:
            raise unknown("symbol", name, [*made.signs, *made.quantities], "`symllm list --symbols` shows all")
        inputs[symbol] = Input(_amount(name, text, made), "given")


def _count(option: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SymllmError(f"{option} is {value!r}; a whole number is expected")
    if value < least:
        raise SymllmError(f"{option} is {value}; it must be at least {least}")
    if value > 10**15:
        raise SymllmError(f"{option} is larger than 10^15, which no scenario needs")
    return value


def _amount(name: str, text: str, made: Program) -> Number:
    """An amount such as "7e9", "1/2", "28.74 GiB" or "2.5 USD/hour"; a bare number is in the symbol's own unit."""
    sign = made.signs[made.quantities.get(name, name)]
    body = parse.expression(text)
    words = tree.names(body) - set(DIMENSIONS)
    if words:
        raise SymllmError(f"--set {name}={text[:40]}: {sorted(words)[0]!r} is no number; --assume \"{name} = {text[:40]}\" ties symbols together")
    found = of_tree(body, lambda unit: unit, f"--set {name}={text[:40]}")
    if tree.names(body) and found != of_unit(sign.unit):
        raise MismatchError(body, of_unit(sign.unit), found or (), f"--set {name}={text[:40]}")
    value = exact(tree.evaluate(body, dict.fromkeys(DIMENSIONS, 1)))
    if sign.whole and not isinstance(value, int):
        raise SymllmError(f"--set {name}={text}: {sign.title} is counted, so a whole number is expected")
    if value < 0 or value > 10**40:
        raise SymllmError(f"--set {name}={text}: it must be at least 0 and at most 10^40")
    return value


def _add_parallelism(request: Request, inputs: dict[str, Input], still_open: set[str]) -> None:
    gpus = inputs["G"].value
    if request.gpus is not None and request.tp is None and "tp" not in still_open:
        stages = inputs["pp"].value
        if gpus % stages:
            raise SymllmError(f"--gpus {gpus} cannot be divided into --pp {stages} stages")
        inputs["tp"] = Input(gpus // stages, "assumed", f"the {gpus} GPUs share each layer's matrices") if gpus > 1 else inputs["tp"]
    together = inputs["tp"].value * inputs["pp"].value
    if "tp" in still_open:
        return
    if request.gpus is not None and together != gpus:
        raise SymllmError(f"--tp {inputs['tp'].value} × --pp {inputs['pp'].value} is {together} GPUs, not --gpus {gpus}")
    if request.gpus is None and inputs["G"].origin != "given":
        inputs["G"] = Input(together, inputs["tp"].origin, inputs["tp"].says)
    if inputs["ep"].value > together:
        raise SymllmError(f"--ep {inputs['ep'].value} needs at least as many GPUs; there are {together} (--gpus, --tp, --pp)")


def _add_context(request: Request, made: Program, inputs: dict[str, Input], still_open: set[str]) -> None:
    limit = inputs.get("s_max")
    if request.context is None and "s" not in inputs and "s" not in still_open and limit is not None:
        new = request.new_tokens or 0
        if limit.value <= new:
            raise SymllmError(f"--new-tokens {new} leaves no room for a prompt in the model's context of {limit.value:,} tokens")
        inputs["s"] = Input(limit.value - new, "assumed", "the model's full context")
    if limit is None or request.beyond_context or "s" in still_open or "s" not in inputs:
        return
    total = inputs["s"].value + inputs["n"].value
    if total > limit.value:
        raise SymllmError(f"{total:,} tokens are beyond the context limit of {made.model['title']}, {limit.value:,} tokens; "
                          "--beyond-context asks all the same")  # fmt: skip


def _add_assumptions(request: Request, made: Program, inputs: dict[str, Input]) -> Program:
    """The program with assumed equalities among its inputs as lines of their own, before all others."""
    pending: dict[str, tuple[str, Tree]] = {}
    for text in request.assume:
        name, body = parse.definition(text)
        for word in (name, *sorted(tree.names(body))):
            if word not in made.signs:
                raise unknown("symbol", word, made.signs, "`symllm list --symbols` shows all")
        _assumable(request, made, name, body, text)
        if name in pending:
            raise SymllmError(f"--assume gives {name} twice: {pending[name][0]!r} and {text!r}")
        pending[name] = (text, body)
    lines: list[Line] = []
    while pending:
        free = [name for name, (_, body) in pending.items() if not tree.names(body) & set(pending)]
        if not free:
            raise SymllmError(f"--assume goes in a circle: {', '.join(text for text, _ in pending.values())}")
        for name in free:
            text, body = pending.pop(name)
            sign = made.signs[name]
            lines.append(Line(name, body, sign.unit, sign.title, f"assumed: {text}", "assumed"))
            inputs.pop(name, None)
    given = {name for name, item in inputs.items() if item.origin == "given"}
    if not lines and not any(made.line(name) for name in given):
        return made
    replaced = {line.name for line in lines} | given
    return replace(made, lines=_in_order((*lines, *(line for line in made.lines if line.name not in replaced))))


def _in_order(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines with each behind those that it uses; an assumption may use what the book derives."""
    by_name, done = {line.name: line for line in lines}, dict[str, Line]()

    def visit(line: Line, path: tuple[str, ...]) -> None:
        if line.name in path:
            raise SymllmError(f"--assume goes in a circle: {' -> '.join((*path[path.index(line.name):], line.name))}")
        if line.name in done:
            return
        for name in sorted((tree.names(line.tree) | tree.names(line.times)) & set(by_name)):
            visit(by_name[name], (*path, line.name))
        done[line.name] = line

    for line in lines:
        visit(line, ())
    return tuple(done.values())


def _assumable(request: Request, made: Program, name: str, body: Tree, text: str) -> None:
    """Refuse what a named model derives from its sizes, and sides of different dimension."""
    line = made.line(name)
    if line is not None and made.model["name"]:
        raise SymllmError(f"--assume {text[:60]!r}: {name} of a named model is derived, not assumed; assume sizes that it rests on, or name no model")
    left = of_unit(made.signs[name].unit)
    right = of_tree(body, lambda word: made.signs[word].unit, f"--assume {text[:60]!r}")
    if right is not None and left != right and tree.names(body):
        raise MismatchError(body, left, right, f"--assume {text[:60]!r}")


def _notes(request: Request, made: Program, inputs: Mapping[str, Input]) -> Iterable[str]:
    yield from made.notes
    yield from _kept_sizes(request, made, inputs)
    if request.beyond_context and "s" in inputs and "s_max" in inputs and inputs["s"].value > inputs["s_max"].value:
        yield f"the sequence is beyond the model's own context of {show(inputs['s_max'].value, 'token')}"


def _kept_sizes(request: Request, made: Program, inputs: Mapping[str, Input]) -> Iterable[str]:
    """Sizes of the model that stay as they are although what its family makes them of was changed by hand."""
    given = {made.quantities.get(name, name) for name, _ in request.sets}
    values = {name: item.value for name, item in inputs.items()}
    for name, (rule, words) in made.rules.items():
        if name in given or name not in inputs or not tree.names(rule) & given or not tree.names(rule) <= set(values):
            continue
        kept, would = values[name], exact(tree.evaluate(rule, values))
        if kept != would:
            sign = made.signs[name]
            yield (f"{sign.title} ({sign.text}) stays {show(kept, '1')}, as {made.model['title']} has it; its family's rule would make it "
                   f"{show(would, '1')}: --assume \"{name} = {words}\"")  # fmt: skip


def complete(case: Scenario, results: Iterable[str]) -> None:
    """Raise, naming the option that gives it, where an input that the results need has no value."""
    options = {"M_gpu": "--gpu NAME or --gpu-memory", "s": "--context", "T": "--set T=..."}
    if not case.program.model["name"]:
        options |= dict.fromkeys((word for name, word in case.program.quantities.items() if case.program.line(word) is None),
                                 "--model NAME (`symllm models` lists them), --config PATH or --set it")  # fmt: skip
        options |= dict.fromkeys((name for name in case.program.signs if name not in options and case.program.signs[name].whole),
                                 "--model NAME (`symllm models` lists them) or --config PATH (a config.json)")  # fmt: skip
    options |= {symbol: f"--gpu NAME or --set {symbol}=..." for symbol in case.program.choices["machine"].values()}
    overridden = set(case.inputs)
    for name in case.program.inputs(results):
        if name not in overridden:
            sign = case.program.signs[name]
            raise SymllmError(f"{sign.title} ({name}) is needed and not known: give {options.get(name, f'--set {name}=VALUE')}")
