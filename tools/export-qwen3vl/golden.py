"""Writes the fixture of test/…/qwen3vl: the tiny model, exported, and what the reference implementation answers with it.

    python golden.py ../../test/fixtures/qwen3vl-tiny [--seed 11]

Greedy tokens of transformers' generate() at fp32, from its own processor. Nothing of ours but the export is in between.
"""
import argparse
import io
import json
import os
import shutil
import tempfile

import numpy as np
import torch
from PIL import Image
from transformers.video_utils import VideoMetadata

import tiny
from export import arguments, export

NEW_TOKENS = 72
FRAMES_PER_SECOND = 2.0
# Far above the difference of two implementations: a near-tie would make the fixture a matter of luck.
SMALLEST_MARGIN = 2e-3
LONG_TEXT = " ".join(f"Baris {line}: PROVINSI JAWA TENGAH, KABUPATEN SEMARANG, RT/RW 00{line % 10}." for line in range(24))


def picture(seed, width, height):
    """Smooth random colours, so that most of the content survives resizing; as the JPEG that the runner gets."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 256, (height // 24 + 2, width // 24 + 2, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(cells).resize((width, height), Image.BICUBIC).save(stream, "JPEG", quality=92, subsampling=0)
    return stream.getvalue()


def cases():
    """name, messages (media by file name), prefix of the answer"""
    text = lambda value: {"type": "text", "text": value}
    image = lambda file: {"type": "image", "file": file}
    video = {"type": "video", "files": [f"frame-{index}.jpg" for index in range(6)]}
    user = lambda *parts: {"role": "user", "content": list(parts)}
    answer = lambda value: {"role": "assistant", "content": [text(value)]}
    yield "text", [user(text("Halo, apa kabar?"))], ""
    yield "one image", [user(image("wide.jpg"), text("Baca KTP ini."))], ""
    yield "two images of different sizes", [user(image("wide.jpg"), text("dan"), image("tall.jpg"), text("Bandingkan."))], ""
    yield "video", [user(video, text("Apa ini?"))], ""
    yield "image and video", [user(image("tall.jpg"), video, text("Bandingkan."))], ""
    turns = [user(image("wide.jpg"), text("Baca KTP ini.")), answer("NIK 3171, SITI."), user(image("tall.jpg"), text("Apakah namanya sama?"))]
    yield "multi-turn", [{"role": "system", "content": [text("Jawab singkat.")]}, *turns], ""
    yield "long prompt", [user(image("wide.jpg"), text(LONG_TEXT), image("tall.jpg"), text("Baca semua."))], ""
    yield "continued", [user(image("wide.jpg"), text("Baca KTP ini."))], "NIK: 3171234567890000, Nama: SITI é"


def prepare(processor, media, messages, prefix):
    parts = [part for message in messages for part in message["content"]]
    load = lambda file: Image.open(io.BytesIO(media[file])).convert("RGB")
    images = [load(part["file"]) for part in parts if part["type"] == "image"]
    frames = [np.stack([np.asarray(load(f)).transpose(2, 0, 1) for f in p["files"]]) for p in parts if p["type"] == "video"]
    prompt = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    extra = {}
    if frames:
        facts = lambda clip: VideoMetadata(total_num_frames=len(clip), fps=FRAMES_PER_SECOND, frames_indices=list(range(len(clip))))
        extra = dict(videos=[torch.from_numpy(clip) for clip in frames], video_metadata=[facts(clip) for clip in frames])
    # As the model was trained, and as vLLM and transformers 4 write it: no pair of marks around the frames of a video,
    # each of which has its own. The processor of transformers 5 leaves an outer pair.
    prompt = prompt.replace("<|vision_start|><|video_pad|><|vision_end|>", "<|video_pad|>")
    return processor(text=[prompt + prefix], images=images or None, return_tensors="pt", **extra)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    processor, network = tiny.processor(), tiny.model(args.seed)
    network.generation_config.eos_token_id = None
    media = {"wide.jpg": picture(1, 310, 200), "tall.jpg": picture(2, 130, 260)}
    media |= {f"frame-{index}.jpg": picture(10 + index, 170, 100) for index in range(6)}

    shutil.rmtree(args.out, ignore_errors=True)
    os.makedirs(f"{args.out}/media")
    golden = []
    for name, messages, prefix in cases():
        inputs = prepare(processor, media, messages, prefix)
        network.model.rope_deltas = None
        out = network.generate(**inputs, max_new_tokens=NEW_TOKENS, do_sample=False, output_logits=True, return_dict_in_generate=True)
        ids = inputs["input_ids"][0].tolist()
        tokens = out.sequences[0, len(ids) :].tolist()
        logits = torch.cat(out.logits).float().numpy()
        best = np.sort(logits, axis=-1)[:, -2:]
        margin = float((best[:, 1] - best[:, 0]).min())
        grids = {kind: inputs[f"{kind}_grid_thw"].tolist() for kind in ("image", "video") if f"{kind}_grid_thw" in inputs}
        end = tiny.IDS["<|im_end|>"]
        stops = tokens.index(end) if end in tokens else None
        print(f"{name}: {len(ids)} prompt tokens, {len(set(tokens))} distinct, margin {margin:.1e}, stops at {stops}", flush=True)
        if margin < SMALLEST_MARGIN or stops is not None:
            raise SystemExit("a near-tie, or an early end: take another seed")
        first = [[int(i), float(logits[0][i])] for i in np.argsort(-logits[0])[:5]]
        golden.append(dict(name=name, messages=messages, prefix=prefix, promptIds=ids, grids=grids, tokens=tokens, smallestMargin=margin, firstLogits=first))
        if name == "two images of different sizes":
            ends = np.cumsum([t * h * w for t, h, w in grids["image"]])[:-1]
            for file, patches, grid in zip(("wide", "tall"), np.split(inputs["pixel_values"].numpy(), ends), grids["image"]):
                save_pixels(f"{args.out}/media/{file}-resized.png", patches, grid)

    for name, data in media.items():
        open(f"{args.out}/media/{name}", "wb").write(data)
    with tempfile.TemporaryDirectory() as work:
        tiny.model(args.seed).save_pretrained(work)
        processor.save_pretrained(work)
        export(arguments([work, f"{args.out}/model", "--preset", "fp32"]))
        export(arguments([work, f"{work}/public", "--preset", "fp32", "--no-deepstack", "--caches", "whole"]))
        same = [open(f"{folder}/decoder_model_merged.onnx_data", "rb").read() for folder in (f"{args.out}/model", f"{work}/public")]
        assert same[0] == same[1], "the graph without DeepStack uses the same weights file"
        shutil.copyfile(f"{work}/public/decoder_model_merged.onnx", f"{args.out}/decoder-without-deepstack.onnx")
    manifest = json.load(open(f"{args.out}/model/manifest.json"))
    manifest["source"]["model"] = f"tools/export-qwen3vl/tiny.py, seed {args.seed}"
    json.dump(manifest, open(f"{args.out}/model/manifest.json", "w"), indent=1)
    json.dump(dict(framesPerSecond=FRAMES_PER_SECOND, cases=golden), open(f"{args.out}/golden.json", "w"), indent=1)


def save_pixels(path, patches, grid):
    """The reference's resized picture, from its patches: what resizing is compared with."""
    _, h, w = grid
    blocks = patches.reshape(h // 2, w // 2, 2, 2, 3, 2, 16, 16)[:, :, :, :, :, 0]
    pixels = blocks.transpose(0, 2, 5, 1, 3, 6, 4).reshape(h * 16, w * 16, 3)
    Image.fromarray(np.clip(np.round((pixels + 1) * 127.5), 0, 255).astype(np.uint8)).save(path, optimize=True)


if __name__ == "__main__":
    main()
