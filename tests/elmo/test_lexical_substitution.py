"""Substitutes are the words of a full softmax over both directions. The command line prints them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import read_output_layer, read_word_counts, verify_model, write_model
from polyseme.indexer.elmo.lexical_substitution import Expectations, expectations_of, load_expectations
from polyseme.indexer.elmo.model import OutputLayer
from polyseme.indexer.elmo.sense_space import WordCounts
from polyseme.indexer.errors import ModelError, QueryError
from polyseme.ui.cli.main import run_command

PRISON = ["He", "was", "sentenced", "to", "ten", "years", "in", "a", "cell", "."]
TOKENS = ["She", "sat", "on", "the", "bank", "."]
WORDS = ("<S>", "</S>", "<UNK>", "bank", "Shore", "shore", "edge", "7", "side")


@pytest.fixture(scope="module")
def output(tiny_encoder: ElmoEncoder) -> OutputLayer:
    random = np.random.default_rng(5)
    rows = random.normal(0, 2, (len(WORDS), tiny_encoder.config.projection)).astype(np.float32)
    counts = WordCounts(dict(zip(WORDS, [60, 60, 9, 3, 1, 4, 0, 5, 20], strict=True)), 1000)
    return OutputLayer(WORDS, rows, random.normal(size=len(WORDS)).astype(np.float32), counts)


def softmax(scores: list[float]) -> list[float]:
    total = sum(math.exp(score) for score in scores)
    return [math.exp(score) / total for score in scores]


@pytest.mark.parametrize("position", [0, 4, 5])
def test_probabilities_are_the_product_of_two_softmaxes_over_the_prior(
    tiny_encoder: ElmoEncoder, output: OutputLayer, position: int
) -> None:
    half = tiny_encoder.dim // 2
    state = tiny_encoder._states([TOKENS])[0][-1]  # (t + 2, dim)
    before, after = state[position, :half], state[position + 2, half:]
    forward = softmax([float(row @ before + b) for row, b in zip(output.weights, output.bias, strict=True)])
    backward = softmax([float(row @ after + b) for row, b in zip(output.weights, output.bias, strict=True)])
    assert output.counts is not None
    priors = [max(count, 1) / 1000 for count in output.counts.counts.values()]
    product = [f * b / p for f, b, p in zip(forward, backward, priors, strict=True)]
    expected = [0.0] * 3 + [score / sum(product[3:]) for score in product[3:]]
    np.testing.assert_allclose(
        Expectations(tiny_encoder, output).probabilities(TOKENS, position), expected, rtol=1e-4, atol=1e-9
    )


def test_most_probable_words_come_first_without_the_word_itself_and_in_one_case(
    tiny_encoder: ElmoEncoder, output: OutputLayer
) -> None:
    expectations = Expectations(tiny_encoder, output)
    scores = dict(zip(WORDS, expectations.probabilities(TOKENS, 4).tolist(), strict=True))
    found = expectations.substitutes(TOKENS, 4)
    shore = max("Shore", "shore", key=lambda word: scores[word])
    assert {s.word: s.score for s in found} == {word: scores[word] for word in (shore, "edge", "side")}
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    assert expectations.substitutes(TOKENS, 4, 2) == found[:2]


def test_logarithms_of_many_contexts_equal_the_probabilities_of_each(
    tiny_encoder: ElmoEncoder, output: OutputLayer
) -> None:
    expectations = Expectations(tiny_encoder, output)
    (contexts,) = tiny_encoder.contexts([TOKENS])  # (t, dim)
    expected = [expectations.probabilities(TOKENS, position) for position in range(len(TOKENS))]
    np.testing.assert_allclose(np.exp(expectations.log_probabilities(contexts)), expected, rtol=1e-3, atol=1e-6)


def test_an_open_encoder_brings_the_output_layer_of_its_folder() -> None:
    assert expectations_of(object()) is None
    bundled = load_expectations()
    found = expectations_of(bundled.encoder)
    assert found is not None
    assert found.encoder is bundled.encoder
    assert found.output.words == bundled.output.words


def test_the_word_at_the_position_is_not_read(tiny_encoder: ElmoEncoder, output: OutputLayer) -> None:
    expectations = Expectations(tiny_encoder, output)
    other = [*TOKENS[:4], "xyzzy", "."]
    np.testing.assert_allclose(
        expectations.probabilities(TOKENS, 4), expectations.probabilities(other, 4), rtol=1e-4, atol=1e-9
    )


def test_without_counts_the_bias_is_the_prior(tiny_encoder: ElmoEncoder, output: OutputLayer) -> None:
    half = tiny_encoder.dim // 2
    state = tiny_encoder._states([TOKENS])[0][-1]
    scores = (output.weights @ (state[4, :half] + state[6, half:]) + output.bias)[3:]
    found = Expectations(tiny_encoder, replace(output, counts=None)).probabilities(TOKENS, 4)
    np.testing.assert_allclose(found[3:], softmax(scores.tolist()), rtol=1e-4)


def test_position_outside_and_output_layer_of_another_size_are_refused(
    tiny_encoder: ElmoEncoder, output: OutputLayer
) -> None:
    with pytest.raises(QueryError, match="position 6 is outside the sentence, which has 6 tokens"):
        Expectations(tiny_encoder, output).probabilities(TOKENS, 6)
    with pytest.raises(ModelError, match="for states of 4, not 6"):
        Expectations(tiny_encoder, replace(output, weights=np.zeros((len(WORDS), 4), np.float32)))


def test_bundled_model_expects_prison_at_the_position_of_cell() -> None:
    expectations = load_expectations()
    words = {s.word for s in expectations.substitutes(PRISON, 8)}
    assert "prison" in words
    assert not words & {"cell", "<UNK>", "the", ","}


def test_command_prints_words_and_reports_a_missing_output_layer(
    tmp_path: Path, tiny_folder: Path, tiny_encoder: ElmoEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = "She sat on the river [bank]."
    assert run_command(["model", "expect", sentence, "--model", str(tiny_folder), "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    expected = load_expectations(str(tiny_folder)).substitutes(["She", "sat", "on", "the", "river", "bank", "."], 5)
    assert rows == [{"word": s.word, "score": s.score} for s in expected]
    assert run_command(["model", "expect", sentence, "-k", "1", "--model", str(tiny_folder)]) == 0
    assert capsys.readouterr().out == f"{expected[0].score:.3f}  {expected[0].word}\n"
    write_model(tmp_path / "bare", replace(tiny_encoder.model, sense_space=None), "")
    assert run_command(["model", "expect", sentence, "--model", str(tmp_path / "bare")]) == 1
    assert "has no output layer" in capsys.readouterr().err
    assert run_command(["model", "expect", "on [the river] bank"]) == 1
    assert "'the river' is more than one word" in capsys.readouterr().err


def test_counts_are_stored_with_the_output_layer_and_are_optional(
    tmp_path: Path, tiny_encoder: ElmoEncoder, output: OutputLayer, tiny_folder: Path
) -> None:
    model = replace(tiny_encoder.model, sense_space=None)
    write_model(tmp_path / "new", model, "", output_layer=output)
    verify_model(tmp_path / "new")
    back = read_output_layer(tmp_path / "new")
    assert back is not None
    assert (back.words, back.counts, read_word_counts(tmp_path / "new")) == (WORDS, output.counts, output.counts)
    write_model(tmp_path / "old", model, "", output_layer=replace(output, counts=None))
    assert read_word_counts(tmp_path / "old") is None
    old = read_output_layer(tiny_folder)
    assert old is not None
    assert old.counts is None
    assert tiny_encoder.model.sense_space is not None
    assert read_word_counts(tiny_folder) == tiny_encoder.model.sense_space.counts
