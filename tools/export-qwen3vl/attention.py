"""Attention of a call's tokens over what the caches hold, and over each other: two ways to hand the caches on.

"rows" puts out only the keys and values of this call's tokens; the host appends them to caches of its own. A host that
copies what a graph puts out, as onnxruntime-node does, pays for a few rows instead of for all that was ever said.
"whole" puts the grown caches out: one operator, which writes them in place where past and present are one buffer. It is
for graphs in fp16 and for providers that have no FusedMatMul.
"""
import numpy as np
from onnx import TensorProto as T

from graph import MICROSOFT, Graph

HIDDEN = np.array(-np.inf, np.float32)
SEEN = np.array(0, np.float32)


class WholeCaches:
    """GroupQueryAttention. past: [1, kv_heads, capacity, head_size]; present: the same, grown by this call's tokens."""

    def __init__(self, g: Graph, mask, sequence, heads, kv_heads, head_size):
        self.g, self.heads, self.kv_heads = g, heads, kv_heads
        self.shape = lambda length: ["batch", kv_heads, length, head_size]
        self.lengths = g.cast(g.op("Sub", g.op("ReduceSum", mask, g.ints(1), keepdims=0), g.int(1)), T.INT32)
        self.total = g.cast(g.op("Squeeze", g.size(mask, 1)), T.INT32)

    def query_angles(self, cos, sin):
        return cos, sin

    def attend(self, layer, q, k, v):
        g, kinds = self.g, ("key", "value")
        past = [g.input(f"past_key_values.{layer}.{kind}", g.float, self.shape("past_sequence")) for kind in kinds]
        present = [f"present.{layer}.{kind}" for kind in kinds]
        for name in present:
            g.output(name, g.float, self.shape("total_sequence"))
        inputs, outputs = (q, k, v, *past, self.lengths, self.total), [f"attention_{layer}", *present]
        attributes = dict(num_heads=self.heads, kv_num_heads=self.kv_heads)
        return g.op("GroupQueryAttention", *inputs, outputs=outputs, domain=MICROSOFT, **attributes)[0]


class CacheRows:
    """Matrix products that read the caches where they lie. past: [kv_heads, 1, capacity, head_size], of which as many rows
    are filled as the mask says; new: [sequence, kv_heads, 1, head_size]. The queries that share a head of the caches are
    the second axis, so that each is one row by a matrix: ONNX Runtime has a fast way for those."""

    def __init__(self, g: Graph, mask, sequence, heads, kv_heads, head_size):
        self.g, self.mask, self.sequence = g, mask, sequence
        self.heads, self.kv_heads, self.head_size = heads, kv_heads, head_size
        self.visible = None

    def query_angles(self, cos, sin):
        """Turning is linear, so that the scale of the scores can be in the angles: a factor in the product costs it its
        fast way."""
        scale = self.g.float32(self.head_size**-0.5)
        return self.g.op("Mul", cos, scale), self.g.op("Mul", sin, scale)

    def attend(self, layer, q, k, v):
        g, n = self.g, self.kv_heads
        cache_shape = [n, 1, "capacity", self.head_size]
        keys, values = (g.input(f"past_key_values.{layer}.{kind}", g.float, cache_shape) for kind in ("key", "value"))
        if self.visible is None:
            self._see(keys)
        new = [
            g.op("Reshape", rows, g.ints(-1, n, 1, self.head_size), outputs=f"new.{layer}.{kind}")
            for rows, kind in ((k, "key"), (v, "value"))
        ]
        for name in new:
            g.output(name, g.float, ["sequence", n, 1, self.head_size])
        q = g.op("Transpose", g.reshape(q, -1, n, self.heads // n, self.head_size), perm=[1, 2, 0, 3])
        old_scores = g.op("FusedMatMul", q, keys, domain=MICROSOFT, transB=1)
        new_scores = g.op("MatMul", q, g.op("Transpose", new[0], perm=[1, 2, 3, 0]))
        scores = g.op("Concat", old_scores, new_scores, axis=-1)
        chances = g.op("Softmax", g.op("Add", scores, self.visible), axis=-1)
        old, fresh = g.op("Split", chances, self.parts, axis=-1, outputs=2)
        read = g.op("Add", g.op("MatMul", old, values), g.op("MatMul", fresh, g.op("Transpose", new[1], perm=[1, 2, 0, 3])))
        return g.reshape(g.op("Transpose", read, perm=[2, 0, 1, 3]), 1, -1, self.heads * self.head_size)

    def _see(self, keys):
        """What is added to the scores [.., sequence, capacity + sequence]: a token sees what the caches hold, itself, and
        the tokens of this call before it."""
        g = self.g
        capacity, filled = g.size(keys, 2), g.op("Sub", g.size(self.mask, 1), self.sequence)
        count = lambda size: g.op("Range", g.int(0), g.op("Squeeze", size), g.int(1))
        hide = lambda seen: g.op("Where", seen, g.constant(SEEN), g.constant(HIDDEN))
        tokens = count(self.sequence)
        old = g.op("Expand", hide(g.op("Less", count(capacity), filled)), g.op("Concat", self.sequence, capacity, axis=0))
        new = hide(g.op("LessOrEqual", g.op("Unsqueeze", tokens, g.ints(0)), g.op("Unsqueeze", tokens, g.ints(1))))
        self.visible = g.op("Concat", old, new, axis=1)
        self.parts = g.op("Concat", capacity, self.sequence, axis=0)


CACHES = {"rows": CacheRows, "whole": WholeCaches}
