"""Round-to-nearest block quantisation in the layout of com.microsoft.MatMulNBits."""
import numpy as np

ROWS_AT_ONCE = 8192


def quantise(weight, bits, block):
    """weight [N, K] -> packed uint8 [N, K/block, block*bits/8], scales float32 [N*K/block], zero points uint8."""
    rows = range(0, len(weight), ROWS_AT_ONCE)
    parts = zip(*(_quantise_rows(weight[i : i + ROWS_AT_ONCE], bits, block) for i in rows))
    return tuple(np.concatenate(part) for part in parts)


def _quantise_rows(weight, bits, block):
    rows, columns = weight.shape
    if columns % block:
        raise ValueError(f"{columns} columns are not a multiple of the block size {block}")
    values = weight.reshape(rows, -1, block)
    top = 2**bits - 1
    low, high = np.minimum(values.min(-1), 0), np.maximum(values.max(-1), 0)
    scale = (high - low) / top
    safe = np.where(scale == 0, 1, scale)
    zero = np.clip(np.round(-low / safe), 0, top)
    inverse = np.where(scale == 0, 0, 1 / safe)
    packed = np.clip(np.round(values * inverse[..., None]) + zero[..., None], 0, top).astype(np.uint8)
    if bits == 4:
        packed = packed[..., 0::2] | (packed[..., 1::2] << 4)
        zero = np.pad(zero, ((0, 0), (0, zero.shape[1] % 2))).astype(np.uint8)
        zero = zero[:, 0::2] | (zero[:, 1::2] << 4)
    return packed, scale.astype(np.float32).reshape(-1), zero.astype(np.uint8).reshape(-1)
