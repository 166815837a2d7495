"""config.json of the real sizes, for measuring with random weights (from the published model cards as remembered)."""


def _size(text, vision, tied):
    rope = dict(rope_type="default", rope_theta=5e6, mrope_section=[24, 20, 20], mrope_interleaved=True)
    shared_text = dict(
        vocab_size=151936,
        num_key_value_heads=8,
        head_dim=128,
        rms_norm_eps=1e-6,
        max_position_embeddings=262144,
        rope_parameters=rope,
    )
    shared_vision = dict(
        in_channels=3,
        patch_size=16,
        spatial_merge_size=2,
        temporal_patch_size=2,
        num_position_embeddings=2304,
        out_hidden_size=text["hidden_size"],
    )
    return dict(
        model_type="qwen3_vl",
        text_config=shared_text | text,
        vision_config=shared_vision | vision,
        tie_word_embeddings=tied,
        image_token_id=151655,
        video_token_id=151656,
        vision_start_token_id=151652,
        vision_end_token_id=151653,
    )


_SMALL_VISION = dict(depth=24, hidden_size=1024, num_heads=16, intermediate_size=4096, deepstack_visual_indexes=[5, 11, 17])
_LARGE_VISION = dict(depth=27, hidden_size=1152, num_heads=16, intermediate_size=4304, deepstack_visual_indexes=[8, 16, 24])

SIZES = {
    "2b": _size(dict(hidden_size=2048, intermediate_size=6144, num_hidden_layers=28, num_attention_heads=16), _SMALL_VISION, True),
    "4b": _size(dict(hidden_size=2560, intermediate_size=9728, num_hidden_layers=36, num_attention_heads=32), _SMALL_VISION, True),
    "8b": _size(dict(hidden_size=4096, intermediate_size=12288, num_hidden_layers=36, num_attention_heads=32), _LARGE_VISION, False),
}
