"""Sentence spaces are fitted to a teacher, resume after a kill, and give the student's vectors once folded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import (
    CONFIG,
    SENTENCE_SPACE,
    SUMS,
    WEIGHTS,
    read_card,
    read_model,
    verify_model,
)
from polyseme.indexer.elmo.model import model_id
from polyseme.indexer.elmo.sense_space import WordCounts
from polyseme.indexer.errors import ModelError, QueryError
from polyseme.indexer.training.checkpoint import load_checkpoint
from polyseme.indexer.training.sentence_space import prepared, train
from polyseme.indexer.training.sentence_space.card import teacher_licence
from polyseme.indexer.training.sentence_space.config import SentenceConfig, SentenceProgress, SentenceReport
from polyseme.indexer.training.sentence_space.fit import FitOptions, FitState, Moments, batches, fit
from polyseme.indexer.training.sentence_space.fold import StudentTexts, fold, foreign_factors, spread
from polyseme.indexer.training.sentence_space.student import (
    Arrays,
    StudentBatch,
    first_parameters,
    forward,
    loss_and_gradients,
)
from polyseme.indexer.training.sentence_space.text import Drawn, DrawnText, draw_sentences
from polyseme.indexer.training.sentence_space.train import train_sentence_space
from polyseme.indexer.vectorise import as_read
from polyseme.indexer.vectors.arrays import Array, Ids, unit
from polyseme.ui.cli.main import run_command
from scipy.stats import spearmanr
from tiny_sentence_models import needs_onnxruntime, write_folder

ANIMALS = ("cat", "kitten", "dog", "horse", "sparrow", "salmon", "beetle", "goose")
PEOPLE = ("clerk", "baker", "nurse", "judge", "pilot", "singer", "farmer", "tailor")
DEEDS = ("sleeps", "waits", "eats", "runs", "hides", "falls", "stops", "turns", "sings", "reads")
PLACES = ("house", "river", "market", "garden", "station", "church", "harbour", "forest", "kitchen", "bridge")
WAYS = ("slowly", "quietly", "again", "today", "at noon", "in the rain", "with a friend", "without a sound")


class HashingTeacher:
    """A teacher without a model: a text's vector is the sum of vectors of its words, *the* and *a* excepted."""

    id, source, dim = "hashing", "some/hashing-teacher", 24

    def vectors(self, texts: Sequence[str]) -> Array:
        return unit([np.sum([self._word(word) for word in ["", *text.lower().split()]], axis=0) for text in texts])

    def _word(self, word: str) -> Array:
        word = word.strip(".,'\"")
        drawn = np.random.default_rng(crc32(word.encode())).standard_normal(self.dim)
        return np.asarray(drawn * (word not in ("", "the", "a", "by")), np.float32)


def sentences(number: int, seed: int = 5) -> list[str]:
    """Return distinct sentences of our own."""
    rng = np.random.default_rng(seed)
    found: dict[str, None] = {}
    while len(found) < number:
        who, deed, place, other, way = (
            words[rng.integers(len(words))] for words in (ANIMALS + PEOPLE, DEEDS, PLACES, ANIMALS, WAYS)
        )
        found[f"The {who} {deed} by the {place}, and a {other} {way}."] = None
    return list(found)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "lines.txt"
    path.write_text("\n\n".join(sentences(1800)))
    return path


@pytest.fixture(scope="module")
def config(text: Path, tiny_folder: Path) -> SentenceConfig:
    return SentenceConfig((text,), str(tiny_folder), epochs=6, dim=16)


@pytest.fixture(scope="module")
def fitted(config: SentenceConfig, tmp_path_factory: pytest.TempPathFactory) -> SentenceReport:
    out = tmp_path_factory.mktemp("fitted") / "model"
    return train_sentence_space(config, HashingTeacher(), out, command="polyseme train lines.txt --sentence-space")


