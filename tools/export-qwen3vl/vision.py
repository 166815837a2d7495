"""vision_encoder: one picture, or one video whose frames have one size, a call.

pixel_values f32 [patches, channels*2*16*16], image_grid_thw i64 [1, 3]
-> image_features f32 [patches/4, hidden], deepstack_features f32 [taps, patches/4, hidden]
"""
import numpy as np
from onnx import TensorProto as T

from graph import MICROSOFT, Graph


def _geometry(g, grid, patches, cfg):
    """Row, column and position-table corners of every patch, in whole numbers; the number of frames."""
    merge, side = cfg["spatial_merge_size"], int(cfg["num_position_embeddings"] ** 0.5)
    frames, height, width = (g.op("Gather", g.op("Squeeze", grid, g.ints(0)), g.int(axis)) for axis in range(3))
    index = g.op("Range", g.int(0), g.op("Squeeze", patches), g.int(1))
    within = g.op("Mod", index, g.op("Mul", height, width))
    # Patches come by merge blocks: block row, block column, row in the block, column in the block.
    unit = g.int(merge)
    blocks_in_row = g.op("Div", width, unit)
    column_in_block = g.op("Mod", within, unit)
    row_in_block = g.op("Mod", g.op("Div", within, unit), unit)
    block = g.op("Div", within, g.int(merge * merge))
    row = g.op("Add", g.op("Mul", g.op("Div", block, blocks_in_row), unit), row_in_block)
    column = g.op("Add", g.op("Mul", g.op("Mod", block, blocks_in_row), unit), column_in_block)

    def taps(place, size):
        """Bilinear taps of the learned table with side x side entries, corners aligned."""
        last = g.op("Max", g.op("Sub", size, g.int(1)), g.int(1))
        source = g.op("Mul", g.cast(place, T.FLOAT), g.float32(side - 1))
        source = g.op("Div", source, g.cast(last, T.FLOAT))
        low = g.op("Floor", source)
        high_weight = g.op("Sub", source, low)
        low = g.cast(low, T.INT64)
        high = g.op("Min", g.op("Add", low, g.int(1)), g.int(side - 1))
        return (low, g.op("Sub", g.float32(1), high_weight)), (high, high_weight)

    corners = [
        (g.op("Add", g.op("Mul", r, g.int(side)), c), g.op("Mul", r_weight, c_weight))
        for r, r_weight in taps(row, height)
        for c, c_weight in taps(column, width)
    ]
    return row, column, corners, g.op("Unsqueeze", frames, g.ints(0))


