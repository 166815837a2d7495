"""Holds an export of a real size against what the reference answered (real_size_reference.py golden), and times one.

    python real_size_compare.py parity FOLDER GOLDEN.npz [--threads 16]
    python real_size_compare.py time FOLDER --threads 1,2,4,8,16
"""
import argparse
import time

import numpy as np
import onnxruntime as ort
import torch

from real_size_reference import prompt
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


def measure(folder, threads, new_tokens=32):
    """Vision, prefill and decode; caches are written in place, by the graph or here."""
    started = time.perf_counter()
    host = Host(folder, threads)
    loaded = time.perf_counter() - started
    card = prompt(host.config)
    grids, ids = card["image_grid_thw"].tolist(), card["input_ids"][0]
    timed = lambda work: (time.perf_counter(), work(), time.perf_counter())
    seconds = lambda stamps: stamps[2] - stamps[0]
    vision = min(seconds(timed(lambda: host.encode(card["pixel_values"], grids))) for _ in range(2))
    capacity = len(ids) + new_tokens
    value = lambda array: ort.OrtValue.ortvalue_from_numpy(array)
    size = lambda shape: [shape[0] if host.rows else 1, shape[1], capacity, shape[3]]
    arrays = {name: np.zeros(size(shape), dtype) for name, shape, dtype in host.caches}
    caches = {name: value(array) for name, array in arrays.items()}
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
            if host.rows:
                binding.bind_output(name.replace("past_key_values", "new"), "cpu")
            else:
                binding.bind_ortvalue_output(name.replace("past_key_values", "present"), cache)
        binding.bind_output("logits", "cpu")
        host.decoder.run_with_iobinding(binding)
        if host.rows:
            # In the order in which they were bound. The array and the cache are one buffer.
            for array, new in zip(arrays.values(), binding.get_outputs()):
                array[:, :, past : past + count] = new.numpy().transpose(1, 2, 0, 3)

    embeds = host.embed.run(None, {"input_ids": ids[None]})[0]
    prefill = min(seconds(timed(lambda: run(embeds, rows[:, None, :], 0))) for _ in range(2))
    one = embeds[:, :1]
    steps = []
    for past in range(len(ids), capacity):
        stamps = time.perf_counter(), time.process_time()
        run(one, np.full((3, 1, 1), past, np.int64), past)
        steps.append((time.perf_counter() - stamps[0], time.process_time() - stamps[1]))
    # The lower quartile, as bench/vlm-steps.ts takes.
    step, cpu = (float(np.quantile(costs, 0.25)) for costs in zip(*steps))
    print(
        f"{threads} threads: vision {vision:.2f} s, prefill of {len(ids)} tokens {prefill:.2f} s, a token {step * 1000:.1f} ms "
        f"(CPU {cpu * 1000:.1f} ms), "
        f"a card with 220 tokens {vision + prefill + 220 * step:.1f} s, loaded in {loaded:.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["parity", "time"])
    parser.add_argument("folder")
    parser.add_argument("golden", nargs="?", help="for parity")
    parser.add_argument("--threads", default="2")
    args = parser.parse_args()
    for count in map(int, args.threads.split(",")):
        if args.command == "time":
            measure(args.folder, count)
        else:
            parity(args.folder, dict(np.load(args.golden)), count)