def random_batch(rng: np.random.Generator, words: int, width: int, dim: int) -> StudentBatch:
    lengths = rng.integers(1, 6, 7)
    total = int(lengths.sum())
    return StudentBatch(
        states=rng.standard_normal((total, width)).astype(np.float32),
        rarity=rng.random(total).astype(np.float32),
        words=rng.integers(0, words + 1, total),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        teacher=unit(rng.standard_normal((len(lengths), dim))),
    )


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_gradients_equal_finite_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words, width, teacher_dim, dim = 5, 4, 6, 3
    alone = np.vstack([rng.standard_normal((words, teacher_dim)), np.zeros((1, teacher_dim))])
    batch = random_batch(rng, words, width, teacher_dim)
    shapes = first_parameters(width, words, rng.standard_normal((20, teacher_dim)).astype(np.float32), dim, 1)
    parameters: Any = {name: rng.normal(0, 0.5, array.shape) for name, array in shapes.items()}  # float64
    double: Any = np.float64
    batch = replace(batch, states=batch.states.astype(double), teacher=batch.teacher.astype(double))
    _, gradients, rows = loss_and_gradients(parameters, alone, batch)
    for name, array in parameters.items():
        flat, gradient = array.reshape(-1), np.zeros_like(array)
        gradient[rows if name in ("own", "word_factors") else slice(None)] = gradients[name]
        for place in rng.permutation(flat.size)[:6]:
            before, step = flat[place], 1e-4
            losses = []
            for flat[place] in (before + step, before - step):
                losses.append(loss_and_gradients(parameters, alone, batch)[0])
            flat[place] = before
            numeric = (losses[0] - losses[1]) / (2 * step)
            assert gradient.reshape(-1)[place] == pytest.approx(numeric, rel=5e-2, abs=1e-3), name


def test_cosines_of_held_out_sentences_come_nearer_to_the_teachers(fitted: SentenceReport) -> None:
    assert fitted.correlation > fitted.before + 0.2
    assert fitted.correlation > 0.9
    # The same from outside, on sentences that no run has drawn.
    teacher, unseen = HashingTeacher(), [text for text in sentences(2000) if text not in set(sentences(1800))]
    texts = [each for each in draw(unseen) if each.text in unseen]
    rows = unit(train.sentence_vectors(encoder_of(fitted.out), texts))
    wanted = teacher.vectors([each.text for each in texts])
    pairs = np.triu_indices(len(texts), 1)
    assert spearmanr((rows @ rows.T)[pairs], (wanted @ wanted.T)[pairs]).statistic > 0.85


def encoder_of(folder: Path) -> ElmoEncoder:
    encoder = load_encoder(folder)
    assert isinstance(encoder, ElmoEncoder)
    return encoder


def draw(texts: Sequence[str]) -> list[DrawnText]:
    """Return texts with tokens that are separated by spaces or end in punctuation."""
    spaced = (text.replace(",", " ,").replace(".", " .") for text in texts)
    return [DrawnText(text, tuple(tokens.split())) for text, tokens in zip(texts, spaced, strict=True)]


def test_a_fitted_model_is_the_old_one_with_a_sentence_space_and_a_section(
    fitted: SentenceReport, tiny_folder: Path
) -> None:
    verify_model(fitted.out)
    names = {path.name for path in fitted.out.iterdir()}
    assert names == {path.name for path in tiny_folder.iterdir()} | {SENTENCE_SPACE, "training.json"}
    for name in (CONFIG, WEIGHTS):
        assert (fitted.out / name).read_bytes() == (tiny_folder / name).read_bytes()
    assert model_id(read_model(fitted.out)) == model_id(read_model(tiny_folder))
    space = read_model(fitted.out).sentence_space
    assert space is not None
    assert (space.dim, space.layers, space.reads_sense) == (16, (0, 1, 2), True)
    assert len(space.words) == fitted.words
    card = read_card(fitted.out)
    assert card.startswith(read_card(tiny_folder).rstrip())
    section = card.partition("## Sentence vectors")[2]
    for part in (
        "`hashing-teacher`",
        f"{fitted.correlation:.3f}",
        f"{fitted.before:.3f}",
        "| `lines.txt` |",
        "    polyseme train lines.txt --sentence-space",
    ):
        assert part in section


