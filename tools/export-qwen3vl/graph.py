"""Appends nodes to one ONNX graph and streams its weights to <name>.onnx_data."""
import os

import numpy as np
from onnx import TensorProto as T
from onnx import helper, numpy_helper, save

from quantise import quantise

MICROSOFT = "com.microsoft"
OPSET = 20
# Smaller tensors stay inside the graph.
EXTERNAL_FROM_BYTES = 1024
# So that the runtime may map them.
PAGE_BYTES = 4096


class Graph:
    """`bits` (0: none) and `block` quantise every linear layer of the graph; `float_type` is what it computes in."""

    def __init__(self, name, folder, weights, *, half=False, bits=0, block=128, accuracy_level=4, align=True):
        self.name, self.folder, self.weights = name, folder, weights
        self.float = T.FLOAT16 if half else T.FLOAT
        self.numpy_float = np.float16 if half else np.float32
        self.bits, self.block, self.accuracy_level, self.align = bits, block, accuracy_level, align
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []
        self._constants, self._count = {}, 0
        self._data = open(f"{folder}/{name}.onnx_data", "wb")

    # ------------------------------------------------------------------ tensors
    def tensor(self, name, array):
        array = np.asarray(array, order="C")
        if array.nbytes < EXTERNAL_FROM_BYTES:
            self.initializers.append(numpy_helper.from_array(array, name))
            return name
        if self.align:
            self._data.write(b"\0" * (-self._data.tell() % PAGE_BYTES))
        dtype = helper.np_dtype_to_tensor_dtype(array.dtype)
        proto = T(name=name, data_type=dtype, dims=array.shape, data_location=T.EXTERNAL)
        place = dict(location=f"{self.name}.onnx_data", offset=self._data.tell(), length=array.nbytes)
        for key, value in place.items():
            proto.external_data.add(key=key, value=str(value))
        self._data.write(array.tobytes())
        self.initializers.append(proto)
        return name

    def weight(self, name, shape):
        return self.tensor(name, self.weights.get(name, shape).astype(self.numpy_float))

    def constant(self, array):
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.tensor(f"const_{len(self._constants)}", array)
        return self._constants[key]

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def int(self, value):
        return self.constant(np.array(value, np.int64))

    def float32(self, value):
        return self.constant(np.array(value, np.float32))

    # ------------------------------------------------------------------ nodes
    def op(self, kind, *inputs, outputs=1, domain="", **attributes):
        """Adds a node. `outputs`: how many, or their names. -> the output's name, or a list of names"""
        names = [outputs] if isinstance(outputs, str) else outputs
        if isinstance(names, int):
            names = [f"{kind}_{self._count}_{index}" for index in range(names)]
        self._count += 1
        node_name = f"{self.name}/{kind}_{self._count}"
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=node_name, domain=domain, **attributes))
        return names[0] if len(names) == 1 else names

    def input(self, name, dtype, shape):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name, dtype, shape, first=False):
        self.outputs.insert(0 if first else len(self.outputs), helper.make_tensor_value_info(name, dtype, shape))

    def cast(self, x, to):
        return self.op("Cast", x, to=to)

    def size(self, x, axis):
        """Size of one axis as int64 [1]."""
        return self.op("Shape", x, start=axis, end=axis + 1)

    def reshape(self, x, *sizes):
        """Sizes are ints or int64 [1] tensors."""
        if all(isinstance(size, int) for size in sizes):
            return self.op("Reshape", x, self.ints(*sizes))
        parts = [self.ints(size) if isinstance(size, int) else size for size in sizes]
        return self.op("Reshape", x, self.op("Concat", *parts, axis=0))

    def linear(self, x, name, rows, columns, bias=False, weight=None, bits=None):
        """x @ weight.T (+ bias) with weight [rows, columns]: `name`.weight unless an array is given. Quantised as the graph
        is, except where the columns are no multiple of the block (the vision MLP of the 8B: 4304)."""
        bits = self.bits if bits is None else bits
        matrix = self.weights.get(f"{name}.weight", (rows, columns)) if weight is None else weight
        if bits and columns % self.block == 0:
            packed, scale, zero = quantise(matrix, bits, self.block)
            y = self.op(
                "MatMulNBits",
                x,
                self.tensor(f"{name}.packed", packed),
                self.tensor(f"{name}.scales", scale.astype(self.numpy_float)),
                self.tensor(f"{name}.zeros", zero),
                domain=MICROSOFT,
                N=rows,
                K=columns,
                bits=bits,
                block_size=self.block,
                accuracy_level=self.accuracy_level,
            )
        else:
            y = self.op("MatMul", x, self.tensor(f"{name}.weight_t", matrix.T.astype(self.numpy_float)))
        return self.op("Add", y, self.weight(f"{name}.bias", (rows,))) if bias else y

    def save(self):
        """Writes the graph beside its data. -> the two file names"""
        self._data.close()
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)
        path = f"{self.folder}/{self.name}.onnx"
        # An older format version than onnx's own default: npm's ONNX Runtime is older than Python's.
        save(helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="ktpflow"), path)
        megabytes = (os.path.getsize(path) + os.path.getsize(f"{path}_data")) / 1e6
        print(f"{self.name}: {len(self.nodes)} nodes, {megabytes:.1f} MB", flush=True)
        return [f"{self.name}.onnx", f"{self.name}.onnx_data"]
