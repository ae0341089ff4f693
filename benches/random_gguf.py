"""Writes a Qwen2 model of half a billion random weights as a Q8_0 GGUF file, to measure speed with: `random_gguf.py OUT.gguf [LAYERS]`.

Needs numpy alone. Speed does not depend on what the weights are; what the model writes means nothing.
"""
import struct
import sys

import numpy as np

HIDDEN, INNER, HEADS, PAIRS, SIZE, TOKENS = 896, 4864, 14, 2, 64, 151936
out, layers = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 24
random = np.random.default_rng(1)

U32, F32, STRING, ARRAY, I32 = 4, 6, 8, 9, 5


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def entry(key, kind, payload):
    return text(key) + struct.pack("<I", kind) + payload


def array(kind, items):
    return struct.pack("<IQ", kind, len(items)) + b"".join(items)


def number(key, value):
    return entry(f"qwen2.{key}", U32, struct.pack("<I", value))


metadata = [
    entry("general.architecture", STRING, text("qwen2")),
    entry("general.name", STRING, text("random")),
    number("block_count", layers), number("context_length", 4096), number("embedding_length", HIDDEN),
    number("feed_forward_length", INNER), number("attention.head_count", HEADS), number("attention.head_count_kv", PAIRS),
    entry("qwen2.attention.layer_norm_rms_epsilon", F32, struct.pack("<f", 1e-6)),
    entry("qwen2.rope.freq_base", F32, struct.pack("<f", 1e6)),
    entry("tokenizer.ggml.model", STRING, text("gpt2")), entry("tokenizer.ggml.pre", STRING, text("qwen2")),
    entry("tokenizer.ggml.tokens", ARRAY, array(STRING, [text(f"t{number}") for number in range(TOKENS)])),
    entry("tokenizer.ggml.token_type", ARRAY, array(I32, [struct.pack("<i", 1)] * TOKENS)),
    entry("tokenizer.ggml.merges", ARRAY, array(STRING, [text("t 0")])),
    entry("tokenizer.ggml.eos_token_id", U32, struct.pack("<I", 0)),
]


def f32(count, middle):
    return 0, (count,), (middle + 0.02 * random.standard_normal(count)).astype("<f4").tobytes()


def q8_0(rows, columns):
    """Blocks of 32: a half-precision scale, then 32 signed bytes."""
    blocks = np.empty(rows * columns // 32, dtype=[("scale", "<f2"), ("codes", "i1", 32)])
    blocks["scale"] = 0.05 / 127 / np.sqrt(columns / 896)
    blocks["codes"] = np.clip(random.standard_normal((len(blocks), 32), dtype=np.float32) * 50, -127, 127)
    return 8, (columns, rows), blocks.tobytes()


tensors = {"token_embd.weight": q8_0(TOKENS, HIDDEN), "output_norm.weight": f32(HIDDEN, 1)}
for layer in range(layers):
    name = f"blk.{layer}."
    for part, rows in (("q", HEADS * SIZE), ("k", PAIRS * SIZE), ("v", PAIRS * SIZE)):
        tensors[f"{name}attn_{part}.weight"] = q8_0(rows, HIDDEN)
        tensors[f"{name}attn_{part}.bias"] = f32(rows, 0)
    tensors[name + "attn_output.weight"] = q8_0(HIDDEN, HEADS * SIZE)
    tensors[name + "ffn_gate.weight"] = q8_0(INNER, HIDDEN)
    tensors[name + "ffn_up.weight"] = q8_0(INNER, HIDDEN)
    tensors[name + "ffn_down.weight"] = q8_0(HIDDEN, INNER)
    tensors[name + "attn_norm.weight"] = f32(HIDDEN, 1)
    tensors[name + "ffn_norm.weight"] = f32(HIDDEN, 1)

with open(out, "wb") as file:
    file.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)) + b"".join(metadata))
    offset = 0
    for name, (kind, shape, raw) in tensors.items():
        file.write(text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", kind, offset))
        offset += -(-len(raw) // 32) * 32
    file.write(b"\0" * (-file.tell() % 32))
    for _, _, raw in tensors.values():
        file.write(raw + b"\0" * (-len(raw) % 32))
