"""embed_tokens and decoder_model_merged. The decoder takes a batch of one: attention with left padding is silently wrong."""
import numpy as np
from onnx import TensorProto as T

from attention import CACHES
from graph import MICROSOFT, Graph

ALL = np.iinfo(np.int64).max


def embed_tokens(folder, weights, config, *, half_table=True, align=True):
    """input_ids i64 [1, s] -> inputs_embeds f32 [1, s, hidden]; the table is stored in fp16 or fp32."""
    cfg = config["text_config"]
    g = Graph("embed_tokens", folder, weights, align=align)
    ids = g.input("input_ids", T.INT64, ["batch", "sequence"])
    shape = (cfg["vocab_size"], cfg["hidden_size"])
    matrix = weights.get("model.language_model.embed_tokens.weight", shape)
    table = g.tensor("embed_tokens", matrix.astype(np.float16 if half_table else np.float32))
    g.op("Cast", g.op("Gather", table, ids), outputs="inputs_embeds", to=T.FLOAT)
    g.output("inputs_embeds", T.FLOAT, ["batch", "sequence", cfg["hidden_size"]])
    return g.save()


def mrope_axes(section):
    """Which of t, h, w turns each rotary frequency: interleaved t,h,w,t,h,w,… and t for the rest; not three runs."""
    axis_of = np.zeros(sum(section), np.int64)
    for axis in (1, 2):
        axis_of[axis : section[axis] * 3 : 3] = axis
    return axis_of


def rope_of(cfg):
    """The rotary parameters, from a config.json of transformers 5 or 4."""
    return cfg.get("rope_parameters") or cfg["rope_scaling"] | {"rope_theta": cfg["rope_theta"]}


def decoder(folder, weights, config, *, deepstack=True, caches="rows", layers=None, head_bits=None, **options):
    """Writes decoder_model_merged. Inputs: inputs_embeds f32 [1, s, hidden], attention_mask i64 [1, past+s],
    position_ids i64 [3, 1, s], deepstack_embeds f32 [taps, 1, s or 1, hidden], num_logits_to_keep i64 (0: all),
    past_key_values.{i}.key/value; outputs: logits f32 [1, kept, vocab], and new.{i}.key/value (caches "rows") or
    present.{i}.key/value ("whole"), see attention.py. -> file names"""
    cfg, taps = config["text_config"], len(config["vision_config"]["deepstack_visual_indexes"])
    hidden, inner, vocab = cfg["hidden_size"], cfg["intermediate_size"], cfg["vocab_size"]
    heads, kv_heads, head_size = cfg["num_attention_heads"], cfg["num_key_value_heads"], cfg["head_dim"]
    rope, epsilon = rope_of(cfg), cfg["rms_norm_eps"]
    g, root = Graph("decoder_model_merged", folder, weights, **options), "model.language_model"
    embeds = g.input("inputs_embeds", T.FLOAT, ["batch", "sequence", hidden])
    mask = g.input("attention_mask", T.INT64, ["batch", "total_sequence"])
    positions = g.input("position_ids", T.INT64, [3, "batch", "sequence"])
    visual = g.input("deepstack_embeds", T.FLOAT, [taps, "batch", "visual_sequence", hidden]) if deepstack else None
    keep = g.input("num_logits_to_keep", T.INT64, [])
    batch, sequence = g.size(embeds, 0), g.size(embeds, 1)

    # Angles, one row per token of this call: the rotary operator looks them up by the token's index.
    steps = np.arange(0, head_size, 2, dtype=np.float32) / np.float32(head_size)
    inverse = (1 / (np.float32(rope["rope_theta"]) ** steps)).astype(np.float32)
    chosen = g.op("Gather", positions, g.constant(mrope_axes(rope["mrope_section"])), axis=0)
    angles = g.op("Mul", g.cast(g.op("Transpose", chosen, perm=[1, 2, 0]), T.FLOAT), g.constant(inverse))
    cos = g.reshape(g.cast(g.op("Cos", angles), g.float), -1, head_size // 2)
    sin = g.reshape(g.cast(g.op("Sin", angles), g.float), -1, head_size // 2)
    count = g.op("Squeeze", g.op("Mul", batch, sequence))
    token = g.reshape(g.op("Range", g.int(0), count, g.int(1)), batch, sequence)
    held = CACHES[caches](g, mask, sequence, heads, kv_heads, head_size)
    query_angles = held.query_angles(cos, sin)

    def norm(x, name, size):
        weight = g.weight(name, (size,))
        return g.op("SimplifiedLayerNormalization", x, weight, axis=-1, epsilon=epsilon, stash_type=1)

    def attention(x, layer):
        prefix = f"{root}.layers.{layer}.self_attn"
        project = lambda name, n: g.linear(x, f"{prefix}.{name}_proj", n * head_size, hidden)
        by_head = lambda y, n, name: norm(g.reshape(y, 0, 0, n, head_size), f"{prefix}.{name}_norm.weight", head_size)

        def turn(y, n, angles):
            y = g.reshape(y, 0, 0, n * head_size)
            return g.op("RotaryEmbedding", y, token, *angles, domain=MICROSOFT, num_heads=n)

        q = turn(by_head(project("q", heads), heads, "q"), heads, query_angles)
        k = turn(by_head(project("k", kv_heads), kv_heads, "k"), kv_heads, (cos, sin))
        y = held.attend(layer, q, k, project("v", kv_heads))
        return g.linear(y, f"{prefix}.o_proj", hidden, heads * head_size)

    x = g.cast(embeds, g.float)
    for layer in range(layers or cfg["num_hidden_layers"]):
        prefix = f"{root}.layers.{layer}"
        x = g.op("Add", x, attention(norm(x, f"{prefix}.input_layernorm.weight", hidden), layer))
        y = norm(x, f"{prefix}.post_attention_layernorm.weight", hidden)
        gate = g.linear(y, f"{prefix}.mlp.gate_proj", inner, hidden)
        up = g.linear(y, f"{prefix}.mlp.up_proj", inner, hidden)
        y = g.op("Mul", g.op("Mul", gate, g.op("Sigmoid", gate)), up)
        x = g.op("Add", x, g.linear(y, f"{prefix}.mlp.down_proj", hidden, inner))
        if deepstack and layer < taps:
            # Zero where the token is not visual: a plain sum.
            x = g.op("Add", x, g.cast(g.op("Gather", visual, g.int(layer), axis=0), g.float))
    x = g.op("Slice", x, g.op("Neg", g.op("Unsqueeze", keep, g.ints(0))), g.ints(ALL), g.ints(1))
    x = norm(x, f"{root}.norm.weight", hidden)
    tied = config.get("tie_word_embeddings", cfg.get("tie_word_embeddings"))
    matrix = weights.get(f"{root}.embed_tokens.weight" if tied else "lm_head.weight", (vocab, hidden))
    head = g.linear(x, "lm_head", vocab, hidden, weight=matrix, bits=head_bits)
    g.op("Cast", head, outputs="logits", to=T.FLOAT)
    g.output("logits", T.FLOAT, ["batch", "kept", vocab], first=True)
    return g.save()
