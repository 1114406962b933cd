"""The notation: every symbol of the book, once. The order here is the order in which factors are printed."""

from __future__ import annotations

from itertools import count as _numbers
from typing import Final

from symllm.symbols import Domain, NamedSymbol

_rank = _numbers()


def _symbol(name: str, title: str, meaning: str, unit: str = "1", latex: str = "", text: str = "",
            domain: Domain = "count", step: str = "1", most: str = "") -> NamedSymbol:  # fmt: skip
    return NamedSymbol(name, title=title, meaning=meaning, unit=unit, latex=latex, text=text, domain=domain,
                       rank=next(_rank), step=step, most=most)  # fmt: skip


# Units written into formulas, so that a formula that forgets them is refused. Their value is 1.
FLOP = _symbol("FLOP", "FLOP", "one floating-point operation", "FLOP", latex=r"\mathrm{FLOP}", domain="amount")
BYTE = _symbol("byte", "byte", "one byte", "byte", latex=r"\mathrm{byte}", domain="amount")
SECOND = _symbol("second", "second", "one second", "second", latex=r"\mathrm{s}", domain="amount")
JOULE = _symbol("joule", "joule", "one joule", "joule", latex=r"\mathrm{J}", domain="amount")
USD = _symbol("USD", "US dollar", "one US dollar", "USD", latex=r"\mathrm{USD}", domain="amount")
UNITS: Final = (FLOP, BYTE, SECOND, JOULE, USD)

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
d_c = _symbol("d_c", "KV latent size", "width of the vector into which keys and values are compressed", latex="d_c")
d_q = _symbol("d_q", "query latent size", "width of the vector into which queries are compressed", latex="d_q")
d_n = _symbol("d_n", "unrotated head size", "part of a query's or key's head that carries no position", latex="d_n")
d_r = _symbol("d_r", "rotary head size", "part of a query's or key's head that carries the position", latex="d_r")
d_v = _symbol("d_v", "value head size", "width of one head's value", latex="d_v")
h_I = _symbol("h_I", "index heads", "heads that score which tokens are attended", "head", latex="h_I")
d_I = _symbol("d_I", "index head size", "width of one index head", latex="d_I")
k_I = _symbol("k_I", "selected keys", "best-scored keys that a query attends", "token", latex="k_I")

# Sizes of a state-space, linear-attention or convolution layer.
d_inner = _symbol("d_inner", "inner size", "inner width of a state-space layer")
d_state = _symbol("d_state", "state size", "numbers that a state-space layer keeps for each inner component")
d_conv = _symbol("d_conv", "kernel width", "tokens that a causal convolution sees, the present one among them", "token")
r_dt = _symbol("r_dt", "step rank", "rank of the projection that gives a state-space layer its step sizes", latex=r"r_{\Delta}")
h_m = _symbol("h_m", "state heads", "heads of one state-space layer", "head")
d_m = _symbol("d_m", "state head size", "width of one head of a state-space layer")
g_m = _symbol("g_m", "state groups", "groups of heads that share a state-space layer's B and C")
h_lk = _symbol("h_lk", "linear key heads", "query and key heads of one linear-attention layer", "head")
h_lv = _symbol("h_lv", "linear value heads", "value heads of one linear-attention layer", "head")
d_lk = _symbol("d_lk", "linear key size", "width of one key head of a linear-attention layer")
d_lv = _symbol("d_lv", "linear value size", "width of one value head of a linear-attention layer")
c_m = _symbol("c_m", "scan chunk", "tokens that a chunked scan computes at once", "token")

# Sizes of a vision tower, and of what it makes of an image.
N_vis = _symbol("N_vis", "vision layers", "layers of the vision tower", "layer", latex=r"N_{\mathrm{vis}}")
h_vis = _symbol("h_vis", "vision heads", "heads of one attention layer of the vision tower", "head", latex=r"h_{\mathrm{vis}}")
d_vis = _symbol("d_vis", "vision width", "width of the vision tower's residual stream", latex=r"d_{\mathrm{vis}}")
d_hvis = _symbol("d_hvis", "vision head size", "width of one head of the vision tower", latex=r"d_{h,\mathrm{vis}}")
d_fvis = _symbol("d_fvis", "vision feed-forward size", "inner width of the vision tower's feed-forward block", latex=r"d_{\mathrm{ff,vis}}")
p = _symbol("p", "patch side", "pixels along one side of a patch")
f_p = _symbol("f_p", "patch frames", "frames of a video that one patch spans; an image is repeated that often")
c_img = _symbol("c_img", "channels", "numbers that make one pixel", latex=r"c_{\mathrm{img}}")
r_img = _symbol("r_img", "tower side", "pixels along one side of the squares that the tower takes, or its longest side",
                latex=r"r_{\mathrm{img}}")  # fmt: skip
