"""A small draw of benchmarks/random_questions.py, and every seed that ever failed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parent.parent / "benchmarks" / "random_questions.py"
spec = importlib.util.spec_from_file_location("random_questions", PAGE)
assert spec is not None and spec.loader is not None
random_questions = importlib.util.module_from_spec(spec)
sys.modules["random_questions"] = random_questions
spec.loader.exec_module(random_questions)

#: 256: a power of a negative base; 264: nothing fits, and which constraint fails changes along the range.
ONCE_FALSE = (256, 264)


@pytest.mark.parametrize("seed", [*ONCE_FALSE, *range(50_000, 50_040)])
def test_no_line_is_false(seed: int) -> None:
    outcome = random_questions.tried(seed)
    assert outcome.kind != "false", f"{outcome.why}\n{outcome.question}"
    if outcome.kind == "refused":
        assert "contradict" in outcome.why, outcome.why
