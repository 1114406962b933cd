"""What all tests share: a cache of their own, the oracle's figures, and golden files."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
#: Compiled programs go into a folder of the test run, not into the user's.
os.environ.setdefault("SYMLLM_CACHE", tempfile.mkdtemp(prefix="symllm-tests-"))


def oracle(name: str) -> dict[str, Any]:
    """The figures that `tests/oracle/regenerate.py` recorded, by model."""
    data: dict[str, Any] = json.loads((HERE / "oracle" / f"{name}.json").read_text(encoding="utf-8"))
    return dict(data["figures"])


def golden(path: str, found: str) -> None:
    """Compare with a golden file; SYMLLM_UPDATE_GOLDEN=1 writes it anew."""
    file = HERE / "golden" / path
    if os.environ.get("SYMLLM_UPDATE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(found, encoding="utf-8")
    assert file.exists(), f"no golden file {path}; SYMLLM_UPDATE_GOLDEN=1 pytest makes it"
    assert found == file.read_text(encoding="utf-8"), f"{path} differs; SYMLLM_UPDATE_GOLDEN=1 pytest rewrites it"