def test_equal_fits_are_equal_and_other_seeds_differ(
    fitted: SentenceReport, config: SentenceConfig, tmp_path: Path
) -> None:
    train_sentence_space(config, HashingTeacher(), tmp_path / "same")
    train_sentence_space(replace(config, seed=2, epochs=1), HashingTeacher(), tmp_path / "other")
    files = [(folder / SENTENCE_SPACE).read_bytes() for folder in (fitted.out, tmp_path / "same", tmp_path / "other")]
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_a_finished_fit_is_reported_again_and_refuses_other_options(
    fitted: SentenceReport, config: SentenceConfig
) -> None:
    again = train_sentence_space(config, HashingTeacher(), fitted.out)
    assert replace(again, seconds=0) == replace(fitted, seconds=0, already=True)
    with pytest.raises(ModelError, match="was begun with --epochs 6, not 3; give the same options"):
        train_sentence_space(replace(config, epochs=3), HashingTeacher(), fitted.out)


KILLED = """
import sys, time
from pathlib import Path
from typing import Any
sys.path.insert(0, {tests!r})
import test_sentence_space as here
from polyseme.indexer.training.sentence_space.config import SentenceConfig
from polyseme.indexer.training.sentence_space.train import train_sentence_space

def wait(progress):
    time.sleep(0.02)

config = SentenceConfig((Path({text!r}),), {source!r}, epochs=6, dim=16)
train_sentence_space(config, here.HashingTeacher(), Path({out!r}), wait)
"""


@pytest.mark.parametrize("moment", ["prepared/teacher-00000000.npy", "prepared/states-00002000.npy", "checkpoint"])
def test_a_killed_and_resumed_fit_equals_an_uninterrupted_one(
    fitted: SentenceReport, config: SentenceConfig, tmp_path: Path, moment: str
) -> None:
    out = tmp_path / "killed"
    here = Path(__file__)
    code = KILLED.format(tests=str(here.parent), text=str(config.texts[0]), source=config.source, out=str(out))
    paths = os.pathsep.join([str(here.parents[2]), str(here.parents[1])])
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": paths})
    end = time.monotonic() + 200
    while not (out / moment).exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (out / SUMS).exists()
    kept = {path: path.stat().st_mtime_ns for path in (out / "prepared").glob("*.npy")}
    assert kept
    if moment == "checkpoint":
        saved = load_checkpoint(out / "checkpoint")
        assert saved is not None
        assert 1 <= saved.state["epoch"] < 6
    seen: list[dict[Path, int]] = []

    def watch(progress: SentenceProgress) -> None:
        if progress.loss is not None and not seen:
            seen.append({path: path.stat().st_mtime_ns for path in kept})

    train_sentence_space(config, HashingTeacher(), out, watch)
    assert seen == [kept]  # no piece was written again
    assert (out / SENTENCE_SPACE).read_bytes() == (fitted.out / SENTENCE_SPACE).read_bytes()
    assert not (out / "prepared").exists()


