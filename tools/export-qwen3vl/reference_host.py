"""What a runner has to do around the three graphs, in numpy: the reference for src/inference/onnx-qwen3vl. Batch of one."""
import json

import numpy as np
import onnxruntime as ort


def rope_positions(ids, image_grids, video_grids, config):
    """Positions [3, len] and the next free one. Text counts on all axes; a picture takes a box of merged cells and moves
    the counter on by max(h, w); a video is one box a temporal patch, since time stamps stand between them."""
    merge = config["vision_config"]["spatial_merge_size"]
    queue = {
        config["image_token_id"]: [tuple(grid) for grid in image_grids],
        config["video_token_id"]: [(1, h, w) for t, h, w in video_grids for _ in range(t)],
    }
    out, free, i = np.empty((3, len(ids)), np.int64), 0, 0
    while i < len(ids):
        if ids[i] not in queue:
            out[:, i] = free
            free, i = free + 1, i + 1
            continue
        t, h, w = queue[ids[i]].pop(0)
        h, w = h // merge, w // merge
        for k in range(t * h * w):
            out[:, i + k] = free + k // (h * w), free + k // w % h, free + k % w
        free, i = free + max(h, w), i + t * h * w
    return out, free


class Host:
    def __init__(self, folder, threads=2):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        # As the runner has it: threads that wait for work leave the processor to others.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        load = lambda name: ort.InferenceSession(f"{folder}/{name}.onnx", options, providers=["CPUExecutionProvider"])
        self.config = json.load(open(f"{folder}/config.json"))
        names = ("vision_encoder", "embed_tokens", "decoder_model_merged")
        self.vision, self.embed, self.decoder = map(load, names)
        inputs = {entry.name: entry for entry in self.decoder.get_inputs()}
        half = lambda entry: np.float16 if "float16" in entry.type else np.float32
        self.caches = [(n, e.shape, half(e)) for n, e in inputs.items() if n.startswith("past")]
        self.outputs = [entry.name for entry in self.decoder.get_outputs()]
        self.rows = "new.0.key" in self.outputs
        self.taps, self.hidden = inputs["deepstack_embeds"].shape[0], inputs["deepstack_embeds"].shape[3]
        self.reset()

    def reset(self):
        empty = lambda shape: [shape[0] if self.rows else 1, shape[1], 0, shape[3]]
        self.kv = {name: np.zeros(empty(shape), dtype) for name, shape, dtype in self.caches}
        self.length, self.next_position = 0, 0

    def encode(self, pixels, grids):
        """One call a picture or video. -> image_features [n, hidden], deepstack_features [taps, n, hidden]"""
        ends = np.cumsum([t * h * w for t, h, w in grids])[:-1]
        runs = [
            self.vision.run(None, {"pixel_values": part, "image_grid_thw": np.array([grid], np.int64)})
            for part, grid in zip(np.split(pixels, ends), grids)
        ]
        return np.concatenate([run[0] for run in runs]), np.concatenate([run[1] for run in runs], axis=1)

    def step(self, ids, visual=None, positions=None, keep=1):
        """Feeds ids behind what is cached; a generated token is text whatever its id. -> logits [keep, vocab]"""
        count = len(ids)
        embeds = self.embed.run(None, {"input_ids": np.array([ids], np.int64)})[0]
        deep = np.zeros((self.taps, 1, 1, self.hidden), np.float32)
        if visual is not None:
            mask, features, deepstack = visual
            embeds[0, mask] = features
            deep = np.zeros((self.taps, 1, count, self.hidden), np.float32)
            deep[:, 0, mask] = deepstack
        rows, used = positions or (np.tile(np.arange(count), (3, 1)), count)
        rows, self.next_position = rows + self.next_position, self.next_position + used
        self.length += count
        feed = dict(
            inputs_embeds=embeds,
            attention_mask=np.ones((1, self.length), np.int64),
            position_ids=rows[:, None, :],
            deepstack_embeds=deep,
            num_logits_to_keep=np.array(keep, np.int64),
            **self.kv,
        )
        out = dict(zip(self.outputs, self.decoder.run(None, feed)))
        if self.rows:
            grown = lambda name, cache: np.concatenate([cache, out[name].transpose(1, 2, 0, 3)], axis=2)
            self.kv = {name: grown(name.replace("past_key_values", "new"), cache) for name, cache in self.kv.items()}
        else:
            self.kv = {name: out[name.replace("past_key_values", "present")] for name in self.kv}
        return out["logits"][0]

    def prompt(self, inputs, keep=1):
        """Prefill of a processor's output (a dictionary of tensors). -> logits"""
        get = lambda key: None if inputs.get(key) is None else inputs[key].numpy()
        ids, config = get("input_ids")[0], self.config
        image_grids, video_grids = (get(f"{kind}_grid_thw") for kind in ("image", "video"))
        visual, kinds = None, (("image_token_id", "pixel_values", image_grids), ("video_token_id", "pixel_values_videos", video_grids))
        mask = np.isin(ids, [config["image_token_id"], config["video_token_id"]])
        if mask.any():
            features = np.empty((mask.sum(), self.hidden), np.float32)
            deep = np.empty((self.taps, mask.sum(), self.hidden), np.float32)
            for token, key, grids in kinds:
                if grids is not None:
                    chosen = ids[mask] == config[token]
                    features[chosen], deep[:, chosen] = self.encode(get(key), grids)
            visual = (mask, features, deep)
        grids = [[] if grid is None else grid.tolist() for grid in (image_grids, video_grids)]
        return self.step(ids.tolist(), visual, rope_positions(ids.tolist(), *grids, config), keep)

    def generate(self, logits, count):
        """Greedy. -> token ids, the logits that each was chosen from"""
        tokens, seen = [], []
        while True:
            seen.append(logits[-1])
            tokens.append(int(logits[-1].argmax()))
            if len(tokens) == count:
                return tokens, np.stack(seen)
            logits = self.step([tokens[-1]])
