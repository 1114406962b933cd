"""Runs that are killed, interrupted, or at once on a cold cache: the next answer is right, and nobody sees a traceback."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hostile_inputs import Case, Lab

LINE = [sys.executable, "-m", "symllm", "eval", "parameters", "--model", "gpt2", "--json"]
RIGHT = '"value": 124439808'
#: The interpreter's own start, before a line of ours runs: what it prints there is not ours.
OWN_START = 0.04


def draw(rng: random.Random, lab: Lab) -> Case:
    """One story of processes on a cold cache."""
    from hostile_inputs import Case

    kind = rng.choice(["kill", "kill", "interrupt", "interrupt", "interrupt", "together"])
    after = rng.uniform(OWN_START, 2.2)
    place = lab.folder / "cache-of-processes"
    shutil.rmtree(place, ignore_errors=True)
    told = {"kill": _killed, "interrupt": _interrupted, "together": _together}[kind]
    lab.watch.canary = ""
    return Case(f"{kind} after {after:.3f} s", lambda: _unwatched(lab, lambda: told(place, after)), lambda value: str(value))


def _unwatched(lab: Lab, call: Any) -> Any:
    """Processes are what this class is about, so they are no fault here."""
    lab.watch.on = False
    return call()


def _started(place: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "SYMLLM_CACHE": str(place)}
    return subprocess.Popen(LINE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _right(place: Path) -> str:
    output, error = _started(place).communicate(timeout=60)
    return "" if RIGHT in output and not error else f"the next run says {output[:60]!r} {error[:200]!r}"


def _killed(place: Path, after: float) -> str:
    process = _started(place)
    time.sleep(after)
    process.kill()
    process.communicate()
    return _right(place)


def _interrupted(place: Path, after: float) -> str:
    process = _started(place)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=60)
    if process.returncode == 0 and RIGHT in output and not error.strip():
        return _right(place)  # it had ended already
    if "__main__.py" not in error and process.returncode in (1, -signal.SIGINT):
        return _right(place)  # the interpreter had not come to our first function, which is where we can answer for it
    if "Traceback" in error or "Exception ignored" in error:
        return f"a traceback: {error[-300:]!r}"
    if process.returncode != 130:
        return f"exit code {process.returncode}: {error[-200:]!r}"
    return _right(place)


def _together(place: Path, after: float) -> str:
    running = [_started(place) for _ in range(4)]
    said = [process.communicate(timeout=120) for process in running]
    if any(error for _, error in said):
        return f"an error: {next(error for _, error in said if error)[:200]!r}"
    return "" if len({output for output, _ in said}) == 1 and RIGHT in said[0][0] else f"different answers: {[output[:80] for output, _ in said]}"
