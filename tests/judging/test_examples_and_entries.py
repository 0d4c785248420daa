"""Good examples, what to judge next, and entries of words in every format, written and read back."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docx
import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.dictionaries.read import read_dictionary
from polyseme.indexer.dictionaries.records import clean
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.vectors.arrays import Array, unit
from polyseme.search.judging.active import chosen_lines, doubts
from polyseme.search.judging.entry import Entry
from polyseme.search.judging.examples import example_parts
from polyseme.search.searcher import Searcher
from polyseme.ui.entries import EntryFormat, entry_bytes
from selectolax.lexbor import LexborHTMLParser
from sense_texts import documents

ODD = "<b>=cmd|'x'!A1 & \u202e ]]> the water river bank river reed today."


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("entries") / "c.pol"
    odd = Document("odd|*_[id]", ODD, {"kind": "river", "year": 1901})
    build(folder, [*documents(24), odd], BuildConfig(segment_sentences=17), model=FakeEncoder())
    with Searcher.open(folder, FakeEncoder()) as searcher:
        kinds = {hit.occurrence_id: hit.metadata["kind"] for hit in searcher.lines("bank")}
        for kind, name, definition in (("river", "shore", "land by <water> & reeds"), ("money", "loan house", "")):
            searcher.annotate([key for key, found in kinds.items() if found == kind], "ann", sense=name)
            searcher.edit_sense("bank", name, definition=definition, author="ann")
    return folder


@pytest.fixture
def searcher(path: Path) -> Iterator[Searcher]:
    with Searcher.open(path, FakeEncoder()) as opened:
        yield opened


@pytest.fixture
def entry(searcher: Searcher) -> Entry:
    return searcher.entry("banks", per_sense=20)


def test_an_entry_has_the_judged_senses_with_their_lines(entry: Entry) -> None:
    assert (entry.word, entry.lines, entry.unassigned, entry.language) == ("bank", 25, 0, "en")
    assert [(one.name, one.definition, one.size, one.judged) for one in entry.senses] == [
        ("shore", "land by <water> & reeds", 13, 13),
        ("loan house", "", 12, 12),
    ]
    assert [sum(one.counts) for one in entry.senses] == [12, 11]  # two documents have no year
    assert entry.periods == ((1900, 1909), (1910, 1919), (1920, 1929))
    for sense in entry.senses:
        assert all(one.sentence[one.start : one.end] == "bank" for one in sense.examples)
    assert "Collection c.pol" in entry.citation


@pytest.mark.parametrize("output_format", [EntryFormat.LMF, EntryFormat.TEI])
def test_lmf_and_tei_are_read_back_as_a_dictionary(entry: Entry, output_format: EntryFormat, tmp_path: Path) -> None:
    file = tmp_path / "entry.xml"
    file.write_bytes(entry_bytes(entry, output_format))
    found = list(read_dictionary(file))
    assert [(one.lemma, one.definition) for one in found] == [
        ("bank", "land by <water> & reeds"),
        ("bank", "loan house"),
    ]
    for one, sense in zip(found, entry.senses, strict=True):
        assert list(one.examples) == [clean(example.sentence) for example in sense.examples]
        if output_format is EntryFormat.LMF:
            assert one.frequency == sense.size


def test_the_part_of_speech_is_read_back_from_tei(entry: Entry, tmp_path: Path) -> None:
    for output_format in (EntryFormat.LMF, EntryFormat.TEI):
        (tmp_path / "entry.xml").write_bytes(entry_bytes(replace(entry, pos="NOUN"), output_format))
        assert {one.pos for one in read_dictionary(tmp_path / "entry.xml")} == {"NOUN"}


@pytest.mark.parametrize("output_format", [EntryFormat.LMF, EntryFormat.TEI])
def test_senses_of_several_parts_of_speech_are_read_back_with_theirs(
    entry: Entry, output_format: EntryFormat, tmp_path: Path
) -> None:
    senses = tuple(replace(sense, pos=pos) for sense, pos in zip(entry.senses, ("NOUN", "VERB"), strict=True))
    both = replace(entry, senses=senses, pos="NOUN")
    (tmp_path / "entry.xml").write_bytes(entry_bytes(both, output_format))
    found = {one.definition: one.pos for one in read_dictionary(tmp_path / "entry.xml")}
    assert found == {"land by <water> & reeds": "NOUN", "loan house": "VERB"}
    tree = LexborHTMLParser(entry_bytes(both, EntryFormat.HTML).decode())
    assert [node.text() for node in tree.css("h2")] == ["1. shore (NOUN)", "2. loan house (VERB)"]


def test_an_entry_without_dates_has_no_periods(tmp_path: Path) -> None:
    texts = [Document(one.id, one.text, {"kind": one.metadata["kind"]}) for one in documents(12)]
    build(tmp_path / "c.pol", texts, model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        found = searcher.entry("bank")
        assert (found.field, found.periods) == ("", ())
        assert "<table>" not in entry_bytes(found, EntryFormat.HTML).decode()
        with pytest.raises(QueryError, match="no document has a field 'year'"):
            searcher.entry("bank", field="year")


def test_json_html_docx_and_markdown_have_every_text(entry: Entry) -> None:
    assert json.loads(entry_bytes(entry, EntryFormat.JSON))["senses"][0]["name"] == "shore"
    tree = LexborHTMLParser(entry_bytes(entry, EntryFormat.HTML).decode())
    assert [node.text() for node in tree.css("h2")] == ["1. shore", "2. loan house"]
    assert tree.css("b") == []  # the document's markup is text
    sentences = [" ".join(one.sentence.split()) for sense in entry.senses for one in sense.examples]
    assert [node.text() for node in tree.css("q")] == sentences
    paragraphs = [each.text for each in docx.Document(io.BytesIO(entry_bytes(entry, EntryFormat.DOCX))).paragraphs]
    for text in (*sentences, "land by <water> & reeds", entry.citation):
        assert any(text in paragraph for paragraph in paragraphs)
    from markdown_it import MarkdownIt

    shown = LexborHTMLParser(MarkdownIt().enable("table").render(entry_bytes(entry, EntryFormat.MARKDOWN).decode()))
    assert [node.text() for node in shown.css("h2")] == ["1. shore", "2. loan house"]
    assert shown.css("b") == []
    lines = [node.text() for node in shown.css("li")]
    assert [line.partition(" (")[0] for line in lines] == sentences
    assert [node.text() for node in shown.css("table tr")[1].css("td")][1:] == [str(n) for n in entry.senses[0].counts]


def test_an_entry_has_no_periods_in_a_collection_without_years(tmp_path: Path) -> None:
    undated = [Document(f"d{number}", each.text) for number, each in enumerate(documents(4))]
    build(tmp_path / "c.pol", undated, model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        found = searcher.entry("bank")
        assert (found.lines, found.periods, {sense.counts for sense in found.senses}) == (4, (), {()})
        assert all(entry_bytes(found, each) for each in EntryFormat)
        with pytest.raises(QueryError, match="no document has a field 'date'"):
            searcher.entry("bank", field="date")


def test_good_examples_are_whole_clear_sentences(searcher: Searcher) -> None:
    found = searcher.good_examples("bank", per_sense=3)
    inventory = searcher.senses("bank", known=searcher.judged_senses("bank"))
    for number, examples in found.items():
        assert {inventory.assignments[one.hit.occurrence_id] for one in examples} == {number}
        assert len({one.hit.sentence for one in examples}) == 3
        assert [one.score for one in examples] == sorted((one.score for one in examples), reverse=True)
    last = found[1][-1].hit
    odd = next(hit for hit in searcher.lines("bank") if hit.document_id.startswith("odd"))
    searcher.annotate([odd], "ann", mark="good")
    searcher.annotate([found[1][0].hit], "ann", mark="bad")
    again = searcher.good_examples("bank", per_sense=99)[1]
    assert again[0].hit.occurrence_id == odd.occurrence_id
    assert found[1][0].hit.occurrence_id not in {one.hit.occurrence_id for one in again}
    assert last.occurrence_id in {one.hit.occurrence_id for one in again}
    searcher.undo("ann")
    searcher.undo("ann")


@pytest.mark.parametrize(
    ("better", "worse", "part"),
    [
        ("The old bank lent money to the town.", "the old bank lent money to the", "whole"),
        ("The old bank by the market lent money to the poor town.", "The bank lent.", "length"),
        ("The old bank lent money.", "This was why it lent them money.", "clear"),
        ("The old bank lent money.", "The bank lent money at www.bank.example.com today.", "plain"),
        ("The old bank lent money.", "The zyx bank abc def.", "common"),
    ],
)
def test_each_part_of_the_score_prefers_the_better_sentence(better: str, worse: str, part: str) -> None:
    analyser = TextAnalyser("en")
    frequent = dict.fromkeys(("old", "lend", "money", "market", "poor", "town"), 100)
    scores = [
        example_parts(line, analyser.tokens(line), "bank", frequent, frozenset({"this", "it", "them"}))[part]
        for line in (better, worse)
    ]
    assert scores[0] > scores[1]


def test_lines_to_judge_are_in_doubt_and_unlike_each_other() -> None:
    rng = np.random.default_rng(2)
    centres: Array = unit(rng.standard_normal((2, 8)).astype(np.float32))
    sure: Array = unit(centres[[0] * 20 + [1] * 20] + 0.05 * rng.standard_normal((40, 8)).astype(np.float32))
    between: Array = unit(centres.sum(axis=0) + 0.4 * rng.standard_normal((6, 8)).astype(np.float32))
    twin = between[:1]
    vectors = np.concatenate([sure, between, twin])
    chosen = chosen_lines(vectors, centres, 5).tolist()
    assert set(chosen) <= set(range(40, 47))
    assert not {40, 46} <= set(chosen)  # the same line twice settles nothing
    assert doubts(vectors, centres)[40:].min() > doubts(vectors, centres)[:40].max()


def test_judged_lines_are_not_asked_for_again(path: Path, tmp_path: Path) -> None:
    build(tmp_path / "c.pol", documents(24), model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        lines = searcher.lines("bank")
        for hit in lines[:8]:
            searcher.annotate([hit], "ann", sense=str(hit.metadata["kind"]))
        asked = searcher.to_judge("bank", 10)
        assert len({hit.occurrence_id for hit in asked}) == 10
        assert not {hit.occurrence_id for hit in asked} & {hit.occurrence_id for hit in lines[:8]}
