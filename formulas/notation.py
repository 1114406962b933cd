"""The notation: every symbol of the book, once. The order here is the order in which factors are printed."""

from __future__ import annotations

from itertools import count as _numbers
from typing import Final

from symllm.symbols import Domain, NamedSymbol

_rank = _numbers()


def _symbol(name: str, title: str, meaning: str, unit: str = "1", latex: str = "", text: str = "",
            domain: Domain = "count", step: str = "1") -> NamedSymbol:  # fmt: skip
    return NamedSymbol(name, title=title, meaning=meaning, unit=unit, latex=latex, text=text, domain=domain,
                       rank=next(_rank), step=step)  # fmt: skip


# Units written into formulas, so that a formula that forgets them is refused. Their value is 1.
FLOP = _symbol("FLOP", "FLOP", "one floating-point operation", "FLOP", latex=r"\mathrm{FLOP}", domain="amount")
BYTE = _symbol("byte", "byte", "one byte", "byte", latex=r"\mathrm{byte}", domain="amount")

# Sizes of a model.
N = _symbol("N", "layers", "decoder layers", "layer")
E = _symbol("E", "experts", "routed experts of a mixture-of-experts layer", "expert")
E_a = _symbol("E_a", "experts per token", "routed experts that one token passes", "expert", latex="E_a")
E_s = _symbol("E_s", "shared experts", "experts that every token passes", "expert", latex="E_s", domain="count or zero")
h = _symbol("h", "query heads", "query heads of one attention layer", "head")
k = _symbol("k", "KV heads", "key/value heads of one attention layer", "head")
d = _symbol("d", "hidden size", "width of the residual stream", latex="d")
d_h = _symbol("d_h", "head size", "width of one attention head", latex="d_h")
d_ff = _symbol("d_ff", "feed-forward size", "inner width of the feed-forward block", latex=r"d_{\mathrm{ff}}")
d_ffe = _symbol("d_ffe", "expert size", "inner width of one routed expert", latex=r"d_{\mathrm{ff},e}")
d_ffs = _symbol("d_ffs", "shared expert size", "inner width of the shared experts together", latex=r"d_{\mathrm{ff},s}")
V = _symbol("V", "vocabulary", "rows of the token embedding")
s_max = _symbol("s_max", "context limit", "longest sequence the model was made for", "token", latex=r"s_{\max}")
s_pos = _symbol("s_pos", "positions", "rows of a learned position table", "token", latex=r"s_{\mathrm{pos}}")
W = _symbol("W", "window", "tokens that a sliding-window layer sees, the present one among them", "token")

# A scenario.
s = _symbol("s", "sequence tokens", "tokens of one sequence: the prompt, or all cached tokens", "token")
n = _symbol("n", "new tokens", "tokens generated after the prompt", "token", domain="count or zero")
b = _symbol("b", "batch", "sequences computed together", "sequence")
q = _symbol("q", "pass tokens", "tokens of one sequence that a pass computes: s in prefill, 1 in a decode step", "token")
t = _symbol("t", "seen tokens", "tokens of one sequence that exist when the pass ends", "token")
q_out = _symbol("q_out", "logit positions", "positions of one sequence for which logits are computed", "token",
                latex=r"q_{\mathrm{out}}", domain="count or zero")  # fmt: skip
T = _symbol("T", "training tokens", "tokens seen in training", "token")

# Bytes of one number.
u_w = _symbol("u_w", "weight bytes", "bytes of one weight", "byte", latex="u_w", domain="amount", step="1/8")
u_kv = _symbol("u_kv", "cache bytes", "bytes of one cached number", "byte", latex=r"u_{\mathrm{kv}}", domain="amount", step="1/8")
u_a = _symbol("u_a", "activation bytes", "bytes of one activation", "byte", latex="u_a", domain="amount", step="1/8")

# Machines.
G = _symbol("G", "GPUs", "GPUs that hold the model together", "GPU")
tp = _symbol("tp", "tensor parallelism", "GPUs that share each layer's matrices", "GPU", latex=r"t_{\mathrm{p}}")
pp = _symbol("pp", "pipeline parallelism", "stages that share the layers", "GPU", latex=r"p_{\mathrm{p}}")
ep = _symbol("ep", "expert parallelism", "GPUs that share the routed experts", "GPU", latex=r"e_{\mathrm{p}}")
M_gpu = _symbol("M_gpu", "GPU memory", "memory of one GPU that a program can see", "byte", latex=r"M_{\mathrm{gpu}}",
                domain="amount")  # fmt: skip
eta = _symbol("eta", "memory utilization", "share of the visible memory that is used", latex=r"\eta", text="η",
              domain="amount", step="1/1000")

# Quantities.
P = _symbol("P", "parameters", "numbers learned in training", "parameter")
P_a = _symbol("P_a", "active parameters", "parameters that one token passes", "parameter", latex="P_a")
P_c = _symbol("P_c", "compute parameters", "parameters that multiply a token, a tied head among them", "parameter", latex="P_c")
M_w = _symbol("M_w", "weights", "memory of the weights", "byte", latex="M_w", domain="amount")
M_wg = _symbol("M_wg", "weights per GPU", "memory of the weights on the fullest GPU", "byte", latex=r"M_{w,\mathrm{gpu}}", domain="amount")
M_kv = _symbol("M_kv", "KV cache", "memory of what is cached for all sequences", "byte", latex=r"M_{\mathrm{kv}}", domain="amount or zero")
M_kvg = _symbol("M_kvg", "KV cache per GPU", "memory of the cache on the fullest GPU", "byte", latex=r"M_{\mathrm{kv},\mathrm{gpu}}",
                domain="amount or zero")  # fmt: skip
M_act = _symbol("M_act", "workspace", "memory that one forward pass needs besides weights and cache", "byte",
                latex=r"M_{\mathrm{act}}", domain="amount")  # fmt: skip
M_rt = _symbol("M_rt", "runtime", "memory of the device context and libraries", "byte", latex=r"M_{\mathrm{rt}}", domain="amount")
M_inf = _symbol("M_inf", "inference memory", "memory of one GPU during inference", "byte", latex=r"M_{\mathrm{inf}}", domain="amount")
F_pre = _symbol("F_pre", "prefill compute", "FLOP of one forward pass over the prompts", "FLOP", latex=r"F_{\mathrm{pre}}", domain="amount")
F_dec = _symbol("F_dec", "decode compute", "FLOP of one decode step", "FLOP", latex=r"F_{\mathrm{dec}}", domain="amount")

# The workspace of a forward pass.
c_pass = _symbol("c_pass", "chunk", "most tokens that one forward pass takes", "token", latex=r"c_{\mathrm{pass}}")
b_pass = _symbol("b_pass", "sampled sequences", "sequences for which one pass keeps logits", "sequence", latex=r"b_{\mathrm{pass}}")
w_layer = _symbol("w_layer", "layer workspace", "numbers alive at once for each token while a layer runs", "number",
                  latex=r"w_{\mathrm{layer}}")  # fmt: skip


def symbols() -> dict[str, NamedSymbol]:
    """Every symbol of the notation by its identifier, in printing order."""
    found = [value for value in globals().values() if isinstance(value, NamedSymbol)]
    return {symbol.name: symbol for symbol in sorted(found, key=lambda symbol: symbol.rank)}


GREEK: Final = {"η": "eta"}
