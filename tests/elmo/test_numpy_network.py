"""The network in numpy beside the one in TensorFlow; the published fixtures are in test_indexer_elmo_bilm.py."""

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
from polyseme.indexer.elmo.networks.numpy_network import FEW, NumpyNetwork
from polyseme.indexer.elmo.networks.tensorflow_network import Network

TINY = Path(__file__).parents[1] / "fixtures" / "tiny_elmo"
MODEL = read_model(TINY)


@pytest.fixture(scope="module", params=[MODEL.config.activation, Activation.TANH], ids=["own", "tanh"])
def networks(request: pytest.FixtureRequest) -> tuple[NumpyNetwork, Network]:
    config = dataclasses.replace(MODEL.config, activation=request.param, cell_clip=None, skip=False)
    config = MODEL.config if request.param is MODEL.config.activation else config
    model = Model(config, MODEL.weights)
    return NumpyNetwork(model), Network(model, Precision.FLOAT32)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 2**31), st.booleans())
def test_both_networks_read_alike(
    networks: tuple[NumpyNetwork, Network], lengths: list[int], seed: int, carried: bool
) -> None:
    rng = np.random.default_rng(seed)
    config, b = MODEL.config, len(lengths)
    words = rng.normal(0, 2, (b, max(lengths), config.projection)).astype(np.float32)
    shapes = (2, config.n_lstm, b, config.cell), (2, config.n_lstm, b, config.projection)
    cells, outputs = (carried * rng.normal(0, 1, shape).astype(np.float32) for shape in shapes)
    count = np.array(lengths, np.int32)
    (layers, state), (expected, expected_state) = (
        network.read_on(words, count, (cells, outputs)) for network in networks
    )
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(layers[:, row, :length], expected[:, row, :length], atol=2e-6)
    for found, wanted in zip(state, expected_state, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-6)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(2, 40), min_size=1, max_size=9), st.integers(0, 2**31), st.booleans(), st.booleans())
def test_packed_sentences_are_read_as_padded_ones(
    networks: tuple[NumpyNetwork, Network], lengths: list[int], seed: int, compiled: bool, two_streams: bool
) -> None:
    words = np.random.default_rng(seed).normal(0, 2, (sum(lengths), MODEL.config.projection)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("polyseme.indexer.elmo.networks.tensorflow_network._COMPILED", 0 if compiled else 1 << 30)
        if two_streams:
            patch.setattr("polyseme.indexer.elmo.networks.tensorflow_network.STREAMS", 2)
            patch.setattr("polyseme.indexer.elmo.networks.tensorflow_network.MULTIPLE", 2)
        both = [network.read(words, lengths) for network in networks]  # (n_layers, tokens, dim) each
    p, ends = MODEL.config.projection, np.cumsum(lengths)
    for end, length in zip(ends.tolist(), lengths, strict=True):
        padded = words[None, end - length : end]  # (1, length, projection)
        zero = [np.zeros((2, MODEL.config.n_lstm, 1, size), np.float32) for size in (MODEL.config.cell, p)]
        expected = networks[0].read_on(padded, np.array([length], np.int32), (zero[0], zero[1]))[0][:, 0]
        expected[1:, -1, :p] = expected[1:, 0, p:] = 0  # what a direction would read last, it does not
        for found in both:
            np.testing.assert_allclose(found[:, end - length : end], expected, atol=2e-6)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=5))
def test_both_networks_spell_alike(networks: tuple[NumpyNetwork, Network], words: list[str]) -> None:
    ids = character_ids(words, MODEL.config.max_characters)  # (n, max_characters)
    found, expected = (network.spell(ids) for network in networks)
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_a_long_sentence_goes_through_tensorflow_and_joins_on(tiny_encoder: ElmoEncoder) -> None:
    """The first words of a sentence do not change, on the forward side, by what follows them."""
    short = ["river", "bank", "near", "the", "old", "mill"]
    long = short + ["and"] * FEW
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
