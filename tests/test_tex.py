"""All LaTeX of the book through a real TeX engine, and all HTML through a browser, where they are installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from symllm import catalog
from symllm.deriving import derived
from symllm.errors import SymllmError
from symllm.formulas.book import book
from symllm.render import html, latex
from symllm.scenario import Request

BOOK = book()
QUANTITIES = [page.name for page in BOOK.composed if page.name not in ("image_compute",)]
MODELS = ("gpt2", "llama-3-8b", "mixtral-8x7b", "gemma-2-9b", "deepseek-v2-lite", "jamba-v0.1", "qwen3-next-80b-a3b", "mamba-2.8b")


def document(parts: list[str]) -> str:
    """Pieces of displayed mathematics as one document."""
    body = "\n".join(rf"\[ {part} \]" for part in parts)
    return rf"""\documentclass{{article}}
\usepackage[utf8]{{inputenc}}
\usepackage{{amsmath}}
\begin{{document}}
{body}
\end{{document}}
"""


def compiled(source: str, folder: Path) -> str:
    """The log of pdflatex, which must succeed."""
    (folder / "page.tex").write_text(source, encoding="utf-8")
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"], cwd=folder, capture_output=True, check=False)
    log = done.stdout.decode("latin-1")
    assert done.returncode == 0, log[-1500:]
    return log


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex is installed")
def test_every_formula_and_symbol_compiles(tmp_path: Path) -> None:
    parts = [f"{symbol.latex_form}" for symbol in BOOK.symbols.values()]
    parts += [f"{latex.expression(f.symbol)} = {latex.expression(f.expression)}" for f in (*BOOK.formulas, BOOK.uniform_weights)]
    compiled(document(parts), tmp_path)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex is installed")
@pytest.mark.parametrize("model", MODELS)
def test_every_derivation_compiles_as_printed(model: str, tmp_path: Path) -> None:
    parts, whole = [], ""
    for name in QUANTITIES:
        try:
            made = derived(Request(model=model, context=1024), name)
        except SymllmError as error:  # a quantity that this model does not have
            assert "nothing to derive" in str(error), error
            continue
        parts.append(latex.derivation(made))
        whole = latex.document(made)
    assert len(parts) > 8
    compiled(document(parts), tmp_path)
    compiled(whole, tmp_path)


def test_html_is_well_formed_and_needs_no_script(tmp_path: Path) -> None:
    pages = {name: html.derivation(derived(Request(model="llama-3-8b", context=1024), name)) for name in QUANTITIES}
    for name, page in pages.items():
        assert "<script" not in page
        tree = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", page, flags=re.IGNORECASE).replace("&nbsp;", " "))
        assert any(element.tag.endswith("math") for element in tree.iter()), name


BROWSER = shutil.which("chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
MEASURE = """<script>window.addEventListener('load', () => {
  const all = [...document.querySelectorAll('math')].map(m => m.getBoundingClientRect());
  document.title = 'laid out ' + all.filter(r => r.width > 0 && r.height > 0).length + ' of ' + all.length;
});</script></body>"""


@pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")
def test_a_browser_lays_out_every_formula(tmp_path: Path) -> None:
    """The test adds a script that measures; the page itself has none."""
    page: Any = html.derivation(derived(Request(model="gpt2", assume=("k = h", "d_h = d/h", "d_ff = 4*d")), "parameters", (), "d"))
    file = tmp_path / "page.html"
    file.write_text(page.replace("</body>", MEASURE), encoding="utf-8")
    done = subprocess.run([BROWSER or "", *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", file.as_uri()],
                          capture_output=True, text=True, check=False, timeout=120)  # fmt: skip
    found = re.search(r"<title>laid out (\d+) of (\d+)</title>", done.stdout)
    assert found is not None, done.stderr[-500:]
    assert found[1] == found[2]
    assert int(found[1]) > 10


def test_the_models_are_in_the_catalogue() -> None:
    assert set(MODELS) <= set(catalog.models())
