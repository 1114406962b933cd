"""Every option of every command with values that it was not made for, and Python arguments of wrong types."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click
from click.testing import CliRunner

import symllm
from symllm.cli import COMMANDS, group

if TYPE_CHECKING:
    from hostile_inputs import Case, Lab

#: `check` and a whole `audit` are long by nature.
ASKED = tuple(name for name in COMMANDS if name != "check")
VALUES = (
    "", " ", "0", "-1", "1", "2", "8", "3.5", "1e3", "1e400", "nan", "inf", "-inf", "9" * 15, "9" * 40, "9" * 5000, "None", "null", "true", "é",
    "𝟜", "٣", "\x00", "\n",
    "a\nb", "a" * 10_000, "--batch", "--", "-", "../../etc/passwd", "/dev/null", "/", ".", "%s%n", "{0.__class__}", "h100", "gpt2", "fp8",
    "bf16", "causal", "all",
    "vllm", "vllm@9.9.9", "1/2", "1/0", "0.9", "80 GB", "-80 GB", "0 GB", "1e99 GB", "1e-9 GB", "80 TFLOP/s", "80", "GB", "d=4", "d_ff = 4*d",
    "d=", "=4", "=", "==",
    "context=1:10", "batch=1:1e99:*1.0000001", "batch=1:64:0", "s=1,2,3", "batch=1:9e9", "N=1:2:1/999999999", "kv_dtype=fp8", "k=4",
    "model=llama-3-8b", "config=x",
    "fused,no-dropout,pure", "fused,fused", ",", ",,,", "max", "min", "s", "d", "b", "N", "V", "tp", "eta", "T", "M_gpu", "parameters <= 7e9",
    "kv_cache <= 1 GB", "mine = kv_cache/weights", "if = d",
    "llama-3-8b", "mixtral-8x7b", "LLAMA-3-8B", "meta-llama/Meta-Llama-3-8B", "no/such-model", "a/b", "parameters", "kv_cache", "latency",
    "max_batch",
    "crossover", "minimum", "sum", "elasticity", "weights", "inference_memory", "\ud800", "\u202e", "\x1b[31m", "٩" * 30, "1_0", "+5", " 5 ",
    "0x10", "1,024", "1 000",
)  # fmt: skip
GOOD: dict[str, tuple[str, ...]] = {
    "model": ("gpt2", "llama-3-8b", "mixtral-8x7b", "qwq-32b"), "gpu": ("h100", "a100", "rtx-4090"), "gpus": ("1", "2", "8"),
    "gpu_memory": ("80 GB", "24 GiB"),
    "batch": ("1", "4"), "context": ("1", "512"), "new_tokens": ("0", "10"), "dtype": ("bf16", "fp8", "q4_k_m"), "kv_dtype": ("fp8", "bf16"),
    "tp": ("1", "2"), "pp": ("1", "2"), "ep": ("1",), "engine": ("vllm", "transformers"), "utilization": ("0.9", "1"), "mask": ("causal", "full"),
    "logits": ("all", "last"), "training": ("fused", "no-dropout"), "sets": ("d_ff=11008", "u_kv=1"), "assume": ("d_ff = 4*d", "k = h"),
    "define": ("mine = kv_cache/weights",), "ignore_fields": ("x",), "quantity": ("parameters", "kv_cache", "weights", "latency", "crossover",
    "minimum"),
    "unknown": ("max_batch", "max_context", "min_gpus", "d", "s"), "such_that": ("parameters <= 7e9", "kv_cache <= 1 GB"), "sense": ("max", "min"),
    "over": ("context=1:512:*2", "batch=1,2,3"), "changes": ("kv_dtype=fp8", "k=4", "batch=8"), "quantities": ("kv_cache",), "dominant": ("d", "s"),
    "growing": ("s", "b"), "low": ("1",), "high": ("100",), "others": ("kv_cache", "weights"), "names": ("no-such-claim",), "name": ("kv_cache",
    "gpt2", "h100"),
    "search": ("llama",), "config": ("x.json",), "book": ("x.py",), "plot": ("x.png",), "page": ("x.py",),
}  # fmt: skip
#: Counts, with the least value that any answer may rest on.
COUNTS = {"--batch": 1, "--context": 1, "--new-tokens": 0, "--tp": 1, "--pp": 1, "--ep": 1, "--gpus": 1}
WRONG: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3.5, 10**40, float("nan"), float("inf"), 1e-9, "", "x", "8", " 8 ", b"8", b"", [], ["gpt2"], (),
        ("d_ff = 4*d",), {}, {"d": 4}, {1: 2}, {"d": None},
    {"d": [1]}, {None: 1}, set(), object(), Fraction(1, 2), Fraction(4), 4j, lambda: 3, int, range(3), "gpt2", "h100", "\x00", "9" * 5000,
        10**5000, [None], [3], (b"x",), [["a"]], "\ud800", Exception("x"),
)  # fmt: skip
OPTIONS = ("model", "config", "gpu", "gpus", "gpu_memory", "batch", "context", "new_tokens", "dtype", "kv_dtype", "tp", "pp", "ep", "engine",
    "utilization", "mask", "logits",
           "sets", "assume", "beyond_context", "ignore_fields", "training", "book", "define", "mentions", "sense", "such_that",
           "no_such_option")  # fmt: skip


def draw(rng: random.Random, lab: Lab) -> Case:
    """A command line or a Python call."""
    return _python(rng) if rng.random() < 0.3 else _command(rng)


def _value(rng: random.Random, name: str, hostile: float) -> str:
    return rng.choice(VALUES) if rng.random() < hostile or name not in GOOD else rng.choice(GOOD[name])


def _command(rng: random.Random) -> Case:
    from hostile_inputs import Case

    name = rng.choice(ASKED)
    command = group.get_command(click.Context(group), name)
    assert command is not None
    hostile = rng.choice([0.0, 0.1, 0.3, 0.8])
    arguments: list[str] = []
    known = [param for param in command.params if isinstance(param, click.Option)]
    if rng.random() < 0.8:  # one form of output, and no files that are not there
        forms = [param for param in known if str(param.name).startswith("as_")]
        known = [param for param in known if param not in forms and param.name not in ("config", "book", "plot", "page")] + rng.sample(forms,
            min(len(forms), 1))
    words = [param for param in command.params if isinstance(param, click.Argument)]
    for param in words:
        count = 1 if param.nargs == 1 else 0 if param.name == "others" and rng.random() < 0.7 else rng.randint(0, 2)
        if name == "audit":
            count = max(count, 1)
        arguments += [_value(rng, str(param.name), hostile / 2) for _ in range(count)]
    chosen = rng.sample(known, min(len(known), rng.choice([0, 1, 2, 3, 6])))
    if any(param.name == "model" for param in known) and rng.random() < 0.8:
        chosen = [param for param in chosen if param.name not in ("model", "config")]
        arguments += ["--model", rng.choice(GOOD["model"])]
    chosen += [param for param in known if param.required or param.name == "over"][:1]
    for param in chosen:
        for _ in range(2 if rng.random() < 0.06 else 1):
            arguments.append(param.opts[0])
            if not param.is_flag:
                arguments.append(_value(rng, str(param.name), hostile))
    if rng.random() < 0.05:
        arguments.append(rng.choice(VALUES))
    line = [name, *arguments]
    asked = {option: line[i + 1] for i, option in enumerate(line[:-1]) if option in COUNTS}

    def wrong(output: Any) -> str:
        for option, value in asked.items():
            if name in ("eval", "solve", "whatif", "sweep") and "--help" not in line and not _counts(value, COUNTS[option]):
                return f"answered although {option} is {value[:40]!r}"
        if "--json" in line and output is not None:
            data = json.loads(output)
            if name == "eval" and line[1] == "kv_cache" and set(line[2::2]) <= {"--model", "--batch", "--context"} and asked.keys() >= {"--context"}:
                own = {"gpt2": 36_864, "llama-3-8b": 131_072}.get(line[line.index("--model") + 1])
                if own is not None and data["value"] != own * int(asked["--context"]) * int(asked.get("--batch", "1")):
                    return f"kv_cache is {data['value']}"
        return ""

    return Case(" ".join(part[:60] if part else "''" for part in line), lambda: invoked(line), wrong)


def _counts(value: str, least: int) -> bool:
    try:
        return int(value) >= least
    except ValueError:
        return False


def invoked(line: list[str]) -> str:
    """What the command line prints; raises what it raises."""
    outcome = CliRunner().invoke(group, line, standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return outcome.output


def _python(rng: random.Random) -> Case:
    from hostile_inputs import Case

    what = rng.choice(["evaluate", "evaluate", "solve", "minimize", "maximize", "total"])
    wrong_values = (*WRONG, *_numpy())
    options: dict[str, Any] = {"model": rng.choice(["gpt2", "llama-3-8b"])} if rng.random() < 0.8 else {}
    for name in rng.sample(OPTIONS, rng.choice([0, 1, 1, 2, 3])):
        options[name] = rng.choice(wrong_values)
    first = rng.choice(wrong_values) if rng.random() < 0.3 else {"evaluate": "kv_cache", "solve": "max_batch"}.get(what, "kv_cache/b")
    if what in ("minimize", "maximize", "total"):
        options.pop("such_that", None)
        options.pop("sense", None)
        options |= {"over": rng.choice(["s", "b", rng.choice(wrong_values)]), "low": rng.choice(["1", rng.choice(wrong_values)]),
                    "high": rng.choice(["9", rng.choice(wrong_values)])}  # fmt: skip
    batch = options.get("batch")

    def wrong(answer: Any) -> str:
        if batch is not None and what == "evaluate" and (isinstance(batch, (bool, str, bytes, float, complex)) or batch < 1):
            return f"answered although batch is {batch!r}"
        str(answer)
        return ""

    def said(value: Any) -> str:
        return f"an int of {value.bit_length():,} bits" if isinstance(value, int) and value.bit_length() > 1000 else repr(value)[:50]

    says = f"{what}({said(first)}, {', '.join(f'{key}={said(value)}' for key, value in options.items())})"
    return Case(says, lambda: getattr(symllm, what)(first, **options), wrong)


def _numpy() -> tuple[Any, ...]:
    import numpy

    return (numpy.int64(4), numpy.int32(-1), numpy.float64("nan"), numpy.float64(2.0), numpy.array([1, 2]), numpy.uint8(255), numpy.bool_(True),
        numpy.str_("gpt2"))
