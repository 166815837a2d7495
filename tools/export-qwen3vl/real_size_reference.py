"""The reference implementation at a real size with random weights: writes the checkpoint for export.py, times it in
bfloat16, and writes what it answers greedily at fp32 for real_size_compare.py. Meant for a GPU; nothing is fetched.

    python real_size_reference.py checkpoint FOLDER [--size 2b] [--device cuda]
    python real_size_reference.py time FOLDER
    python real_size_reference.py golden FOLDER GOLDEN.npz
"""
import argparse
import json
import statistics
import time

import numpy as np
import torch
from PIL import Image, ImageDraw
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

from real_sizes import SIZES
from tiny import randomise

# 34 x 60 patches: 510 tokens of a picture, and 20 of text around it. A card at the platform's own size.
ROWS, COLUMNS, TEXT_TOKENS = 34, 60, 20
NEW_TOKENS = 64


def card_pixels():
    """A drawn card as patches [rows*columns, 1536] in the processor's order: merge blocks of 2 x 2."""
    picture = Image.new("RGB", (COLUMNS * 16, ROWS * 16), (208, 226, 236))
    draw = ImageDraw.Draw(picture)
    for line, text in enumerate(["PROVINSI CONTOH", "NIK : 3171234567890000", "Nama : CONTOH SAJA", "Agama : ISLAM"]):
        draw.text((24, 30 + 120 * line), text, fill=(20, 24, 32), font_size=48)
    frame = np.asarray(picture, np.float32).transpose(2, 0, 1) / 127.5 - 1
    frames = np.stack([frame, frame])
    cells = frames.reshape(1, 2, 3, ROWS // 2, 2, 16, COLUMNS // 2, 2, 16)
    return cells.transpose(0, 3, 6, 4, 7, 2, 1, 5, 8).reshape(ROWS * COLUMNS, -1)


def prompt(config):
    """A card and some text -> the reference's inputs, as numpy arrays."""
    pads = ROWS * COLUMNS // 4
    text = np.random.default_rng(5).integers(0, 400, TEXT_TOKENS)
    marks = config["vision_start_token_id"], config["vision_end_token_id"]
    ids = np.concatenate([text[:4], marks[:1], np.full(pads, config["image_token_id"]), marks[1:], text[6:]])[None]
    kinds = (ids == config["image_token_id"]).astype(np.int64)
    return dict(
        input_ids=ids.astype(np.int64),
        attention_mask=np.ones_like(ids, np.int64),
        mm_token_type_ids=kinds,
        pixel_values=card_pixels(),
        image_grid_thw=np.array([[1, ROWS, COLUMNS]], np.int64),
    )


def write_checkpoint(folder, size, device):
    torch.manual_seed(0)
    config = size if isinstance(size, dict) else SIZES[size]
    with torch.device(device):
        network = Qwen3VLForConditionalGeneration(Qwen3VLConfig(**config))
    randomise(network)
    network.to(torch.bfloat16).save_pretrained(folder)
    # As the exporter knows it; transformers adds what it takes by default.
    with open(f"{folder}/prompt_config.json", "w") as file:
        json.dump(config, file)
    print(f"checkpoint: {sum(p.numel() for p in network.parameters()) / 1e9:.2f} G parameters", flush=True)


def load(folder, dtype, device):
    network = Qwen3VLForConditionalGeneration.from_pretrained(folder, dtype=dtype).eval().to(device)
    # Random weights must not end early.
    network.generation_config.eos_token_id = None
    network.generation_config.pad_token_id = 0
    inputs = {k: torch.from_numpy(v).to(device) for k, v in prompt(json.load(open(f"{folder}/prompt_config.json"))).items()}
    return network, inputs


def generate(network, inputs, count, **options):
    return network.generate(**inputs, max_new_tokens=count, do_sample=False, return_dict_in_generate=True, **options)


def write_golden(folder, path, device):
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    network, inputs = load(folder, torch.float32, device)
    with torch.no_grad():
        out = generate(network, inputs, NEW_TOKENS, output_logits=True)
    tokens = out.sequences[0, inputs["input_ids"].shape[1] :].cpu().numpy()
    logits = torch.stack(out.logits)[:, 0].float().cpu().numpy()
    # A model of random weights likes to repeat itself: so also what it says behind words that were chosen for it.
    forced = np.random.default_rng(7).integers(0, 400, NEW_TOKENS)
    ids = torch.cat([inputs["input_ids"], torch.from_numpy(forced)[None].to(device)], 1)
    zeros = torch.zeros_like(ids[:, : len(forced)])
    kinds = torch.cat([inputs["mm_token_type_ids"], zeros], 1)
    longer = inputs | dict(input_ids=ids, mm_token_type_ids=kinds, attention_mask=torch.ones_like(ids))
    with torch.no_grad():
        forced_logits = network(**longer, logits_to_keep=len(forced)).logits[0].float().cpu().numpy()
    top = np.sort(logits, axis=-1)
    print(f"golden: {len(set(tokens.tolist()))} different tokens of {len(tokens)}, smallest margin {(top[:, -1] - top[:, -2]).min():.4f}, "
          f"spread of logits {logits.std():.2f}", flush=True)
    np.savez(path, tokens=tokens, logits=logits, forced=forced, forced_logits=forced_logits, **{k: v.cpu().numpy() for k, v in inputs.items()})


def median_ms(work, device, rounds=5):
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times[1:])


