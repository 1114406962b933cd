"""The whole book's LaTeX as pages: every family's derivations compile, and no line runs off the page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from symllm import catalog
from symllm.build import opened
from symllm.config import family_of
from symllm.derive import derive, known_symbols
from symllm.deriving import crossover_of, derived, elasticity_of, plain
from symllm.explain import numbers
from symllm.formulas.book import book
from symllm.layout import layout
from symllm.render import finding, latex, latex_lines, latex_width, markdown
from symllm.scenario import Request, scenario

BOOK = book()
ONE_OF_EACH_FAMILY = {family_of(row.config, BOOK.families).name: row for row in catalog.models().values()}
#: One sum of each kind; the others differ in their left sides.
SUMS = ("parameters", "weights_per_gpu", "kv_cache", "prefill_compute", "image_compute", "layer_workspace", "saved_activations")
#: Families in four parts, so that two processes share the work.
PARTS = [sorted(ONE_OF_EACH_FAMILY)[i::4] for i in range(4)]
needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex is installed")


def compiled(source: str, folder: Path) -> str:
    """The log of pdflatex, which must succeed."""
    (folder / "page.tex").write_text(source, encoding="utf-8")
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"], cwd=folder, capture_output=True, check=False)
    log = done.stdout.decode("latin-1")
    assert done.returncode == 0, log[-1500:]
    return log


def wide(log: str) -> dict[str, float]:
    """By how many points lines are too wide, by the name that was typed out before them."""
    found: dict[str, float] = {}
    name = ""
    for line in log.splitlines():
        name = line[5:] if line.startswith("PAGE ") else name
        if over := re.match(r"Overfull \\hbox \(([\d.]+)pt", line):
            found[name] = max(found.get(name, 0.0), float(over[1]))
    return found


def documents(family: str) -> dict[str, str]:
    """The standalone pages of sums over the blocks of one model of a family."""
    row = ONE_OF_EACH_FAMILY[family]
    case = scenario(Request(model=row.name, context=128, beyond_context=True))
    here = opened(BOOK, row.config, None, None, "full", "all", "")
    symbols = known_symbols(BOOK.symbols.values(), here.lines)
    lines, named = plain(here, case, here.lines)
    values = numbers(case, symbols)
    return {f"{family} {page.name}": latex.document(derive(lines, page.symbol, (), None, values, parts=named, subject=row.title))
            for page in BOOK.composed if page.name in SUMS}  # fmt: skip


@needs_tex
@pytest.mark.parametrize("part", range(len(PARTS)))
def test_every_family_s_derivations_fit_their_page(part: int, tmp_path: Path) -> None:
    pages = {name: page for family in PARTS[part] for name, page in documents(family).items()}
    assert len(pages) > 100
    head = next(iter(pages.values())).partition(r"\begin{document}")[0]
    inner = [rf"\typeout{{PAGE {name}}}" + page.partition(r"\begin{document}")[2].partition(r"\end{document}")[0] for name, page in pages.items()]
    log = compiled("\n".join((head + r"\begin{document}", *inner, r"\end{document}")), tmp_path)
    assert {name: over for name, over in wide(log).items() if over > 3} == {}


@needs_tex
def test_closed_forms_crossovers_and_elasticities_compile(tmp_path: Path) -> None:
    asked = Request(model="qwq-32b", context=8192)
    found = [elasticity_of(asked, ("inference_memory",), None), crossover_of(asked, ("kv_cache", "weights"), "s"),
             crossover_of(asked, ("kv_cache", "weights"), "V")]  # fmt: skip
    for item in found:
        assert wide(compiled(finding.latex(item, True), tmp_path)) == {}


def test_a_finding_keeps_its_value_and_its_rows_in_every_format() -> None:
    asked = Request(model="qwq-32b", context=8192)
    many, one = elasticity_of(asked, ("inference_memory",), None), crossover_of(asked, ("kv_cache", "weights"), "s")
    for written in (finding.latex(many, False), finding.markdown(many), finding.html(many)):
        assert all(title in written for _, title, _ in many.rows)
    assert "%" not in finding.latex(many, True).replace(r"\%", "")
    for written in (finding.latex(one, True), finding.markdown(one), finding.html(one)):
        assert "tokens" in written


def test_assumptions_keep_their_capitals() -> None:
    made = derived(Request(assume=("N = 12", "d_ff = 4*d")), "parameters")
    assert r"Under $N = 12$, $d_{\mathrm{ff}} = 4\,d$:" in latex.document(made)


@needs_tex
def test_words_of_any_script_compile(tmp_path: Path) -> None:
    for prose in ("模型-7B é Ł", "a < b > c | d", "Σ α β Δ ✓", "\\input{x} $ % & # _ ~ ^ { }", "Q·Kᵀ ≈ 2²"):
        page = latex.page(prose, "x")
        assert page.isascii()
        compiled(page, tmp_path)


def test_a_wide_expression_is_broken_outside_before_inside() -> None:
    symbols = BOOK.symbols
    N, d, h, d_h, d_ff, V = (symbols[name] for name in ("N", "d", "h", "d_h", "d_ff", "V"))
    made = layout(N * (4 * h * d * d_h + 3 * d * d_ff + 7 * d) + 2 * V * d)
    for room in (60.0, 120.0, 400.0):
        lines = latex_lines.lines(made, latex.write, room)
        whole = " ".join(lines)
        assert whole.count(r"\left") == whole.count(r"\right")
        assert whole.count(r"\bigl") == whole.count(r"\bigr")
    assert len(latex_lines.lines(made, latex.write, 400.0)) == 1
    first, second = latex_lines.lines(made, latex.write, latex_width.expression(made) - 10)
    assert second == r"+ 2\,d\,V"
    assert first.startswith("N ")


def test_markdown_and_latex_show_the_same_lines() -> None:
    made = derived(Request(model="deepseek-v2-lite", context=1024), "inference_memory")
    page = markdown.derivation(made)
    assert all(row in page for chain in made.chains for row in latex.chain_rows(chain))