m_img = _symbol("m_img", "merge side", "patches along one side of the square that becomes one feature", latex=r"m_{\mathrm{img}}")
A_min = _symbol("A_min", "fewest pixels", "pixels below which an image is enlarged", latex=r"A_{\min}")
A_max = _symbol("A_max", "most pixels", "pixels above which an image is shrunk", latex=r"A_{\max}")
T_img = _symbol("T_img", "most tiles", "most tiles into which one image is cut", latex=r"T_{\mathrm{img}}")
n_tile = _symbol("n_tile", "tiles", "tiles of one image that the tower takes", latex=r"n_{\mathrm{tile}}")
g_row = _symbol("g_row", "feature rows", "rows of the grid of one image's features", latex=r"g_{\mathrm{row}}")
g_col = _symbol("g_col", "feature columns", "columns of the grid of one image's features", latex=r"g_{\mathrm{col}}")
n_p = _symbol("n_p", "patches", "patches of one image, or of one tile where images are cut into tiles", "patch", latex="n_p")
n_feat = _symbol("n_feat", "image features", "vectors that one image gives to the language model", latex=r"n_{\mathrm{feat}}")
s_img = _symbol("s_img", "image tokens", "tokens of the sequence that stand for one image, row breaks and separators among them", "token",
                latex=r"s_{\mathrm{img}}")  # fmt: skip

# A scenario.
s = _symbol("s", "sequence tokens", "tokens of one sequence: the prompt, or all cached tokens", "token")
n = _symbol("n", "new tokens", "tokens generated after the prompt", "token", domain="count or zero")
b = _symbol("b", "batch", "sequences computed together", "sequence")
q = _symbol("q", "pass tokens", "tokens of one sequence that a pass computes: s in prefill, 1 in a decode step", "token")
t = _symbol("t", "seen tokens", "tokens of one sequence that exist when the pass ends", "token")
q_out = _symbol("q_out", "logit positions", "positions of one sequence for which logits are computed", "token",
                latex=r"q_{\mathrm{out}}", domain="count or zero")  # fmt: skip
n_img = _symbol("n_img", "images", "images in one sequence", "image", latex=r"n_{\mathrm{img}}", domain="count or zero")
H_img = _symbol("H_img", "image height", "pixels of each image from top to bottom", latex=r"H_{\mathrm{img}}")
W_img = _symbol("W_img", "image width", "pixels of each image from side to side", latex=r"W_{\mathrm{img}}")
T = _symbol("T", "training tokens", "tokens seen in training", "token")

# Bytes of one number.
u_w = _symbol("u_w", "weight bytes", "bytes of one weight", "byte", latex="u_w", domain="amount", step="1/8")
u_kv = _symbol("u_kv", "cache bytes", "bytes of one cached number", "byte", latex=r"u_{\mathrm{kv}}", domain="amount", step="1/8")
u_a = _symbol("u_a", "activation bytes", "bytes of one activation", "byte", latex="u_a", domain="amount", step="1/8")

u_g = _symbol("u_g", "gradient bytes", "bytes of one gradient", "byte", latex="u_g", domain="amount", step="1/8")
u_o = _symbol("u_o", "moment bytes", "bytes of one of the optimizer's two moments", "byte", latex="u_o", domain="amount", step="1/8")
u_m = _symbol("u_m", "master bytes", "bytes of the optimizer's own copy of a weight; 0 where there is none", "byte", latex="u_m",
              domain="amount or zero", step="1/8")  # fmt: skip

# Machines.
G = _symbol("G", "GPUs", "GPUs that hold the model together", "GPU")
tp = _symbol("tp", "tensor parallelism", "GPUs that share each layer's matrices", "GPU", latex=r"t_{\mathrm{p}}")
pp = _symbol("pp", "pipeline parallelism", "stages that share the layers", "GPU", latex=r"p_{\mathrm{p}}")
ep = _symbol("ep", "expert parallelism", "GPUs over which whole routed experts are spread; tensor parallelism beyond it slices them", "GPU",
             latex=r"e_{\mathrm{p}}")
eta = _symbol("eta", "memory utilization", "share of the visible memory that is used", latex=r"\eta", text="η",
              domain="amount", step="1/1000000000", most="1")
M_gpu = _symbol("M_gpu", "GPU memory", "memory of one GPU that a program can see", "byte", latex=r"M_{\mathrm{gpu}}",
                domain="amount")  # fmt: skip
X = _symbol("X", "peak compute", "FLOP that one GPU can do in a second in the format it computes in", "FLOP/second", domain="amount")
B_w = _symbol("B_w", "memory bandwidth", "bytes that one GPU can read in a second", "byte/second", latex="B_w", domain="amount")
mfu = _symbol("mfu", "compute utilization", "share of the peak compute that is reached", latex=r"\mathrm{MFU}", text="MFU",
              domain="amount", step="1/1000000000", most="1")  # fmt: skip
