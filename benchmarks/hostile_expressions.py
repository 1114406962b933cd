"""Texts where an expression is expected: at every door that reads one, random, mutated, grown from a grammar, and hostile."""

from __future__ import annotations

import contextlib
import math
import random
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import symllm
from symllm.errors import SymllmError

if TYPE_CHECKING:
    from hostile_inputs import Case, Lab

MODELS = ("gpt2", "gpt2", "llama-3-8b", "mixtral-8x7b", None)
VALID = (
    "parameters <= 7e9", "1 GB <= kv_cache <= 2 GB", "time_per_output_token <= 20 ms", "inference_memory < 80 GB", "kv_cache/weights >= 1/2",
    "ceil(s/16)*16", "4*d", "min(s, 1024)", "max(d, 2*h) + 3", "sqrt(d)", "2**30 byte", "450 GB/s", "kv_cache/GiB", "latency/n", "7B",
    "(1/2)*d", "d_ff/4", "s^2", "h*d_h", "weights + kv_cache", "20 %", "1,024", "floor(d/h)", "-d", "d - h",
)  # fmt: skip
NAMES = ("d", "h", "N", "s", "b", "V", "k", "d_h", "d_ff", "n", "tp", "kv_cache", "parameters", "weights", "latency", "M_gpu", "eta", "u_kv", "T",
         "byte", "second", "GiB", "FLOP", "token", "x", "parametres", "É", "ｄ", "𝑑", "ℎ", "µ", "__class__", "lambda", "if", "None", "e", "oo",
         "zoo")  # fmt: skip
EVIL = (
    "__import__('os').system('touch {c}')", "open('{c}','w')", "eval(\"open('{c}','w')\")", "().__class__.__bases__[0].__subclasses__()",
    "d.__class__",
    "lambda: open('{c}','w')", "[x for x in (1,)]", "{{0.__class__}}", "%(d)s", "f'{{d}}'", "9**9**9", "9**9**9**9", "2**(10**9)", "2**-(10**9)",
    "d**(10**9)", "d**1000000", "(1+1/10**50)**(10**50)", "1e400", "1e999", "1e-999", "inf", "nan", "-inf", "0/0", "1/0", "1/(d-d)", "0**0",
    "0**-1", "(-1)**(1/2)",
    "(d-h)**(1/3)", "1<2<3<4", "a==b==c", "<=", "==", "d<=", "<=d", "d<=d", "d<d", "0<=0", "1<=2", "s<=-1", "s>=1e60", "kv_cache<=0", "\x00",
    "\n", "\t",
    "\u202e", "\ud800", "d;d", "d=d", "d:=3", "d=3=4", "#", "\\", "'", '"', "$", "`", "d__", "_", "__", "d.", "d.h", "1.", ".5", "1.2.3", "1e",
    "1e+", "0x10", "1_000", "1__0",
    "٣", "１２", "½", "²", "d²", "2³", "√d", "∞", "π", "d d", "2 d", "d(2)", "2(d)", "min()", "max(1)", "min(1,2,3)", "ceil()", "ceil(1,2)",
    "floor(-1/2)", "sqrt(-1)", "sqrt(2)**2", "max(d,byte)", "d+byte", "byte*second/FLOP**3", "((d))", "((d)", "(d))", "+-+-d", "--d", "- - 1",
    "d--d",
    "d**-1", "d**--1", "d**0.5", "d**d", "d**d**d", "d**s", "2**s", "s**s", "(d+h+N+s)**60", "(d+h)**500", "(d+1)**10**6", "max(s,max(s,max(s,1)))",
    "ceil(ceil(ceil(s/7)/5)/3)", "floor(s**(1/2))", "s**(1/97)", "s**(97/89)", "d**(1/10**9)", "2**(1/3)", "10**60*10**60*10**60", "1/10**60/10**60",
    "100%", "5%%", "%", "7B", "7 B", "7BB", "3K", "3k B", "80 GB/s", "80 GB / s", "80 GB/GB", "GB", "GB/s", "20 ms ms", "1 GB s", "2 byte**2",
)  # fmt: skip
TARGETS = ("such_that", "define", "assume", "set", "over", "minimum", "maximum", "sum", "change", "derive")
#: Names that our own written-out functions use.
TAKEN = ("t0", "t1", "t2", "low", "high", "computed", "enclosed", "Fraction", "ONE", "power", "product", "inverse", "whole_power", "ceil",
    "floor", "max",
         "min", "if", "lambda", "None", "def", "class", "return", "__builtins__", "x_l", "x_h", "asked_expression", "needs_of_question_0", "q",
         "byte", "s_",
         "GiB", "token", "e", "print", "É", "ｑ", "x.y", "exec", "True", "maximum", "minimum", "self", "budget_of_question_0",
         "_needs_of_question_0", "_asked_expression", "folded")  # fmt: skip


