"""The worked pages of `notebooks/`: their cells run in order, their outputs kept in the file."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def notebooks(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each notebook with its cells' outputs as they are now."""
    for file in sorted(folder.glob("*.ipynb")):
        yield file, executed(json.loads(file.read_text(encoding="utf-8")))


def executed(notebook: dict[str, Any]) -> str:
    """A notebook with every code cell run in one namespace, as the file's text."""
    names: dict[str, Any] = {"__name__": "__main__"}
    number = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            number += 1
            cell["execution_count"] = number
            cell["outputs"] = list(_run("".join(cell["source"]), names, number))
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _run(source: str, names: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    """What a cell prints, and what its last expression is."""
    body = ast.parse(source)
    last = body.body.pop() if body.body and isinstance(body.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(body, f"cell {number}", "exec"), names)
        if last is not None and isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names)
    if printed.getvalue():
        yield {"name": "stdout", "output_type": "stream", "text": printed.getvalue().splitlines(keepends=True)}
    if value is not None:
        yield {"data": _shown(value), "execution_count": number, "metadata": {}, "output_type": "execute_result"}


def _shown(value: Any) -> dict[str, list[str]]:
    """The forms in which a notebook shows a value."""
    data = {"text/plain": (str(value) if hasattr(value, "_repr_markdown_") else repr(value)).splitlines(keepends=True)}
    if hasattr(value, "_repr_markdown_"):
        data["text/markdown"] = value._repr_markdown_().splitlines(keepends=True)
    return dict(sorted(data.items()))
