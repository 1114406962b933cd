"""Pictures, by matplotlib (the extra `plot`)."""

from __future__ import annotations

from pathlib import Path

from .anatomy import Anatomy
from .errors import SymllmError

FORMATS = (".png", ".svg", ".pdf")


def draw_anatomy(made: Anatomy, path: str) -> None:
    """One bar a component: parameters of the model, the active part of them darker. Raises for an unknown file type."""
    if Path(path).suffix.lower() not in FORMATS:
        raise SymllmError(f"--plot {path!r}: the file's name ends in {', '.join(FORMATS)}")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise SymllmError("drawing needs matplotlib: pip install 'symllm[plot]'") from None
    parts = sorted(made.parameters.breakdown, key=lambda part: part.value)
    active = {part.name: part.value for part in made.active.breakdown}
    figure = Figure(figsize=(8, 1.4 + 0.45 * len(parts)), layout="constrained")
    axes = figure.subplots()
    names = [part.name for part in parts]
    axes.barh(names, [float(part.value) / 1e9 for part in parts], color="#b7c9e2", label="all parameters")
    axes.barh(names, [float(active.get(name, 0)) / 1e9 for name in names], color="#2f5d9b", label="active for a token")
    total = float(made.parameters.value or 1)
    for row, part in enumerate(parts):
        share = float(part.value) / total
        axes.annotate(f" {share:.1%}" if share >= 0.001 else " < 0.1%", (float(part.value) / 1e9, row), va="center", fontsize=9)
    axes.set_xlabel("parameters (10⁹)")
    axes.set_title(f"{made.parameters.model['title']}: {total / 1e9:,.2f}·10⁹ parameters", loc="left")
    axes.margins(x=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    if made.active.value != made.parameters.value:
        axes.legend(frameon=False, loc="lower right")
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise SymllmError(f"--plot {path!r}: cannot be written ({error.strerror})") from None
