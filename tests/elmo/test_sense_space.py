"""Sense vectors follow the formula of the model card, computed here for each pair of tokens."""

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import SENSE_SPACE, SUMS, read_model
from polyseme.indexer.elmo.model import Model, model_id
from polyseme.indexer.elmo.sense_space import WordCounts, bags, context_states, rarity_weights, sense_blocks
from polyseme.indexer.errors import ModelError
from safetensors.numpy import load_file, save_file


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.integers(1, 16), st.integers(0, 9))
def test_bags_equal_the_formula_for_each_pair(lengths: list[int], window: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    layer0 = random.normal(size=(sum(lengths), 3)).astype(np.float32)  # (n, dim)
    weights = random.uniform(0.01, 1, sum(lengths)).astype(np.float32)  # (n,)
    expected = np.zeros_like(layer0)
    starts = np.cumsum([0, *lengths])
    for start, end in pairwise(starts):
        for t in range(start, end):
            near = [j for j in range(start, end) if j != t and abs(j - t) <= window]
            share = np.array([weights[j] / (2 + abs(t - j)) for j in near])
            if near:
                expected[t] = share @ layer0[near] / share.sum()
    np.testing.assert_allclose(bags(layer0, weights, lengths, window), expected, atol=1e-5)


def test_context_states_have_not_read_their_token() -> None:
    top = np.arange(5 * 4, dtype=np.float32).reshape(5, 4)  # (t + 2, dim), t = 3
    assert context_states(top).tolist() == [[0, 1, 10, 11], [4, 5, 14, 15], [8, 9, 18, 19]]


def test_rarity_weights() -> None:
    counts = WordCounts({"the": 50, "bank": 1}, 1000)
    frequencies = counts.frequencies(["the", "bank", "unseen"])
    np.testing.assert_allclose(frequencies, [0.05, 0.001, 0])
    np.testing.assert_allclose(rarity_weights(frequencies), [0.001 / 0.051, 0.5, 1])


def test_sense_vectors_are_the_stored_map_of_context_and_bag(
    tiny_encoder: ElmoEncoder, tiny_model: Model, tiny_folder: Path
) -> None:
    read = load_file(tiny_folder / SENSE_SPACE)
    assert (int(read["format"]), read["blocks"].tolist()) == (1, [[0, 2], [1, 0]])
    tokens = ["on", "the", "bank", "of", "the", "Don"]
    (layers,), (sense,) = tiny_encoder.encode([tokens]), tiny_encoder.sense([tokens])
    space = tiny_model.sense_space
    assert space is not None
    half = tiny_encoder.dim // 2
    for t in range(1, len(tokens) - 1):
        context = np.concatenate([layers[2, t - 1, :half], layers[2, t + 1, half:]])
        others = [j for j in range(len(tokens)) if j != t]
        rarity = [0.001 / (0.001 + space.counts.counts.get(tokens[j], 0) / 1000) for j in others]
        share = np.array(rarity) / np.array([2 + abs(t - j) for j in others])
        bag = share @ layers[0, others, :half] / share.sum()
        blocks = np.concatenate([context, bag])  # (dim + projection,)
        np.testing.assert_allclose(sense[t], blocks @ read["map"] - read["shift"], atol=1e-5)


def test_a_file_without_a_format_number_is_refused(tmp_path: Path, tiny_folder: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "m"))
    (folder / SUMS).unlink()
    tensors = load_file(folder / SENSE_SPACE)
    save_file({name: tensor for name, tensor in tensors.items() if name != "format"}, folder / SENSE_SPACE)
    with pytest.raises(ModelError, match="lacks the tensor 'format'"):
        read_model(folder)


def test_model_id_does_not_depend_on_the_format_number(tiny_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model_id(tiny_model)
    monkeypatch.setattr("polyseme.indexer.elmo.formats.sense_space_file.FORMAT", 2)
    assert model_id(tiny_model) == before


def test_context_at_the_ends_is_the_state_of_the_sentence_marks(tiny_encoder: ElmoEncoder, tiny_model: Model) -> None:
    uncentred = ElmoEncoder(Model(tiny_model.config, tiny_model.weights), "no sense space")
    assert (uncentred.has_sense_space, uncentred.sense_dim) == (False, 2 * uncentred.dim)
    half = uncentred.dim // 2
    first, other = uncentred.sense([["bank", "of", "England"], ["stream", "of", "England"]])
    assert first.shape == (3, uncentred.sense_dim)
    np.testing.assert_allclose(first[0, : 2 * half], other[0, : 2 * half], atol=1e-5)  # neither has read its token
    assert np.abs(first[0, :half]).sum() > 0.1
    assert np.abs(first[1] - other[1]).max() > 1e-3


def test_a_single_token_has_a_context_and_a_zero_bag() -> None:
    (block,) = sense_blocks([np.ones((3, 4), np.float32)], [np.ones((1, 4), np.float32)], [np.ones(1, np.float32)])
    assert block.tolist() == [[1, 1, 1, 1, 0, 0, 0, 0]]


def test_no_sentence_and_empty_sentences_have_no_vectors() -> None:
    empty = np.zeros((0, 4), np.float32)
    assert sense_blocks([], [], []) == []
    (block,) = sense_blocks([np.ones((2, 4), np.float32)], [empty], [np.zeros(0, np.float32)])
    assert block.shape == (0, 8)


@pytest.mark.parametrize("words", [["the", "bank"], ["xyzzy"]])
def test_models_without_counts_use_english_counts(default_encoder: ElmoEncoder, words: list[str]) -> None:
    space = default_encoder.model.sense_space
    assert space is not None
    plain = ElmoEncoder(Model(default_encoder.config, default_encoder.model.weights), "no sense space")
    ((layers,), (found,)), (context,) = (plain.encode([words]), plain.sense([words])), plain.contexts([words])
    bag = bags(layers[0], rarity_weights(space.counts.frequencies(words)), [len(words)])  # (t, dim)
    np.testing.assert_allclose(found, np.concatenate([context, bag], axis=1), atol=1e-5)
