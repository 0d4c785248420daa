"""Senses of a dictionary in a collection: probabilities, filters, timelines, gaps and the commands."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from dictionary_files import write_tsv
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.dictionaries import CentroidSource, StoredSense
from polyseme.indexer.dictionaries.records import DictionarySense
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.indexer.text.lemma_rules import LemmaRules
from polyseme.indexer.vectors.arrays import unit
from polyseme.search.searcher import Searcher
from polyseme.search.senses.disambiguation import (
    CHOSEN,
    UNTAGGED,
    adapted,
    logits,
    priors,
    probabilities,
    sense_shares,
    shares_by_pos,
    weights_for,
)
from polyseme.search.senses.gaps import distances, smoothed
from polyseme.ui.cli.main import cli
from sense_texts import documents

WATER = "The river flowed past the [bank] under tall willows."
MONEY = "He paid the loan back to the [bank] with interest."


def senses_of(texts: list[Document]) -> list[DictionarySense]:
    """Return a sense for each kind of document, whose examples are its first three lines."""
    kinds: dict[str, list[str]] = {}
    for document in texts:
        line = document.text.split(".")[0]
        start = line.lower().index("bank")
        end = start + len(line[start:].split()[0])
        kinds.setdefault(str(document.metadata["kind"]), []).append(f"{line[:start]}[{line[start:end]}]{line[end:]}.")
    return [
        DictionarySense(f"bank-{kind}", "bank", "NOUN", f"of {kind}", tuple(lines[:3]), len(lines))
        for kind, lines in sorted(kinds.items())
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("senses") / "c.pol"
    texts = [Document(d.id, d.text, {**d.metadata, "year": str(1900 + n)}) for n, d in enumerate(documents())]
    build(folder, texts, BuildConfig(), model=FakeEncoder())
    file = write_tsv(folder.parent / "bank.tsv", senses_of(texts))
    with Searcher.open(folder, FakeEncoder()) as searcher:
        searcher.import_dictionary(file, "own")
    return folder


@pytest.fixture
def searcher(path: Path) -> Iterator[Searcher]:
    with Searcher.open(path, FakeEncoder()) as opened:
        yield opened


def test_each_line_gets_the_sense_of_its_kind(searcher: Searcher) -> None:
    found = searcher.dictionary_senses("banks", "own")
    lines = searcher.dictionary_lines(found)
    assert len(lines) == sum(sense.size for sense in found.inventory.senses) == 40
    assert {line.sense for line in lines} == {entry.id for entry in found.entries}
    right = [line.sense == f"bank-{line.hit.metadata['kind']}" for line in lines]
    assert np.mean(right) >= 0.95
    for number in range(1, len(found.entries) + 1):
        own = searcher.dictionary_lines(found, number)
        assert [line.probability for line in own] == sorted((line.probability for line in own), reverse=True)
        assert all(line.number == number and 0 < line.probability <= 1 for line in own)
    assert sum(found.expected) == pytest.approx(1)


def test_a_filter_by_a_sense_has_the_lines_of_that_sense(searcher: Searcher) -> None:
    found = searcher.dictionary_senses("bank", "own")
    for number, entry in enumerate(found.entries, start=1):
        expected = {key for key, given in found.inventory.assignments.items() if given == number}
        assert found.filter_name(number) == f"own/bank/{number}"
        for name in (f"own/{entry.id}", found.filter_name(number)):
            hits = searcher.occurrences(WATER, 100, where=f"sense={name}")
            assert {hit.occurrence_id for hit in hits} == expected
        others = searcher.occurrences(WATER, 100, where=f"sense!=own/{entry.id}")
        assert {hit.occurrence_id for hit in others} == set(found.inventory.assignments) - expected
        inside = searcher.dictionary_senses("bank", "own", where=f"sense=own/{entry.id}")
        assert [sense.size for sense in inside.inventory.senses if sense.size] == [len(expected)]


def test_filters_do_not_change_the_sense_of_a_line(searcher: Searcher) -> None:
    every = searcher.dictionary_senses("bank", "own")
    some = searcher.dictionary_senses("bank", "own", where={"year": "1900..1910"})
    assert 0 < len(some.inventory.assignments) < len(every.inventory.assignments)
    assert some.inventory.assignments.items() <= every.inventory.assignments.items()
    assert some.probabilities.items() <= every.probabilities.items()


def test_a_timeline_counts_the_senses_of_the_dictionary(searcher: Searcher) -> None:
    found = searcher.dictionary_senses("bank", "own")
    timeline = searcher.timeline(found.inventory, "year", 10)
    totals = np.sum([period.counts for period in timeline.periods], axis=0)
    assert totals.tolist() == [sense.size for sense in found.inventory.senses]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("sense=other/bank-1", "no dictionary 'other'"),
        ("sense=own/nothing", "no sense 'nothing'"),
        ("sense=own/bank/9", "senses 1 to"),
        ("sense=own/bank/0", "senses 1 to"),
    ],
)
def test_filters_by_unknown_senses_are_refused(searcher: Searcher, name: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        searcher.occurrences(WATER, where=name)


def test_unknown_dictionaries_and_words_are_refused(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match="there are: own"):
        searcher.dictionary_senses("bank", "other")
    with pytest.raises(QueryError, match="has no sense of"):
        searcher.dictionary_senses("river", "own")
    found = searcher.dictionary_senses("bank", "own")
    with pytest.raises(QueryError, match="choose one"):
        searcher.dictionary_lines(found, 9)


def test_gaps_are_the_lines_of_a_sense_that_was_left_out(path: Path, searcher: Searcher, tmp_path: Path) -> None:
    entries = searcher.dictionary_senses("bank", "own").entries
    left_out = entries[0]
    kept = [
        DictionarySense(one.id, one.word, one.pos, one.definition, one.examples, one.frequency) for one in entries[1:]
    ]
    searcher.import_dictionary(write_tsv(tmp_path / "less.tsv", kept), "less")
    gaps = searcher.dictionary_gaps("less", "bank", 5)
    assert gaps
    assert [gap.score for gap in gaps] == sorted((gap.score for gap in gaps), reverse=True)
    kinds = {f"bank-{hit.metadata['kind']}" for hit in gaps[0].lines}
    assert kinds == {left_out.id}
    assert gaps == searcher.dictionary_gaps("less", k=5)
    searcher.remove_dictionary("less")


# Brute-force oracles of the numbers


VECTORS = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed))


@given(generator=VECTORS, n=st.integers(1, 12), s=st.integers(1, 5))
def test_probabilities_are_those_of_the_formula(generator: np.random.Generator, n: int, s: int) -> None:
    vectors = unit(generator.standard_normal((n, 6)))
    sources = [list(CentroidSource)[k] for k in generator.integers(0, 3, s)]
    frequencies = generator.integers(0, 30, s).tolist()
    senses = [
        StoredSense(
            str(k), "bank", "NV"[k % 2], "x", (), frequencies[k], "", sources[k], k, unit(generator.standard_normal(6))
        )
        for k in range(s)
    ]
    prior = priors(senses)
    found = probabilities(logits(vectors, senses), prior)
    weight = {"tagged": CHOSEN.tagged, "examples": CHOSEN.examples, "definition": CHOSEN.definition}
    constant = {"tagged": 0.0, "examples": CHOSEN.no_tags, "definition": CHOSEN.no_examples}
    # Every second sense is of the same part of speech, so sense k is at place k // 2 + 1 of its own.
    total = sum(frequencies[k] + CHOSEN.unseen / (k // 2 + 1) for k in range(s))
    for row in range(n):
        powers = []
        for k, sense in enumerate(senses):
            share = (frequencies[k] + CHOSEN.unseen / (k // 2 + 1)) / total
            cosine = float(vectors[row] @ sense.vector)
            logit = weight[sense.source] * cosine + constant[sense.source] + CHOSEN.prior * np.log(share)
            if sense.source is CentroidSource.TAGGED:
                logit += np.log(1 + k) * (CHOSEN.per_line * cosine - CHOSEN.size)
            powers.append(np.exp(logit))
        assert found[row] == pytest.approx(np.array(powers) / sum(powers), rel=1e-4)
    moved = adapted(logits(vectors, senses), prior)
    assert moved.sum() == pytest.approx(1)
    assert (moved > 0).all()
    used = CHOSEN if CentroidSource.TAGGED in sources else UNTAGGED
    assert weights_for(senses) is used
    scores = logits(vectors, senses, used)
    given = priors(senses) if any(frequencies) else adapted(scores, priors(senses), used)
    assert sense_shares(vectors, senses) == pytest.approx(probabilities(scores, given, used))


@given(generator=VECTORS, n=st.integers(1, 30))
def test_lines_are_smoothed_with_their_nearest_lines(generator: np.random.Generator, n: int) -> None:
    vectors = unit(generator.standard_normal((n, 5)))
    centroids = unit(generator.standard_normal((3, 5)))
    shares = np.array([0.7, 0.295, 0.005])
    fits = -generator.random((n, 3))
    found = distances(vectors, centroids, shares, fits)
    terms = [0.05 * np.log(share) for share in (0.7, 0.295, 0.01)]
    for row in range(n):
        near = sorted(range(n), key=lambda other: -float(vectors[row] @ vectors[other]))[:5]
        mean = unit(vectors[near].mean(axis=0))
        assert smoothed(vectors)[row] == pytest.approx(mean, abs=1e-5)
        nearest = max(float(centroids[k] @ mean) + terms[k] + 0.035 * fits[row, k] for k in range(3))
        assert found[row] == pytest.approx(1 - nearest, abs=1e-5)


@given(generator=VECTORS, n=st.integers(1, 12), s=st.integers(1, 6))
def test_parts_of_speech_count_by_the_errors_of_the_tagger(generator: np.random.Generator, n: int, s: int) -> None:
    vectors = unit(generator.standard_normal((n, 6)))
    kinds = ["NOUN", "VERB", "ADJ", "ADP", "", "particle"]
    senses = [
        StoredSense(
            str(k),
            "bank",
            kinds[generator.integers(len(kinds))],
            "x",
            (),
            int(generator.integers(9)),
            "",
            CentroidSource.EXAMPLES,
            1,
            unit(generator.standard_normal(6)),
        )
        for k in range(s)
    ]
    parts = [str(part) for part in generator.choice(["", "NOUN", "PROPN", "NN", "VERB", "AUX", "ADP", "NUM"], n)]
    chances = {
        "NOUN": {"NOUN": 0.927, "PROPN": 0.046, "NN": 0.927, "VERB": 0.005, "NUM": 0.005},
        "VERB": {"VERB": 0.808, "AUX": 0.177, "NOUN": 0.008, "NN": 0.008},
        "ADJ": {"NOUN": 0.025, "NN": 0.025, "VERB": 0.062, "NUM": 0.09, "PROPN": 0.004, "ADP": 0.003},
        "ADP": {"ADP": 0.95},
    }
    scores = logits(vectors, senses, UNTAGGED)
    for row, part in enumerate(parts):
        for k, sense in enumerate(senses):
            chance = chances[sense.pos].get(part, 0.001) if sense.pos in chances else 0.95
            scores[row, k] += UNTAGGED.pos * np.log(chance) if part else 0
    prior = priors(senses)
    if not any(sense.frequency for sense in senses):
        prior = adapted(scores, prior, UNTAGGED)
    expected = probabilities(scores, prior, UNTAGGED)
    assert shares_by_pos(vectors, senses, parts) == pytest.approx(expected)


def test_lines_of_a_collection_are_read_by_their_tags(tmp_path: Path) -> None:
    encoder = FakeEncoder(tagger="a")
    build(tmp_path / "c.pol", documents(), BuildConfig(), model=encoder)
    (sense, *_) = senses_of(documents())
    # Both senses have the same centroid, so only parts of speech can tell them apart.
    senses = [replace(sense, id=pos, pos=pos) for pos in ("NOUN", "X")]
    with Searcher.open(tmp_path / "c.pol", encoder) as searcher:
        searcher.import_dictionary(write_tsv(tmp_path / "bank.tsv", senses), "own")
        lines = searcher.dictionary_lines(searcher.dictionary_senses("bank", "own"))
        nouns = {hit.occurrence_id for hit in searcher.occurrences(WATER, 100, where="sense=own/bank/1")}
    assert {"NOUN", "X"} <= {line.hit.pos for line in lines}
    for line in lines:
        if line.hit.pos in ("NOUN", "X"):
            assert line.sense == line.hit.pos
    assert nouns == {line.hit.occurrence_id for line in lines if line.number == 1}


def test_lines_of_a_form_get_the_senses_of_their_own_lemmas(tmp_path: Path) -> None:
    rules = LemmaRules(
        "en",
        {("VERB", "left"): "leave", ("ADJ", "left"): "left", ("NOUN", "left"): "remainder"},
        {},
        frozenset(),
    )
    encoder = FakeEncoder(tagger="a", rules=rules)
    chance = random.Random(3)
    words = ["left", "leave", "house", "road", "early", "right"]
    texts = [Document(f"d{n}", " ".join(chance.choices(words, k=9)).capitalize() + " it.") for n in range(40)]
    build(tmp_path / "c.pol", texts, BuildConfig(), model=encoder)
    senses = [
        DictionarySense("go", "leave", "VERB", "to go away", ("They [leave] early.",)),
        DictionarySense("let", "leave", "VERB", "to let stay", ("They [leave] the house right.",)),
        DictionarySense("side", "left", "ADJ", "of the west when one looks north", ("The [left] road.",)),
    ]
    with Searcher.open(tmp_path / "c.pol", encoder) as searcher:
        searcher.import_dictionary(write_tsv(tmp_path / "left.tsv", senses), "own")
        found = searcher.dictionary_senses("left", "own", match="form")
        lines = {hit.occurrence_id: hit for hit in searcher.occurrences("It [left].", 1000, match="form")}
        assert lines.keys() == found.inventory.assignments.keys()
        assert {hit.lemma for hit in lines.values()} >= {"leave", "left", "remainder"}
        for key, number in found.inventory.assignments.items():
            lemma = lines[key].lemma
            if lemma not in ("leave", "left"):
                assert (number, found.probabilities[key], found.inventory.scores[key]) == (None, 0, 0)
                continue
            assert number is not None
            assert found.places[number - 1][0] == lemma
            # The same line has the same sense among all lines of its lemma.
            whole = searcher.dictionary_senses(lemma, "own")
            own = whole.inventory.assignments[key]
            assert own is not None
            assert whole.filter_name(own) == found.filter_name(number)
            assert whole.entries[own - 1].id == found.entries[number - 1].id
            assert whole.probabilities[key] == pytest.approx(found.probabilities[key])
        gaps = searcher.dictionary_gaps("own", "left", 50, match="form")
        assert {key for gap in gaps for key in gap.ids} <= lines.keys()
        listed = searcher.dictionary_lines(found)
        assert {line.hit.occurrence_id for line in listed} == {
            key for key, number in found.inventory.assignments.items() if number is not None
        }


def test_closed_classes_that_a_dictionary_lacks_are_no_gaps(tmp_path: Path) -> None:
    encoder = FakeEncoder(tagger="a")
    build(tmp_path / "c.pol", documents(), BuildConfig(), model=encoder)
    (sense, *_) = senses_of(documents())
    with Searcher.open(tmp_path / "c.pol", encoder) as searcher:
        searcher.import_dictionary(write_tsv(tmp_path / "noun.tsv", [sense]), "noun")
        searcher.import_dictionary(write_tsv(tmp_path / "x.tsv", [sense, replace(sense, id="x", pos="X")]), "both")
        assert searcher.dictionary_gaps("noun", where="pos=X") == []
        for found in (
            searcher.dictionary_gaps("noun", "bank", 50, "pos=X"),
            searcher.dictionary_gaps("both", k=50, where="pos=X"),
        ):
            assert found
            assert {hit.pos for gap in found for hit in searcher.hits(gap.ids)} == {"X"}


def test_many_lines_of_one_sense_move_the_prior_and_few_do_not() -> None:
    prior = np.array([0.5, 0.5])
    scores = np.tile([3.0, 0.0], (500, 1))
    assert adapted(scores, prior, UNTAGGED)[0] > 0.9
    assert 0.5 < adapted(scores[:2], prior, UNTAGGED)[0] < 0.65


# Commands, with the tiny model


TEXT = "They walked along the bank of the river. The bank lent him money. The banks were closed. She left the bank."


def run(*arguments: object) -> str:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_commands_import_list_use_and_remove(tiny_folder: Path, tmp_path: Path) -> None:
    collection, file = tmp_path / "c.pol", tmp_path / "small.tsv"
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "metadata.csv").write_text("id,year\na.txt,1950\n", encoding="utf-8")
    run("index", collection, tmp_path / "a.txt", "--model", tiny_folder, "--metadata", tmp_path / "metadata.csv")
    write_tsv(
        file,
        [
            DictionarySense("b1", "bank", "NOUN", "land by a river", ("They sat on the [bank].",), 2),
            DictionarySense("b2", "bank", "NOUN", "a house that lends money", (), 3),
        ],
    )
    run("dictionary", "import", collection, file, "--quiet")
    (row,) = map(json.loads, run("dictionary", "list", collection, "--format", "jsonl").splitlines())
    assert row == {
        "name": "small",
        "senses": 2,
        "words": 1,
        "tagged": 0,
        "examples": 1,
        "definitions": 1,
        "left_out": 0,
        "absent": 0,
    }
    rows = [
        json.loads(line)
        for line in run("senses", collection, "bank", "--dictionary", "small", "--format", "jsonl").splitlines()
    ]
    assert [(one["sense_id"], one["source"]) for one in rows] == [("b1", "examples"), ("b2", "definition")]
    assert sum(one["size"] for one in rows) == 4
    lines = [
        json.loads(line)
        for line in run(
            "senses", collection, "bank", "--dictionary", "small", "--occurrences", "--format", "jsonl"
        ).splitlines()
    ]
    assert {(one["sense"], one["sense_id"]) for one in lines} <= {(1, "b1"), (2, "b2")}
    assert all(0 < one["probability"] <= 1 for one in lines)
    text = run("senses", collection, "bank", "--dictionary", "small")
    assert [one["definition"] in text for one in rows] == [one["size"] > 0 for one in rows]
    assert ("senses without lines: 1;" in text) == any(not one["size"] for one in rows)
    assert "sense_id" in run("senses", collection, "bank", "--dictionary", "small", "--occurrences", "--format", "csv")
    number = lines[0]["sense"]
    kept = run("sense", collection, WATER, "--where", f"sense=small/bank/{number}", "--format", "jsonl").splitlines()
    assert len(kept) == sum(one["sense"] == number for one in lines)
    periods = [
        json.loads(line)
        for line in run("timeline", collection, "bank", "--dictionary", "small", "--format", "jsonl").splitlines()
    ]
    assert sum(one["count"] for one in periods) == 4
    assert {(one["sense"], one["sense_id"]) for one in periods} == {(one["sense"], one["sense_id"]) for one in lines}
    assert run("dictionary", "gaps", collection, "small", "bank", "--format", "jsonl")
    run("dictionary", "remove", collection, "small")
    assert run("dictionary", "list", collection, "--format", "jsonl") == ""
