"""`symllm gpus`: the GPU catalogue."""

from __future__ import annotations

from typing import Any

import click

from .options import echo_json, once


@click.command("gpus")
@once("--gpu", metavar="NAME", help="One GPU, everything known of it; `local` asks this machine.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def command(gpu: str | None, as_json: bool) -> None:
    """Memory as sold and visible, bandwidth, dense peak in 16 bit; --gpu NAME for all of one."""
    from .. import catalog

    rows = [catalog.find_gpu(gpu)] if gpu else list(catalog.gpus().values())
    if as_json:
        echo_json({"schema": "symllm.gpus/1", "gpus": [_data(row) for row in rows]})
        return
    from ..render.tables import gpu_page, gpu_table

    click.echo(gpu_page(rows[0]) if gpu else gpu_table(rows))


def _data(row: Any) -> dict[str, Any]:
    return {
        "name": row.name, "title": row.title, "aliases": list(row.aliases), "vendor": row.vendor, "memory": row.memory_text,
        "memory_bytes": int(row.memory), "visible_bytes": int(row.visible) if row.visible is not None else None,
        "bandwidth_bytes_per_second": int(row.bandwidth), "peak_flop_per_second": {k: int(v) for k, v in row.peak.items()},
        "link": row.link, "source": row.source, "visible_source": row.visible_source, "note": row.note,
    }  # fmt: skip