def test_a_folded_space_gives_the_students_vectors(tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    texts = draw(sentences(200))
    encoder, rng, teacher = tiny_encoder, np.random.default_rng(3), HashingTeacher()
    words = ["the", "cat", "by", "river", "sleeps"]
    place = {word: row for row, word in enumerate(words)}
    states = prepared.states(tmp_path, texts, encoder, lambda done, total: None)
    counts = WordCounts({"the": 50, "The": 10, "by": 30, "cat": 2}, 1000)
    spelled = [token for each in texts for token in prepared.counted(encoder, each.tokens)]
    rows = np.array([place.get(token.lower(), len(words)) for token in spelled])
    mean, std = spread(states)
    vectors = teacher.vectors([each.text for each in texts]).astype(np.float16)
    rare = np.asarray(1e-4 / (1e-4 + counts.frequencies(spelled)), np.float32)
    read = StudentTexts(states, prepared.token_starts(texts), rows, rare, vectors, mean, std)
    alone = np.vstack([teacher.vectors(words), np.zeros((1, teacher.dim), np.float32)])
    parameters = first_parameters(prepared.width(encoder), len(words), vectors.astype(np.float32), 16, 1)
    for name, array in parameters.items():
        array += rng.normal(0, 0.1, array.shape).astype(np.float32)
        if name in ("own", "word_factors"):
            array[-1] = 0
    centre = rng.normal(0, 1, 16).astype(np.float32)
    space = fold(parameters, alone, words, prepared.read_layers(encoder), True, read, centre)
    found = encoder.represent([each.tokens for each in texts])
    sentences_ = [prepared.counted(encoder, each.tokens) for each in texts]
    folded = space.vectors([each.layers for each in found], [each.sense for each in found], sentences_, counts)
    student = forward(parameters, alone, read.read(np.arange(len(texts)))).vectors - centre
    np.testing.assert_allclose(folded, student, atol=1e-2)
    assert np.abs(student).mean() > 0.1


def test_states_are_those_of_the_encoder(tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    texts = [*draw(sentences(30)), DrawnText("THE CAT SAT DOWN BY THE RIVER", ("THE", "CAT", "SAT", "DOWN", "BY"))]
    (states,) = prepared.states(tmp_path, texts, tiny_encoder, lambda done, total: None)
    starts = prepared.token_starts(texts)
    for number, each in enumerate(texts):
        (found,) = tiny_encoder.represent(as_read(tiny_encoder, [each.tokens]))
        wanted = np.concatenate([found.layers[0, :, :6], found.layers[1], found.layers[2], found.sense], axis=1)
        np.testing.assert_allclose(states[starts[number] : starts[number + 1]], wanted, atol=2e-2)


lines = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1)


@given(st.lists(st.lists(lines, min_size=1, max_size=5), max_size=5), st.integers(0, 5))
def test_texts_read_back_unchanged(tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], held: int) -> None:
    drawn = [DrawnText(" ".join(tokens), tuple(tokens)) for tokens in texts]
    folder = tmp_path_factory.mktemp("texts")
    written = Drawn(drawn[held:], drawn[:held])
    prepared.write_texts(folder, written)
    assert prepared.read_texts(folder) == written


def test_words_are_the_vocabulary_and_those_that_occur_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [["Cat", "cat", "once", "a\nb", "a\nb", "zebra", "zebra", "zebra"]]
    prepared.write_words(tmp_path, ["The", "cat", " ", "\udcff", "the"], texts)
    assert prepared.read_words(tmp_path) == ["the", "cat", "zebra"]
    monkeypatch.setattr(prepared, "MAX_TABLE", 2)
    prepared.write_words(tmp_path, ["The", "cat"], texts)
    assert prepared.read_words(tmp_path) == ["the", "cat"]
    with pytest.raises(ModelError, match="no word occurs twice"):
        prepared.write_words(tmp_path, [], [["once"]])


def test_no_piece_or_variant_of_a_held_out_sentence_is_fitted_to(text: Path) -> None:
    drawn = draw_sentences([text], "en", 500, 40, 1, lambda line: None, lambda file: None)
    assert len(drawn.held_out) == 40
    assert drawn == draw_sentences([text], "en", 500, 40, 1, lambda line: None, lambda file: None)
    whole = [each.text for each in drawn.fitted if each.text.startswith("The") and each.text.endswith(".")]
    for held in drawn.held_out:
        assert held.text not in whole
        assert not any(len(each.tokens) > 8 and each.text in held.text for each in drawn.fitted)
    with_others = draw_sentences([text], "en", 50, 40, 1, lambda line: None, lambda file: None)
    assert len(with_others.held_out) == 5  # a tenth


