"""word2vec vectors as a warm start of the output layer."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from polyseme.indexer.training.config import CONFIGS, RECIPES, Size
from polyseme.indexer.training.corpus import MARKS, Corpus, open_corpus, prepare, vocabulary_of
from polyseme.indexer.training.initial import new_model
from polyseme.indexer.training.text import files_of
from polyseme.indexer.training.train import TrainConfig, TrainProgress, TrainStage, train
from polyseme.indexer.training.word2vec import warm_start, word_vectors

ANIMALS, STONES = ("cat", "dog", "cow", "hen"), ("slate", "chalk", "flint", "marl")


def _sentences(count: int) -> list[list[str]]:
    """Return sentences with a word of one of two kinds, among context words that only its kind has."""
    rng = np.random.default_rng(5)
    kinds = rng.integers(2, size=count)
    context = rng.integers(200, size=(count, 6))
    word = rng.integers(len(ANIMALS), size=count)
    return [
        [f"{'ab'[k]}{c}" for c in near[:3]] + [(ANIMALS, STONES)[k][w]] + [f"{'ab'[k]}{c}" for c in near[3:]]
        for k, near, w in zip(kinds, context, word, strict=True)
    ]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("warm") / "prepared"
    prepare(_sentences(8000), folder, 50, lambda *_: None)
    return open_corpus(folder)


def test_words_in_similar_contexts_get_similar_vectors(corpus: Corpus) -> None:
    words = vocabulary_of(corpus, 1000)
    vectors = word_vectors(corpus, words, 8, 1, lambda _: None)  # (words, 8)
    place = {word: number for number, word in enumerate(words)}
    centred = vectors - vectors[len(MARKS) :].mean(axis=0)  # in a short text all words share one direction
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)

    def mean(first: tuple[str, ...], second: tuple[str, ...]) -> float:
        return float(np.mean([unit[place[a]] @ unit[place[b]] for a in first for b in second if a != b]))

    assert min(mean(ANIMALS, ANIMALS), mean(STONES, STONES)) > mean(ANIMALS, STONES) + 0.2
    assert np.linalg.norm(vectors[len(MARKS) :], axis=1).mean() == pytest.approx(1)


def test_equal_seeds_give_equal_vectors_and_other_seeds_other_vectors(corpus: Corpus) -> None:
    words = vocabulary_of(corpus, 1000)
    first, again, other = (word_vectors(corpus, words, 8, seed, lambda _: None) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_warm_start_keeps_biases_and_the_rows_of_marks(corpus: Corpus) -> None:
    output = new_model(Size.TINY, corpus, 1).output
    fractions: list[float] = []
    warm = warm_start(output, corpus, 1, fractions.append)
    marks = len(MARKS)
    np.testing.assert_array_equal(warm.weights[:marks], output.weights[:marks])
    np.testing.assert_array_equal(warm.bias, output.bias)
    assert not np.isclose(warm.weights[marks:], output.weights[marks:]).all(axis=1).any()
    assert warm.words == output.words
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1


@pytest.mark.parametrize(("min_tokens", "warmed"), [(10, True), (10**9, False)])
def test_warm_start_needs_a_long_text(
    min_tokens: int, warmed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from polyseme.indexer.training.word2vec import MIN_TOKENS

    assert MIN_TOKENS == 1_000_000
    monkeypatch.setattr("polyseme.indexer.training.train.MIN_TOKENS", min_tokens)
    monkeypatch.setitem(CONFIGS, Size.SMALL, CONFIGS[Size.TINY])
    monkeypatch.setitem(
        RECIPES, Size.SMALL, dataclasses.replace(RECIPES[Size.TINY], warm_start=RECIPES[Size.SMALL].warm_start)
    )
    text = tmp_path / "text.txt"
    text.write_text("\n".join(" ".join(sentence) for sentence in _sentences(400)))
    events: list[TrainProgress] = []
    config = TrainConfig((text,), Size.SMALL, steps=3, tokenized=True)
    train(config, tmp_path / "out", on_progress=events.append)
    assert any(event.stage is TrainStage.WORD_VECTORS for event in events) == warmed


def test_file_paths_on_the_card_start_at_the_given_text(tmp_path: Path) -> None:
    folder = tmp_path / "secret" / "texts"
    (folder / "old").mkdir(parents=True)
    for name in ("a.txt", "old/b.txt"):
        (folder / name).write_text("One line.\n")
    assert [file.path for file in files_of([folder, folder / "a.txt"])] == ["texts/a.txt", "texts/old/b.txt", "a.txt"]