def vision_encoder(folder, weights, config, *, deepstack=True, layers=None, **options):
    """Writes the graph. -> file names"""
    cfg = config["vision_config"]
    hidden, heads, out, merge = cfg["hidden_size"], cfg["num_heads"], cfg["out_hidden_size"], cfg["spatial_merge_size"]
    head_size, inner, unit = hidden // heads, cfg["intermediate_size"], merge**2
    patch_shape = (cfg["in_channels"], cfg["temporal_patch_size"], cfg["patch_size"], cfg["patch_size"])
    patch_size = int(np.prod(patch_shape))
    g, root = Graph("vision_encoder", folder, weights, **options), "model.visual"
    pixels = g.input("pixel_values", T.FLOAT, ["patches", patch_size])
    grid = g.input("image_grid_thw", T.INT64, [1, 3])
    patches = g.size(pixels, 0)
    row, column, corners, frames = _geometry(g, grid, patches, cfg)

    # The patch embedding's convolution has its stride as its size: one matrix product. Never quantised.
    convolution = weights.get(f"{root}.patch_embed.proj.weight", (hidden, *patch_shape)).reshape(hidden, patch_size)
    name = f"{root}.patch_embed.proj"
    x = g.linear(g.cast(pixels, g.float), name, hidden, patch_size, bias=True, weight=convolution, bits=0)
    table = g.tensor("pos_embed", weights.get(f"{root}.pos_embed.weight", (cfg["num_position_embeddings"], hidden)))
    position = None
    for index, weight in corners:
        part = g.op("Mul", g.op("Gather", table, index), g.op("Unsqueeze", weight, g.ints(1)))
        position = part if position is None else g.op("Add", position, part)
    x = g.op("Add", x, g.cast(position, g.float))

    # Two-dimensional rotary angles [patches, head_size/2]: the first half turns with the row, the second with the column.
    steps = np.arange(0, head_size // 2, 2, dtype=np.float32) / np.float32(head_size // 2)
    inverse = g.constant((1 / (10000**steps)).astype(np.float32))
    angle = lambda place: g.op("Mul", g.op("Unsqueeze", g.cast(place, T.FLOAT), g.ints(1)), inverse)
    angles = g.op("Concat", angle(row), angle(column), axis=1)
    cos, sin = g.cast(g.op("Cos", angles), g.float), g.cast(g.op("Sin", angles), g.float)
    token = g.op("Unsqueeze", g.op("Range", g.int(0), g.op("Squeeze", patches), g.int(1)), g.ints(0))

    def turn(y):
        y = g.op("RotaryEmbedding", g.op("Unsqueeze", y, g.ints(0)), token, cos, sin, domain=MICROSOFT, num_heads=heads)
        return g.op("Squeeze", y, g.ints(0))

    def attention(q, k, v):
        # Each frame attends to itself: as a batch of frames, that needs no mask.
        parts = [g.reshape(y, frames, -1, hidden) for y in (q, k, v)]
        return g.reshape(g.op("MultiHeadAttention", *parts, domain=MICROSOFT, num_heads=heads), -1, hidden)

    def norm(y, prefix, size):
        weight, bias = g.weight(f"{prefix}.weight", (size,)), g.weight(f"{prefix}.bias", (size,))
        return g.op("LayerNormalization", y, weight, bias, epsilon=1e-6, axis=-1)

    def merger(y, prefix, norm_after_shuffle):
        """2x2 patches become one token. The last merger normalises before it joins them, the DeepStack ones after."""
        if norm_after_shuffle:
            y = norm(g.reshape(y, -1, unit * hidden), f"{prefix}.norm", unit * hidden)
        else:
            y = g.reshape(norm(y, f"{prefix}.norm", hidden), -1, unit * hidden)
        # The mergers use the exact GELU, the blocks its tanh form.
        y = g.linear(y, f"{prefix}.linear_fc1", unit * hidden, unit * hidden, bias=True)
        return g.linear(g.op("Gelu", y, approximate="none"), f"{prefix}.linear_fc2", out, unit * hidden, bias=True)

    taps = cfg["deepstack_visual_indexes"]
    features = []
    for layer in range(layers or cfg["depth"]):
        block = f"{root}.blocks.{layer}"
        qkv = g.linear(norm(x, f"{block}.norm1", hidden), f"{block}.attn.qkv", 3 * hidden, hidden, bias=True)
        q, k, v = g.op("Split", qkv, outputs=3, axis=-1, num_outputs=3)
        y = attention(turn(q), turn(k), v)
        x = g.op("Add", x, g.linear(y, f"{block}.attn.proj", hidden, hidden, bias=True))
        y = g.linear(norm(x, f"{block}.norm2", hidden), f"{block}.mlp.linear_fc1", inner, hidden, bias=True)
        y = g.linear(g.op("Gelu", y, approximate="tanh"), f"{block}.mlp.linear_fc2", hidden, inner, bias=True)
        x = g.op("Add", x, y)
        if layer in taps and deepstack:
            features.append(merger(x, f"{root}.deepstack_merger_list.{taps.index(layer)}", True))
    g.op("Cast", merger(x, f"{root}.merger", False), outputs="image_features", to=T.FLOAT)
    g.output("image_features", T.FLOAT, ["tokens", out])
    if features:
        stacked = g.op("Concat", *[g.op("Unsqueeze", y, g.ints(0)) for y in features], axis=0)
        g.op("Cast", stacked, outputs="deepstack_features", to=T.FLOAT)
        g.output("deepstack_features", T.FLOAT, [len(features), "tokens", out])
    return g.save()
