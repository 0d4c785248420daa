"""Training from text to a model folder: it learns, resumes exactly, and writes the model that it trained."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from polyseme.indexer.elmo import Precision, load_encoder
from polyseme.indexer.elmo.config import tensor_shapes
from polyseme.indexer.elmo.convert import convert
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import (
    SOFTMAX,
    WEIGHTS,
    read_model,
    read_output_layer,
    verify_model,
    write_model,
)
from polyseme.indexer.elmo.model import Model, OutputLayer
from polyseme.indexer.elmo.sense_space import bags, rarity_weights
from polyseme.indexer.errors import ModelError
from polyseme.indexer.training.checkpoint import FILE, Checkpoint, load_checkpoint, save_checkpoint
from polyseme.indexer.training.config import CONFIGS, Size
from polyseme.indexer.training.corpus import MARKS, open_corpus, prepare, vocabulary_of, word_numbers
from polyseme.indexer.training.initial import InitialModel
from polyseme.indexer.training.perplexity import PerplexityMeter
from polyseme.indexer.training.text import TextOptions, read_sentences
from polyseme.indexer.training.train import TrainConfig, TrainProgress, TrainStage, train
from polyseme.ui.cli.main import run_command
from safetensors.numpy import load_file
from slow_network import slow_direction, slow_word

PLACES = {"cat": "barn", "trout": "river", "lark": "field", "goat": "hill", "bat": "cave"}


def toy_text(count: int) -> str:
    """Return sentences whose last word depends on an earlier one: an animal and the place where it lives."""
    rng = np.random.default_rng(0)
    begins = ("slowly", "often", "again")
    lines = []
    for _ in range(count):
        animal = str(rng.choice(list(PLACES)))
        lines.append(f"{rng.choice(begins)} the {animal} goes to its {PLACES[animal]} .\n")
    return "".join(lines)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "toy.txt"
    path.write_text(toy_text(300), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def config(text: Path) -> TrainConfig:
    return TrainConfig((text,), Size.TINY, steps=150, tokenized=True)


@pytest.fixture(scope="module")
def trained(config: TrainConfig, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[TrainProgress]]:
    """The folder of an uninterrupted training, and its progress events."""
    out = tmp_path_factory.mktemp("trained") / "model"
    events: list[TrainProgress] = []
    command = f"polyseme train {config.texts[0].name} --size tiny --steps 150 --seed 1 --tokenized"
    train(config, out, 50, events.append, command=command)
    return out, events


def perplexity_of_unigrams(text: str) -> float:
    """Return the perplexity of the best model without context, over words and sentence ends."""
    counts = Counter(word for line in text.splitlines() for word in [*line.split(), "</S>"])
    total = sum(counts.values())
    return math.exp(-sum(n / total * math.log(n / total) for n in counts.values()))


def test_trained_model_predicts_better_than_unigrams(trained: tuple[Path, list[TrainProgress]], text: Path) -> None:
    record = json.loads((trained[0] / "training.json").read_text())
    before, after = (record["results"]["perplexity"][when] for when in ("before", "after"))
    unigrams = perplexity_of_unigrams(text.read_text())
    for direction in ("forward", "backward"):
        assert after[direction] < 0.7 * unigrams < before[direction]
    assert record["results"]["steps"] == 150
    assert record["results"]["tokens"] == 150 * 32 * 16


def test_progress_reports_speed_loss_perplexities_and_time_left(trained: tuple[Path, list[TrainProgress]]) -> None:
    reading, *others = trained[1]
    assert (reading.stage, reading.sentences, reading.tokens) == (TrainStage.READING, 300, 300 * 8)
    steps = [event for event in others if event.stage is TrainStage.TRAINING]
    assert [event.step for event in steps] == list(range(1, 151))
    assert [event.fraction for event in steps] == pytest.approx([n / 150 for n in range(1, 151)])
    checkpoints = [event for event in others if event.stage is TrainStage.CHECKPOINT]
    assert [event.step for event in checkpoints] == [50, 100, 150]
    losses = [event.loss or 0 for event in checkpoints]
    assert losses == sorted(losses, reverse=True)
    forward = [event.forward or 0 for event in checkpoints]
    assert forward == sorted(forward, reverse=True)
    assert all((event.tokens_per_second or 0) > 0 and event.seconds_left is not None for event in steps)
    rates = [event.rate or 0 for event in steps]
    assert max(rates) < 1e-2
    assert rates[-1] == pytest.approx(1e-2 / 150)


def test_folder_has_model_card_output_layer_and_checksums(
    trained: tuple[Path, list[TrainProgress]], text: Path
) -> None:
    out = trained[0]
    assert sorted(path.name for path in out.iterdir()) == sorted(
        ["MODEL_CARD.md", "SHA256SUMS", "config.json", SOFTMAX, "training.json", "vocab.txt", WEIGHTS]
    )
    verify_model(out)
    output = read_output_layer(out)
    assert output is not None
    assert output.words[:3] == MARKS
    counts = Counter(text.read_text().split())
    assert [counts[word] for word in output.words[3:]] == sorted(counts.values(), reverse=True)
    assert output.counts is not None
    assert output.counts.counts == {"<S>": 300, "</S>": 300, "<UNK>": 0} | counts
    assert output.counts.total == sum(counts.values())
    encoder = load_encoder(out)
    assert encoder.encode([["the", "cat", "goes"]])[0].shape == (3, 3, 32)
    card = (out / "MODEL_CARD.md").read_text()
    record = json.loads((out / "training.json").read_text())
    for expected in (
        text.name,
        record["files"][0]["sha256"],
        "--size tiny --steps 150 --seed 1 --tokenized",
        "tensorflow 2",
    ):
        assert expected in card


def test_trained_model_predicts_the_last_word_through_the_encoder(trained: tuple[Path, list[TrainProgress]]) -> None:
    """The encoder and the output layer that were written predict what was learned."""
    output, encoder = read_output_layer(trained[0]), load_encoder(trained[0])
    assert output is not None
    sentences = [["often", "the", animal, "goes", "to", "its"] for animal in PLACES]
    for states, place in zip(encoder.encode(sentences), PLACES.values(), strict=True):  # (3, 6, dim)
        forward = states[-1, -1, :16] @ output.weights.T + output.bias  # (words,)
        assert output.words[int(np.argmax(forward))] == place


def test_a_finished_training_is_reported_and_unchanged(
    trained: tuple[Path, list[TrainProgress]], config: TrainConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in trained[0].iterdir()}
    assert train(config, trained[0]).already
    command = ["train", str(config.texts[0]), "--out", str(trained[0]), "--size", "tiny", "--steps", "150"]
    assert run_command([*command, "--tokenized"]) == 0
    assert "trained already, nothing left to do; 150 steps" in capsys.readouterr().err
    assert {path.name: path.stat().st_mtime_ns for path in trained[0].iterdir()} == before


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (["--steps", "151", "--tokenized"], "--steps 150, not 151"),
        (["--steps", "150"], "--tokenized true, not false"),
        (["--minutes", "1", "--tokenized"], "--minutes null, not 1.0"),
        (["--steps", "150", "--tokenized", "--seed", "2"], "--seed 1, not 2"),
    ],
)
def test_a_folder_refuses_other_settings_in_one_line(
    trained: tuple[Path, list[TrainProgress]],
    config: TrainConfig,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    difference: str,
) -> None:
    command = ["train", str(config.texts[0]), "--out", str(trained[0]), "--size", "tiny", *options]
    assert run_command(command) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"was begun with {difference}; give the same options" in line


def test_a_killed_and_resumed_training_equals_an_uninterrupted_one(
    trained: tuple[Path, list[TrainProgress]], config: TrainConfig, tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    code = "from polyseme.ui.cli.main import main; main()"
    command = ["train", str(config.texts[0]), "--out", str(out), "--size", "tiny", "--steps", "150", "--tokenized"]
    # As many threads as in this process, because the number of threads changes rounding.
    threads = os.environ | {"TF_NUM_INTRAOP_THREADS": "0", "TF_NUM_INTEROP_THREADS": "0"}
    arguments = [sys.executable, "-c", code, *command, "--checkpoint-every", "10", "--quiet"]
    process = subprocess.Popen(arguments, env=threads)
    end = time.monotonic() + 100
    while not (out / "checkpoint").exists() and time.monotonic() < end:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    saved = load_checkpoint(out / "checkpoint")
    assert saved is not None
    assert 10 <= saved.state["standing"]["step"] < 150
    assert run_command([*command, "--checkpoint-every", "7", "--quiet"]) == 0
    for name in (WEIGHTS, SOFTMAX):
        one, other = load_file(trained[0] / name), load_file(out / name)
        assert set(one) == set(other)
        for key, array in one.items():
            np.testing.assert_allclose(other[key], array, rtol=0, atol=1e-5, err_msg=key)
    assert not (out / "checkpoint").exists()


def test_equal_seeds_give_equal_models_and_other_seeds_other_models(
    trained: tuple[Path, list[TrainProgress]], config: TrainConfig, tmp_path: Path
) -> None:
    train(config, tmp_path / "same", 1000)
    train(replace(config, seed=2, steps=1), tmp_path / "other", 1000)
    assert (tmp_path / "same" / WEIGHTS).read_bytes() == (trained[0] / WEIGHTS).read_bytes()
    assert (tmp_path / "same" / SOFTMAX).read_bytes() == (trained[0] / SOFTMAX).read_bytes()
    assert (tmp_path / "other" / WEIGHTS).read_bytes() != (trained[0] / WEIGHTS).read_bytes()


class StoppedError(Exception):
    pass


def test_a_checkpoint_has_all_weights_moments_states_and_the_reading_position(
    config: TrainConfig, tmp_path: Path
) -> None:
    def stop(event: TrainProgress) -> None:
        if event.stage is TrainStage.CHECKPOINT:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(config, tmp_path / "model", 3, stop)
    saved = load_checkpoint(tmp_path / "model" / "checkpoint")
    assert saved is not None
    shapes = {name: shape for name, shape in tensor_shapes(CONFIGS[Size.TINY]).items() if not name.startswith("mix.")}
    n_words = len(saved.state["words"])
    shapes |= {"softmax.weights": (n_words, 16), "softmax.bias": (n_words,)}
    for name, shape in shapes.items():
        for kind in ("weight", "mean", "square"):
            array = saved.arrays[f"{kind}.{name}"]
            assert array.shape == shape
            assert np.abs(array).max() > 0, (kind, name)
    state = {"state.cells": (2, 2, 32, 64), "state.outputs": (2, 2, 32, 16), "updates": ()}
    state |= {"position.sentences": (32,), "position.offsets": (32,)}
    for name, shape in state.items():
        assert saved.arrays[name].shape == shape
        assert np.abs(saved.arrays[name]).max() > 0
    kinds = {f"{kind}.{name}" for kind in ("weight", "mean", "square") for name in shapes}
    assert set(saved.arrays) == kinds | set(state)
    assert saved.state["standing"]["step"] == 3
    assert saved.arrays["updates"] == 3
    with pytest.raises(ModelError, match="--seed 1, not 5"):
        train(replace(config, seed=5), tmp_path / "model")
    path = tmp_path / "model" / "checkpoint" / FILE
    damaged = bytearray(path.read_bytes())
    damaged[-5] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ModelError, match=r"is damaged; remove .*checkpoint to begin again"):
        train(config, tmp_path / "model")


def test_a_checkpoint_reads_back_despite_an_unfinished_one(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    assert load_checkpoint(folder) is None
    for step in range(3):
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "a": np.arange(6, dtype=np.float32).reshape(2, 3).T + step,
            "b": np.array(step, np.int64),
        }
        save_checkpoint(folder, Checkpoint(arrays, {"step": step, "words": ["ß", "\u2028"]}))
        (tmp_path / ".checkpoint.partial").mkdir()
        (tmp_path / ".checkpoint.partial" / FILE).write_bytes(b"half")
        saved = load_checkpoint(folder)
        assert saved is not None
        assert saved.state == {"step": step, "words": ["ß", "\u2028"]}
        for name, array in arrays.items():
            np.testing.assert_array_equal(saved.arrays[name], array)


def test_learning_rate_reaches_zero_at_the_end_of_the_minutes(config: TrainConfig, tmp_path: Path) -> None:
    events: list[TrainProgress] = []
    report = train(replace(config, steps=None, minutes=0.05), tmp_path / "model", 1000, events.append)
    assert report.seconds >= 3
    steps = [event for event in events if event.stage is TrainStage.TRAINING]
    assert steps[-1].fraction == 1
    assert (steps[-1].rate or 1) < 0.1 * max(event.rate or 0 for event in steps)
    assert steps[-1].seconds_left == 0


def test_a_continued_model_keeps_its_vocabulary(trained: tuple[Path, list[TrainProgress]], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.md").write_text("# Notes\n\n" + "The goat goes often to its hill. It rains. " * 20)
    (tmp_path / "in" / "b.txt").write_text("The new lark sings over its field. " * 20)
    (tmp_path / "in" / "c.pdf").write_bytes(b"no pdf")
    out = tmp_path / "model"
    report = train(TrainConfig((tmp_path / "in",), steps=2, source=str(trained[0])), out)
    assert any("c.pdf" in line for line in report.skipped)
    before, after = read_output_layer(trained[0]), read_output_layer(out)
    assert before is not None
    assert after is not None
    assert after.words == before.words
    assert before.counts is not None
    assert after.counts is not None
    assert after.counts.counts["lark"] == before.counts.counts["lark"] + 20
    assert after.counts.counts["<UNK>"] > before.counts.counts["<UNK>"]
    assert after.counts.total > before.counts.total
    assert np.abs(after.weights - before.weights).max() < 0.02
    old, new = read_model(trained[0]), read_model(out)
    for name, weight in new.weights.items():
        assert np.abs(weight - old.weights[name]).max() < 0.02
    assert (new.weights["forward.0.kernel"] != old.weights["forward.0.kernel"]).any()
    record = json.loads((out / "training.json").read_text())
    assert record["settings"]["--from"] == str(trained[0])
    card = (out / "MODEL_CARD.md").read_text()
    assert f"It continues `{trained[0].name}`" in card
    assert str(tmp_path) not in card


def test_a_frozen_character_cnn_stays_unchanged_also_after_resuming(
    trained: tuple[Path, list[TrainProgress]], config: TrainConfig, tmp_path: Path
) -> None:
    halved = tmp_path / "halved"  # in half precision, as published models are
    convert(str(trained[0]), halved, half=True)
    frozen = replace(config, size=None, steps=8, source=str(halved), freeze_characters=True)
    train(frozen, tmp_path / "whole", 100)

    def stop(event: TrainProgress) -> None:
        if event.stage is TrainStage.CHECKPOINT:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(frozen, tmp_path / "resumed", 5, stop)
    report = train(frozen, tmp_path / "resumed", 100)
    old, new, resumed = (read_model(path).weights for path in (halved, tmp_path / "whole", tmp_path / "resumed"))
    for name, weight in new.items():
        is_frozen = name.startswith(("characters", "highway", "projection.", "mix."))
        assert (weight == old[name]).all() == is_frozen, name
        np.testing.assert_allclose(resumed[name], weight, rtol=0, atol=1e-5, err_msg=name)
    record = json.loads((tmp_path / "resumed" / "training.json").read_text())
    assert record["settings"]["--freeze-characters"] is True
    assert report.forward < 0.7 * perplexity_of_unigrams(config.texts[0].read_text())


def test_given_learning_rate_and_dropout_are_used(
    trained: tuple[Path, list[TrainProgress]], config: TrainConfig, tmp_path: Path
) -> None:
    further = replace(config, size=None, steps=4, source=str(trained[0]))
    rates: list[float] = []

    def add_rate(event: TrainProgress) -> None:
        if event.rate is not None:
            rates.append(event.rate)

    train(replace(further, learning_rate=1e-4), tmp_path / "slow", on_progress=add_rate)
    assert max(rates) == pytest.approx(1e-4, rel=0.3)
    train(further, tmp_path / "plain")
    train(replace(further, dropout=0.5), tmp_path / "dropped")
    old, slow, plain, dropped = (
        read_model(path).weights["forward.0.kernel"]
        for path in (trained[0], *(tmp_path / name for name in ("slow", "plain", "dropped")))
    )
    assert 0 < np.abs(slow - old).mean() < 0.1 * np.abs(plain - old).mean()
    assert np.abs(dropped - plain).max() > 1e-5
    assert "| dropout | 0.5 |" in (tmp_path / "dropped" / "MODEL_CARD.md").read_text()
    assert "maximum learning rate 0.0001," in (tmp_path / "slow" / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize("size", [Size.SMALL, Size.MEDIUM, Size.ORIGINAL])
def test_only_continued_models_are_trained_with_dropout(tiny_model: Model, tiny_folder: Path, size: Size) -> None:
    output = read_output_layer(tiny_folder)
    assert output is not None
    new = InitialModel(tiny_model, output, size, Precision.FLOAT32)
    again = replace(new, continues=True)
    assert (new.recipe.dropout, again.recipe.dropout) == (0, 0.1)
    assert again.recipe.rate == new.recipe.rate / 2


def test_a_continued_model_without_output_layer_gets_a_new_one(
    tiny_folder: Path, config: TrainConfig, tmp_path: Path
) -> None:
    report = train(replace(config, size=None, steps=2, source=str(tiny_folder)), tmp_path / "model")
    assert any("sense space" in notice for notice in report.notices)
    output = read_output_layer(tmp_path / "model")
    assert output is not None
    assert set(output.words) == {*MARKS, *config.texts[0].read_text().split()}
    assert read_model(tmp_path / "model").config == read_model(tiny_folder).config


def slow_perplexities(sentences: list[list[str]], model: Model, output: OutputLayer) -> list[float]:
    """Return both perplexities by brute force: each sentence, position and word by itself."""
    number = {word: i for i, word in enumerate(output.words)}
    nats: list[list[float]] = [[], []]
    for sentence in sentences:
        marked = ["<S>", *sentence, "</S>"]
        for d, (name, tokens) in enumerate((("forward", marked), ("backward", marked[::-1]))):
            words = np.stack([slow_word(token, model.config, model.weights) for token in tokens])
            states = slow_direction(words, name, model.config, model.weights)[-1]
            for state, following in zip(states[:-1], tokens[1:], strict=True):
                scores = output.weights.astype(np.float64) @ state + output.bias
                target = scores[number.get(following, number["<UNK>"])]
                nats[d].append(math.log(np.exp(scores).sum()) - target)
    return [math.exp(np.mean(each)) for each in nats]


def test_perplexity_equals_brute_force(tiny_model: Model, tmp_path: Path) -> None:
    import tensorflow as tf

    rng = np.random.default_rng(1)
    sentences = [[f"w{i}" * (1 + i % 3) for i in rng.integers(0, 12, n)] for n in (1, 5, 3, 9, 2)]
    prepare(sentences, tmp_path / "prepared", tiny_model.config.max_characters, lambda *_: None)
    corpus = open_corpus(tmp_path / "prepared")
    words = vocabulary_of(corpus, 9)  # some are <UNK>
    p = tiny_model.config.projection
    output = OutputLayer(words, rng.normal(0, 1, (9, p)).astype(np.float32), rng.normal(0, 1, 9).astype(np.float32))
    weights = {name: tf.Variable(np.asarray(weight, np.float32)) for name, weight in tiny_model.weights.items()}
    meter = PerplexityMeter(tiny_model.config, weights, tf.Variable(output.weights), tf.Variable(output.bias))
    marked = [np.concatenate([[0], corpus.sentence(n), [1]]) for n in range(len(sentences))]
    found = meter(marked, word_numbers(corpus, words), corpus.spellings)
    assert found.tokens == sum(len(sentence) + 1 for sentence in sentences)
    assert [found.forward, found.backward] == pytest.approx(slow_perplexities(sentences, tiny_model, output), rel=1e-4)


DAMAGED = gzip.compress(b"a b c\n" * 9)[:10] + b"\xff" * 30
"""A gzip file damaged in its middle."""


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({}, ["nowhere.txt"], "nowhere.txt does not exist; check the path of the text"),
        ({"a.txt": b"one line\n"}, ["a.txt"], "the text has 1 sentences; at least two are needed"),
        ({"a.txt": b"fine\nnot \xff fine\n"}, ["a.txt"], "a.txt, line 2 is not UTF-8; convert it"),
        ({"a.txt.xz": b"no xz"}, ["a.txt.xz"], "a.txt.xz cannot be read"),
        ({"a.txt.gz": DAMAGED}, ["a.txt.gz"], "a.txt.gz cannot be read"),
        ({"a.txt": b"a b\nb a\n"}, ["a.txt", "--seed", "3000000000"], "the seed is 3000000000; give a number"),
        ({"a.txt": b"a b\nb a\n"}, ["a.txt", "--from", "no-such-model"], "no model 'no-such-model'"),
        ({"a.txt": b"a b\nb a\n"}, ["a.txt", "--from", "default"], "is not of size tiny, and keeps its own"),
        ({"a.txt": b"a b\nb a\n"}, ["a.txt", "--freeze-characters"], "name its model with --from"),
        ({"a.txt": b"a b\nb a\n"}, ["a.txt", "--learning-rate", "0"], "the learning rate is 0; give one above 0"),
        ({"a.txt": b"a b\nb a\n"}, ["a.txt", "--dropout", "1"], "the dropout is 1; give a share from 0 to less"),
        ({"a.txt": b"a b\nb a\n"}, ["a.txt", "--minutes", "1"], "both --minutes and --steps are given"),
        ({"a.txt": b"a b\nb a\n", "out/notes.txt": b"mine"}, ["a.txt"], "out holds notes.txt, and no training"),
    ],
)
def test_user_errors_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, bytes],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(content)
    assert (
        run_command(["train", *options, "--out", "out", "--size", "tiny", "--steps", "1", "--tokenized", "--quiet"])
        == 1
    )
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert Path("out").exists() == ("out/notes.txt" in files)


def test_skipped_documents_are_reported_and_recorded_but_not_on_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/a.txt").write_text("The lark sings. The goat eats. The bat sleeps.")
    Path("in/broken.pdf").write_bytes(b"no pdf")
    command = ["train", "in", "--out", "out", "--size", "tiny", "--steps", "2", "--quiet"]
    assert run_command(command) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("polyseme: skipped in/broken.pdf: ")
    assert "1 document skipped, the first: in/broken.pdf: " in lines[-1]
    card = Path("out/MODEL_CARD.md").read_text()
    assert "`in/a.txt`" in card
    assert "broken" not in card
    record = json.loads(Path("out/training.json").read_text())
    assert [file["path"] for file in record["files"]] == ["in/a.txt"]
    assert run_command(command) == 3
    assert "1 document skipped" in capsys.readouterr().err
    Path("in/a.txt").unlink()
    assert run_command([*command[:3], "none", *command[4:]]) == 1
    *skipped, last = capsys.readouterr().err.splitlines()
    assert len(skipped) == 1
    assert "the text has 0 sentences" in last


def test_a_training_resumes_and_stays_finished_without_its_text(config: TrainConfig, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_bytes(config.texts[0].read_bytes())
    size = text.stat().st_size
    own, out = replace(config, texts=(text,), steps=4), tmp_path / "model"

    def stop(event: TrainProgress) -> None:
        if event.stage is TrainStage.CHECKPOINT:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(own, out, 2, stop)
    (out / "..model.77.partial").mkdir()  # left by a run that was killed while it wrote the model
    text.write_text("something else\n")
    text.rename(tmp_path / "elsewhere.txt")
    assert train(own, out, 100).steps == 4
    assert json.loads((out / "training.json").read_text())["files"][0]["size"] == size
    assert train(own, out).already
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_held_out_sentences_do_not_depend_on_the_seed(
    trained: tuple[Path, list[TrainProgress]], config: TrainConfig, tmp_path: Path
) -> None:
    further = replace(config, size=None, steps=1, source=str(trained[0]))
    before = []
    for seed in (1, 2):
        train(replace(further, seed=seed), tmp_path / str(seed))
        record = json.loads((tmp_path / str(seed) / "training.json").read_text())
        before.append(record["results"]["perplexity"]["before"])
    assert before[0] == before[1]
    last = json.loads((trained[0] / "training.json").read_text())["results"]["perplexity"]["after"]
    assert before[0] == pytest.approx(last, rel=1e-5)


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits the size of files")
def test_a_full_disk_is_reported_in_one_line(tmp_path: Path, tiny_model: Model, config: TrainConfig) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(ModelError, match=r"prepared cannot be written \(File too large\)"):
            prepare([["a", "b"]] * 1000, tmp_path / "prepared", 50, lambda *_: None)
        with pytest.raises(ModelError, match=r"m cannot be written \(.*too large"):
            write_model(tmp_path / "m", tiny_model, "card")
        with pytest.raises(ModelError, match="cannot be written"):
            train(config, tmp_path / "model")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_a_sense_space_weights_words_by_its_own_counts(
    trained: tuple[Path, list[TrainProgress]],
) -> None:
    model, output = read_model(trained[0]), read_output_layer(trained[0])
    assert output is not None
    assert output.counts is not None
    assert model.counts == output.counts
    sentence = ["the", "cat", "goes", "to", "its", "barn", "."]
    own, english = ElmoEncoder(model, "own"), ElmoEncoder(replace(model, counts=None), "english")
    ((layers,), (found,)), (context,) = (own.encode([sentence]), own.sense([sentence])), own.contexts([sentence])
    bag = bags(layers[0], rarity_weights(output.counts.frequencies(sentence)), [len(sentence)])  # (t, dim)
    np.testing.assert_allclose(found, np.concatenate([context, bag], axis=1), atol=1e-5)
    assert np.abs(found - english.sense([sentence])[0]).max() > 1e-3
    assert own.model_id != english.model_id


def test_two_trainings_cannot_use_one_folder(config: TrainConfig, tmp_path: Path) -> None:
    def again(event: TrainProgress) -> None:
        with pytest.raises(ModelError, match="is being trained by another process"):
            train(config, tmp_path / "model")
        raise StoppedError

    with pytest.raises(StoppedError):
        train(config, tmp_path / "model", on_progress=again)


def test_text_is_read_as_tokens_or_by_the_analyser(tmp_path: Path) -> None:
    options = TextOptions(True, "en", CONFIGS[Size.TINY].normalise)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.txt.gz").write_bytes(gzip.compress("He did n’t .\n\n``  yes ''\n".encode()))
    (tmp_path / "b" / ".hidden").write_bytes(b"not this")
    skipped: list[str] = []
    assert list(read_sentences([tmp_path / "b"], options, skipped.append)) == [
        ["He", "did", "n't", "."],
        ['"', "yes", '"'],
    ]
    (tmp_path / "c.txt").write_text("He didn’t. * * *\n\nShe did " + "very " * 600 + "well.")
    raw = list(read_sentences([tmp_path / "c.txt"], replace(options, tokenized=False), skipped.append))
    assert raw[0] == ["He", "did", "n't", "."]
    assert [len(sentence) for sentence in raw[-2:]] == [512, 604 - 512]
    assert skipped == []


def test_compressed_raw_text_is_read_like_the_text_itself(tmp_path: Path) -> None:
    options = TextOptions(False, "en", CONFIGS[Size.TINY].normalise)
    text, page = "The cat sat here. It ran.\n\nThe dog barked.\n", "<p>One page.</p><p>Two lines of it.</p>"
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    for folder in (plain, packed):
        (folder / "old").mkdir(parents=True)
    (plain / "a.txt").write_text(text)
    (plain / "b.html").write_text(page)
    (plain / "old" / "c.txt").write_text("An older text.")
    (packed / "a.txt.xz").write_bytes(lzma.compress(text.encode()))
    (packed / "b.html.gz").write_bytes(gzip.compress(page.encode()))
    (packed / "old" / "c.txt.bz2").write_bytes(bz2.compress(b"An older text."))

    def read(*texts: Path) -> tuple[list[list[str]], list[str], list[str]]:
        files: list[str] = []
        skipped: list[str] = []
        found = list(read_sentences(texts, options, skipped.append, lambda file: files.append(file.path)))
        return found, files, skipped

    sentences, files, skipped = read(plain)
    assert (len(sentences), skipped) == (6, [])
    assert files == ["plain/a.txt", "plain/b.html", "plain/old/c.txt"]
    assert read(packed) == (sentences, ["packed/a.txt.xz", "packed/b.html.gz", "packed/old/c.txt.bz2"], [])
    assert read(packed / "a.txt.xz") == (sentences[:3], ["a.txt.xz"], [])
    (packed / "a.txt.xz").write_bytes(b"no xz")
    (packed / "b.html.gz").write_bytes(DAMAGED)
    (packed / "d.tar.gz").write_bytes(gzip.compress(b"no text\0"))
    sentences, _, skipped = read(packed)
    assert sentences == [["An", "older", "text", "."]]
    assert [line.split(": ")[0] for line in skipped] == [
        str(packed / name) for name in ("a.txt.xz", "b.html.gz", "d.tar.gz")
    ]


def test_a_prepared_text_reads_back(tmp_path: Path) -> None:
    sentences = [["b", "a", "<S>"], ["a"], ["<UNK>", "a", "\x85"], ["é" * 60, "b"]]
    prepare([[], *sentences, []], tmp_path / "prepared", 50, lambda *_: None)
    corpus = open_corpus(tmp_path / "prepared")
    assert [[corpus.types[i] for i in corpus.sentence(n)] for n in range(corpus.n_sentences)] == sentences
    assert corpus.types[:4] == ("<S>", "</S>", "a", "b")
    assert corpus.counts[:4].tolist() == [5, 4, 3, 2]
    assert vocabulary_of(corpus, 5) == (*MARKS, "a", "b")
    assert word_numbers(corpus, vocabulary_of(corpus, 5))[:4].tolist() == [0, 1, 3, 4]