def noise(rng: random.Random) -> str:
    """Characters without order."""
    pool = "dhNsb0123456789+-*/^()<>=,.% \t_eE²≤·×−{}[]'\"\\;:@!#$&|~?éλ∑\u200b\x00\x7f"
    return "".join(rng.choice(pool) for _ in range(rng.choice([0, 1, 2, 5, 12, 40, 200])))


def mutated(rng: random.Random, text: str) -> str:
    """A valid text with a few edits."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        edit = rng.randrange(5)
        if edit == 0:
            text = text[:at] + text[at + 1 :]
        elif edit == 1:
            text = text[:at] + rng.choice("()+-*/^<>=,.% 9eEd²½\x00é") + text[at:]
        elif edit == 2:
            text = text[:at] + text[at : at + 6] * rng.randint(2, 4) + text[at:]
        elif edit == 3:
            text = text[:at] + rng.choice(EVIL) + text[at:]
        else:
            text = text[:at] + rng.choice(NAMES) + text[at + 2 :]
    return text


def grown(rng: random.Random, names: tuple[str, ...], depth: int = 4) -> str:
    """An expression of a small grammar, which Python reads alike."""
    kind = rng.randrange(9) if depth else rng.randrange(2)
    if kind == 0:
        return rng.choice(names)
    if kind == 1:
        return str(rng.choice([0, 1, 2, 3, 7, 16, 1000, rng.randrange(10**6)]))
    inner = [grown(rng, names, depth - 1) for _ in range(3)]
    if kind in (2, 3, 4):
        return f"({inner[0]} {rng.choice('+-*/')} {inner[1]})" if rng.random() < 0.6 else f"{inner[0]} {rng.choice('+-*/')} {inner[1]}"
    if kind == 5:
        return f"{inner[0]}**{rng.choice([2, 2, 3, 5, '-1', '(-2)'])}"
    if kind == 6:
        return f"{rng.choice(['min', 'max'])}({inner[0]}, {inner[1]}, {inner[2]})"
    return f"-{inner[0]}" if kind == 7 else f"{rng.choice(['ceil', 'floor'])}({inner[0]})"


def giant(rng: random.Random) -> str:
    """A text that is hostile by its size."""
    n = rng.choice([61, 500, 5000, 10**6])
    return rng.choice([
        "(" * n + "d" + ")" * n, "9" * n, "-" * n + "1", "+".join(["d"] * n), "d**" * n + "d", "min(" * n + "1" + ")" * n, "1<" * n + "2", "d" * n,
        "1" + "0" * n + "GB", "é" * n, " " * n + "d", "1e" + "9" * n, "0." + "1" * n, "d*" * n, "/".join(["1"] * n), "²" * n, "d" + "²" * min(n,
        900),
        "+".join(f"(d+{i})**9" for i in range(min(n, 120))), "*".join(f"(s+{i})" for i in range(min(n, 150))), "^".join(["d"] * 50), "d,d" * n,
        "*".join(["max(s,d)"] * min(n, 120)), "+".join(f"s**(1/{i})" for i in range(2, 60)), "(" * 50 + "s" + "**2)" * 50, "%" * n, "\n" * n,
    ])  # fmt: skip


def text(rng: random.Random, lab: Lab) -> str:
    """One hostile text."""
    kind = rng.randrange(10)
    if kind <= 1:
        return noise(rng)
    if kind <= 3:
        return mutated(rng, rng.choice(VALID))
    if kind <= 5:
        return grown(rng, NAMES[:17])
    if kind == 6:
        return giant(rng)
    made = rng.choice(EVIL).replace("{c}", str(lab.canary)).replace("{{", "{").replace("}}", "}")
    if kind == 9:
        made = rng.choice(["kv_cache <= {}", "{} <= parameters", "d*({})", "({})+1", "{}/b", "s + {}", "{0} <= {0}"]).replace("{0}",
            "{}").replace("{}", made)
    return made


def draw(rng: random.Random, lab: Lab) -> Case:
    """A hostile text at one door."""
    from hostile_inputs import Case

    if rng.random() < 0.12:
        return checked_definition(rng)
    if rng.random() < 0.08:
        return taken_name(rng)
    target, model, body = rng.choice(TARGETS), rng.choice(MODELS), text(rng, lab)
    says = f"{target} of {model}: {body[:120]!r}{f' ({len(body):,} characters)' if len(body) > 120 else ''}"
    return Case(says, lambda: asked(target, model, body, rng))


def asked(target: str, model: str | None, body: str, rng: random.Random) -> Any:
    """The text at the door named `target`."""
    from symllm import deriving, sweep, whatif
    from symllm.scenario import Request

    unknown = rng.choice(["d", "s", "b", "N", "max_batch", "T", "eta"])
    if target == "such_that":
        constraints = (body,) if rng.random() < 0.7 else (body, rng.choice(VALID[:5]))
        return symllm.solve(unknown, such_that=constraints, model=model, gpu="h100", context=None if unknown == "s" else 256)
    if target == "define":
        given = body if "=" in body and rng.random() < 0.3 else f"mine = {body}"
        return symllm.evaluate("mine", define=given, model=model, context=256)
    if target == "assume":
        given = body if "=" in body and rng.random() < 0.3 else f"{rng.choice(['d_ff', 'k', 'd', 'h', 's', 'b'])} = {body}"
        return symllm.evaluate(rng.choice(["parameters", "kv_cache"]), assume=given, model=model)
    if target == "set":
        name = rng.choice(["d_ff", "s", "u_kv", "B_mem", "M_gpu", body[:30]])
        return symllm.evaluate(rng.choice(["parameters", "kv_cache", "latency"]), sets={name: body}, model=model, gpu="h100")
    if target == "over":
        given = body if rng.random() < 0.3 else rng.choice(["context={}", "batch=1:{}:8", "N={},4", "d={}:*2", "batch=1:64:{}"]).replace("{}", body)
        return sweep.sweep(Request(model=model), "kv_cache", given)
    if target in ("minimum", "maximum"):
        ends = rng.choice([("", ""), ("1", "512"), (body[:40], ""), ("1", body[:40])])
        function = symllm.minimize if target == "minimum" else symllm.maximize
        return function(body, over=rng.choice(["s", "b", "n", "d", "tp", body[:20]]), low=ends[0], high=ends[1], model=model, gpu="h100")
    if target == "sum":
        return symllm.total(body, over=rng.choice(["s", "b", "n"]), low="1", high=rng.choice(["10", "700", "1e6", body[:40]]), model=model)
    if target == "change":
        return whatif.whatif(Request(model=model), (body if "=" in body else f"{rng.choice(['d_ff', 'batch', 's', 'dtype'])}={body}",))
    options = {"assume": (body if "=" in body else f"{rng.choice(['d_ff', 'k', 'd_h'])} = {body}",)}
    return deriving.derived(Request(model=model, **options), "parameters", (), rng.choice([None, None, "d", body[:20]]))


def checked_definition(rng: random.Random) -> Case:
    """A definition over plain sizes, worked out by Python's own reader too."""
    from hostile_inputs import Case

    sizes = {"d": 768, "h": 12, "N": 12, "V": 50257, "s": 256, "b": 3}
    body = grown(rng, tuple(sizes), 5)
    door = rng.choice(["define", "set", "sum"])

    def own() -> Fraction | None:
        written = re.sub(r"(?<![A-Za-z_])[0-9]+", r"Fraction(\g<0>)", body)
        scope: dict[str, Any] = {"__builtins__": {}, "Fraction": Fraction, "min": min, "max": max,
                                 "ceil": lambda value: Fraction(math.ceil(value)), "floor": lambda value: Fraction(math.floor(value))}  # fmt: skip
        code = compile(written, __file__, "eval")
        try:
            found = eval(code, scope, {name: Fraction(value) for name, value in sizes.items()})  # grown here, from our own grammar
        except (ZeroDivisionError, OverflowError):
            return None
        return Fraction(found)

    def call() -> Any:
        options: dict[str, Any] = {"model": "gpt2", "batch": 3}
        if door == "define":
            return symllm.evaluate("mine", define=f"mine = {body}", context=256, **options).value
        if door == "set":  # every size written as its number
            plain = re.sub(r"\b[dhNVsb]\b", lambda match: str(sizes[match[0]]), body)
            return symllm.evaluate("T", sets={"T": plain}, **options).value
        return symllm.minimize(body, over="s", low="256", high="256", **options).value

    def wrong(value: Any) -> str:
        if re.search(r"\*\*\(?-?[0-9]\)?\*\*", body):  # a root: exact here only to so many bits
            return ""
        expected = own()
        near = expected is not None and abs(Fraction(value) - expected) <= abs(expected) / 2**150  # a power too long to be written out
        return "" if near else f"{str(value)[:60]} for '{body}', which is {str(expected)[:60]}"

    return Case(f"{door} checked: {body}", call, wrong)