@torch.no_grad()
def measure(folder, device, batches, static):
    network, inputs = load(folder, torch.bfloat16, device)
    pixels = inputs["pixel_values"].bfloat16()
    inputs["pixel_values"] = pixels
    show = lambda name, value, unit="ms": print(f"reference bf16 {name}: {value:.1f} {unit}", flush=True)
    vision = median_ms(lambda: network.model.visual(pixels, grid_thw=inputs["image_grid_thw"]), device)
    first = median_ms(lambda: generate(network, inputs, 1), device)
    show("vision", vision)
    show(f"first token ({inputs['input_ids'].shape[1]} prompt tokens, vision included)", first)
    for count in (64, 220):
        total = median_ms(lambda: generate(network, inputs, count), device, rounds=2)
        show(f"{count} tokens", total)
        show(f"a token of {count}", (total - first) / (count - 1))
    if device == "cuda":
        show("memory, one card", torch.cuda.max_memory_allocated() / 1e9, "GB")
    for batch in batches:
        many = {k: v.repeat(batch, *([1] * (v.ndim - 1))) for k, v in inputs.items()}
        total = median_ms(lambda: generate(network, many, 64), device, rounds=1)
        show(f"{batch} cards at once, 64 tokens each", total)
        if device == "cuda":
            show(f"memory, {batch} cards", torch.cuda.max_memory_allocated() / 1e9, "GB")
    if static:
        count = 220
        generate(network, inputs, count, cache_implementation="static")
        total = median_ms(lambda: generate(network, inputs, count, cache_implementation="static"), device, rounds=2)
        show(f"a token of {count}, static cache, compiled", (total - first) / (count - 1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["checkpoint", "time", "golden"])
    parser.add_argument("folder")
    parser.add_argument("golden", nargs="?")
    parser.add_argument("--size", default="2b", help="of real_sizes.py, or a file with a config")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batches", default="16,64", help="cards at once")
    parser.add_argument("--static", action="store_true", help="also with a static cache and compiled steps")
    args = parser.parse_args()
    if args.command == "checkpoint":
        write_checkpoint(args.folder, json.load(open(args.size)) if args.size.endswith(".json") else args.size, args.device)
    elif args.command == "golden":
        write_golden(args.folder, args.golden, args.device)
    else:
        measure(args.folder, args.device, [int(size) for size in args.batches.split(",")], args.static)
