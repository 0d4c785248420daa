"""word2vec as a first output layer."""

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
    """Words of either kind in the company of one of two hundred others that only its kind keeps."""
    rng = np.random.default_rng(5)
    kinds = rng.integers(2, size=count)
    company = rng.integers(200, size=(count, 6))
    word = rng.integers(len(ANIMALS), size=count)
    return [
        [f"{'ab'[k]}{c}" for c in near[:3]] + [(ANIMALS, STONES)[k][w]] + [f"{'ab'[k]}{c}" for c in near[3:]]
        for k, near, w in zip(kinds, company, word, strict=True)
    ]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("warm") / "prepared"
    prepare(_sentences(8000), folder, 50, lambda *_: None)
    return open_corpus(folder)


def test_words_of_like_company_get_like_vectors(corpus: Corpus) -> None:
    words = vocabulary_of(corpus, 1000)
    vectors = word_vectors(corpus, words, 8, 1, lambda _: None)  # (words, 8)
    place = {word: number for number, word in enumerate(words)}
    centred = vectors - vectors[len(MARKS) :].mean(axis=0)  # so little text leaves one direction to all words
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)

    def mean(first: tuple[str, ...], second: tuple[str, ...]) -> float:
        return float(np.mean([unit[place[a]] @ unit[place[b]] for a in first for b in second if a != b]))

    assert min(mean(ANIMALS, ANIMALS), mean(STONES, STONES)) > mean(ANIMALS, STONES) + 0.2
    assert np.linalg.norm(vectors[len(MARKS) :], axis=1).mean() == pytest.approx(1)


def test_the_same_seed_gives_the_same_vectors_and_another_others(corpus: Corpus) -> None:
    words = vocabulary_of(corpus, 1000)
    first, again, other = (word_vectors(corpus, words, 8, seed, lambda _: None) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_marks_keep_their_rows_and_biases_stay(corpus: Corpus) -> None:
    output = new_model(Size.TINY, corpus, 1).output
    told: list[float] = []
    warm = warm_start(output, corpus, 1, told.append)
    marks = len(MARKS)
    np.testing.assert_array_equal(warm.weights[:marks], output.weights[:marks])
    np.testing.assert_array_equal(warm.bias, output.bias)
    assert not np.isclose(warm.weights[marks:], output.weights[marks:]).all(axis=1).any()
    assert warm.words == output.words
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


@pytest.mark.parametrize(("enough", "warmed"), [(10, True), (10**9, False)])
def test_a_training_begins_warm_where_the_text_is_enough(
    enough: int, warmed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from polyseme.indexer.training import config as sizes
    from polyseme.indexer.training.word2vec import MIN_TOKENS

    assert MIN_TOKENS == 1_000_000
    monkeypatch.setattr("polyseme.indexer.training.train.MIN_TOKENS", enough)
    monkeypatch.setitem(sizes.CONFIGS, Size.SMALL, CONFIGS[Size.TINY])
    monkeypatch.setitem(
        sizes.RECIPES, Size.SMALL, dataclasses.replace(RECIPES[Size.TINY], warm_start=RECIPES[Size.SMALL].warm_start)
    )
    text = tmp_path / "text.txt"
    text.write_text("\n".join(" ".join(sentence) for sentence in _sentences(400)))
    events: list[TrainProgress] = []
    config = TrainConfig((text,), Size.SMALL, steps=3, tokenized=True)
    train(config, tmp_path / "out", on_progress=events.append)
    assert any(event.stage is TrainStage.WORD_VECTORS for event in events) == warmed


def test_the_card_names_files_from_the_text_given_and_not_from_the_root(tmp_path: Path) -> None:
    folder = tmp_path / "secret" / "texts"
    (folder / "old").mkdir(parents=True)
    for name in ("a.txt", "old/b.txt"):
        (folder / name).write_text("One line.\n")
    assert [file.path for file in files_of([folder, folder / "a.txt"])] == ["texts/a.txt", "texts/old/b.txt", "a.txt"]
