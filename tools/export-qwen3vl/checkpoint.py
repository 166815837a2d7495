"""Where weights come from: a folder of safetensors, or random values of a real shape."""
import glob
import os

import numpy as np


class Checkpoint:
    """Lazy reader of (sharded) safetensors; any float type comes out as float32. One tensor is in memory at a time."""

    def __init__(self, folder):
        from safetensors import safe_open

        self._files = {}
        for path in sorted(glob.glob(f"{folder}/*.safetensors")):
            opened = safe_open(path, "pt")
            self._files.update(dict.fromkeys(opened.keys(), opened))
        if not self._files:
            raise SystemExit(f"{folder} holds no *.safetensors")

    def get(self, name, shape):
        """The tensor `name`, float32. Raises where it is missing or has another shape than the configuration says."""
        if name not in self._files:
            raise SystemExit(f"the checkpoint has no tensor {name}: is it a dense Qwen3-VL?")
        weight = self._files[name].get_tensor(name).float().numpy()
        if weight.shape != tuple(shape):
            raise SystemExit(f"{name} has the shape {weight.shape}, the configuration says {tuple(shape)}")
        return weight


class RandomCheckpoint:
    """The same face with random values: for measuring a size whose weights are not at hand."""

    def __init__(self, seed=0):
        self._block = (np.random.default_rng(seed).standard_normal(1 << 20) * 0.02).astype(np.float32)

    def get(self, name, shape):
        if len(shape) == 1 and "norm" in name and name.endswith("weight"):
            return np.ones(shape, np.float32)
        return np.resize(np.roll(self._block, len(name) * 7919 % 65536), int(np.prod(shape))).reshape(shape)


def locate(model, revision):
    """A folder as it is, or a hub id fetched into the hub's cache (HF_TOKEN, HF_ENDPOINT). -> folder, revision"""
    if os.path.isdir(model):
        return model, None
    from huggingface_hub import snapshot_download

    patterns = ["*.json", "*.jinja", "*.txt", "*.safetensors"]
    folder = snapshot_download(model, revision=revision, allow_patterns=patterns)
    return folder, os.path.basename(folder)
