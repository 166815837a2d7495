"""Compares an exported folder with the reference implementation, on a text and on a drawn picture."""
import numpy as np
import torch
from PIL import Image, ImageDraw
from transformers import AutoProcessor, Qwen3VLForConditionalGeneration

from reference_host import Host

# Of full precision every logit must agree; of a quantised export their correlation over all positions.
LARGEST_DIFFERENCE = 1e-2
SMALLEST_CORRELATION = 0.95


def drawn_picture():
    picture = Image.new("RGB", (480, 320), (208, 226, 236))
    draw = ImageDraw.Draw(picture)
    for line, text in enumerate(["PROVINSI CONTOH", "NIK : 3171234567890000", "Nama : CONTOH SAJA"]):
        draw.text((24, 30 + 60 * line), text, fill=(20, 24, 32), font_size=28)
    return picture


def verify(source, folder, *, exact):
    """-> dict of figures for the manifest. Raises SystemExit where the export differs from the reference."""
    processor = AutoProcessor.from_pretrained(source)
    model = Qwen3VLForConditionalGeneration.from_pretrained(source, dtype=torch.float32).eval()
    host = Host(folder)
    figures = {}
    for name, content, images in (
        ("text", [{"type": "text", "text": "Apa ibu kota Indonesia?"}], None),
        ("image", [{"type": "image"}, {"type": "text", "text": "Baca NIK."}], [drawn_picture()]),
    ):
        messages = [{"role": "user", "content": content}]
        text = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        inputs = processor(text=[text], images=images, return_tensors="pt")
        with torch.no_grad():
            want = model(**inputs).logits[0].float().numpy()
        host.reset()
        # A text in two calls: the second one reads the caches.
        ids = inputs["input_ids"][0].tolist()
        got = host.prompt(inputs, keep=0) if images else np.concatenate([host.step(part, keep=0) for part in (ids[:5], ids[5:])])
        difference = float(np.abs(want - got).max())
        correlation = float(np.corrcoef(want.ravel(), got.ravel())[0, 1])
        same = float((want.argmax(-1) == got.argmax(-1)).mean())
        print(f"{name}: largest difference {difference:.2e}, correlation {correlation:.5f}, same winner {same:.1%}", flush=True)
        if difference > LARGEST_DIFFERENCE if exact else correlation < SMALLEST_CORRELATION:
            raise SystemExit(f"the export differs from the reference ({name}): it is not to be used")
        figures[name] = dict(largestDifference=difference, correlation=correlation, sameWinner=same)
    return figures