mbu = _symbol("mbu", "bandwidth utilization", "share of the memory bandwidth that is reached", latex=r"\mathrm{MBU}", text="MBU",
              domain="amount", step="1/1000000000", most="1")  # fmt: skip

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
F_img = _symbol("F_img", "image compute", "FLOP of the vision tower and projector over all images", "FLOP", latex=r"F_{\mathrm{img}}",
                domain="amount or zero")  # fmt: skip
M_save = _symbol("M_save", "saved activations", "memory of what a forward pass keeps for the backward pass", "byte",
                 latex=r"M_{\mathrm{save}}", domain="amount or zero")  # fmt: skip
M_grad = _symbol("M_grad", "gradients", "memory of one gradient for each parameter", "byte", latex=r"M_{\mathrm{grad}}", domain="amount")
M_opt = _symbol("M_opt", "optimizer states", "memory of the optimizer's moments and its own copy of the weights", "byte",
                latex=r"M_{\mathrm{opt}}", domain="amount")  # fmt: skip
M_train = _symbol("M_train", "training memory", "memory of one GPU that trains the whole model", "byte", latex=r"M_{\mathrm{train}}",
                  domain="amount")  # fmt: skip
M_read = _symbol("M_read", "weights read", "bytes of weights that one decode step reads", "byte", latex=r"M_{\mathrm{read}}",
                 domain="amount")  # fmt: skip
M_rpre = _symbol("M_rpre", "weights read by a prefill", "bytes of weights that a pass over the prompts reads", "byte",
                 latex=r"M_{\mathrm{read,pre}}", domain="amount")  # fmt: skip
M_rkv = _symbol("M_rkv", "cache read by decode steps", "bytes of cache that all decode steps after the first token read together", "byte",
                latex=r"M_{\mathrm{read,kv}}", domain="amount or zero")  # fmt: skip
F_one = _symbol("F_one", "first token's compute", "FLOP of a prefill of which only the last position's logits are computed, masked pairs left out",
                "FLOP", latex=r"F_{\mathrm{first}}", domain="amount")  # fmt: skip
F_train = _symbol("F_train", "training compute", "FLOP of training, as 6 for each active parameter and token", "FLOP",
                  latex=r"F_{\mathrm{train}}", domain="amount")  # fmt: skip
F_fb = _symbol("F_fb", "training compute, product by product", "FLOP of training, as three forward passes over every token", "FLOP",
               latex=r"F_{\mathrm{fb}}", domain="amount")  # fmt: skip
F_step = _symbol("F_step", "decode steps' compute", "FLOP of all decode steps after the first token", "FLOP", latex=r"F_{\mathrm{step}}",
                 domain="amount or zero")  # fmt: skip
F_gen = _symbol("F_gen", "generation compute", "FLOP of generating n tokens with a KV cache", "FLOP", latex=r"F_{\mathrm{gen}}",
                domain="amount")  # fmt: skip
F_re = _symbol("F_re", "generation compute without a cache", "FLOP, at least, of generating n tokens where each passes the prompt again",
               "FLOP", latex=r"F_{\mathrm{re}}", domain="amount or zero")  # fmt: skip
tau_train = _symbol("tau_train", "training time", "time of training on all GPUs together", "second", latex=r"\tau_{\mathrm{train}}",
                    text="τ_train", domain="amount")  # fmt: skip
tau_first = _symbol("tau_first", "time to first token", "time from the prompts to the first new token", "second",
                    latex=r"\tau_{\mathrm{first}}", text="τ_first", domain="amount")  # fmt: skip
tau_token = _symbol("tau_token", "time per output token", "time of one decode step", "second", latex=r"\tau_{\mathrm{token}}",
                    text="τ_token", domain="amount")  # fmt: skip
tau_mean = _symbol("tau_mean", "mean time per output token", "time of a decode step on average, as serving benchmarks give it", "second",
                   latex=r"\tau_{\mathrm{mean}}", text="τ_mean", domain="amount or zero")  # fmt: skip
tau_gen = _symbol("tau_gen", "latency", "time from the prompts to the last new token", "second", latex=r"\tau_{\mathrm{gen}}",
                  text="τ_gen", domain="amount")  # fmt: skip
R_tok = _symbol("R_tok", "tokens per second", "new tokens of all sequences in a second of the whole latency", "token/second",
                latex=r"R_{\mathrm{tok}}", domain="amount or zero")  # fmt: skip
I_pre = _symbol("I_pre", "prefill intensity", "FLOP of a prefill for each byte it reads", "FLOP/byte", latex=r"I_{\mathrm{pre}}",
                domain="amount")  # fmt: skip
I_dec = _symbol("I_dec", "decode intensity", "FLOP of a decode step for each byte it reads", "FLOP/byte", latex=r"I_{\mathrm{dec}}",
                domain="amount")  # fmt: skip
I_ridge = _symbol("I_ridge", "ridge", "FLOP for each byte at which a GPU's compute and bandwidth take equally long", "FLOP/byte",
                  latex=r"I_{\mathrm{ridge}}", domain="amount")  # fmt: skip

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
