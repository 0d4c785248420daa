"""Taggers are trained on treebanks, resume after a kill, and give the network's tags once folded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import (
    CONFIG,
    SUMS,
    TAGGER,
    WEIGHTS,
    read_card,
    read_model,
    verify_model,
)
from polyseme.indexer.elmo.model import model_id
from polyseme.indexer.elmo.spelling import FEATURES
from polyseme.indexer.errors import DocumentError, ModelError, QueryError
from polyseme.indexer.gold.conllu import GoldSentence, GoldWord, read_treebank
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.training.checkpoint import load_checkpoint
from polyseme.indexer.training.tagger.config import TaggerConfig, TaggerProgress, TaggerReport
from polyseme.indexer.training.tagger.network import (
    Arrays,
    Dropout,
    Sizes,
    TaggerBatch,
    first_parameters,
    loss_and_gradients,
    with_dropout,
)
from polyseme.indexer.training.tagger.text import as_cut, as_we_cut, training_texts
from polyseme.indexer.training.tagger.train import train_tagger
from polyseme.ui.cli.main import run_command

NOUNS = ("cat", "dog", "house", "river", "baker", "clerk", "saw", "garden", "bridge", "nurse")
VERBS = {"sees": "see", "saw": "see", "finds": "find", "found": "find", "leaves": "leave", "left": "leave"}
Word = tuple[str, str, str, str]


def sentences(number: int, seed: int = 3) -> list[list[Word]]:
    """Return sentences of our own: form, lemma, part of speech and own tag of each word."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(number):
        one, other = (str(rng.choice(NOUNS)) for _ in range(2))
        verb = str(rng.choice(list(VERBS)))
        is_plural = bool(rng.random() < 0.4)
        last = (f"{other}s", other, "NOUN", "NNS") if is_plural else (other, other, "NOUN", "NN")
        tag = "VBZ" if verb.endswith("s") else "VBD"
        found.append(
            [
                ("The", "the", "DET", "DT"),
                (one, one, "NOUN", "NN"),
                (verb, VERBS[verb], "VERB", tag),
                ("the", "the", "DET", "DT"),
                last,
                (".", ".", "PUNCT", "."),
            ]
        )
    return found


def treebank_text(rows: Sequence[Sequence[Word]]) -> str:
    """Return sentences in CoNLL-U."""
    lines = []
    for row in rows:
        for n, (form, lemma, upos, xpos) in enumerate(row, 1):
            misc = "SpaceAfter=No" if n == len(row) - 1 else "_"
            lines.append(f"{n}\t{form}\t{lemma}\t{upos}\t{xpos}\t_\t{0 if n == 3 else 3}\t_\t_\t{misc}")
        lines.append("")
    return "\n".join([*lines, ""])