@settings(max_examples=20)
@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 99))
def test_batches_hold_each_text_at_most_once(n: int, batch: int, seed: int) -> None:
    size = min(batch, n)
    found = list(batches(n, size, np.random.default_rng(seed)))
    assert [len(each) for each in found] == [size] * (n // size)
    assert all((np.diff(each) > 0).all() for each in found)
    assert len(set(np.concatenate(found).tolist())) == size * (n // size)


def small_fit(epochs: int, state: FitState | None = None, parameters: Arrays | None = None) -> tuple[Arrays, FitState]:
    """Fit to random vectors for some of 4 epochs. Return the parameters and the last state."""
    rng = np.random.default_rng(0)
    batch = random_batch(rng, 5, 4, 6)
    alone = np.vstack([unit(rng.standard_normal((5, 6))), np.zeros((1, 6), np.float32)])
    parameters = parameters or first_parameters(4, 5, batch.teacher, 3, 1)
    kept: list[FitState] = []

    class StoppedError(Exception):
        pass

    def read(numbers: Ids) -> StudentBatch:
        tokens = np.concatenate([np.arange(batch.starts[n], batch.starts[n + 1]) for n in numbers])
        starts = np.concatenate([[0], np.cumsum(np.diff(batch.starts)[numbers])])
        return StudentBatch(
            batch.states[tokens], batch.rarity[tokens], batch.words[tokens], starts, batch.teacher[numbers]
        )

    def on_epoch(state: FitState) -> None:
        kept.append(state)
        if state.epoch == epochs:
            raise StoppedError

    with pytest.raises(StoppedError):
        fit(parameters, alone, len(batch.teacher), read, FitOptions(epochs=4, batch=3), on_epoch=on_epoch, state=state)
    return parameters, kept[-1]


def test_a_fit_continues_from_its_state_as_if_it_had_not_stopped() -> None:
    whole, end = small_fit(4)
    parameters, state = small_fit(2)
    copied = FitState(state.epoch, state.step, state.loss, Moments(**vars_of(state.moments)), dict(state.random))
    parameters, again = small_fit(4, copied, parameters)
    assert (again.epoch, again.step, again.loss, again.random) == (end.epoch, end.step, end.loss, end.random)
    for name, array in whole.items():
        np.testing.assert_array_equal(parameters[name], array, err_msg=name)


def vars_of(moments: Moments) -> dict[str, Arrays]:
    return {
        kind: {name: array.copy() for name, array in getattr(moments, kind).items()} for kind in ("first", "second")
    }


def test_words_of_another_language_begin_with_their_rarity_in_the_texts() -> None:
    own, texts = WordCounts({"die": 1}, 10_000), WordCounts({"die": 500, "haus": 1}, 100_000)
    factors = foreign_factors(["die", "haus"], own, texts)
    weights = 1e-4 / (1e-4 + own.frequencies(["die", "haus"])) * np.exp(factors)
    np.testing.assert_allclose(weights, 1e-4 / (1e-4 + texts.frequencies(["die", "haus"])), rtol=1e-5)


@dataclass
class Odd:
    text: str
    options: dict[str, object]
    problem: str


@pytest.mark.parametrize(
    "odd",
    [
        Odd("", {}, "the texts have no sentence of 3 to 45 words; give other texts"),
        Odd("... !!! ???\n\n12\n\nNo.", {}, "the texts have no sentence of 3 to 45 words"),
        Odd("\n\n".join(sentences(20)), {}, "only .* usable sentences, of 100 that are needed; give more text"),
        Odd("A cat.", {"dim": 25}, "--dim is 25; give a number from 1 to 24, the length of the teacher's vectors"),
        Odd("A cat.", {"epochs": 0}, "--epochs is 0; give a number from 1 to 1000"),
        Odd("A cat.", {"sentences": 10**9}, "--sentences is 1000000000; give a number"),
        Odd("A cat.", {"seed": -1}, "the seed is -1; give a number"),
        Odd("A cat.", {"source": "no/model"}, "no/model"),
        Odd("A cat.", {"texts": ()}, "there is no text to fit to; name files or folders"),
    ],
    ids=lambda odd: odd.problem[:20],
)
def test_odd_input_is_one_line_and_leaves_nothing(odd: Odd, config: SentenceConfig, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(odd.text)
    options: dict[str, Any] = {"texts": (path,), **odd.options}
    with pytest.raises(ModelError, match=odd.problem) as error:
        train_sentence_space(replace(config, **options), HashingTeacher(), tmp_path / "out")
    assert "\n" not in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.txt"]


def test_no_language_code_and_an_occupied_folder_are_refused(config: SentenceConfig, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="'nowhere' is not a language code"):
        train_sentence_space(replace(config, language="nowhere"), HashingTeacher(), tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match=r"holds notes\.txt, and no training; choose another folder for --out"):
        train_sentence_space(config, HashingTeacher(), tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_a_damaged_piece_is_named(config: SentenceConfig, tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(progress: SentenceProgress) -> None:
        if progress.loss is not None:
            raise StoppedError

    out = tmp_path / "out"
    with pytest.raises(StoppedError):
        train_sentence_space(config, HashingTeacher(), out, stop)
    piece = out / "prepared" / "states-00000000.npy"
    piece.write_bytes(piece.read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"states-00000000.npy is damaged .* remove it, then run the same command"):
        train_sentence_space(config, HashingTeacher(), out)
    piece.unlink()
    with pytest.raises(StoppedError):
        train_sentence_space(config, HashingTeacher(), out, stop)


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model", "apache-2.0"),
        ("# A model\n\nLicence: MIT\n", "MIT"),
        ("# A model\n\n- **License:** CC BY 4.0\n", "CC BY 4.0"),
        ("# A model without one\n", None),
    ],
)
def test_the_licence_is_that_of_the_teachers_card(tmp_path: Path, card: str, licence: str | None) -> None:
    assert teacher_licence(tmp_path) is None
    (tmp_path / "README.md").write_text(card)
    assert teacher_licence(tmp_path) == licence


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--sentence-space"], "--sentence-space requires --teacher"),
        (["--sentence-space", "--teacher", "t", "--tokenized"], "--tokenized cannot be used with --sentence-space"),
        (["--sentence-space", "--teacher", "t", "--sense-space", "x"], "--sense-space cannot be used with --sentence"),
        (["--sentence-space", "--teacher", "t", "--steps", "3"], "--steps cannot be used with --sentence-space"),
        (["--teacher", "t"], "--teacher requires --sentence-space"),
        (["--epochs", "3"], "--epochs requires --sentence-space"),
        (["--dim", "3", "--sense-space", "unlabelled"], "--dim requires --sentence-space"),
        (["--model", "default"], "--model requires --sense-space, --sentence-space or --tagger"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(
    options: list[str], problem: str, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["train", str(text), "--out", str(tmp_path / "out"), *options]) == 2
    assert problem in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_teacher_that_is_none_is_one_line(
    text: Path, tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "teacher").mkdir()
    command = ["train", str(text), "--sentence-space", "--teacher", str(tmp_path / "teacher")]
    assert run_command([*command, "--model", str(tiny_folder), "--out", str(tmp_path / "out")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "has no sentence transformer" in line
    assert not (tmp_path / "out").exists()


def test_the_command_fits_to_an_onnx_model(
    text: Path, tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs_onnxruntime()
    teacher = write_folder(tmp_path / "teacher")
    command = ["train", str(text), "--sentence-space", "--teacher", str(teacher), "--model", str(tiny_folder)]
    command += ["--out", str(tmp_path / "out"), "--sentences", "300", "--epochs", "1"]
    assert run_command(command) == 0
    lines = capsys.readouterr().err.splitlines()
    assert "correlation with the teacher on held-out sentences" in lines[-1]
    assert any("texts encoded" in line for line in lines)
    card = read_card(tmp_path / "out")
    assert "--sentence-space --teacher teacher --sentences 300 --epochs 1" in card
    assert "texts in one epoch: sentences" in card
    assert run_command([*command, "--quiet"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "fitted already, nothing left to do" in line
