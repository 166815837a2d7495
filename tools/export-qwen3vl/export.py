"""Exports a dense Qwen3-VL checkpoint to ONNX, with DeepStack, as ktpflow's own runner takes it.

    python export.py MODEL OUT                 MODEL: a folder, or a hub id (HF_TOKEN, HF_ENDPOINT)
    python export.py --random 2b OUT           random weights of a real shape, for measuring
"""
import argparse
import json
import os

from checkpoint import Checkpoint, RandomCheckpoint, locate
from graph import OPSET
from language import decoder, embed_tokens
from manifest import copy_checkpoint_files, write_manifest
from real_sizes import SIZES
from vision import vision_encoder

BITS = {"int4": 4, "int8": 8}
# What fits which machine: precision of vision, embedding table, decoder.
PRESETS = {
    "cpu": ("int8", "fp16", "int4"),
    "careful": ("fp32", "fp16", "int4"),
    "fp32": ("fp32", "fp32", "fp32"),
    "fp16": ("fp16", "fp16", "fp16"),
}


def quantise_vision(folder):
    """Dynamic int8, per channel, in place. 4 bits are not offered: they distort the features by a quarter."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    name, path = "vision_encoder", f"{folder}/vision_encoder.onnx"
    temporary = f"{folder}/vision_encoder.int8.onnx"
    quantize_dynamic(
        path,
        temporary,
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul"],
        use_external_data_format=True,
        # Shape inference does not know com.microsoft's operators: all that is quantised here is fp32.
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    model = onnx.load(temporary)
    leftovers = {temporary, *(f"{folder}/{entry}" for entry in os.listdir(folder) if entry.startswith("vision_encoder.int8"))}
    for file in (*leftovers, path, f"{path}_data"):
        if os.path.exists(file):
            os.remove(file)
    onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=f"{name}.onnx_data", size_threshold=1024)
    return [f"{name}.onnx", f"{name}.onnx_data"]


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="folder or hub id")
    parser.add_argument("out", help="folder to write")
    parser.add_argument("--random", choices=SIZES, help="random weights of this size instead of a model")
    parser.add_argument("--revision", help="commit of the hub id")
    parser.add_argument("--preset", choices=PRESETS, default="cpu")
    parser.add_argument("--vision", choices=["fp32", "fp16", "int8"])
    parser.add_argument("--embedding", choices=["fp32", "fp16"])
    parser.add_argument("--decoder", choices=["fp32", "fp16", "int8", "int4"])
    parser.add_argument("--block", type=int, choices=[16, 32, 64, 128], default=128, help="block of int4 and int8 decoders")
    parser.add_argument("--caches", choices=["rows", "whole"], help="what the decoder puts out of them, see attention.py (default: rows, fp16: whole)")
    parser.add_argument("--accuracy-level", type=int, choices=[1, 4], default=4, help="computes in: 4 int8, 1 fp32")
    parser.add_argument("--no-deepstack", action="store_true", help="as public exports are; for comparing only")
    parser.add_argument("--no-check", action="store_true", help="do not compare with the reference (the manifest says so)")
    return parser.parse_args(argv)


def export(args):
    """Writes everything that the arguments ask for. Raises SystemExit where the result differs from the reference."""
    os.makedirs(args.out, exist_ok=True)
    vision, embedding, language = (
        chosen or preset
        for chosen, preset in zip((args.vision, args.embedding, args.decoder), PRESETS[args.preset])
    )
    if args.random:
        source, revision, config, weights = None, None, SIZES[args.random], RandomCheckpoint()
    else:
        source, revision = locate(args.model, args.revision)
        config, weights = json.load(open(f"{source}/config.json")), Checkpoint(source)
    if config.get("model_type") != "qwen3_vl":
        raise SystemExit(f"model_type is {config.get('model_type')}: only dense Qwen3-VL (qwen3_vl) can be exported")
    deepstack = not args.no_deepstack
    names = copy_checkpoint_files(source, args.out, config) if source else copy_checkpoint_files("", args.out, config)
    names += vision_encoder(args.out, weights, config, deepstack=deepstack, half=vision == "fp16")
    if vision == "int8":
        names += quantise_vision(args.out)
    names += embed_tokens(args.out, weights, config, half_table=embedding == "fp16")
    caches = args.caches or ("whole" if language == "fp16" else "rows")
    if caches == "rows" and language == "fp16":
        raise SystemExit("--caches rows computes in fp32 only")
    options = dict(caches=caches, half=language == "fp16", bits=BITS.get(language, 0), block=args.block, accuracy_level=args.accuracy_level)
    names += decoder(args.out, weights, config, deepstack=deepstack, **options)
    checked = None
    if source and deepstack and not args.no_check:
        from verify import verify

        checked = verify(source, args.out, exact={vision, embedding, language} == {"fp32"})
    write_manifest(
        args.out,
        names,
        source=dict(model=args.model if source else f"random {args.random}", revision=revision),
        precision=dict(
            vision=vision,
            embedding=embedding,
            decoder=language,
            blockSize=args.block if language in BITS else None,
            accuracyLevel=args.accuracy_level if language in BITS else None,
        ),
        opset=OPSET,
        deepstack=deepstack,
        caches=caches,
        checked=checked,
    )
    print("done" if checked else "done, NOT compared with the reference", flush=True)


if __name__ == "__main__":
    export(arguments())
