"""Weight and cache formats: block sizes against gguf's table, small matrices by hand, llama.cpp's rules and published totals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from sympy import Integer, Symbol, ceiling

from symllm import build
from symllm.block import Architecture, Block, CacheEntry, Group, Weight
from symllm.errors import SymllmError
from symllm.format import Place
from symllm.formulas.book import book
from symllm.formulas.formats import ggml, llama_cpp, llama_cpp_rules
from symllm.formulas.formats.modules import alternatives, read
from symllm.formulas.notation import BYTE, N

LLAMA = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip
LLAMA_2 = {**LLAMA, "num_key_value_heads": 32, "intermediate_size": 11008, "vocab_size": 32000}
MISTRAL = {**LLAMA, "model_type": "mistral", "vocab_size": 32000}
TINY = {**LLAMA, "hidden_size": 256, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 512,
        "vocab_size": 100}  # fmt: skip


def figures(config: dict[str, Any], dtype: str | None = None, kv_dtype: str | None = None, **values: Any) -> dict[str, Any]:
    """Parameters, weights, weights of a GPU and cache of a config."""
    made = build.program(book(), config, {"name": "test"}, dtype, kv_dtype, "full", "all", "")
    given = {**made.sizes, **made.fixed, **{name: value for name, (value, _) in made.defaults.items()}, "s": 1000, **values}
    return made.run(given, ["P", "M_w", "M_wg", "M_kv"])


def weight_bytes(name: str, shape: tuple[int, ...], **facts: Any) -> int:
    """Bytes of one matrix in a format."""
    form = next(form for form in book().weight_formats if name in (form.name, *form.aliases))
    weight = Weight("W_Q", tuple(map(Integer, shape)), "matmul", quantizes=True, **facts)
    assert form.tensor is not None
    size = form.tensor(weight, Block("attention", "attention", "attention", (weight,)), Place(weight)) / BYTE
    assert size.is_Integer
    return int(size)


def test_block_sizes_are_those_of_gguf() -> None:
    gguf = pytest.importorskip("gguf", reason="gguf's own table is the oracle")
    theirs = {kind.name.lower(): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()}
    assert {name: tuple(theirs[name]) for name in ggml.TYPES} == ggml.TYPES
    assert set(theirs) - set(ggml.TYPES) <= {"i8", "i16", "i32", "i64", "f64"} | {name for name in theirs if name.startswith("q2_0")}


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("fp8", (300, 200), 300 * 200 + 4),
        ("fp8_channel", (300, 200), 300 * 200 + 4 * 200),
        ("fp8_block", (300, 200), 300 * 200 + 4 * 3 * 2),
        ("fp8_block_ue8m0", (300, 200), 300 * 200 + 3 * 2),
        ("int8", (300, 200), 300 * 200 + 4 * 200),
        ("bnb_int8", (300, 200), 300 * 200 + 4 * 200),
        ("nf4", (300, 200), 30000 + 4 * 938),
        ("nf4_double", (300, 200), 30000 + 938 + 4 * 4 + 4),
        ("mxfp4", (320, 200), 200 * 10 * 17),
        ("mxfp4", (300, 200), 200 * 10 * 17),
        ("mxfp8", (320, 200), 200 * 320 + 200 * 10),
        ("nvfp4", (320, 200), 200 * 160 + 200 * 20 + 4),
        ("bitnet", (320, 200), 50 * 320 + 2),
        ("gptq", (256, 64), 4 * 32 * 64 + 4 * 2 * 8 + 2 * 2 * 64 + 4 * 256),
        ("gptq_3bit_g128", (256, 64), 4 * 24 * 64 + 4 * 2 * 6 + 2 * 2 * 64 + 4 * 256),
        ("awq", (256, 64), 4 * 256 * 8 + 4 * 2 * 8 + 2 * 2 * 64),
        ("int4", (256, 64), 4 * 64 * 32 + 2 * 64 * 2 + 16),
        ("q4_k_m", (512, 64), 512 * 64 * 144 // 256),
        ("q4_k-pure", (512, 64), 512 * 64 * 144 // 256),
        ("q4_k-pure", (320, 64), 320 * 64 * 22 // 32),
        ("q6_k-pure", (320, 64), 320 * 64 * 34 // 32),
        ("q6_k-pure", (300, 64), 300 * 64 * 2),
    ],
)
def test_a_small_matrix_by_hand(name: str, shape: tuple[int, int], expected: int) -> None:
    """Shapes are (in, out): a row has `in` numbers."""
    assert weight_bytes(name, shape) == expected


def test_a_row_that_llama_cpp_cannot_store_is_refused() -> None:
    with pytest.raises(SymllmError, match="q8_0: W_Q has rows of 100 numbers"):
        weight_bytes("q8_0", (100, 64))


def test_sizes_stay_symbolic() -> None:
    a, c = Symbol("a", integer=True, positive=True), Symbol("c", integer=True, positive=True)
    weight = Weight("W_Q", (a, c), "matmul", quantizes=True)
    form = next(form for form in book().weight_formats if form.name == "fp8_block")
    assert form.tensor is not None
    made = form.tensor(weight, Block("attention", "", "attention", (weight,)), Place(weight))
    assert made == (a * c + 4 * ceiling(a / 128) * ceiling(c / 128)) * BYTE


@pytest.mark.parametrize("form", book().weight_formats, ids=lambda form: str(form.name))
def test_every_format_leaves_the_parameters_alone(form: Any) -> None:
    found, plain = figures(TINY, form.name), figures(TINY, "bf16")
    assert found["P"] == plain["P"]
    assert found["M_w"] == found["M_wg"] == int(found["M_w"]) > 0


@pytest.mark.parametrize("name", ["fp8", "gptq", "nf4", "nvfp4", "int4"])
def test_embeddings_head_and_norms_keep_16_bits(name: str) -> None:
    small, large = figures(TINY, name), figures({**TINY, "vocab_size": 200}, name)
    assert large["M_w"] - small["M_w"] == 2 * 100 * 256 * 2


def test_matrices_are_divided_among_gpus_with_their_scales() -> None:
    one, two = figures(LLAMA, "fp8_channel"), figures(LLAMA, "fp8_channel", tp=2)
    assert 2 * two["M_wg"] - one["M_w"] == pytest.approx(2 * 65 * 4096 + 32 * 2 * 4 * 4096, abs=1)


# Published totals -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    ("config", "dtype", "tensors", "file"),
    [
        (LLAMA, "q4_k_m", 4912898048, 4920734176),  # Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf; the rest is tokenizer and metadata
        (LLAMA_2, "q4_k_m", 4080263168, 4081004224),  # llama-2-7b.Q4_K_M.gguf
    ],
)
def test_gguf_files_without_their_metadata(config: dict[str, Any], dtype: str, tensors: int, file: int) -> None:
    found = figures(config, dtype)["M_w"]
    assert found == tensors
    assert 0 < file - found < 8_000_000


def test_mistral_q4_k_m_as_llama_cpp_logs_it() -> None:
    """4095.05 + 70.31 MiB of buffers: 193 tensors q4_K, 33 q6_K, 65 f32 (log of ipex-llm's quickstart)."""
    assert round(figures(MISTRAL, "q4_k_m")["M_w"] / 2**20, 1) == 4165.4


def kinds_of_layers(mix: str, kind: str, layers: int, facts: llama_cpp_rules.Facts) -> dict[int, str]:
    """The type that a mix gives a kind of tensor in each of so many layers."""
    rule = llama_cpp_rules.rule(mix, kind, facts)
    return {i: next((name for test, name in rule.special if llama_cpp_rules.TESTS[test](i, layers)), rule.rest) for i in range(layers)}


def test_layers_with_more_bits() -> None:
    """As in llama.cpp's tests/snapshots: Qwen3-0.6B (28 layers), Qwen3-14B (40), gpt-oss-120b (36)."""
    more = {
        28: {0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27},
        40: {0, 1, 2, 3, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, 35, 36, 37, 38, 39},
        36: {0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 31, 32, 33, 34, 35},
    }
    for layers, expected in more.items():
        for kind in ("v", "down"):
            found = kinds_of_layers("q4_k_m", kind, layers, llama_cpp_rules.Facts())
            assert {i for i, name in found.items() if name == "q6_k"} == expected


@pytest.mark.parametrize(
    ("mix", "kind", "facts", "layers", "expected"),
    [
        ("q2_k", "v", {"grouping": 2}, 28, {"q3_k": 28}),
        ("q2_k", "v", {"grouping": 5}, 40, {"q4_k": 40}),
        ("q2_k", "v", {"grouping": 8, "seventy": True}, 80, {"q5_k": 80}),
        ("q3_k_s", "v", {"grouping": 8, "seventy": True}, 80, {"q5_k": 80}),
        ("q3_k_m", "down", {}, 40, {"q5_k": 2, "q4_k": 38}),
        ("q3_k_m", "v", {}, 28, {"q5_k": 2, "q4_k": 26}),
        ("q4_k_s", "down", {}, 40, {"q5_k": 5, "q4_k": 35}),
        ("q4_k_s", "v", {}, 40, {"q5_k": 4, "q4_k": 36}),
        ("iq2_xxs", "v", {"grouping": 2}, 28, {"q2_k": 28}),
        ("iq2_xxs", "v", {"grouping": 8, "experts": 128}, 36, {"q4_k": 36}),
        ("iq2_xs", "down", {}, 28, {"q2_k": 3, "iq2_xs": 25}),
        ("iq3_xs", "up", {}, 28, {"iq3_s": 7, "iq3_xxs": 21}),
        ("q4_k_m", "v", {"grouping": 4, "experts": 8}, 32, {"q8_0": 32}),
        ("q4_k_m", "out", {"grouping": 4, "experts": 8}, 32, {"q5_k": 32}),
        ("q5_k_m", "k", {"grouping": 4, "experts": 8}, 32, {"q8_0": 32}),
        ("q2_k_s", "down", {}, 28, {"q4_k": 3, "q2_k": 25}),
        ("iq1_s", "embedding", {}, 1, {"q2_k": 1}),
        ("iq1_s", "output", {}, 1, {"q5_k": 1}),
        ("q4_0", "output", {}, 1, {"q6_k": 1}),
        ("q4_0", "embedding", {"tied": True}, 1, {"q6_k": 1}),
        ("q8_0", "output", {}, 1, {"q8_0": 1}),
        ("f16", "v", {"experts": 8}, 4, {"f16": 4}),
        ("mxfp4_moe", "expert down", {}, 4, {"mxfp4": 4}),
        ("mxfp4_moe", "v", {}, 4, {"q8_0": 4}),
    ],
)
def test_rules_of_llama_cpp(mix: str, kind: str, facts: dict[str, Any], layers: int, expected: dict[str, int]) -> None:
    """As listed in llama.cpp's tests/snapshots and read in src/llama-quant.cpp."""
    found = list(kinds_of_layers(mix, kind, layers, llama_cpp_rules.Facts(**facts)).values())
    assert {name: found.count(name) for name in set(found)} == expected


@pytest.mark.parametrize("layers", sorted(llama_cpp_rules.TESTS))
def test_the_symbolic_count_of_layers_is_the_counted_one(layers: str) -> None:
    for n in range(1, 130):
        counted = sum(llama_cpp_rules.TESTS[layers](i, n) for i in range(n))
        assert llama_cpp_rules.count(layers, N).subs(N, n) == counted


def test_alternating_kinds_of_layers_add_up_to_the_whole() -> None:
    """The same layers as one group and as two alternating ones take the same bytes in every mix."""
    weights = (Weight("W_V", (256, 64), "matmul", quantizes=True),)
    feed = (Weight("W_down", (512, 256), "matmul", quantizes=True),)
    blocks = (Block("attention", "", "attention", weights), Block("mlp", "", "ffn", feed))
    odd, even = tuple(range(1, 21, 2)), tuple(range(0, 21, 2))
    one = Architecture((), (Group("layer", "", Integer(21), blocks),))
    two = Architecture((), (Group("odd", "", Integer(10), blocks, layers=odd), Group("even", "", Integer(11), blocks, layers=even)))

    def total(model: Architecture, mix: str) -> Any:
        return sum(
            group.count * llama_cpp.size(mix, weight, block, Place(weight, model, group))
            for group in model.groups for block in group.blocks for weight in block.weights
        )  # fmt: skip

    for mix in llama_cpp_rules.DEFAULT:
        assert total(one, mix) == total(two, mix)


# Cache formats --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    ("name", "a_number"),
    [("bf16", 2), ("fp16", 2), ("fp32", 4), ("fp8", 1), ("int8", Fraction(17, 16)), ("int4", Fraction(9, 16)), ("q8_0", Fraction(34, 32)),
     ("q4_0", Fraction(18, 32)), ("q4_1", Fraction(20, 32)), ("q5_0", Fraction(22, 32)), ("q5_1", Fraction(24, 32)),
     ("iq4_nl", Fraction(18, 32))],
)  # fmt: skip
def test_cache_formats(name: str, a_number: Fraction) -> None:
    assert figures(LLAMA, "bf16", name)["M_kv"] == 2 * 32 * 8 * 128 * 1000 * a_number


