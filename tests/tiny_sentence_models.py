"""A sentence transformer of a few kilobytes, with random weights, and the same network in numpy.

The ONNX file is written field by field (onnx.proto), so the tests need no library that writes such files.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from polyseme.indexer.vectors.arrays import Array, unit

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = [
    "the",
    "boat",
    "lay",
    "at",
    "a",
    "bank",
    "of",
    "river",
    "she",
    "put",
    "her",
    "money",
    "in",
    "was",
    "wet",
    "cold",
    "deep",
    "rain",
    "fell",
    "on",
    "we",
    "saw",
    "it",
]
VOCABULARY = {word: n for n, word in enumerate((*SPECIAL, *WORDS))}
DIM = 8
INT64, FLOAT = 7, 1
TEXTS = [
    "The boat lay at the bank of the river .",
    "She put her money in the bank .",
    "Rain",
    "It was a cold , wet , deep river we saw , and the rain fell on it , on us and on the boat .",
    "the unknownword of it",
]


def needs_onnxruntime() -> None:
    """Skip a test where the optional packages are absent."""
    pytest.importorskip("onnxruntime", reason="needs the extra sentence-models")
    pytest.importorskip("tokenizers", reason="needs the extra sentence-models")


class Tiny:
    """Weights of the network: an embedding, a mixing with the text's sum, and a tanh."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.embedding = rng.normal(size=(len(VOCABULARY), DIM)).astype(np.float32)
        self.kernel = rng.normal(size=(DIM, DIM)).astype(np.float32)

    def states(self, ids: Sequence[int]) -> Array:
        """Return the states of one text: (t, DIM)."""
        words = self.embedding[list(ids)]  # (t, DIM)
        return np.asarray(np.tanh(words @ self.kernel + words.sum(0) * np.float32(0.1)), np.float32)

    def vectors(self, texts: Sequence[str], pooling: str = "mean", length: int = 512) -> Array:
        """Return what the model has to return for texts: (n, DIM)."""
        found = np.zeros((len(texts), DIM), np.float32)
        for n, text in enumerate(texts):
            if text.strip():
                states = self.states(ids_of(text, length))
                found[n] = unit((states[0] if pooling == "cls" else states.mean(0))[None])[0]
        return found


def ids_of(text: str, length: int = 512) -> list[int]:
    """Return the ids of a text's words between the special tokens, at most `length` of them."""
    words = [VOCABULARY.get(word, VOCABULARY["[UNK]"]) for word in text.lower().split()]
    return [VOCABULARY["[CLS]"], *words[: length - 2], VOCABULARY["[SEP]"]]