@pytest.fixture(scope="module")
def treebank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("treebank")
    (folder / "README.md").write_text("# A treebank\nLicense: CC BY-SA 4.0\n", encoding="utf-8")
    path = folder / "own.conllu"
    path.write_text(treebank_text(sentences(200)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def config(treebank: Path, tiny_folder: Path) -> TaggerConfig:
    return TaggerConfig(treebank, str(tiny_folder), epochs=3)


@pytest.fixture(scope="module")
def trained(config: TaggerConfig, tmp_path_factory: pytest.TempPathFactory) -> TaggerReport:
    out = tmp_path_factory.mktemp("trained") / "model"
    return train_tagger(config, out, command="polyseme train --tagger own.conllu")


SIZES = Sizes(width=4, spelling=3, first=5, second=6, upos=3, xpos=4)


def random_batch(rng: np.random.Generator, rows: int) -> TaggerBatch:
    lengths = rng.integers(0, 5, 6)
    lengths[0] = 3
    total = int(lengths.sum())
    return TaggerBatch(
        states=rng.standard_normal((total, SIZES.width)).astype(np.float32),
        rows=rng.integers(0, rows + 1, (total, FEATURES)),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        upos=rng.integers(-1, SIZES.upos, total),
        xpos=rng.integers(-1, SIZES.xpos, total),
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_gradients_equal_finite_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = 7
    batch = with_dropout(random_batch(rng, rows), SIZES, Dropout(0.2, 0.2, 0.2), rows, rng)
    shapes = first_parameters(SIZES, rows, 1)
    parameters: Any = {name: rng.normal(0, 0.5, array.shape) for name, array in shapes.items()}  # float64
    double: Any = np.float64
    batch = replace(batch, states=batch.states.astype(double))
    _, gradients, used = loss_and_gradients(parameters, batch, SIZES)
    for name, array in parameters.items():
        flat, gradient = array.reshape(-1), np.zeros_like(array)
        gradient[used if name == "table" else slice(None)] = gradients[name]
        for place in rng.permutation(flat.size)[:6]:
            before, step = flat[place], 1e-5
            losses = []
            for flat[place] in (before + step, before - step):
                losses.append(loss_and_gradients(parameters, batch, SIZES)[0])
            flat[place] = before
            numeric = (losses[0] - losses[1]) / (2 * step)
            assert gradient.reshape(-1)[place] == pytest.approx(numeric, rel=2e-2, abs=3e-4), name


def test_dropout_keeps_the_mean_and_leaves_a_batch_without_it_unchanged() -> None:
    rng = np.random.default_rng(4)
    batch = random_batch(rng, 7)
    same = with_dropout(batch, SIZES, Dropout(0, 0, 0), 7, rng)
    np.testing.assert_array_equal(same.states, batch.states)
    np.testing.assert_array_equal(same.rows, batch.rows)
    wide = replace(batch, states=np.ones((4000, SIZES.width), np.float32), rows=np.zeros((4000, FEATURES), np.int64))
    dropped = with_dropout(wide, SIZES, Dropout(0.25, 0.25, 0.25), 7, rng)
    assert dropped.states.mean() == pytest.approx(1, abs=0.03)
    assert (dropped.states == 0).mean() == pytest.approx(0.25, abs=0.03)
    assert (dropped.rows == 7).mean() == pytest.approx(1 - 0.75**2, abs=0.03)


def test_tagger_learns_words_of_one_form_apart(trained: TaggerReport) -> None:
    assert trained.accuracy.upos > 0.97
    assert trained.accuracy.lemma is not None
    assert trained.accuracy.lemma > 0.97
    encoder = load_encoder(trained.out)
    assert encoder.tagset is not None
    assert encoder.lemma_rules is not None
    (found,) = encoder.represent([["The", "saw", "saw", "the", "saw", "."]])
    assert found.tags is not None
    tags = [encoder.tagset.upos[place] for place in found.tags.upos]
    assert tags == ["DET", "NOUN", "VERB", "DET", "NOUN", "PUNCT"]
    analyser = TextAnalyser("en")
    assert [analyser.tagged_lemma("saw", tag, "", encoder.lemma_rules) for tag in ("NOUN", "VERB")] == ["saw", "see"]


def test_trained_model_is_the_old_one_with_a_tagger_and_a_section(trained: TaggerReport, tiny_folder: Path) -> None:
    verify_model(trained.out)
    names = {path.name for path in trained.out.iterdir()}
    assert names == {path.name for path in tiny_folder.iterdir()} | {TAGGER, "training.json"}
    for name in (CONFIG, WEIGHTS):
        assert (trained.out / name).read_bytes() == (tiny_folder / name).read_bytes()
    assert model_id(read_model(trained.out)) == model_id(read_model(tiny_folder))
    section = read_card(trained.out).partition("## Parts of speech")[2]
    for part in (
        "`own.conllu`",
        "Its licence is CC BY-SA 4.0.",
        f"UPOS {100 * trained.accuracy.upos:.1f} %",
        "    polyseme train --tagger own.conllu",
    ):
        assert part in section


def test_equal_trainings_are_equal_and_other_seeds_differ(
    trained: TaggerReport, config: TaggerConfig, tmp_path: Path
) -> None:
    train_tagger(config, tmp_path / "same")
    train_tagger(replace(config, seed=2, epochs=1), tmp_path / "other")
    files = [(folder / TAGGER).read_bytes() for folder in (trained.out, tmp_path / "same", tmp_path / "other")]
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_a_finished_training_is_reported_again_and_refuses_other_options(
    trained: TaggerReport, config: TaggerConfig
) -> None:
    again = train_tagger(config, trained.out)
    assert replace(again, seconds=0) == replace(trained, seconds=0, already=True)
    with pytest.raises(ModelError, match="was begun with --epochs 3, not 4; give the same options"):
        train_tagger(replace(config, epochs=4), trained.out)


KILLED = """
import sys, time
from pathlib import Path
from polyseme.indexer.training.tagger.config import TaggerConfig
from polyseme.indexer.training.tagger.train import train_tagger

def wait(progress):
    time.sleep(0.02)

train_tagger(TaggerConfig(Path({treebank!r}), {source!r}, epochs=3), Path({out!r}), wait)
"""


@pytest.mark.parametrize("moment", ["prepared/states-00000000.npy", "checkpoint"])
def test_a_killed_and_resumed_training_equals_an_uninterrupted_one(
    trained: TaggerReport, config: TaggerConfig, tmp_path: Path, moment: str
) -> None:
    out = tmp_path / "killed"
    here = Path(__file__)
    code = KILLED.format(treebank=str(config.treebank), source=config.source, out=str(out))
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(here.parents[2])})
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
        assert 1 <= saved.state["epoch"] < 3
    seen: list[dict[Path, int]] = []

    def watch(progress: TaggerProgress) -> None:
        if progress.loss is not None and not seen:
            seen.append({path: path.stat().st_mtime_ns for path in kept})

    train_tagger(config, out, watch)
    assert seen == [kept]  # no piece was written again
    assert (out / TAGGER).read_bytes() == (trained.out / TAGGER).read_bytes()
    assert not (out / "prepared").exists()


def test_a_new_tagger_replaces_the_old_one_and_a_sense_space_stays(
    trained: TaggerReport, config: TaggerConfig, tmp_path: Path
) -> None:
    again = train_tagger(replace(config, source=str(trained.out), seed=5, epochs=1), tmp_path / "again")
    before, after = read_model(trained.out), read_model(again.out)
    assert after.tagger is not None
    assert before.tagger is not None
    assert after.tagger.digest() != before.tagger.digest()
    assert after.sense_space is not None
    assert read_card(again.out).count("## Parts of speech") == 1
    assert load_encoder(again.out).model_id == load_encoder(trained.out).model_id


def gold(text: str, words: Sequence[tuple[str, str, int]]) -> GoldSentence:
    """Return a sentence of words, each with its part of speech and its head."""
    found, position = [], 0
    for form, upos, head in words:
        position = text.index(form, position)
        found.append(GoldWord(form, form, upos, "", head, position, position + len(form)))
        position += len(form)
    return GoldSentence(text, (), tuple(found), None)


def tags_of(sentence: GoldSentence) -> list[tuple[str, str | None]]:
    text = as_we_cut(sentence, TextAnalyser("en"))
    return [(token, word.upos if word else None) for token, word in zip(text.tokens, text.words, strict=True)]


def test_our_tokens_have_the_tags_of_the_heads_inside_them() -> None:
    whole = gold(
        "A 15-year term",
        [("A", "DET", 5), ("15", "NUM", 4), ("-", "PUNCT", 2), ("year", "NOUN", 5), ("term", "NOUN", 0)],
    )
    assert tags_of(whole) == [("A", "DET"), ("15-year", "NOUN"), ("term", "NOUN")]
    two = gold("I cannot go", [("I", "PRON", 4), ("can", "AUX", 4), ("not", "PART", 4), ("go", "VERB", 0)])
    assert tags_of(two) == [("I", "PRON"), ("cannot", "AUX"), ("go", "VERB")]
    parts = gold("b/c Yahoo! ***", [("b/c", "CCONJ", 0), ("Yahoo!", "PROPN", 1), ("***", "PUNCT", 1)])
    found = tags_of(parts)
    assert found[:5] == [("b", "CCONJ"), ("/", None), ("c", None), ("Yahoo", "PROPN"), ("!", None)]
    assert {tag for _, tag in found[5:]} == {"PUNCT"}


def test_spellings_are_drawn_for_shares_of_the_sentences(treebank: Path) -> None:
    rows = read_treebank(treebank)
    texts = training_texts(rows, {0, 1}, "en", 1)
    plain = [as_cut(row) for row in rows[2:]]
    assert [text for text in texts if text in plain] == plain
    assert texts == training_texts(rows, {0, 1}, "en", 1)
    others: dict[str, Callable[[str], bool]] = {"small": str.islower, "title": str.istitle, "capitals": str.isupper}
    rest = [text for text in texts if text not in plain]
    for name, holds in others.items():
        number = sum(all(holds(token) for token in text.tokens if token.isalpha()) for text in rest)
        assert 0.15 < number / len(rows) < 0.4, name


@pytest.mark.parametrize(
    ("change", "content", "error", "message"),
    [
        ({"epochs": 0}, None, ModelError, "--epochs is 0"),
        ({"seed": -1}, None, ModelError, "the seed is -1"),
        ({"language": "english"}, None, QueryError, "is not a language code"),
        ({}, treebank_text(sentences(20)), ModelError, "has 20 sentences with tags, of 50 that are needed"),
        ({}, treebank_text([[("a", "a", "_", "_")] * 3] * 60), ModelError, "has 0 sentences with tags"),
        ({}, "The cat sat.\n", DocumentError, "has 1 columns"),
        ({"treebank": Path("missing.conllu")}, None, DocumentError, "cannot be read"),
        (
            {},
            treebank_text([[(f"w{n}", "a", f"T{n}", "_"), *[("a", "a", "A", "_")] * 2] for n in range(300)]),
            ModelError,
            "300 parts|301 parts|parts of speech",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(
    config: TaggerConfig,
    tmp_path: Path,
    change: dict[str, Any],
    content: str | None,
    error: type[Exception],
    message: str,
) -> None:
    if content is not None:
        (tmp_path / "own.conllu").write_text(content, encoding="utf-8")
        change = {**change, "treebank": tmp_path / "own.conllu"}
    with pytest.raises(error, match=message) as caught:
        train_tagger(replace(config, **change), tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_treebanks_without_own_tags_or_with_too_many_are_trained(config: TaggerConfig, tmp_path: Path) -> None:
    rows = sentences(100)
    bare = [[(form, lemma, upos, "_") for form, lemma, upos, _ in row] for row in rows]
    many = [[(form, lemma, upos, f"{upos}{n}") for form, lemma, upos, _ in row] for n, row in enumerate(rows)]
    for name, each, number in (("bare", bare, 1), ("many", many, 255)):
        path = tmp_path / f"{name}.conllu"
        path.write_text(treebank_text(each), encoding="utf-8")
        report = train_tagger(replace(config, treebank=path, epochs=1), tmp_path / name)
        encoder = load_encoder(report.out)
        assert encoder.tagset is not None
        assert "_" in encoder.tagset.xpos
        assert report.xpos == number
        (found,) = encoder.represent([["The", "cat"]])
        assert found.tags is not None
    assert report.accuracy.xpos is not None


def test_command_trains_resumes_and_refuses_foreign_options(
    treebank: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["train", "--tagger", str(treebank), "--model", str(tiny_folder), "--epochs", "1", "--out", str(out)]
    assert run_command(command) == 0
    first = capsys.readouterr().err
    assert "tagger trained on 200 sentences" in first
    assert "10 held-out sentences: upos" in first
    assert run_command(command) == 0
    assert "already, nothing left to do" in capsys.readouterr().err
    assert isinstance(load_encoder(out), ElmoEncoder)
    for more, message in (
        (["--minutes", "3"], "--minutes cannot be used with --tagger"),
        (["--sentence-space"], "--sentence-space cannot be used with --tagger"),
        ([str(treebank)], "leave out TEXT"),
    ):
        assert run_command([*command, *more]) == 2
        assert message in capsys.readouterr().err
    assert run_command(["train", str(treebank), "--epochs", "3", "--out", str(tmp_path / "x")]) == 2
    assert "--epochs requires --sentence-space or --tagger" in capsys.readouterr().err


def test_parameters_depend_on_the_seed_alone() -> None:
    def drawn(seed: int) -> Arrays:
        return first_parameters(SIZES, 7, seed)

    for name, array in drawn(1).items():
        np.testing.assert_array_equal(array, drawn(1)[name])
    assert not np.array_equal(drawn(1)["map"], drawn(2)["map"])
    assert not drawn(1)["table"][-1].any()
