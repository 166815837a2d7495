"""A Qwen3-VL of 1.7 MB: every structural feature of the real one, random weights, a small trained tokenizer.

    python tiny.py FOLDER       writes a checkpoint as transformers does, for export.py
"""
import sys

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2VLImageProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

SPECIAL = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
]
# 256 bytes and this many merges; ids behind the special tokens are padding, as in the real model.
PLAIN_TOKENS, VOCABULARY = 512, 576
IDS = {token: PLAIN_TOKENS + index for index, token in enumerate(SPECIAL)}
# Qwen's own splitting: single digits, words with the blank before them.
SPLIT = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
CORPUS = [
    "PROVINSI JAWA TENGAH KABUPATEN SEMARANG KOTA BANDUNG JAKARTA SELATAN",
    "NIK Nama Tempat/Tgl Lahir Jenis kelamin LAKI-LAKI PEREMPUAN Gol. Darah Alamat RT/RW Kel/Desa Kecamatan",
    "Agama ISLAM KRISTEN KATOLIK HINDU BUDDHA Status Perkawinan BELUM KAWIN Pekerjaan KARYAWAN SWASTA PELAJAR",
    "Kewarganegaraan WNI Berlaku Hingga SEUMUR HIDUP",
    "Halo, apa kabar? Baca KTP ini. Apa yang tertulis di kartu? Bandingkan kedua gambar. system user assistant",
    '{"nik": "3171", "nama": "SITI", "tanggal_lahir": "17-08-1990", "alamat": "JL. MERDEKA NO. 1"}',
]
# Written in the manner of the published template: several parts a message, an answer's prompt.
TEMPLATE = """{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' }}
{%- if message.content is string %}
{{- message.content }}
{%- else %}
{%- for part in message.content %}
{%- if part.type == 'image' %}
{{- '<|vision_start|><|image_pad|><|vision_end|>' }}
{%- elif part.type == 'video' %}
{{- '<|vision_start|><|video_pad|><|vision_end|>' }}
{%- elif 'text' in part %}
{{- part.text }}
{%- endif %}
{%- endfor %}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- endif %}"""


def config():
    """Four text layers, grouped heads 4:2, interleaved m-RoPE [6, 5, 5], three DeepStack taps, tied embeddings."""
    rope = dict(rope_type="default", rope_theta=5e6, mrope_section=[6, 5, 5], mrope_interleaved=True)
    return Qwen3VLConfig(
        text_config=dict(
            vocab_size=VOCABULARY,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=32,
            rms_norm_eps=1e-6,
            tie_word_embeddings=True,
            max_position_embeddings=4096,
            rope_parameters=rope,
        ),
        vision_config=dict(
            depth=5,
            hidden_size=32,
            num_heads=2,
            intermediate_size=64,
            out_hidden_size=64,
            num_position_embeddings=144,
            deepstack_visual_indexes=[1, 2, 3],
            patch_size=16,
            spatial_merge_size=2,
            temporal_patch_size=2,
        ),
        image_token_id=IDS["<|image_pad|>"],
        video_token_id=IDS["<|video_pad|>"],
        vision_start_token_id=IDS["<|vision_start|>"],
        vision_end_token_id=IDS["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def randomise(network):
    """Larger weights than usual, so that the logits vary and depend on the picture; norms and biases are not trivial.
    Rounded to bfloat16, which halves what they take when they are compressed."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim > 1:
                fan_in = parameter[0].numel()
                # Mergers and decoder stand out, or the pictures and DeepStack would not count in what is answered.
                strong = "language_model" in name or "merger" in name
                parameter.normal_(0, 0.3 if "embed_tokens" in name else (4 if strong else 1.2) / fan_in**0.5)
            elif "norm" in name and name.endswith("weight"):
                parameter.uniform_(0.7, 1.3)
            else:
                parameter.normal_(0, 0.1)
            parameter.copy_(parameter.bfloat16().float())


def model(seed=0):
    torch.manual_seed(seed)
    network = Qwen3VLForConditionalGeneration(config()).eval()
    randomise(network)
    network.generation_config.eos_token_id = IDS["<|im_end|>"]
    network.generation_config.pad_token_id = IDS["<|endoftext|>"]
    return network


def processor():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(SPLIT), "isolated"), byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=PLAIN_TOKENS, initial_alphabet=alphabet, show_progress=False, min_frequency=1)
    tokenizer.train_from_iterator(CORPUS, trainer)
    assert tokenizer.get_vocab_size() == PLAIN_TOKENS, tokenizer.get_vocab_size()
    tokenizer.add_special_tokens(SPECIAL)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=4096
    )
    assert {token: fast.convert_tokens_to_ids(token) for token in SPECIAL} == IDS
    size = dict(shortest_edge=4 * 32 * 32, longest_edge=64 * 32 * 32)
    common = dict(size=size, patch_size=16, temporal_patch_size=2, merge_size=2, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    return Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**common),
        video_processor=Qwen3VLVideoProcessor(cap_pixels_per_frame=False, do_sample_frames=False, **common),
        tokenizer=fast,
        chat_template=TEMPLATE,
    )


if __name__ == "__main__":
    model(int(sys.argv[2]) if len(sys.argv) > 2 else 0).save_pretrained(sys.argv[1])
    processor().save_pretrained(sys.argv[1])