def tokeniser() -> dict[str, Any]:
    """Return the content of `tokenizer.json`. It pads and cuts by itself, as published ones do."""
    special = [
        {"id": n, "content": word, "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        for n, word in enumerate(SPECIAL)
    ]
    parts = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    parts.append({"SpecialToken": {"id": "[SEP]", "type_id": 0}})
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 100, "strategy": "LongestFirst", "stride": 0},
        "padding": {
            "strategy": {"Fixed": 100},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        },
        "added_tokens": special,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": parts,
            "pair": [*parts, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {
                name: {"id": name, "ids": [VOCABULARY[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")
            },
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": VOCABULARY, "unk_token": "[UNK]"},
    }


def write_folder(folder: Path, tiny: Tiny | None = None, pooling: str | None = "mean", **graph: Any) -> Path:
    """Write a folder as sentence-transformers and optimum do, and return it.

    Args:
        pooling: Pooling of `1_Pooling/config.json`. None for no such file.
        graph: Arguments of `onnx_bytes`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(onnx_bytes(tiny or Tiny(), **graph))
    (folder / "tokenizer.json").write_text(json.dumps(tokeniser()), encoding="utf-8")
    steps = ["Transformer", *(["Pooling"] if pooling else []), "Normalize"][: 3 if pooling else 1]
    modules = [
        {"idx": n, "name": str(n), "path": f"{n}_{step}" if n else "", "type": f"sentence_transformers.models.{step}"}
        for n, step in enumerate(steps)
    ]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    if pooling:
        modes = {
            f"pooling_mode_{mode}": mode.startswith(pooling) for mode in ("cls_token", "mean_tokens", "max_tokens")
        }
        (folder / "1_Pooling").mkdir(exist_ok=True)
        config = {"word_embedding_dimension": DIM, **modes}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def onnx_bytes(
    tiny: Tiny,
    inputs: Sequence[str] = ("input_ids", "attention_mask", "token_type_ids"),
    output: str = "last_hidden_state",
    dynamic: bool = False,
    pooled: bool = False,
    extra_node: bytes = b"",
    tensor_field: bytes = b"",
) -> bytes:
    """Return the ONNX file of the network.

    Args:
        inputs: Inputs of the graph. Without the mask all tokens count, also padding.
        output: Name of the output with the states of tokens.
        dynamic: Round the embeddings to bytes by the greatest value of the batch, as dynamic quantisation does.
        pooled: Let the output be the sum of the states, as of models that are exported with their pooling.
        extra_node: Another node of the graph.
        tensor_field: Further fields of the first tensor.
    """
    mask = [
        node("Cast", ["attention_mask"], ["mask"], {"to": FLOAT}),
        node("Unsqueeze", ["mask", "last"], ["column"]),
        node("Mul", ["words", "column"], ["real"]),
    ]
    rounding = [
        node("DynamicQuantizeLinear", ["words0"], ["bytes", "scale", "zero"]),
        node("DequantizeLinear", ["bytes", "scale", "zero"], ["words"]),
    ]
    pooling = [
        node("Mul", ["states", "column"], ["counted"]),
        node("ReduceSum", ["counted", "middle"], [output], {"keepdims": 0}),
    ]
    nodes = [
        node("Gather", ["embedding", "input_ids"], ["words0" if dynamic else "words"]),
        *(rounding if dynamic else []),
        *(mask if "attention_mask" in inputs else [node("Identity", ["words"], ["real"])]),
        node("ReduceSum", ["real", "middle"], ["sum"]),
        node("Mul", ["sum", "tenth"], ["context"]),
        node("MatMul", ["words", "kernel"], ["mapped"]),
        node("Add", ["mapped", "context"], ["mixed"]),
        node("Tanh", ["mixed"], ["states" if pooled else output]),
        *(pooling if pooled else []),
        extra_node,
    ]
    tensors = [
        tensor("embedding", tiny.embedding) + tensor_field,
        tensor("kernel", tiny.kernel),
        tensor("tenth", np.array(0.1, np.float32)),
        tensor("last", np.array([2], np.int64)),
        tensor("middle", np.array([1], np.int64)),
    ]
    graph = b"".join(message(1, one) for one in nodes if one)
    graph += message(2, b"tiny") + b"".join(message(5, one) for one in tensors)
    graph += b"".join(message(11, value_info(name, INT64, ["b", "t"])) for name in inputs)
    graph += message(12, value_info(output, FLOAT, ["b", DIM] if pooled else ["b", "t", DIM]))
    return varint(1, 8) + message(7, graph) + message(8, message(1, b"") + varint(2, 17))


def node(kind: str, inputs: Iterable[str], outputs: Iterable[str], numbers: Mapping[str, int] | None = None) -> bytes:
    """Return a NodeProto with integer attributes."""
    parts = [message(1, name.encode()) for name in inputs] + [message(2, name.encode()) for name in outputs]
    parts.append(message(4, kind.encode()))
    for name, number in (numbers or {}).items():
        parts.append(message(5, message(1, name.encode()) + varint(3, number) + varint(20, 2)))
    return b"".join(parts)


def tensor(name: str, values: np.ndarray[Any, Any]) -> bytes:
    """Return a TensorProto."""
    kind = INT64 if values.dtype == np.int64 else FLOAT
    sizes = b"".join(varint(1, size) for size in values.shape)
    return sizes + varint(2, kind) + message(8, name.encode()) + message(9, values.tobytes())


def value_info(name: str, kind: int, sizes: Iterable[str | int]) -> bytes:
    """Return a ValueInfoProto."""
    shape = b"".join(
        message(1, varint(1, size) if isinstance(size, int) else message(2, size.encode())) for size in sizes
    )
    return message(1, name.encode()) + message(2, message(1, varint(1, kind) + message(2, shape)))


def message(number: int, content: bytes) -> bytes:
    """Return a field with a length."""
    return _integer(number << 3 | 2) + _integer(len(content)) + content


def varint(number: int, value: int) -> bytes:
    """Return a field with an integer."""
    return _integer(number << 3) + _integer(value)


def fixed(number: int, value: float) -> bytes:
    """Return a field with a float."""
    return _integer(number << 3 | 5) + struct.pack("<f", value)


def _integer(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
