"""The network in numpy equals the one in TensorFlow. The published fixtures are in test_bilm.py."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.elmo import Precision
from polyseme.indexer.elmo.characters import character_ids
from polyseme.indexer.elmo.config import Activation
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import read_model
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.elmo.networks.either_network import NUMPY_MAX_TOKENS
from polyseme.indexer.elmo.networks.numpy_network import NumpyNetwork
from polyseme.indexer.elmo.networks.tensorflow_network import TensorFlowNetwork

TINY = Path(__file__).parents[1] / "fixtures" / "tiny_elmo"
MODEL = read_model(TINY)


@pytest.fixture(scope="module", params=[MODEL.config.activation, Activation.TANH], ids=["own", "tanh"])
def networks(request: pytest.FixtureRequest) -> tuple[NumpyNetwork, TensorFlowNetwork]:
    config = dataclasses.replace(MODEL.config, activation=request.param, cell_clip=None, skip=False)
    config = MODEL.config if request.param is MODEL.config.activation else config
    model = Model(config, MODEL.weights)
    return NumpyNetwork(model), TensorFlowNetwork(model, Precision.FLOAT32)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 2**31), st.booleans())
def test_both_networks_return_the_same_states(
    networks: tuple[NumpyNetwork, TensorFlowNetwork], lengths: list[int], seed: int, carried: bool
) -> None:
    rng = np.random.default_rng(seed)
    config, b = MODEL.config, len(lengths)
    words = rng.normal(0, 2, (b, max(lengths), config.projection)).astype(np.float32)
    shapes = (2, config.n_lstm, b, config.cell), (2, config.n_lstm, b, config.projection)
    cells, outputs = (carried * rng.normal(0, 1, shape).astype(np.float32) for shape in shapes)
    count = np.array(lengths, np.int32)
    (layers, state), (expected, expected_state) = (
        network.read_padded(words, count, (cells, outputs)) for network in networks
    )
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(layers[:, row, :length], expected[:, row, :length], atol=2e-6)
    for found, other in zip(state, expected_state, strict=True):
        np.testing.assert_allclose(found, other, atol=2e-6)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(2, 40), min_size=1, max_size=9), st.integers(0, 2**31), st.booleans(), st.booleans())
def test_packed_sentences_have_the_states_of_padded_ones(
    networks: tuple[NumpyNetwork, TensorFlowNetwork], lengths: list[int], seed: int, compiled: bool, two_streams: bool
) -> None:
    words = np.random.default_rng(seed).normal(0, 2, (sum(lengths), MODEL.config.projection)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("polyseme.indexer.elmo.networks.tensorflow_network._COMPILED_TOKENS", 0 if compiled else 1 << 30)
        if two_streams:
            patch.setattr("polyseme.indexer.elmo.networks.tensorflow_network.STREAMS", 2)
            patch.setattr("polyseme.indexer.elmo.networks.tensorflow_network.ROW_MULTIPLE", 2)
        both = [network.read(words, lengths) for network in networks]  # (n_layers, tokens, dim) each
    p, ends = MODEL.config.projection, np.cumsum(lengths)
    for end, length in zip(ends.tolist(), lengths, strict=True):
        padded = words[None, end - length : end]  # (1, length, projection)
        zero = [np.zeros((2, MODEL.config.n_lstm, 1, size), np.float32) for size in (MODEL.config.cell, p)]
        expected = networks[0].read_padded(padded, np.array([length], np.int32), (zero[0], zero[1]))[0][:, 0]
        expected[1:, -1, :p] = expected[1:, 0, p:] = 0  # no direction reads its last token
        for found in both:
            np.testing.assert_allclose(found[:, end - length : end], expected, atol=2e-6)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=5))
def test_both_networks_return_the_same_word_vectors(
    networks: tuple[NumpyNetwork, TensorFlowNetwork], words: list[str]
) -> None:
    ids = character_ids(words, MODEL.config.max_characters)  # (n, max_characters)
    found, expected = (network.word_vectors(ids) for network in networks)
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_tensorflow_continues_what_numpy_returns_for_a_shorter_sentence(tiny_encoder: ElmoEncoder) -> None:
    """The forward states of a sentence's first words do not depend on what follows them."""
    short = ["river", "bank", "near", "the", "old", "mill"]
    long = short + ["and"] * NUMPY_MAX_TOKENS
    half = MODEL.config.projection
    first, second = tiny_encoder.encode([short])[0], tiny_encoder.encode([long])[0]
    np.testing.assert_allclose(first[:, :, :half], second[:, : len(short), :half], atol=2e-6)


def test_a_query_is_encoded_without_tensorflow() -> None:
    program = (
        "import sys; from polyseme.indexer.elmo import load_encoder;"
        f"found = load_encoder({str(TINY)!r}).sense([['a', 'river', 'bank']])[0];"
        "print(found.shape, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split(") ") == ["(3, 5", "False\n"]
