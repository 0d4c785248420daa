"""The training network equals the encoder's network, and its gradients equal automatic differentiation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from polyseme.indexer.elmo import Precision
from polyseme.indexer.elmo.config import Activation, BiLMConfig, tensor_shapes
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.model import Model, OutputLayer
from polyseme.indexer.elmo.networks.bilm import BiLM
from polyseme.indexer.training.batches import Position, Windows, choose_rows, spell, start_position
from polyseme.indexer.training.corpus import Corpus, open_corpus, prepare, vocabulary_of, word_numbers
from polyseme.indexer.training.layers import candidate_normaliser, group_bounds
from polyseme.indexer.training.network import CHARACTER_PREFIXES, SOFTMAX, TrainingNetwork, TrainingShape, WordTable
from polyseme.indexer.vectors.arrays import Reals

WORDS = ["a", "of", "the", "naïve", "international", "q" * 12, "w" * 44, "x" * 47, "extraordinarily", "z" * 60]
ROWS, STEPS = 4, 6


def made_model(config: BiLMConfig, n_words: int, seed: int = 0) -> tuple[Model, Reals, Reals]:
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(0, 0.4, shape).astype(np.float32) for name, shape in tensor_shapes(config).items()}
    rows = rng.normal(0, 0.5, (n_words, config.projection)).astype(np.float32)
    return Model(config, weights), rows, rng.normal(0, 0.5, n_words).astype(np.float32)


def prepared(folder: Path, sentences: Sequence[Sequence[str]], max_characters: int = 50) -> Corpus:
    prepare(sentences, folder / "prepared", max_characters, lambda *_: None)
    return open_corpus(folder / "prepared")


def random_sentences(count: int, seed: int = 0) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[WORDS[i] for i in rng.integers(0, len(WORDS), rng.integers(1, 9))] for _ in range(count)]


def network_for(
    corpus: Corpus, config: BiLMConfig, precision: Precision = Precision.FLOAT32, steps: int = STEPS
) -> tuple[TrainingNetwork, tuple[str, ...]]:
    words = vocabulary_of(corpus, 100)
    model, rows, bias = made_model(config, len(words))
    shape = TrainingShape(ROWS, steps, len(words), 0.0, precision)
    return TrainingNetwork(model, OutputLayer(words, rows, bias), shape, 1), words


CONFIGS = [
    BiLMConfig(4, ((1, 3), (2, 4), (3, 5)), 1, 7, 5),
    BiLMConfig(3, ((2, 4), (7, 5)), 2, 6, 4, activation=Activation.TANH, skip=False, cell_clip=None, proj_clip=None),
    BiLMConfig(4, ((1, 3), (5, 4)), 0, 7, 5, n_lstm=3, cell_clip=0.3, proj_clip=0.2, max_characters=20),
]


@pytest.mark.parametrize("config", CONFIGS)
def test_gradients_equal_automatic_differentiation_with_the_full_softmax(config: BiLMConfig, tmp_path: Path) -> None:
    corpus = prepared(tmp_path, random_sentences(60), config.max_characters)
    network, words = network_for(corpus, config)
    windows = Windows(corpus, word_numbers(corpus, words), np.array([0]), STEPS, 1, start_position(ROWS))
    windows.next()
    window = windows.next()  # begins inside sentences, but with a zero state
    spellings = spell(window.inputs, corpus.spellings, group_bounds(config))
    loss, gradients = network.gradients(window, spellings, choose_rows(window.targets, len(words), 0, 1, 0), 0)
    weights = {name: tf.constant(weight.numpy()) for name, weight in network.weights.items()}
    with tf.GradientTape() as tape:
        tape.watch(list(weights.values()))
        bilm = BiLM(config, weights | {"mix.weights": tf.zeros(config.n_layers), "mix.gamma": tf.ones(())})
        read = tf.gather(bilm.words(spellings.characters), spellings.places)  # (2, steps, rows, projection)
        plain = (
            tf.add_n([plain_loss(bilm, d, read[d], window.targets[d], window.keep_mask, weights) for d in range(2)]) / 2
        )
    assert loss == pytest.approx(float(plain), abs=1e-5)
    expected = tape.gradient(plain, weights)
    assert set(gradients) == set(expected)
    for name, gradient in gradients.items():
        reference = tf.convert_to_tensor(expected[name]).numpy()
        assert np.abs(reference).max() > 1e-5, name
        np.testing.assert_allclose(np.asarray(gradient, np.float32), reference, atol=1e-6, err_msg=name)


def plain_loss(
    bilm: BiLM, d: int, x: tf.Tensor, targets: Reals, keep_mask: Reals, weights: dict[str, tf.Tensor]
) -> tf.Tensor:
    for n, lstm in enumerate(bilm.stacks[d]):
        cell, output = tf.zeros((ROWS, bilm.config.cell)), tf.zeros((ROWS, bilm.config.projection))
        outputs = []
        for t in range(STEPS):
            keep = keep_mask[t][:, None]
            read = tf.matmul(x[t], lstm.input_kernel) + lstm.bias
            cell, output = lstm.step(read, cell * keep, output * keep)
            outputs.append(output)
        x = x + tf.stack(outputs) if n and bilm.config.skip else tf.stack(outputs)
    scores = tf.matmul(x, weights["softmax.weights"], transpose_b=True) + weights["softmax.bias"]
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, scores))


@pytest.mark.parametrize("config", CONFIGS)
def test_freezing_the_character_cnn_does_not_change_the_other_gradients(config: BiLMConfig, tmp_path: Path) -> None:
    corpus = prepared(tmp_path, random_sentences(60), config.max_characters)
    network, words = network_for(corpus, config)
    shape = replace(network.shape, frozen=True)
    frozen = TrainingNetwork(network.model(), network.output_layer(), shape, 1)
    table = WordTable(network.model(), corpus.spellings)
    windows = Windows(corpus, word_numbers(corpus, words), np.array([0]), STEPS, 1, start_position(ROWS))
    for _ in range(2):  # in the second window most words are known
        window = windows.next()
        needed = choose_rows(window.targets, len(words), 0, 1, 0)
        spellings = spell(window.inputs, corpus.spellings, group_bounds(config))
        loss, gradients = network.gradients(window, spellings, needed, 0)
        same, found = frozen.gradients(window, table(window.inputs), needed, 0)
        assert same == pytest.approx(loss, abs=1e-6)
        frozen_names = {name for name in gradients if name.startswith(CHARACTER_PREFIXES)}
        assert frozen_names
        assert set(found) == set(gradients) - frozen_names
        for name, gradient in found.items():
            one, other = np.asarray(gradient, np.float32), np.asarray(gradients[name], np.float32)
            np.testing.assert_allclose(one, other, atol=1e-6, err_msg=name)
    before = network.model().weights
    frozen.train(window, table(window.inputs), needed, 0.01, 0)
    for name, weight in frozen.model().weights.items():
        assert (weight == before[name]).all() == (name.startswith(("mix.", *CHARACTER_PREFIXES))), name


def test_gradients_in_bfloat16_have_the_direction_of_those_in_float32(tmp_path: Path) -> None:
    corpus = prepared(tmp_path, random_sentences(60))
    found = []
    for precision in Precision:
        network, words = network_for(corpus, CONFIGS[0], precision)
        window = Windows(corpus, word_numbers(corpus, words), np.array([0]), STEPS, 1, start_position(ROWS)).next()
        spellings = spell(window.inputs, corpus.spellings, group_bounds(CONFIGS[0]))
        _, gradients = network.gradients(window, spellings, choose_rows(window.targets, len(words), 0, 1, 0), 0)
        found.append(np.concatenate([gradients[name].astype(np.float64).ravel() for name in sorted(gradients)]))
    exact, low = found
    assert exact @ low / np.sqrt((exact @ exact) * (low @ low)) > 0.999


@pytest.mark.parametrize("config", CONFIGS)
def test_states_equal_the_encoders_also_across_windows(config: BiLMConfig, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    sentences = [[WORDS[i] for i in rng.integers(0, len(WORDS), n)] for n in (17, 14, 1, 20, 5, 9, 30, 2)]
    corpus = prepared(tmp_path, sentences, config.max_characters)
    network, words = network_for(corpus, config)
    windows = Windows(corpus, word_numbers(corpus, words), np.array([], int), STEPS, 1, start_position(ROWS))
    order = np.random.default_rng([1, 0]).permutation(len(sentences))[:ROWS]  # the first sentence of each row
    read = []
    for _ in range(6):
        window = windows.next()
        read.append(network.states(window, spell(window.inputs, corpus.spellings, group_bounds(config))))
    states = np.concatenate(read, axis=1)  # (2, 6 * steps, rows, projection)
    encoder = ElmoEncoder(network.model(), "made")
    p = config.projection
    for row, number in enumerate(order):
        layers = encoder.encode([sentences[number]])[0]  # (n_layers, t, dim)
        t = len(sentences[number])
        np.testing.assert_allclose(states[0, 1 : t + 1, row], layers[-1, :, :p], atol=1e-5)
        np.testing.assert_allclose(states[1, 1 : t + 1, row][::-1], layers[-1, :, p:], atol=1e-5)


def test_sampled_softmax_equals_the_full_softmax_in_expectation() -> None:
    rng = np.random.default_rng(0)
    n_words, p, n = 400, 8, 64
    rows = rng.normal(0, 0.5, (n_words, p)).astype(np.float32)
    bias = (-np.log(np.arange(n_words) + 2) + rng.normal(0, 0.3, n_words)).astype(np.float32)
    states = rng.normal(0, 1, (n, p)).astype(np.float32)
    scores = states @ rows.T + bias
    full = np.log(np.exp(scores).sum(1))
    estimates = []
    for step in range(200):
        needed = choose_rows(np.zeros(n, np.int32), n_words, 120, 7, step)
        chosen = needed.words[:120]
        corrected = bias[chosen] + needed.correction[:120]
        estimates.append(candidate_normaliser(tf.constant(states), rows[chosen], corrected, tf.float32).numpy())
    mean = np.mean(np.exp(np.array(estimates)), axis=0)
    np.testing.assert_allclose(mean, np.exp(full), rtol=0.06)
    assert np.mean(mean / np.exp(full)) == pytest.approx(1, abs=0.02)


def test_a_sampled_step_changes_only_the_needed_rows(tmp_path: Path) -> None:
    sentences = [[f"w{i}" for i in range(start, start + 8)] for start in range(0, 80)]
    corpus = prepared(tmp_path, sentences)
    words = vocabulary_of(corpus, 100)
    model, rows, bias = made_model(CONFIGS[0], len(words))
    shape = TrainingShape(ROWS, STEPS, 10, 0.1, Precision.FLOAT32)
    network = TrainingNetwork(model, OutputLayer(words, rows, bias), shape, 1)
    window = Windows(corpus, word_numbers(corpus, words), np.array([0]), STEPS, 1, start_position(ROWS)).next()
    needed = choose_rows(window.targets, len(words), 10, 1, 0)
    before = network.arrays()
    network.train(window, spell(window.inputs, corpus.spellings, group_bounds(CONFIGS[0])), needed, 0.01, 0)
    after = network.arrays()
    for name in SOFTMAX:
        changed = np.flatnonzero((before[f"weight.{name}"] != after[f"weight.{name}"]).reshape(len(words), -1).any(1))
        assert set(changed) == set(needed.words.tolist())
    for name in tensor_shapes(CONFIGS[0]):
        assert name.startswith("mix.") or (before[f"weight.{name}"] != after[f"weight.{name}"]).any(), name


def test_windows_resumed_from_a_position_equal_uninterrupted_ones(tmp_path: Path) -> None:
    corpus = prepared(tmp_path, random_sentences(30))
    numbers = word_numbers(corpus, vocabulary_of(corpus, 100))
    whole = Windows(corpus, numbers, np.array([3]), STEPS, 9, start_position(ROWS))
    position: Position = start_position(ROWS)
    for _ in range(40):  # several epochs
        again = Windows(corpus, numbers, np.array([3]), STEPS, 9, position).next()
        window = whole.next()
        for one, other in (
            (window.inputs, again.inputs),
            (window.targets, again.targets),
            (window.keep_mask, again.keep_mask),
        ):
            np.testing.assert_array_equal(one, other)
        position = window.position
    assert position.epoch >= 3


def test_an_epoch_reads_every_training_sentence_once_in_both_directions(tmp_path: Path) -> None:
    sentences = [[f"s{number}", *(f"w{i}" for i in range(number % 7))] for number in range(40)]
    corpus = prepared(tmp_path, sentences)
    numbers = np.arange(len(corpus.types), dtype=np.int32)  # targets as type ids
    held_out = np.array([4, 17, 30])
    windows = Windows(corpus, numbers, held_out, STEPS, 2, start_position(ROWS))
    made = [windows.next() for _ in range(60)]
    inputs = np.concatenate([window.inputs for window in made], 1)  # (2, t, rows)
    targets = np.concatenate([window.targets for window in made], 1)
    keep_mask = np.concatenate([window.keep_mask for window in made])  # (t, rows)
    read = []
    for row in range(ROWS):
        starts = np.flatnonzero(keep_mask[:, row] == 0)
        for start, end in itertools.pairwise(starts):
            forward = [corpus.types[i] for i in inputs[0, start:end, row]]
            backward = [corpus.types[i] for i in inputs[1, start:end, row]]
            predicted = [[corpus.types[i] for i in targets[d, start:end, row]] for d in range(2)]
            assert forward[0] == "<S>" == predicted[1][-1]
            assert backward[0] == "</S>" == predicted[0][-1]
            assert forward[1:] == predicted[0][:-1] == backward[:0:-1] == predicted[1][-2::-1]
            read.append(forward[1:])
    names = {" ".join(sentence) for sentence in read}
    training = [sentence for number, sentence in enumerate(sentences) if number not in held_out]
    assert names == {" ".join(sentence) for sentence in training}
    counts = [sum(sentence == other for other in read) for sentence in training]
    assert max(counts) - min(counts) <= 2  # the last epoch is incomplete


def test_spellings_are_those_of_the_inputs_and_fit_their_groups(tmp_path: Path) -> None:
    corpus = prepared(tmp_path, random_sentences(20))
    inputs = np.random.default_rng(0).integers(0, len(corpus.types), (2, STEPS, ROWS)).astype(np.int32)
    bounds = group_bounds(CONFIGS[0])
    spellings = spell(inputs, corpus.spellings, bounds)
    np.testing.assert_array_equal(spellings.characters[spellings.places], corpus.spellings[inputs])
    lengths = (spellings.characters != 260).sum(1)
    ends = np.cumsum(spellings.groups)
    for bound, start, end in zip(bounds, [0, *ends[:-1]], ends, strict=True):
        assert lengths[start:end].max() <= bound


def test_candidates_are_drawn_as_often_as_the_correction_expects() -> None:
    n_words, samples = 50, 10
    targets = np.arange(n_words, dtype=np.int32)
    seen, expected = np.zeros(n_words), np.zeros(n_words)
    for step in range(2000):
        needed = choose_rows(targets, n_words, samples, 3, step)
        assert len(set(needed.words.tolist())) == len(needed.words)
        np.testing.assert_array_equal(needed.words[needed.targets], targets)
        seen[needed.words[:samples]] += 1 / 2000
        expected[needed.words] += np.exp(-needed.correction) / 2000
    np.testing.assert_allclose(seen, expected, atol=0.05)