def taken_name(rng: random.Random) -> Case:
    """A definition of one's own under a name that our compiled code might use: three ways to its value agree."""
    from hostile_inputs import Case

    from symllm import sweep
    from symllm.scenario import Request

    names = rng.sample(TAKEN, 3)
    bodies = [f"kv_cache/weights + {rng.choice(['s', 'b*s', 'max(s, 77)', 's - 100', '1/s'])}", f"ceil({names[0]}*3) + (s - 50)*(s - 300)",
              f"min({names[1]}, {names[0]}) + max({names[0]}, 1)*(s - 9)/(s + {names[1]}**2)"]  # fmt: skip
    define = tuple(f"{name} = {body}" for name, body in zip(names, bodies, strict=True))
    at = rng.choice([1, 7, 100, 256, 1000])

    def call() -> Any:
        request = Request(model="gpt2", define=define)
        direct = symllm.evaluate(names[2], model="gpt2", define=define, context=at).value
        swept = sweep.sweep(request, names[2], f"context={at},{at}").values[0]
        bounded = symllm.minimize(names[2], over="s", low=str(at), high=str(at), model="gpt2", define=define).value
        wide = symllm.minimize(names[2], over="s", low="1", high="1024", model="gpt2", define=define)
        with contextlib.suppress(SymllmError):
            symllm.solve("s", such_that=f"{names[2]} <= {abs(int(direct)) + 1}", model="gpt2", define=define)
        return direct, swept, bounded, wide.value

    def wrong(value: Any) -> str:
        direct, swept, bounded, least = value
        return "" if direct == swept == bounded and least <= direct else f"three values: {value}"

    return Case(f"names {define}", call, wrong)

