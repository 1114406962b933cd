"""Measure symllm: ratios of medians taken in one run, written to benchmarks/results.md and results.json.

    python benchmarks/run.py [--quick]

Absolute times depend on the machine; the ratios are what to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BASE = [sys.executable, "-c", "import click, tabulate"]
JSON = [sys.executable, "-m", "symllm", "eval", "parameters", "--model", "gpt2", "--json"]
HUMAN = [sys.executable, "-m", "symllm", "solve", "max_batch", "--gpu", "h100", "--model", "qwq-32b", "--context", "8192"]


def process(command: list[str], cache: str) -> float:
    """Seconds that a whole process takes."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, env={**os.environ, "SYMLLM_CACHE": cache})
    return time.perf_counter() - began


def startup(runs: int) -> dict[str, float]:
    """Medians of interleaved runs: the base, the two questions with a warm cache, and with a cold one."""
    with tempfile.TemporaryDirectory() as warm:
        process(JSON, warm), process(HUMAN, warm)
        times: dict[str, list[float]] = {"base": [], "json": [], "human": [], "json, cold cache": [], "human, cold cache": []}
        for _ in range(runs):
            times["base"].append(process(BASE, warm))
            times["json"].append(process(JSON, warm))
            times["human"].append(process(HUMAN, warm))
            for name, command in (("json, cold cache", JSON), ("human, cold cache", HUMAN)):
                with tempfile.TemporaryDirectory() as cold:
                    times[name].append(process(command, cold))
    return {name: statistics.median(values) for name, values in times.items()}


def seconds(work: Callable[[], Any], runs: int) -> float:
    """Median seconds of a call."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def inside(runs: int) -> dict[str, float]:
    """Seconds of work in a warm process: one evaluate, compiling, deriving, solving by coefficients."""
    import sympy

    import symllm
    from symllm import catalog
    from symllm.build import program
    from symllm.deriving import derived
    from symllm.formulas.book import book
    from symllm.scenario import Request, scenario

    symllm.evaluate("kv_cache", model="qwq-32b", context=8192)
    found = {"one evaluate": seconds(lambda: symllm.evaluate("kv_cache", model="qwq-32b", context=8192), runs * 5)}
    pages = book()
    raw = catalog.find("qwq-32b").config
    found["compile qwq-32b"] = seconds(lambda: program(pages, raw, {"name": "x"}, None, None, "full", "all", ""), runs)
    big = catalog.find("deepseek-v3").config
    found["compile deepseek-v3"] = seconds(lambda: program(pages, big, {"name": "x"}, None, None, "full", "all", ""), runs)
    found["derive deepseek-v3 inference_memory"] = seconds(lambda: derived(Request(model="deepseek-v3", context=4096), "inference_memory"), 3)
    functions = []
    for name in catalog.models():
        case = scenario(Request(model=name, beyond_context=True), ("s", "b"))
        for quantity in ("parameters", "kv_cache", "prefill_compute"):
            functions.append(case.program.compile(case.program.quantities[quantity], ("s", "b"), case.values))
    found["all models, three quantities, compiled"] = seconds(lambda: [function(4096, 2) for function in functions], runs * 3)
    found["models"] = float(len(catalog.models()))
    symbols = sympy.symbols("c0:41", positive=True)
    x = sympy.Symbol("x", positive=True)
    line = sympy.Add(*(symbol * x for symbol in symbols[:20])) - sympy.Add(*symbols[20:])
    found["linear, by coefficients"] = seconds(lambda: sympy.Poly(line, x).all_coeffs(), runs)
    found["linear, sympy.solve"] = seconds(lambda: sympy.solve(line, x), 1)
    return found


def report(start: dict[str, float], work: dict[str, float]) -> str:
    """The figures as a page."""
    base, models = start["base"], work["models"]
    rows = [(f"start-up, {name}", f"{value / base:.2f} × `import click, tabulate`", f"{value * 1e3:.0f} ms") for name, value in start.items()]
    one = work["one evaluate"]
    rows.append(("one `evaluate` in a warm process", f"{one / base:.4f} × base", f"{one * 1e6:.0f} µs"))
    for name in ("compile qwq-32b", "compile deepseek-v3", "derive deepseek-v3 inference_memory"):
        rows.append((name, f"{work[name] / base:.2f} × base", f"{work[name] * 1e3:.0f} ms"))
    every = work["all models, three quantities, compiled"]
    rows.append((f"{models:.0f} models, parameters + cache + compute, compiled", f"{every / base:.4f} × base",
                 f"{every / models * 1e6:.1f} µs a model"))  # fmt: skip
    ratio = work["linear, sympy.solve"] / work["linear, by coefficients"]
    rows.append(("linear equation of 41 terms: sympy.solve over reading coefficients", f"{ratio:.0f} ×",
                 f"{work['linear, by coefficients'] * 1e3:.2f} ms by coefficients"))  # fmt: skip
    lines = "\n".join(f"| {what} | {ratio} | {absolute} |" for what, ratio, absolute in rows)
    return f"""# Benchmarks

Written by `python benchmarks/run.py` on {date.today()}, CPython {sys.version.split()[0]}, a shared machine of 2 cores. Ratios are of medians taken
in one interleaved run; absolute times are this machine's.

| what | ratio | time here |
| --- | --- | --- |
{lines}
"""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure symllm.")
    parser.add_argument("--quick", action="store_true", help="few runs, print only")
    quick = parser.parse_args().quick
    start, work = startup(3 if quick else 11), inside(3 if quick else 9)
    page = report(start, work)
    print(page)
    if not quick:
        (HERE / "results.md").write_text(page, encoding="utf-8")
        (HERE / "results.json").write_text(json.dumps({"startup": start, "work": work}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
