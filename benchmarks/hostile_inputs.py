"""Hostile inputs by class: what comes back is an answer or one line, soon, with no code run and no wrong number.

    python benchmarks/hostile_inputs.py --count 10000 --seed 1
    python benchmarks/hostile_inputs.py --count 200 --only processes

Prints JSON: per class asked, answered, refused with reasons, the slowest call, and faults with their seeds. Everything of a
case follows from its class and seed. `tests/test_hostile.py` runs a small draw of each class and every seed that ever failed.

A fault is: an exception other than `SymllmError` or a usage error of click; a message of several lines or above 400
characters; a call above a second of processor time (three where a model is compiled for the first time); code that is run;
and a number that an independent rule of this page contradicts.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent))

import click
import hostile_cache
import hostile_configs
import hostile_expressions
import hostile_files
import hostile_options
import hostile_processes

from symllm.errors import SymllmError

LONGEST_MESSAGE: Final = 400
#: Seconds of processor time: of a call, of a call that compiles a model, and the wall time after which a call is given up.
SLOW, SLOW_COLD, GIVEN_UP = 1.0, 3.0, 20
CLASSES: Final[dict[str, Callable[[random.Random, Lab], Case]]] = {}


@dataclass(frozen=True)
class Case:
    """One hostile call: what is asked in words, the call, and the rule that contradicts a wrong answer ("" where it agrees).

    wrong: given what the call returned, the words of a fault.
    """

    says: str
    call: Callable[[], Any]
    wrong: Callable[[Any], str] = lambda value: ""


@dataclass(frozen=True)
class Outcome:
    """What came of a case: "answered", "refused" or "fault", why, and the processor time."""

    kind: str
    why: str
    seconds: float
    says: str = ""


class LateError(BaseException):
    """A call that did not end. No `Exception`: nothing may swallow it."""


@dataclass
class Watch:
    """What the audit hook saw while a call ran."""

    on: bool = False
    seen: list[str] = field(default_factory=list)
    canary: str = ""
    pages: str = ""


@dataclass(frozen=True)
class Lab:
    """Where cases keep their files: a folder that goes afterwards, and the canary that hostile code would touch."""

    folder: Path
    watch: Watch

    @property
    def canary(self) -> Path:
        """A file that exists only if code from an input was run."""
        return self.folder / "canary"


#: What our own compiled functions may name; an attribute or a builtin would show up beside these.
_OWN_NAMES: Final = {"Fraction", "ONE", "power", "ceil", "floor", "max", "min", "maximum", "minimum", "product", "whole_power", "inverse"}
_OWN_FILES: Final = ("<formula>", "<enclosure>")
_FORBIDDEN: Final = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "socket.connect", "os.remove",
                     "os.rename", "shutil.rmtree", "ctypes.cdata")  # fmt: skip
_LIBRARIES: Final = tuple({os.path.realpath(path) for path in (*sysconfig.get_paths().values(), os.path.dirname(os.__file__),
                                                               Path(__file__).resolve().parent.parent)})  # fmt: skip


def _names(code: CodeType) -> set[str]:
    return set(code.co_names).union(*(_names(part) for part in code.co_consts if isinstance(part, CodeType)))


def _library(name: str) -> bool:
    return name.startswith("<frozen") or os.path.realpath(name).startswith(_LIBRARIES)


def _caller(frame: FrameType | None) -> str:
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


def hook(watch: Watch) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that notes code which is none of ours or the libraries', processes, sockets, and the canary."""

    def noted(event: str, args: tuple[Any, ...]) -> None:
        if not watch.on:
            return
        if event in _FORBIDDEN and not (event in ("os.remove", "os.rename") and "cache" in str(args[0])):
            watch.seen.append(f"{event} {str(args)[:80]}")
        elif event == "open" and watch.canary and str(args[0]) == watch.canary:
            watch.seen.append("the canary was opened")
        elif event == "exec" and isinstance(args[0], CodeType):
            _code(watch, args[0], _caller(sys._getframe(1)))

    return noted


def _code(watch: Watch, code: CodeType, caller: str) -> None:
    name = code.co_filename
    if name in _OWN_FILES:
        strange = _names(code) - _OWN_NAMES - {"computed", "enclosed"}
        if strange:
            watch.seen.append(f"compiled code names {sorted(strange)[:3]}")
    elif not _library(name) and not (watch.pages and name.startswith(watch.pages)) and not (name.startswith("<") and _library(caller)):
        watch.seen.append(f"code of {name[:60]} was run")
    elif name.startswith("<string>") and "sympy/parsing" in caller:
        watch.seen.append("sympy evaluated a text")


@contextmanager
def _bounded(seconds: int) -> Iterator[None]:
    def late(number: int, frame: Any) -> None:
        raise LateError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _builds() -> list[float]:
    """One entry for each model that was compiled, as long as the harness runs."""
    from symllm import build

    made: list[float] = []
    original = build.program

    def counted(*args: Any, **options: Any) -> Any:
        made.append(time.time())
        return original(*args, **options)

    if not hasattr(build.program, "hostile"):
        counted.hostile = made  # type: ignore[attr-defined]
        build.program = counted
    return build.program.hostile  # type: ignore[attr-defined, no-any-return]


def message_fault(error: BaseException) -> str:
    """What is wrong with the message of a refusal; "" for one line of a fitting length."""
    from symllm.errors import one_line

    text = one_line(error.format_message()) if isinstance(error, click.ClickException) else str(error)
    if not text.strip():
        return "an empty message"
    if len(text) > LONGEST_MESSAGE:
        return f"a message of {len(text):,} characters: {text[:80]!r}"
    if any(not (letter.isprintable() or letter == " ") for letter in text):
        return f"a message with control characters: {text[:120]!r}"
    return ""


