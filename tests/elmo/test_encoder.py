"""A sentence's vectors depend on the sentence alone, not on the batch, and they do not change over time."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.elmo import Precision, Representation, load_encoder
from polyseme.indexer.elmo.batching import MAX_TOKENS, OVERLAP, batches_of, join_windows, windows_of
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.elmo.networks.tensorflow_network import TensorFlowNetwork
from polyseme.indexer.elmo.word_vectors import WordVectorCache
from polyseme.indexer.errors import ModelError
from polyseme.indexer.vectors.arrays import Array, Int32s

FIELDS = ("layers", "elmo", "sense", "default")
WORDS = ["the", "bank", "of", "a", "river", "n’t", "“", "incomprehensibilities", "東京", "<S>", "", "."]

sentences = st.lists(st.lists(st.sampled_from(WORDS) | st.text(max_size=25), max_size=30), max_size=8)


def assert_close(one: Representation, other: Representation, atol: float = 1e-5) -> None:
    for field in FIELDS:
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), atol=atol, err_msg=field)


def worst_cosine(a: Any, b: Any) -> float:
    norms = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return float(((a * b).sum(axis=-1) / np.maximum(norms, 1e-12)).min())


@settings(max_examples=25, deadline=None)
@given(sentences, st.randoms(use_true_random=False))
def test_batch_order_and_padding_change_nothing(tiny_encoder: ElmoEncoder, batch: list[list[str]], random: Any) -> None:
    together = tiny_encoder.represent(batch)
    order = random.sample(range(len(batch)), len(batch))
    for i, found in zip(order, tiny_encoder.represent([batch[i] for i in order]), strict=True):
        assert_close(found, together[i])
    for sentence, found in zip(batch, together, strict=True):
        assert_close(tiny_encoder.represent([sentence])[0], found)


def test_bundled_model_is_independent_of_the_batch(default_encoder: ElmoEncoder) -> None:
    batch = [["The", "bank", "refused", "her", "a", "loan", "."], ["She", "sat", "."], ["bank"] * 60]
    for sentence, found in zip(batch, default_encoder.represent(batch), strict=True):
        assert_close(default_encoder.represent([sentence])[0], found)


def test_a_new_encoder_returns_the_same_vectors(tiny_encoder: ElmoEncoder, tiny_folder: Path) -> None:
    sentence = ["The", "river", "bank"]
    tiny_encoder.represent([["other", "words", "first"]])
    again = load_encoder(tiny_folder)
    assert again.model_id == tiny_encoder.model_id
    assert_close(again.represent([sentence])[0], tiny_encoder.represent([sentence])[0], atol=1e-5)


def test_golden_numbers_of_the_tiny_model(tiny_encoder: ElmoEncoder, tiny_folder: Path) -> None:
    from_disk = json.loads((tiny_folder.parent / "tiny_elmo_golden.json").read_text(encoding="utf-8"))
    sentences = [
        ["She", "sat", "on", "the", "river", "bank", "."],
        ["“", "Don", "’t", "”", "naïve", "東京", "incomprehensibilities", "<S>"],
        ["bank"],
    ]
    for found, golden in zip(tiny_encoder.represent(sentences), from_disk["sentences"], strict=True):
        for field in FIELDS:
            np.testing.assert_allclose(getattr(found, field).ravel(), golden[field], atol=1e-5, err_msg=field)


def test_all_methods_agree(tiny_encoder: ElmoEncoder) -> None:
    batch = [["The", "“", "bank", "”"], [], ["is", "n’t"]]
    straight = [["The", '"', "bank", '"'], [], ["is", "n't"]]
    found = tiny_encoder.represent(batch)
    outputs = tiny_encoder.default([" ".join(sentence) for sentence in straight])
    for i, (one, layers, sense) in enumerate(
        zip(found, tiny_encoder.encode(batch), tiny_encoder.sense(batch), strict=True)
    ):
        t = len(batch[i])
        np.testing.assert_allclose(one.layers, layers, atol=1e-5)
        np.testing.assert_allclose(one.sense, sense, atol=1e-5)
        words = tiny_encoder.word_vectors(batch[i])  # (t, projection)
        np.testing.assert_allclose(one.layers[0], np.concatenate([words, words], axis=1), atol=1e-5)
        np.testing.assert_allclose(outputs.word_emb[i, :t], words, atol=1e-5)
        np.testing.assert_allclose(outputs.lstm_outputs1[i, :t], one.layers[1], atol=1e-5)
        np.testing.assert_allclose(outputs.lstm_outputs2[i, :t], one.layers[2], atol=1e-5)
        np.testing.assert_allclose(outputs.elmo[i, :t], one.elmo, atol=1e-5)
        np.testing.assert_allclose(outputs.default[i], one.default, atol=1e-5)
        for array in (outputs.word_emb, outputs.lstm_outputs1, outputs.lstm_outputs2, outputs.elmo):
            assert not array[i, t:].any()


def test_layers_are_mixed_by_a_softmax_times_gamma(tiny_encoder: ElmoEncoder, tiny_model: Model) -> None:
    (found,) = tiny_encoder.represent([["the", "bank"]])
    weights = np.exp(tiny_model.weights["mix.weights"]) / np.exp(tiny_model.weights["mix.weights"]).sum()
    mixed = tiny_model.weights["mix.gamma"] * sum(w * layer for w, layer in zip(weights, found.layers, strict=True))
    np.testing.assert_allclose(found.elmo, mixed, atol=1e-6)
    np.testing.assert_allclose(found.default, mixed.mean(axis=0), atol=1e-6)


def test_signature_tokens_keeps_the_width_of_rows_and_ignores_padding(tiny_encoder: ElmoEncoder) -> None:
    padded = tiny_encoder.tokens([["the", "bank", "", ""], ["x", "y", "z", "junk"]], [2, 3])
    outputs = tiny_encoder.default(["the bank", "x  y z "])
    assert (outputs.elmo.shape, padded.elmo.shape, padded.word_emb.shape) == ((2, 3, 12), (2, 4, 12), (2, 4, 6))
    np.testing.assert_allclose(padded.default, outputs.default, atol=1e-5)
    for name in ("word_emb", "lstm_outputs1", "lstm_outputs2", "elmo"):
        np.testing.assert_allclose(getattr(padded, name)[:, :3], getattr(outputs, name), atol=1e-5)
        assert not getattr(padded, name)[:, 3].any()
    with pytest.raises(ModelError, match=r"sequence_len\[1\] is 5, its row has 4"):
        tiny_encoder.tokens([["a"] * 4] * 2, [2, 5])
    with pytest.raises(ModelError, match="2 rows of tokens but 1 lengths"):
        tiny_encoder.tokens([["a"], ["b"]], [1])


def test_empty_sentences_and_empty_calls(tiny_encoder: ElmoEncoder) -> None:
    (empty,) = tiny_encoder.represent([[]])
    assert [getattr(empty, field).shape for field in FIELDS] == [(3, 0, 12), (0, 12), (0, 5), (12,)]
    assert not empty.default.any()
    assert (tiny_encoder.represent([]), tiny_encoder.encode([]), tiny_encoder.sense([])) == ([], [], [])
    assert tiny_encoder.encode([], carry_state=True) == []
    assert tiny_encoder.word_vectors([]).shape == (0, 6)
    assert tiny_encoder.default([]).elmo.shape == (0, 0, 12)
    assert tiny_encoder.default(["", " "]).default.tolist() == [[0.0] * 12] * 2


def test_text_in_place_of_tokens_is_an_error(tiny_encoder: ElmoEncoder) -> None:
    with pytest.raises(ModelError, match="a list of tokens, not a text"):
        tiny_encoder.encode(["The bank"])


def test_state_is_carried_from_call_to_call_for_each_row(tiny_encoder: ElmoEncoder) -> None:
    first, second = ["the", "river"], ["a", "bank", "."]
    (fresh,) = tiny_encoder.encode([second])
    tiny_encoder.reset_state()
    tiny_encoder.encode([["x"], first], carry_state=True)
    tiny_encoder.encode([["y"]], carry_state=True)  # the second row keeps its state
    assert np.abs(tiny_encoder.encode([second])[0] - fresh).max() < 1e-6  # a call without carried state
    _, carried, third = tiny_encoder.encode([["z"], second, second], carry_state=True)
    tiny_encoder.reset_state()
    tiny_encoder.encode([first], carry_state=True)
    (expected,) = tiny_encoder.encode([second], carry_state=True)
    np.testing.assert_allclose(carried, expected, atol=1e-5)
    np.testing.assert_allclose(third, fresh, atol=1e-5)
    assert np.abs(carried - fresh).max() > 1e-3
    tiny_encoder.reset_state()


@given(st.integers(0, 5000))
def test_windows_cover_every_token_and_join_at_the_middle_of_the_overlap(n: int) -> None:
    windows = windows_of(n)
    assert (windows[0][0], windows[-1][1]) == (0, n)
    assert all(0 <= end - start <= MAX_TOKENS for start, end in windows)
    # A "state" that holds its token's number and its distance to the nearest cut of the window.
    parts = []
    for start, end in windows:
        token = np.arange(start - 1, end + 1)
        before = token - start if start else np.full(token.shape, OVERLAP)  # (w + 2,)
        after = end - 1 - token if end < n else np.full(token.shape, OVERLAP)  # (w + 2,)
        to_cut = np.minimum(before, after)
        parts.append(np.stack([token, to_cut], axis=1)[None].astype(np.float32))  # (1, w + 2, 2)
    found = join_windows(parts)[0]
    assert found[:, 0].tolist() == list(range(-1, n + 1))
    assert found[1:-1, 1].min(initial=OVERLAP) >= OVERLAP // 2 - 1


def test_long_sentences_are_read_in_windows(tiny_encoder: ElmoEncoder) -> None:
    long = [f"w{i % 37}" for i in range(1300)]
    (found,) = tiny_encoder.encode([long])
    seams = [0, 448, 832, 1216, 1300]  # in the middle of the overlaps
    for (start, end), seam, following in zip(windows_of(1300), seams, seams[1:], strict=False):
        (window,) = tiny_encoder.encode([long[start:end]])
        np.testing.assert_allclose(found[:, seam:following], window[:, seam - start : following - start], atol=1e-5)
    assert [len(one) for one in tiny_encoder.sense([long])] == [1300]


def test_windows_change_the_vectors_little(default_encoder: ElmoEncoder) -> None:
    long = ("The bank by the river was closed , so she walked on past the mill and the old court . " * 40).split()
    (found,) = default_encoder.encode([long])
    default_encoder.reset_state()
    (whole,) = default_encoder.encode([long], carry_state=True)
    default_encoder.reset_state()
    assert len(long) > MAX_TOKENS
    assert worst_cosine(found, whole) > 0.99


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(514, 3000))
def test_batches_hold_everything_once_within_bounds(lengths: list[int], places: int) -> None:
    batches = batches_of(lengths, places)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= places
    flat = [lengths[i] for batch in batches for i in batch]
    assert flat == sorted(flat)


def test_word_vector_cache_is_bounded(tiny_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyseme.indexer.elmo.word_vectors._MAX_WORDS", 3)
    network = TensorFlowNetwork(tiny_model, Precision.FLOAT32)
    computed: list[int] = []
    word_vectors = network.word_vectors

    def counted(ids: Int32s, total: int) -> Array:
        computed.append(len(ids))
        return word_vectors(ids, total)

    monkeypatch.setattr(network, "word_vectors", counted)
    words = WordVectorCache(network, tiny_model.config)
    exact = {word: WordVectorCache(network, tiny_model.config).look_up([word])[0] for word in "abcdefg"}
    computed.clear()
    for asked in ("aab", "abc", "da", "gfedcba", "a"):
        np.testing.assert_allclose(words.look_up(list(asked)), [exact[word] for word in asked], atol=1e-6)
        assert len(words._cache) <= 3
    assert sum(computed) == 2 + 1 + 1 + 5  # "a" was used most recently and stays, "b" or "c" is dropped


def test_threads_get_the_vectors_of_their_own_sentences(tiny_encoder: ElmoEncoder) -> None:
    asked = [[[f"{i}{j}" for j in range(1 + i)]] for i in range(6)]
    expected = [tiny_encoder.represent(sentences)[0] for sentences in asked]
    found: dict[int, list[Representation]] = {}

    def ask(i: int, sentences: Sequence[Sequence[str]]) -> None:
        found[i] = [tiny_encoder.represent(sentences)[0] for _ in range(5)]

    threads = [threading.Thread(target=ask, args=item) for item in enumerate(asked)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, one in enumerate(expected):
        for other in found[i]:
            assert_close(one, other)


def test_bfloat16_keeps_the_vectors_directions(default_encoder: ElmoEncoder) -> None:
    batch = [["The", "bank", "refused", "her", "a", "loan", "."], ["She", "sat", "on", "the", "river", "bank", "."]]
    low = load_encoder("default", precision="bfloat16")
    assert low.model_id == default_encoder.model_id
    together = low.represent(batch)
    for sentence, exact, found in zip(batch, default_encoder.represent(batch), together, strict=True):
        (alone,) = low.represent([sentence])
        for field in FIELDS:
            assert worst_cosine(getattr(found, field), getattr(alone, field)) >= 0.9999
            assert worst_cosine(getattr(found, field), getattr(exact, field)) >= 0.9995


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.lists(st.sampled_from(["The", "bank", "Ufer", "a", "."]), min_size=1), st.floats(0, 0.99)))
)
def test_contexts_at_a_position_are_those_of_the_whole_sentence(
    tiny_encoder: ElmoEncoder, cases: list[tuple[list[str], float]]
) -> None:
    sentences = [tokens for tokens, _ in cases]
    positions = [int(part * len(tokens)) for tokens, part in cases]
    found = tiny_encoder.contexts_at(sentences, positions)
    whole = tiny_encoder.contexts(sentences)
    assert found.shape == (len(cases), tiny_encoder.dim)
    for row, context, place in zip(found, whole, positions, strict=True):
        np.testing.assert_allclose(row, context[place], atol=2e-6)


def test_contexts_at_positions_never_load_tensorflow() -> None:
    code = (
        "import sys; from polyseme.indexer.elmo import load_encoder; encoder = load_encoder(sys.argv[1]);"
        " words = [f'word{n}' for n in range(400)];"
        " print(encoder.contexts_at([words, words[200:]], [200, 7]).shape, 'tensorflow' in sys.modules)"
    )
    folder = str(Path(__file__).parents[1] / "fixtures" / "tiny_elmo")
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout == f"(2, {load_encoder(folder).dim}) False\n"
