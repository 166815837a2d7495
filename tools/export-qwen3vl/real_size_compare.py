"""Holds an export of a real size against what the reference answered (real_size_reference.py golden), and times one.

    python real_size_compare.py parity FOLDER GOLDEN.npz [--threads 16]
    python real_size_compare.py time FOLDER GOLDEN.npz --threads 1,2,4,8,16
"""
import argparse
import time

import numpy as np
import onnxruntime as ort
import torch

from reference_host import Host, rope_positions


def compare(host, golden, name):
    """Greedy beside the reference, and behind words that were chosen."""
    inputs = {key: torch.from_numpy(golden[key]) for key in ("input_ids", "pixel_values", "image_grid_thw")}
    host.reset()
    tokens, logits = host.generate(host.prompt(inputs), len(golden["tokens"]))
    same = np.array(tokens) == golden["tokens"]
    until = len(same) if same.all() else int(same.argmin())
    # Behind a token that differs two answers are no longer about the same.
    compared = slice(0, min(until + 1, len(same)))
    difference = np.abs(logits[compared] - golden["logits"][compared]).max()
    print(f"{name}: {until} of {len(same)} tokens the same, largest difference of their logits {difference:.2e}", flush=True)
    host.reset()
    host.prompt(inputs)
    want, got = golden["forced_logits"], host.step(golden["forced"].tolist(), keep=len(golden["forced"]))
    same, difference = (want.argmax(-1) == got.argmax(-1)).sum(), np.abs(want - got).max()
    print(f"{name}: behind chosen words {same} of {len(want)} the same, largest difference {difference:.2e}", flush=True)


def parity(folder, golden, threads):
    host = Host(folder, threads)
    compare(host, golden, "fp32 export against the reference")
    encode = host.encode

    def without_deepstack(pixels, grids):
        features, deepstack = encode(pixels, grids)
        return features, np.zeros_like(deepstack)

    host.encode = without_deepstack
    compare(host, golden, "control, DeepStack zeroed")


def measure(folder, golden, threads, new_tokens=24):
    """Vision, prefill and decode, the caches written in place as the runner does."""
    started = time.perf_counter()
    host = Host(folder, threads)
    loaded = time.perf_counter() - started
    grids, ids = golden["image_grid_thw"].tolist(), golden["input_ids"][0]
    timed = lambda work: (time.perf_counter(), work(), time.perf_counter())
    seconds = lambda stamps: stamps[2] - stamps[0]
    vision = min(seconds(timed(lambda: host.encode(golden["pixel_values"], grids))) for _ in range(2))
    capacity = len(ids) + new_tokens
    value = lambda array: ort.OrtValue.ortvalue_from_numpy(array)
    caches = {name: value(np.zeros((1, shape[1], capacity, shape[3]), dtype)) for name, shape, dtype in host.caches}
    rows, _ = rope_positions(ids.tolist(), [tuple(grid) for grid in grids], [], host.config)

    def run(embeds, positions, past):
        count = embeds.shape[1]
        binding = host.decoder.io_binding()
        feeds = dict(
            inputs_embeds=embeds,
            attention_mask=np.ones((1, past + count), np.int64),
            position_ids=positions,
            deepstack_embeds=np.zeros((host.taps, 1, 1, host.hidden), np.float32),
            num_logits_to_keep=np.array(1, np.int64),
        )
        for name, array in feeds.items():
            binding.bind_cpu_input(name, array)
        for name, cache in caches.items():
            binding.bind_ortvalue_input(name, cache)
            binding.bind_ortvalue_output(name.replace("past_key_values", "present"), cache)
        binding.bind_output("logits", "cpu")
        host.decoder.run_with_iobinding(binding)

    embeds = host.embed.run(None, {"input_ids": ids[None]})[0]
    prefill = min(seconds(timed(lambda: run(embeds, rows[:, None, :], 0))) for _ in range(2))
    one = embeds[:, :1]
    steps = [
        seconds(timed(lambda: run(one, np.full((3, 1, 1), len(ids) + step, np.int64), len(ids) + step)))
        for step in range(new_tokens)
    ]
    step = float(np.median(steps))
    print(
        f"{threads} threads: vision {vision:.2f} s, prefill of {len(ids)} tokens {prefill:.2f} s, a token {step * 1000:.0f} ms, "
        f"a card with 220 tokens {vision + prefill + 220 * step:.1f} s, loaded in {loaded:.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["parity", "time"])
    parser.add_argument("folder")
    parser.add_argument("golden")
    parser.add_argument("--threads", default="2")
    args = parser.parse_args()
    values = dict(np.load(args.golden))
    for count in map(int, args.threads.split(",")):
        (parity if args.command == "parity" else measure)(args.folder, values, count)
