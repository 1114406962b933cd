"""Random inverse questions, each answer checked by evaluating the book at single values. No code is shared with the search.

    python benchmarks/random_questions.py --count 10000 --seed 1

Prints the count of answers without a false line, refusals by reason, and the seeds of failures. `tests/test_random_questions.py`
runs a small draw of it and every seed that ever failed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import symllm
from symllm.errors import SymllmError
from symllm.scenario import Request, scenario

MODELS = (
    "gpt2", "llama-3-8b", "llama-3.1-70b", "qwq-32b", "mistral-7b-v0.1", "gemma-2-9b", "gemma-3-12b", "mixtral-8x7b", "qwen3-30b-a3b",
    "deepseek-v2-lite", "deepseek-v3", "falcon-7b", "phi-2", "gpt-oss-20b", "llama-4-scout", "falcon-h1-3b", "qwen3-next-80b-a3b",
    "pythia-160m", "smollm2-360m", "opt-13b",
)  # fmt: skip
GPUS = ("h100", "a100", "rtx-4090", "h200", "mi300x")
#: unknown -> (the option by which `evaluate` takes it, "" for --set; the largest value that is tried; the step of its grid)
UNKNOWNS: Mapping[str, tuple[str, int, Fraction]] = {
    "b": ("batch", 10**6, Fraction(1)), "s": ("context", 10**6, Fraction(1)), "N": ("", 10**6, Fraction(1)), "n": ("new_tokens", 10**5, Fraction(1)),
    "V": ("", 10**9, Fraction(1)), "d_ff": ("", 10**8, Fraction(1)), "T": ("", 10**30, Fraction(1)), "X": ("", 10**20, Fraction(1)),
    "B_w": ("", 10**18, Fraction(1)), "M_gpu": ("", 10**16, Fraction(1)), "eta": ("", 1, Fraction(1, 1000)), "mfu": ("", 1, Fraction(1, 1000)),
    "u_kv": ("", 64, Fraction(1, 8)), "c_pass": ("", 10**6, Fraction(1)), "W": ("", 10**6, Fraction(1)), "E": ("", 10**5, Fraction(1)),
    "tp": ("", 10**4, Fraction(1)),
}  # fmt: skip
QUANTITIES = (
    "parameters", "active_parameters", "weights", "kv_cache", "kv_cache_per_gpu", "weights_per_gpu", "workspace", "inference_memory",
    "prefill_compute", "decode_compute", "generation_compute", "saved_activations", "gradients", "optimizer_states", "training_memory",
    "training_compute", "training_compute_exact", "training_time", "time_to_first_token", "time_per_output_token", "latency",
    "tokens_per_second", "weights_read", "prefill_weights_read", "decode_steps_cache_read", "prefill_intensity", "decode_intensity", "ridge",
)  # fmt: skip


COMPARE = {"<=": Fraction.__le__, ">=": Fraction.__ge__, "<": Fraction.__lt__, ">": Fraction.__gt__}


@dataclass(frozen=True)
class Question:
    """One random question: unknown, constraints as (quantity, relation, amount), and the options around it."""

    unknown: str
    constraints: tuple[tuple[str, str, Fraction], ...]
    options: dict[str, Any]
    sets: dict[str, Any]

    @property
    def texts(self) -> tuple[str, ...]:
        """The constraints as a person types them."""
        return tuple(f"{quantity} {relation} {amount.numerator}/{amount.denominator}" if amount.denominator != 1 else
                     f"{quantity} {relation} {amount.numerator}" for quantity, relation, amount in self.constraints)  # fmt: skip


@dataclass
class Outcome:
    """What happened to a question: "right", "refused" or "false", and why."""

    kind: str
    why: str = ""
    question: Question | None = None
    points: int = field(default=0)


def value(question: Question, quantity: str, at: Fraction) -> Fraction:
    """The quantity with the unknown at a value, by the public way to evaluate it."""
    option, _, _ = UNKNOWNS[question.unknown]
    options, sets = dict(question.options), dict(question.sets)
    if option:
        options[option] = int(at)
    else:
        sets[question.unknown] = at
    if question.unknown == "tp":
        sets["G"] = int(at) * int(options.get("pp", 1))
    found = symllm.evaluate(quantity, sets=sets, beyond_context=True, **options).value
    assert found is not None
    return Fraction(found)


def resting(question: Question) -> list[str]:
    """The quantities that rest on the unknown for this model; now and then one that does not, which is to be refused."""
    program = scenario(Request(model=question.options["model"], dtype=question.options.get("dtype"), mentions=(question.unknown,))).program
    return [name for name in QUANTITIES if question.unknown in program.inputs([program.symbol_of(name)])]


def drawn(seed: int) -> Question:
    """The question of a seed."""
    source = random.Random(seed)
    unknown = source.choice(list(UNKNOWNS))
    option, largest, step = UNKNOWNS[unknown]
    options: dict[str, Any] = {"model": source.choice(MODELS), "gpu": source.choice(GPUS), "batch": source.choice((1, 1, 2, 7, 64)),
                               "context": source.choice((1, 100, 1024, 2048))}  # fmt: skip
    if source.random() < 0.3:
        options["new_tokens"] = source.choice((0, 1, 100))
    if source.random() < 0.2:
        options["kv_dtype"] = source.choice(("fp8", "fp32"))
    if source.random() < 0.2:
        options["dtype"] = source.choice(("fp8", "awq", "fp32"))
    if source.random() < 0.2 and unknown != "tp":
        options["tp"] = source.choice((2, 3, 8))
    if source.random() < 0.15:
        options["pp"] = source.choice((2, 3))
    if source.random() < 0.3:
        options["mask"] = "causal"
    sets: dict[str, Any] = {} if unknown == "T" else {"T": source.choice((10**9, 10**13))}
    for name in (option, {"M_gpu": "", "X": "", "B_w": ""}.get(unknown, "")):
        options.pop(name, None)
    if unknown == "M_gpu":
        options.pop("gpu")
        sets |= {"X": 10**15, "B_w": 10**12}
    question = Question(unknown, (), options, sets)
    constraints: list[tuple[str, str, Fraction]] = []
    first = Fraction(1)
    asked = resting(question)
    if not asked:
        return drawn(seed + 10**9)
    for _ in range(source.choice((1, 1, 1, 2, 2, 3))):
        quantity = source.choice(asked)
        near = Fraction(max(1, int(largest ** source.random()) if largest > 1 else source.randint(1, 1000)))
        near = near if largest > 1 else near * step
        try:
            amount = value(question, quantity, near) * source.choice((1, 1, Fraction(9, 10), Fraction(11, 10), 2))
        except SymllmError:
            amount = Fraction(10**9)
        amount = max(amount, Fraction(1)) if amount.denominator == 1 else Fraction(round(amount * 10**6) or 1, 10**6)
        relation = source.choice(("<=", ">=", "<", ">"))
        if constraints and source.random() < 0.8:  # mostly what the first constraint's own value satisfies, so that few contradict
            with suppress(SymllmError):
                relation = "<=" if value(question, quantity, first) <= amount else ">="
        else:
            first = near
        constraints.append((quantity, relation, amount))
    return Question(unknown, tuple(constraints), options, sets)


def holds(question: Question, at: Fraction) -> bool:
    """Whether all constraints hold at a value."""
    try:
        return all(COMPARE[relation](value(question, quantity, at), amount) for quantity, relation, amount in question.constraints)
    except SymllmError as error:
        if "fit no model" in str(error):  # the unknown as a size that no model has
            return False
        raise


def tried(seed: int, spread: int = 12) -> Outcome:
    """Ask the question of a seed and check the answer at the ends of every run, next to them, and over a logarithmic grid."""
    question = drawn(seed)
    _, largest, step = UNKNOWNS[question.unknown]
    try:
        answer = symllm.solve(question.unknown, such_that=question.texts, sets=question.sets, beyond_context=True, **question.options)
    except SymllmError as error:
        return _refusal(question, str(error), spread)
    runs = answer.feasible
    assert answer.certificate is not None
    points = {Fraction(1) * step}
    for low, high in runs[:3] + runs[-3:]:
        points |= {Fraction(low) - step, Fraction(low), Fraction(high), Fraction(high) + step, (Fraction(low + high) / 2 // step) * step}
    source = random.Random(seed)
    points |= {max(Fraction(int(Fraction(int(largest ** (i / spread)) + source.randint(0, 3)) / step)) * step, step) for i in range(spread + 1)}
    points = {point for point in points if step <= point <= largest}
    for point in sorted(points):
        inside = any(low <= point <= high for low, high in runs)
        if any(low <= point <= high for low, high in answer.certificate.proof.undecided):
            continue
        if holds(question, point) is not inside:
            return Outcome("false", f"at {point}: {holds(question, point)}, the answer says {inside} ({runs[:3]})", question, len(points))
    if answer.value is not None and runs and answer.value not in {end for run in runs for end in run}:
        return Outcome("false", f"{answer.value} ends no run of {runs[:3]}", question, len(points))
    form = answer.closed_form
    if form is not None and form.status == "exact" and answer.value is not None and abs(Fraction(form.value) - answer.value) > step:
        return Outcome("false", f"{form.text} = {float(form.value)} beside {answer.value}", question, len(points))
    return Outcome("right", answer.why, question, len(points))


def _refusal(question: Question, why: str, spread: int) -> Outcome:
    """A refusal, and whether it is right: a contradiction must hold at no value."""
    _, largest, step = UNKNOWNS[question.unknown]
    if "contradict" in why:
        for i in range(spread + 1):
            point = max(Fraction(int(Fraction(int(largest ** (i / spread))) / step)) * step, step)
            if holds(question, point):
                return Outcome("false", f"{point} satisfies what is said to contradict: {why}", question)
    return Outcome("refused", re.sub(r"[0-9][0-9.,e+]*", "#", re.sub(r"'[^']*'", "'…'", re.sub(r" (for|of) [A-Z][^ ]*.*", "", why)))[:70], question)


def main() -> None:
    """Ask, check, count."""
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    began, points = time.perf_counter(), 0
    for seed in range(given.seed, given.seed + given.count):
        try:
            outcome = tried(seed)
        except Exception as error:
            outcome = Outcome("false", f"{type(error).__name__}: {error}")
        kinds[outcome.kind] += 1
        points += outcome.points
        if outcome.kind == "refused":
            reasons[outcome.why] += 1
        if outcome.kind == "false":
            print(f"seed {seed}: {outcome.why}\n  {outcome.question}", flush=True)
        if (seed + 1) % 500 == 0:
            print(f"{seed + 1 - given.seed:,} asked, {dict(kinds)}, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    found = {"asked": given.count, "first seed": given.seed, **kinds, "values checked": points, "seconds": round(time.perf_counter() - began)}
    print(json.dumps({**found, "refusals": dict(reasons.most_common())}, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
