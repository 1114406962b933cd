"""`python -m symllm` and the command `symllm`: the command line in a process of its own, which an interrupt ends quietly."""

from __future__ import annotations

import os
import sys

from .errors import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

INTERRUPTED = 130


def main() -> None:
    """Run the command line; Ctrl-C at any moment, also while modules are imported, is exit code 130 and no traceback."""
    try:
        sys.unraisablehook = _unraisable
        from .cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        _deaf()


def _unraisable(lost: Any) -> None:
    """An interrupt that arrives where Python cannot raise it, as in the callback of a lock, ends the process all the same."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        os._exit(INTERRUPTED)
    sys.__unraisablehook__(lost)


def _deaf() -> None:
    """Nothing is left to interrupt: the interpreter's own end takes a moment, and would print where it was."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
