"""The numeric world answers without the symbolic one: a warm question imports neither SymPy nor Pint."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
from symllm.cli import group
group({arguments!r}, standalone_mode=False)
print("heavy:", sorted({{"sympy", "pint", "numpy"}} & set(sys.modules)), file=sys.stderr)
"""
QUESTIONS = (
    ["eval", "parameters", "--model", "gpt2", "--json"],
    ["solve", "max_batch", "--gpu", "h100", "--model", "qwq-32b", "--context", "8192"],
    ["gpus", "--gpu", "h100"],
)


@pytest.mark.parametrize("arguments", QUESTIONS, ids=lambda words: words[0])
def test_a_warm_answer_imports_nothing_heavy(arguments: list[str]) -> None:
    code = CODE.format(arguments=arguments)
    for _ in range(2):  # the first run compiles, the second reads what it kept
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "heavy: []"
