"""Writes what RapidOCR reads in a picture, as the golden output of the parity tests.

    python3 -m venv venv && venv/bin/pip install rapidocr==3.10.0 onnxruntime
    venv/bin/python tools/golden-rapidocr.py test/fixtures/ocr/*.png

The per-line 0/180 classifier is off: ours decides the direction once for the card.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from rapidocr import RapidOCR


def main(paths: list[str]) -> None:
    engine = RapidOCR(params={"Global.use_cls": False, "Global.log_level": "error"})
    for path in paths:
        answer = engine(path)
        lines = [
            {"text": text, "score": round(score, 4), "quad": [[round(float(v), 1) for v in point] for point in box]}
            for text, score, box in zip(answer.txts, answer.scores, answer.boxes)
        ]
        golden = {"engine": f"rapidocr {version('rapidocr')}", "lines": lines}
        Path(path).with_suffix(".json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
