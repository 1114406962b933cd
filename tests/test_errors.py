"""Every kind of bad input: one line, exit code 2, as the golden file says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import golden

from symllm.cli import group
from symllm.errors import SymllmError

GPT2: dict[str, Any] = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257, "n_positions": 1024}
LLAMA: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256, "max_position_embeddings": 8192,
}  # fmt: skip
SOLVE = ["solve", "max_batch", "--gpu", "h100", "--model", "qwq-32b"]

COMMANDS: dict[str, list[str]] = {
    "unknown-gpu": ["solve", "max_batch", "--gpu", "h1000", "--model", "qwq-32b"],
    "unknown-model": ["eval", "parameters", "--model", "qwq-23b"],
    "unknown-quantity": ["eval", "parametres", "--model", "gpt2"],
    "unknown-question": ["solve", "max_bacth", "--model", "gpt2"],
    "unknown-command": ["slove", "max_batch"],
    "unknown-option": ["eval", "parameters", "--modell", "gpt2"],
    "unknown-engine": ["eval", "parameters", "--model", "gpt2", "--engine", "transfomers"],
    "unknown-dtype": ["eval", "weights", "--model", "gpt2", "--dtype", "bf61"],
    "unknown-kv-dtype": ["eval", "kv_cache", "--model", "gpt2", "--kv-dtype", "fp9"],
    "unknown-mask": ["eval", "prefill_compute", "--model", "gpt2", "--mask", "causl"],
    "no-model": ["eval", "parameters"],
    "two-models": ["eval", "parameters", "--model", "gpt2", "--config", "x.json"],
    "negative-batch": [*SOLVE, "--batch", "-1"],
    "zero-batch": [*SOLVE, "--batch", "0"],
    "fractional-batch": [*SOLVE, "--batch", "1.5"],
    "zero-context": [*SOLVE, "--context", "0"],
    "huge-context": [*SOLVE, "--context", "9" * 40],
    "beyond-context": [*SOLVE, "--context", "50000"],
    "utilization": [*SOLVE, "--utilization", "1.5"],
    "gpu-memory-without-unit": ["solve", "max_batch", "--gpu-memory", "80", "--model", "gpt2"],
    "gpu-memory-wrong-unit": ["solve", "max_batch", "--gpu-memory", "80 TFLOP/s", "--model", "gpt2"],
    "gpu-memory-expression": ["solve", "max_batch", "--gpu-memory", "9**9**9 byte", "--model", "gpt2"],
    "no-gpu": ["solve", "max_batch", "--model", "gpt2"],
    "set-unknown": ["eval", "parameters", "--model", "gpt2", "--set", "dff=3"],
    "set-malformed": ["eval", "parameters", "--model", "gpt2", "--set", "d_ff"],
    "set-fraction": ["eval", "parameters", "--model", "gpt2", "--set", "d_ff=1.5"],
    "assume-unknown": ["eval", "parameters", "--model", "gpt2", "--assume", "dff = 4*d"],
    "assume-import": ["eval", "parameters", "--model", "gpt2", "--assume", "d_ff = __import__('os').getpid()"],
    "assume-circle": ["eval", "parameters", "--model", "gpt2", "--assume", "d_ff = 4*d", "--assume", "d = d_ff"],
    "such-that-import": ["solve", "d", "--such-that", "__import__('os')", "--model", "gpt2"],
    "such-that-tower": ["solve", "d", "--such-that", "parameters <= 9**9**9", "--model", "gpt2"],
    "such-that-equation": ["solve", "d", "--such-that", "parameters == 7e9", "--model", "gpt2"],
    "such-that-independent": ["solve", "s", "--such-that", "parameters <= 7e9", "--model", "llama-7b"],
    "such-that-unknown": ["solve", "d", "--such-that", "parametres <= 7e9", "--model", "gpt2"],
    "two-formats": ["eval", "parameters", "--model", "gpt2", "--json", "--latex"],
    "tp-does-not-divide": ["eval", "inference_memory", "--model", "gpt2", "--gpus", "3", "--pp", "2"],
    "whatif-unknown": ["whatif", "--model", "gpt2", "--change", "kvdtype=fp8"],
    "whatif-malformed": ["whatif", "--model", "gpt2", "--change", "k"],
    "sweep-range": ["sweep", "kv_cache", "--model", "gpt2", "--over", "context=10:1"],
    "sweep-endless": ["sweep", "kv_cache", "--model", "gpt2", "--over", "context=1:1024:0"],
    "derive-contradiction": ["derive", "parameters", "--assume", "k = h", "--assume", "k = 2*h"],
    "derive-circle": ["derive", "parameters", "--assume", "d = 2*h", "--assume", "h = d"],
    "derive-unknown-symbol": ["derive", "parameters", "--assume", "foo = 2*h"],
    "derive-no-dominant": ["derive", "kv_cache", "--dominant", "V"],
    "crossover-malformed": ["derive", "crossover", "kv_cache", "--in", "s"],
    "config-missing-file": ["eval", "parameters", "--config", "no-such-file.json"],
}  # fmt: skip

CONFIGS: dict[str, Any] = {
    "empty": "",
    "empty-object": "{}",
    "array": "[1, 2]",
    "broken": '{"model_type": "llama", ',
    "nested": '{"model_type":' + "[" * 100_000,
    "no-model-type": {key: value for key, value in LLAMA.items() if key != "model_type"},
    "unknown-model-type": {**LLAMA, "model_type": "lama"},
    "missing-field": {key: value for key, value in LLAMA.items() if key != "hidden_size"},
    "string-for-number": {**LLAMA, "hidden_size": "4096"},
    "negative-layers": {**LLAMA, "num_hidden_layers": -32},
    "huge-layers": {**LLAMA, "num_hidden_layers": 10**30},
    "fractional-heads": {**LLAMA, "num_attention_heads": 31.5},
    "zero-vocabulary": {**LLAMA, "vocab_size": 0},
    "not-divisible": {**LLAMA, "num_attention_heads": 33},
    "unknown-field": {**LLAMA, "num_memory_layers": 4},
    "list-for-number": {**GPT2, "n_layer": [12]},
    "bool-for-number": {**GPT2, "n_layer": True},
    "word-for-switch": {**LLAMA, "tie_word_embeddings": "yes"},
    "infinite": '{"model_type": "llama", "hidden_size": Infinity}',
    "hostile-name": {**LLAMA, "model_type": "x" * 5000},
}


def run(arguments: list[str]) -> str:
    """The one line that a mistaken call prints; asserts exit code 2 and no traceback."""
    outcome = CliRunner().invoke(group, arguments, standalone_mode=False)
    error = outcome.exception
    assert error is not None, f"no error: {outcome.output}"
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    assert isinstance(error, SymllmError) or hasattr(error, "format_message"), repr(error)
    return " ".join(text.split()) + "\n"


def uncounted(line: str) -> str:
    """The line without the sizes of the catalogue, which grow."""
    return re.sub(r"\d+ are understood", "N are understood", re.sub(r"all \d+\b", "all N", line))


@pytest.mark.parametrize("name", COMMANDS)
def test_command(name: str) -> None:
    golden(f"errors/{name}.txt", uncounted(run(COMMANDS[name])))


@pytest.mark.parametrize("name", CONFIGS)
def test_config(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = CONFIGS[name]
    monkeypatch.chdir(tmp_path)
    Path("config.json").write_text(content if isinstance(content, str) else json.dumps(content))
    line = run(["eval", "parameters", "--config", "config.json"])
    assert len(line) < 400
    golden(f"errors/config-{name}.txt", uncounted(line))


def test_ten_megabytes_of_nesting_are_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("[" * 10_000_000)
    assert "larger than 1 MiB" in run(["eval", "parameters", "--config", str(file)])


@pytest.mark.parametrize("name", ["unknown-gpu", "assume-import", "two-formats", "unknown-command", "unknown-option"])
def test_process_prints_one_line_and_exits_with_2(name: str) -> None:
    done = subprocess.run([sys.executable, "-m", "symllm", *COMMANDS[name]], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
