"""What the programs of all Python clients share: where the server is, and how a feature is told."""

import asyncio
import base64
import inspect
import json
import os
import traceback

BASE_URL = os.environ["BASE_URL"]
MODEL = os.environ["MODEL"]
NAME = os.environ["CLIENT_NAME"]
KEY = "none"
WORDS = "w0 w1 w2 w3 w4 w5"
# A red pixel.
IMAGE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
IMAGE_BYTES = base64.b64decode(IMAGE.split(",")[1])
IMAGE_PARTS = [{"type": "text", "text": "image"}, {"type": "image_url", "image_url": {"url": IMAGE}}]
TOOL = {
    "type": "function",
    "function": {
        "name": "find",
        "description": "Finds something.",
        "parameters": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]},
    },
}


def ask(text):
    return [{"role": "user", "content": f"{text}:{NAME}"}]


def raises(wanted, work):
    """The work fails, with an error of that class or of one of them."""
    try:
        work()
    except wanted as error:
        return error
    raise AssertionError("it did not fail")


def run(features):
    """Tries each feature and prints a line of JSON for it."""
    for feature, work in features.items():
        try:
            if inspect.iscoroutinefunction(work):
                asyncio.run(work())
            else:
                work()
            print(json.dumps({"feature": feature, "ok": True}), flush=True)
        except BaseException as error:
            note = f"{type(error).__name__}: {error}".replace("\n", " ")[:300]
            print(json.dumps({"feature": feature, "ok": False, "note": note}), flush=True)
            if os.environ.get("DEBUG"):
                traceback.print_exc()