def test_latent_cache_takes_656_bytes() -> None:
    form = next(form for form in book().cache_formats if form.name == "fp8_ds_mla")
    assert form.entry is not None
    entries = (CacheEntry("C_KV", (Integer(512),)), CacheEntry("K_R", (Integer(64),)))
    assert sum(form.entry(entry) for entry in entries) == 656 * BYTE
    with pytest.raises(SymllmError, match="latent"):
        figures(LLAMA, "bf16", "fp8_ds_mla")


# quantization_config --------------------------------------------------------------------------------------------------

def stated(**fields: Any) -> dict[str, Any]:
    """The small config with a quantization_config."""
    return {**TINY, "quantization_config": fields}


def scheme(weights: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A compressed-tensors config of one scheme."""
    groups = {"group_0": {"targets": ["Linear"], "weights": weights}}
    return stated(quant_method="compressed-tensors", config_groups=groups, ignore=["lm_head"], **more)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (stated(quant_method="fp8", weight_block_size=[128, 128]), "fp8_block"),
        (stated(quant_method="fp8", weight_block_size=None, modules_to_not_convert=["lm_head"]), "fp8"),
        (stated(quant_method="gptq", bits=4, group_size=128, desc_act=True), "gptq"),
        (stated(quant_method="gptq", bits=8, group_size=128), "gptq_8bit_g128"),
        (stated(quant_method="awq", bits=4, group_size=128, version="gemm"), "awq"),
        (stated(quant_method="bitsandbytes", load_in_4bit=True), "nf4"),
        (stated(load_in_4bit=True, bnb_4bit_use_double_quant=True), "nf4_double"),
        (stated(quant_method="bitsandbytes", load_in_8bit=True), "bnb_int8"),
        (stated(quant_method="mxfp4", modules_to_not_convert=["lm_head"]), "mxfp4"),
        (stated(quant_method="modelopt", quant_algo="NVFP4"), "nvfp4"),
        (stated(quant_method="bitnet"), "bitnet"),
        (scheme({"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128, "symmetric": True}), "int4"),
        (scheme({"num_bits": 8, "type": "int", "strategy": "channel"}), "int8"),
        (scheme({"num_bits": 8, "type": "float", "strategy": "channel"}), "fp8_channel"),
        (scheme({"num_bits": 8, "type": "float", "strategy": "tensor"}), "fp8"),
        (scheme({"num_bits": 8, "type": "float", "strategy": "block", "block_structure": [128, 128]}), "fp8_block"),
        (scheme({"num_bits": 4, "type": "float", "strategy": "tensor_group", "group_size": 16}), "nvfp4"),
    ],
)
def test_a_config_states_its_format(config: dict[str, Any], name: str) -> None:
    assert figures(config)["M_w"] == figures(TINY, name)["M_w"]
    assert figures(config, "bf16")["M_w"] == figures(TINY, "bf16")["M_w"], "--dtype wins"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (stated(quant_method="fancy"), "quant_method 'fancy'"),
        (stated(quant_method=7), "'quantization_config.quant_method' is '7'"),
        ({**TINY, "quantization_config": "fp8"}, "not an object"),
        (stated(quant_method="fp8", weight_block_size=[0, 128]), "weight_block_size"),
        (stated(quant_method="fp8", weight_block_size="128"), "weight_block_size"),
        (stated(quant_method="gptq", bits=5), "'quantization_config.bits' is 5"),
        (stated(quant_method="gptq", group_size=0), "group_size"),
        (stated(quant_method="gptq", group_size=10**9), "group_size"),
        (stated(quant_method="awq", version="marlin"), "version"),
        (stated(quant_method="bitsandbytes"), "load_in_4bit"),
        (stated(quant_method="modelopt", quant_algo="W4A8"), "quant_algo"),
        (stated(quant_method="compressed-tensors", config_groups={}), "config_groups"),
        (scheme({"num_bits": 3, "type": "int", "strategy": "group"}), "num_bits"),
        (stated(quant_method="fp8", modules_to_not_convert=["model.layers.0.strange_part"]), "strange_part"),
        (stated(quant_method="fp8", modules_to_not_convert=["re:(a+)+$"]), "re:"),
        (stated(quant_method="fp8", modules_to_not_convert=["re:" + "(a|b)" * 30]), "(a|b)"),
        (stated(quant_method="fp8", modules_to_not_convert=["model.layers.1*"]), "layers.1*"),
        (stated(quant_method="fp8", modules_to_not_convert=["model.layers.1.mlp.experts.7.down_proj"]), "experts.7"),
        (stated(quant_method="fp8", modules_to_not_convert=7), "modules_to_not_convert"),
        (stated(quant_method="fp8", modules_to_not_convert=["x" * 1000]), "1000 characters"),
    ],
)
def test_what_is_not_understood_is_refused_in_one_line(config: dict[str, Any], says: str) -> None:
    with pytest.raises(SymllmError) as error:
        figures(config)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_modules_that_a_config_leaves_alone() -> None:
    """TINY's W_down is 512 x 256 in each of 3 layers; in FP8 a number takes one byte less, and a matrix has one scale."""
    saved = 512 * 256 - 4
    every = figures(TINY, "fp8")["M_w"]

    def kept(*entries: str) -> Any:
        return figures(stated(quant_method="fp8", modules_to_not_convert=list(entries)))["M_w"] - every

    assert kept("lm_head", "model.layers.1.mlp.gate", "re:.*vision_tower.*") == 0
    assert kept("visual.blocks.3.attn.qkv", "mtp.layers.0.self_attn.q_proj", "*lm_head*") == 0
    assert kept("model.layers.0.mlp.down_proj") == saved
    assert kept("re:.*mlp.down_proj$") == kept("down_proj") == 3 * saved
    assert kept("model.layers.0.mlp.down_proj", "model.layers.2.mlp.down_proj", "model.layers.7.mlp.down_proj") == 2 * saved
    assert kept("model.layers.1") == saved * 3 + (256 * 256 - 4) * 2 + (256 * 128 - 4) * 2
    assert kept("re:.*layers\\.1\\.mlp\\.(gate|up)_proj") == 2 * saved


def test_patterns_are_read_not_run() -> None:
    assert alternatives("^a\\.(b|c)\\.d$", "f") == ["a.b.d", "a.c.d"]
    (entry,) = read("re:model.layers.\\d+.self_attn.*", "f")
    assert (entry.layer, entry.parts, entry.matrices) == (None, {"attention"}, frozenset())


def test_experts_alone_in_mxfp4() -> None:
    """gpt-oss-20b's files hold 13,761,264,768 bytes of tensors, gpt-oss-120b's 65,248,815,744 (their indexes' total_size)."""
    from symllm import catalog

    assert figures(dict(catalog.find("gpt-oss-20b").config))["M_w"] == 13761264768
    assert figures(dict(catalog.find("gpt-oss-120b").config))["M_w"] == 65248815744
