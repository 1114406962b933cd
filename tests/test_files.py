"""Reading real files: what safetensors and GGUF headers say, and what happens to damaged and false ones."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from symllm import build
from symllm.errors import SymllmError
from symllm.files import read_model_file
from symllm.formulas.book import book
from symllm.formulas.formats import gguf_config

numpy = pytest.importorskip("numpy")


def write_safetensors(path: Path, **shapes: tuple[int, ...]) -> None:
    save = pytest.importorskip("safetensors.numpy", reason="the extra 'files' is not installed").save_file
    save({name: numpy.zeros(shape, numpy.float16) for name, shape in shapes.items()}, str(path), metadata={"format": "pt"})


def gguf_writer(path: Path, architecture: str = "llama") -> Any:
    gguf = pytest.importorskip("gguf", reason="the extra 'files' is not installed")
    return gguf.GGUFWriter(str(path), architecture)


def finish(writer: Any) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_llama(path: Path, tied: bool = False, **more: Any) -> None:
    """A GGUF of a llama of two layers, every tensor zero."""
    writer = gguf_writer(path)
    sizes = {"embedding_length": 64, "block_count": 2, "attention.head_count": 4, "attention.head_count_kv": 2,
             "feed_forward_length": 96, "context_length": 512, **more}  # fmt: skip
    for key, value in sizes.items():
        (writer.add_array if isinstance(value, list) else writer.add_uint32)(f"llama.{key}", value)
    writer.add_array("tokenizer.ggml.tokens", [f"t{i}" for i in range(2000)])
    layer = {"attn_norm": (64,), "ffn_norm": (64,), "attn_q": (64, 64), "attn_k": (32, 64), "attn_v": (32, 64), "attn_output": (64, 64),
             "ffn_gate": (96, 64), "ffn_up": (96, 64), "ffn_down": (64, 96)}  # fmt: skip
    shapes = {"token_embd": (50, 64), "output_norm": (64,), **({} if tied else {"output": (50, 64)})}
    shapes |= {f"blk.{i}.{name}": shape for i in range(2) for name, shape in layer.items()}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", numpy.zeros(shape, numpy.float32 if len(shape) == 1 else numpy.float16))
    finish(writer)


def test_one_safetensors_file(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "a.safetensors", a=(3, 4), b=(5,))
    found = read_model_file(tmp_path / "a.safetensors")
    assert (found.kind, found.parameters, found.bytes) == ("safetensors", 17, 34)
    assert found.by_dtype == {"F16": (17, 34)}
    assert ("a", "F16", (3, 4), 24) in found.tensors
    assert found.metadata == {"format": "pt"}


def test_types_that_numpy_lacks(tmp_path: Path) -> None:
    """A header written by hand: bfloat16 and FP8, which numpy cannot load."""
    pytest.importorskip("safetensors")
    header = {"a": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]},
              "b": {"dtype": "F8_E4M3", "shape": [5], "data_offsets": [12, 17]}}  # fmt: skip
    text = json.dumps(header).encode()
    file = tmp_path / "a.safetensors"
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(17))
    assert read_model_file(file).by_dtype == {"BF16": (6, 12), "F8_E4M3": (5, 5)}


def test_a_folder_with_an_index(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "m-1.safetensors", a=(3, 4))
    write_safetensors(tmp_path / "m-2.safetensors", b=(5,))
    index = {"metadata": {}, "weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    found = read_model_file(tmp_path)
    assert (found.parameters, found.bytes, len(found.tensors)) == (17, 34, 2)


@pytest.mark.parametrize(
    ("weight_map", "says"),
    [
        ({"a": "m-1.safetensors", "b": "m-2.safetensors"}, "1 of its 2 files are missing"),
        ({"a": "../m-1.safetensors"}, "no safetensors file of the same folder"),
        ({"a": "m-1.safetensors", "z": "m-1.safetensors"}, "names 1 tensors that no file holds, such as 'z'"),
        ({}, "no 'weight_map'"),
        ([], "no 'weight_map'"),
        ({"a": 3}, "no 'weight_map'"),
    ],
)
def test_false_indexes(tmp_path: Path, weight_map: Any, says: str) -> None:
    write_safetensors(tmp_path / "m-1.safetensors", a=(3, 4))
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    refused(tmp_path, says)


def refused(path: Path, says: str) -> None:
    with pytest.raises(SymllmError) as error:
        read_model_file(path)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"abc", b"\xff" * 8, struct.pack("<Q", 2**60), struct.pack("<Q", 20) + b"{", struct.pack("<Q", 5) + b"hello",
     struct.pack("<Q", 2) + b"[]"],
)  # fmt: skip
def test_false_safetensors(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("safetensors")
    file = tmp_path / "a.safetensors"
    file.write_bytes(content)
    refused(file, "no safetensors file that can be read")


def test_truncated_files(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "a.safetensors", a=(300, 4))
    whole = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(whole[:-100])
    refused(tmp_path / "a.safetensors", "no safetensors file that can be read")
    write_llama(tmp_path / "a.gguf")
    whole = (tmp_path / "a.gguf").read_bytes()
    for length in (0, 3, 10, 30, 200, 5000, len(whole) // 2, len(whole) - 50):
        (tmp_path / "a.gguf").write_bytes(whole[:length])
        refused(tmp_path / "a.gguf", "no GGUF file that can be read")


def gguf_header(tensors: int = 0, fields: bytes = b"", count: int = 0, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, count) + fields


KEY = struct.pack("<Q", 1) + b"k"


@pytest.mark.parametrize(
    "content",
    [
        gguf_header(version=1),
        gguf_header(tensors=2**60),
        gguf_header(count=2**60),
        gguf_header(count=1, fields=struct.pack("<Q", 2**62) + b"k"),
        gguf_header(count=1, fields=KEY + struct.pack("<IQ", 8, 2**63) + b"x"),
        gguf_header(count=1, fields=KEY + struct.pack("<IIQ", 9, 4, 2**61)),
        gguf_header(count=1, fields=KEY + struct.pack("<IIQ", 9, 8, 2**61)),
        gguf_header(count=1, fields=KEY + struct.pack("<IIQ", 9, 9, 1) + bytes(64)),
        gguf_header(count=1, fields=KEY + struct.pack("<I", 77) + bytes(64)),
        gguf_header(tensors=1, fields=KEY + struct.pack("<IQQIQ", 2, 2**40, 2**40, 0, 0)),
        gguf_header(tensors=1, fields=KEY + struct.pack("<I", 2**31) + bytes(64)),
        gguf_header(tensors=1, fields=KEY + struct.pack("<IQIQ", 1, 2**20, 999, 0)),
        gguf_header(tensors=1, fields=KEY + struct.pack("<IQIQ", 1, 2**40, 0, 0)),
    ],
)
def test_false_gguf(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("gguf", reason="the extra 'files' is not installed")
    file = tmp_path / "a.gguf"
    file.write_bytes(content)
    refused(file, "no GGUF file that can be read")


def test_other_paths(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.gguf", "there is no such file")
    refused(tmp_path, "neither model.safetensors.index.json nor model.safetensors nor a .gguf file")
    (tmp_path / "a.bin").write_bytes(b"x")
    refused(tmp_path / "a.bin", ".safetensors or .gguf")


@pytest.mark.parametrize("tied", [False, True])
def test_gguf_and_its_config(tmp_path: Path, tied: bool) -> None:
    write_llama(tmp_path / "a.gguf", tied)
    found = read_model_file(tmp_path)
    assert found.kind == "gguf"
    assert found.metadata["general.architecture"] == "llama"
    assert found.metadata["tokenizer.ggml.tokens.length"] == 2000
    config = gguf_config.config(found)
    assert config["tie_word_embeddings"] is tied
    made = build.program(book(), config, {"name": "a"}, "f16", None, "full", "all", "")
    values = made.run({**made.sizes, **made.fixed, **{name: value for name, (value, _) in made.defaults.items()}}, ["P", "M_w"])
    assert values["P"] == found.parameters
    assert values["M_w"] == found.bytes


def test_quantized_gguf_takes_what_the_format_says(tmp_path: Path) -> None:
    """Real Q8_0 blocks, made by gguf itself."""
    writer = gguf_writer(tmp_path / "a.gguf")
    gguf = pytest.importorskip("gguf")
    numbers = numpy.linspace(-1, 1, 96 * 64, dtype=numpy.float32).reshape(96, 64)
    kinds = {name: getattr(gguf.GGMLQuantizationType, name) for name in ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1")}
    for name, kind in kinds.items():
        writer.add_tensor(name, gguf.quantize(numbers, kind), raw_dtype=kind)
    finish(writer)
    from symllm.formulas.formats.ggml import element

    for name, dtype, shape, size in read_model_file(tmp_path / "a.gguf").tensors:
        assert (dtype, shape, size) == (name, (96, 64), 96 * 64 * element(name.lower()))


def test_gguf_facts_that_are_not_understood(tmp_path: Path) -> None:
    write_llama(tmp_path / "a.gguf", **{"attention.head_count_kv": [2, 1]})
    with pytest.raises(SymllmError, match=r"llama\.attention\.head_count_kv"):
        gguf_config.config(read_model_file(tmp_path / "a.gguf"))
    finish(gguf_writer(tmp_path / "b.gguf", "wonder"))
    with pytest.raises(SymllmError, match=r"unknown general\.architecture 'wonder'"):
        gguf_config.config(read_model_file(tmp_path / "b.gguf"))


def test_a_split_gguf(tmp_path: Path) -> None:
    for part in (1, 2):
        writer = gguf_writer(tmp_path / f"m-0000{part}-of-00002.gguf")
        writer.add_tensor(f"t{part}", numpy.zeros((4, 32), numpy.float16))
        finish(writer)
    assert read_model_file(tmp_path).parameters == 256
    (tmp_path / "m-00002-of-00002.gguf").unlink()
    refused(tmp_path / "m-00001-of-00002.gguf", "1 of its 2 parts are missing")
