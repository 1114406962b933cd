"""HTML pages in a browser: nothing runs off the window, however wide a formula is, and no script is needed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from symllm.deriving import derived
from symllm.render import html
from symllm.scenario import Request

BROWSER = shutil.which("chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--window-size=1100,900")  # fmt: skip
MEASURE = """<script>window.addEventListener('load', () => {
  const box = document.querySelector('div'), all = [...document.querySelectorAll('math')].map(m => m.getBoundingClientRect());
  document.title = `wide ${box.scrollWidth} of ${box.clientWidth}, empty ${all.filter(r => r.width * r.height == 0).length} of ${all.length}`;
});</script></body>"""


@pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")
@pytest.mark.parametrize(("model", "quantity"), [("deepseek-v3", "inference_memory"), ("jamba-v0.1", "saved_activations")])
def test_wide_formulas_wrap(model: str, quantity: str, tmp_path: Path) -> None:
    page = html.derivation(derived(Request(model=model, context=8192), quantity))
    assert "<script" not in page
    file = tmp_path / "page.html"
    file.write_text(page.replace("</body>", MEASURE), encoding="utf-8")
    done = subprocess.run([BROWSER or "", *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", file.as_uri()],
                          capture_output=True, text=True, check=False, timeout=120)  # fmt: skip
    found = re.search(r"<title>wide (\d+) of (\d+), empty (\d+) of (\d+)</title>", done.stdout)
    assert found is not None, done.stderr[-500:]
    wide, room, empty, formulas = map(int, found.groups())
    assert wide <= room
    assert empty == 0
    assert formulas > 50
