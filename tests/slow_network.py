"""The network in plain numpy, token by token, as an oracle for the fast networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from polyseme.indexer.elmo.characters import character_ids
from polyseme.indexer.elmo.config import Activation, BiLMConfig
from polyseme.indexer.vectors.arrays import Reals

Weights = Mapping[str, Any]


def sigmoid(x: Reals) -> Reals:
    return 1 / (1 + np.exp(-x))


def clipped(x: Reals, bound: float | None) -> Reals:
    return x if bound is None else np.clip(x, -bound, bound)


def slow_word(token: str, c: BiLMConfig, w: Weights) -> Reals:
    """Return one word's vector (projection,), computed window by window."""
    spelled = w["characters.embedding"][character_ids([token], c.max_characters)[0]]  # (max_characters, char_dim)
    activate = np.tanh if c.activation is Activation.TANH else lambda x: np.maximum(x, 0)
    found: list[float] = []
    for i, (width, number) in enumerate(c.filters):
        kernel, bias = w[f"characters.conv.{i}.kernel"], w[f"characters.conv.{i}.bias"]
        for f in range(number):
            windows = [spelled[p : p + width] for p in range(c.max_characters - width + 1)]
            found.append(max(float((window * kernel[:, :, f]).sum() + bias[f]) for window in windows))
    x = np.asarray(activate(np.asarray(found)))  # (filters,)
    for i in range(c.n_highway):
        carry = sigmoid(x @ w[f"highway.{i}.carry.kernel"] + w[f"highway.{i}.carry.bias"])
        transformed = np.maximum(x @ w[f"highway.{i}.transform.kernel"] + w[f"highway.{i}.transform.bias"], 0)
        x = carry * transformed + (1 - carry) * x
    return np.asarray(x @ w["projection.kernel"] + w["projection.bias"])


def slow_direction(words: Reals, name: str, c: BiLMConfig, w: Weights) -> list[Reals]:
    """Return the outputs (t, projection) of each LSTM layer for `words` (t, projection) in reading order."""
    x = words
    layers: list[Reals] = []
    for layer in range(c.n_lstm):
        cell: Reals = np.zeros(c.cell)
        output: Reals = np.zeros(c.projection)
        read: list[Reals] = []
        for token in x:
            kernel, bias = w[f"{name}.{layer}.kernel"], w[f"{name}.{layer}.bias"]
            gates = np.concatenate([token, output]) @ kernel + bias  # (4 * cell,)
            input_gate, candidate, forget_gate, output_gate = np.split(gates, 4)  # (cell,) each
            kept = sigmoid(forget_gate + 1) * cell
            cell = clipped(kept + sigmoid(input_gate) * np.tanh(candidate), c.cell_clip)
            output = clipped((sigmoid(output_gate) * np.tanh(cell)) @ w[f"{name}.{layer}.projection"], c.proj_clip)
            read.append(output)
        x = np.stack(read) + (x if layer and c.skip else 0)
        layers.append(x)
    return layers
