"""The network equals the paper's: an independent slow network in numpy, and AllenNLP's published numbers."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from polyseme.indexer.elmo import Representation
from polyseme.indexer.elmo.config import Activation, BiLMConfig, tensor_shapes
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.allennlp import read_allennlp
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.vectors.arrays import Reals
from slow_network import Weights, slow_direction, slow_word

SENTENCE = ["The", "naïve", "cat", "sat", "."]


def slow_layers(sentence: list[str], c: BiLMConfig, w: Weights) -> Reals:
    """Return all layers of a sentence, (n_layers, t, dim)."""
    words = np.stack([slow_word(token, c, w) for token in ["<S>", *sentence, "</S>"]])  # (t + 2, projection)
    forward = [words, *slow_direction(words, "forward", c, w)]
    backward = [words, *(layer[::-1] for layer in slow_direction(words[::-1], "backward", c, w))]
    return np.stack([np.concatenate(pair, axis=1) for pair in zip(forward, backward, strict=True)])[:, 1:-1]


@pytest.mark.parametrize(
    ("n_highway", "activation", "skip", "clip", "n_lstm"),
    [
        (1, Activation.RELU, True, 0.7, 2),
        (2, Activation.TANH, False, None, 2),
        (0, Activation.RELU, True, 3.0, 3),
        (1, Activation.TANH, True, 0.3, 1),
    ],
)
def test_network_equals_slow_network_in_numpy(
    n_highway: int, activation: Activation, skip: bool, clip: float | None, n_lstm: int
) -> None:
    config = BiLMConfig(
        char_dim=3,
        filters=((1, 3), (2, 2), (4, 4)),
        n_highway=n_highway,
        cell=7,
        projection=4,
        n_lstm=n_lstm,
        activation=activation,
        skip=skip,
        cell_clip=clip,
        proj_clip=clip,
        max_characters=12,
    )
    random = np.random.default_rng(n_lstm)
    weights = {name: random.normal(0, 0.8, shape).astype(np.float32) for name, shape in tensor_shapes(config).items()}
    (found,) = ElmoEncoder(Model(config, weights), "random").encode([SENTENCE])
    exact = {name: array.astype(np.float64) for name, array in weights.items()}
    np.testing.assert_allclose(found, slow_layers(SENTENCE, config, exact), atol=1e-5)


@pytest.fixture(autouse=True, params=[0, 1 << 30], ids=["tensorflow", "numpy"])
def _either_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test on both networks."""
    monkeypatch.setattr("polyseme.indexer.elmo.networks.either_network.NUMPY_MAX_TOKENS", request.param)


@pytest.fixture(scope="module")
def published(allennlp_fixture: Path) -> ElmoEncoder:
    return ElmoEncoder(read_allennlp(allennlp_fixture), str(allennlp_fixture))


def published_streams(folder: Path) -> tuple[list[list[list[str]]], list[list[Reals]]]:
    """Return three streams of ten sentences, and the top layer (t, dim) of each: forward half, backward half."""
    texts = json.loads((folder / "sentences.json").read_text(encoding="utf-8"))
    streams = [[text.split() if isinstance(text, str) else text for text in stream] for stream in texts]
    expected = []
    for number, stream in enumerate(streams):
        with h5py.File(folder / f"lm_embeddings_{number}.hdf5", "r") as file:
            expected.append([np.concatenate(list(file[str(i)][...]), axis=1) for i in range(len(stream))])
    return streams, expected


def test_published_sentences_with_carried_state(published: ElmoEncoder, allennlp_fixture: Path) -> None:
    streams, expected = published_streams(allennlp_fixture)
    published.reset_state()
    for batch, tops in zip(zip(*streams, strict=True), zip(*expected, strict=True), strict=True):
        for found, top in zip(published.encode(batch, carry_state=True), tops, strict=True):
            np.testing.assert_allclose(found[2], top, atol=1e-5)


def test_published_first_sentences_from_the_zero_state(published: ElmoEncoder, allennlp_fixture: Path) -> None:
    streams, expected = published_streams(allennlp_fixture)
    found: list[Representation] = published.represent([stream[0] for stream in streams])
    for one, tops in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.layers[2], tops[0], atol=1e-5)


def test_published_word_vectors(published: ElmoEncoder, allennlp_fixture: Path) -> None:
    words = (allennlp_fixture / "vocab_test.txt").read_text(encoding="utf-8").splitlines()
    with h5py.File(allennlp_fixture / "elmo_token_embeddings.hdf5", "r") as file:
        expected = file["embedding"][...]  # (458, projection)
    assert expected.shape == (458, 16)
    np.testing.assert_allclose(published.word_vectors(words), expected, atol=1e-5)