def _where(error: BaseException) -> str:
    trace, place = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "symllm" in name or "formulas" in name or name.startswith("<"):
            place = f"{Path(name).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def judged(case: Case, lab: Lab) -> Outcome:
    """Run one case and judge what came back."""
    made = _builds()
    before, watch = len(made), lab.watch
    watch.seen.clear()
    watch.canary, watch.pages, watch.on = str(lab.canary), str(lab.folder / "pages"), True
    began = time.process_time()
    try:
        with _bounded(GIVEN_UP):
            value = case.call()
        kind, why = "answered", case.wrong(value)
    except LateError:
        kind, why = "refused", f"no end within {GIVEN_UP} s"
    except (SymllmError, click.ClickException) as error:
        why = "" if isinstance(error, click.exceptions.NoArgsIsHelpError) else message_fault(error)
        kind = "refused"
        if not why:
            return _outcome(case, lab, kind, _short(str(error) or "help"), "", time.process_time() - began, len(made) > before)
    except click.exceptions.Exit:
        kind, why = "answered", ""
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        kind, why = "refused", f"{type(error).__name__} at {_where(error)}: {str(error)[:100]}"
    finally:
        watch.on = False
    return _outcome(case, lab, kind, "", why, time.process_time() - began, len(made) > before)


def _outcome(case: Case, lab: Lab, kind: str, reason: str, wrong: str, seconds: float, cold: bool) -> Outcome:
    ran = lab.watch.seen[:1] or (["the canary was made"] if lab.canary.exists() else [])
    lab.canary.unlink(missing_ok=True)
    if ran:
        return Outcome("fault", f"code was run: {ran[0]}", seconds, case.says)
    if not wrong and seconds > (SLOW_COLD if cold else SLOW):
        wrong = f"{seconds:.1f} s of processor time"
    return Outcome("fault" if wrong else kind, wrong or reason, seconds, case.says)


def _short(text: str) -> str:
    """A refusal without what was given: names, numbers and quotations."""
    text = re.sub(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"", "'…'", text)
    return re.sub(r"[0-9][0-9.,e+]*", "#", text)[:48]


CLASSES |= {
    "configs": hostile_configs.draw, "expressions": hostile_expressions.draw, "options": hostile_options.draw,
    "files": hostile_files.draw, "cache": hostile_cache.draw, "processes": hostile_processes.draw,
}  # fmt: skip


@contextmanager
def laboratory() -> Iterator[Lab]:
    """A folder of its own with a cache of its own; no hub, no memory beyond 6 GiB."""
    folder = Path(tempfile.mkdtemp(prefix="symllm-hostile-"))
    kept = {name: os.environ.get(name) for name in ("SYMLLM_CACHE", "HF_HUB_OFFLINE")}
    os.environ |= {"SYMLLM_CACHE": os.environ.get("SYMLLM_HOSTILE_CACHE", str(folder / "cache")), "HF_HUB_OFFLINE": "1"}
    here = os.getcwd()
    (folder / "cwd").mkdir()
    os.chdir(folder / "cwd")
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, limits[1]))
    try:
        yield Lab(folder, _hooked())
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        os.chdir(here)
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


_WATCHES: list[Watch] = []  # an audit hook stays for the life of the process, so there is one


def _hooked() -> Watch:
    if not _WATCHES:
        _WATCHES.append(Watch())
        sys.addaudithook(hook(_WATCHES[0]))
    return _WATCHES[0]


def tried(name: str, seed: int, lab: Lab) -> Outcome:
    """The case of a class and a seed."""
    case = CLASSES[name](random.Random(f"{name}:{seed}"), lab)
    return judged(case, lab)


def ran(name: str, seed: int, count: int, lab: Lab) -> dict[str, Any]:
    """All cases of a class, counted."""
    import faulthandler

    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    faults: list[dict[str, Any]] = []
    slowest, began = (0.0, -1), time.perf_counter()
    for at in range(seed, seed + count):
        print(f"{name} {at}", file=sys.stderr, end="\r", flush=True)
        faulthandler.dump_traceback_later(90, exit=True)  # a call that not even the alarm can stop
        outcome = tried(name, at, lab)
        faulthandler.cancel_dump_traceback_later()
        kinds[outcome.kind] += 1
        slowest = max(slowest, (outcome.seconds, at))
        if outcome.kind == "refused":
            reasons[outcome.why] += 1
        if outcome.kind == "fault":
            faults.append({"seed": at, "why": outcome.why, "asked": outcome.says[:200]})
            print(f"{name} {at}: {outcome.why}\n    {outcome.says[:200]}", file=sys.stderr, flush=True)
    return {"asked": count, **kinds, "slowest": {"seconds": round(slowest[0], 2), "seed": slowest[1]},
            "seconds": round(time.perf_counter() - began), "refusals": dict(reasons.most_common(25)), "faults": faults}  # fmt: skip


def main() -> None:
    """Ask, judge, count."""
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--only", choices=sorted(CLASSES), action="append")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    found = {}
    with laboratory() as lab:
        for name in given.only or CLASSES:
            found[name] = ran(name, given.seed, min(given.count, 200) if name == "processes" else given.count, lab)
    print(json.dumps({"first seed": given.seed, **found}, indent=2, ensure_ascii=False))
    sys.exit(1 if any(item["faults"] for item in found.values()) else 0)


if __name__ == "__main__":
    sys.modules["hostile_inputs"] = sys.modules["__main__"]
    main()
