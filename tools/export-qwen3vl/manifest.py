"""manifest.json: what an exported folder is, and the sha256 of each file."""
import hashlib
import json
import os
import shutil

FORMAT = "ktpflow-qwen3vl"
# 2: a runner that knows version 1 only could not fill the caches of "rows".
FORMAT_VERSION = 2
EXPORTER_VERSION = "1.1.0"

COPIED = (
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "video_preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "chat_template.json",
)


def copy_checkpoint_files(source, folder, config):
    """The files that a runner needs besides the graphs. -> names"""
    with open(f"{folder}/config.json", "w") as file:
        json.dump(config, file, indent=1)
    names = [name for name in COPIED if os.path.exists(f"{source}/{name}")]
    for name in names:
        shutil.copyfile(f"{source}/{name}", f"{folder}/{name}")
    return ["config.json", *names]


def write_manifest(folder, names, **facts):
    """Hashes the files `names` of the folder and writes the manifest."""
    files = {}
    for name in sorted(set(names)):
        digest = hashlib.sha256()
        with open(f"{folder}/{name}", "rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
        files[name] = dict(bytes=os.path.getsize(f"{folder}/{name}"), sha256=digest.hexdigest())
    manifest = dict(format=FORMAT, formatVersion=FORMAT_VERSION, exporterVersion=EXPORTER_VERSION, **facts, files=files)
    with open(f"{folder}/manifest.json", "w") as file:
        json.dump(manifest, file, indent=1)
