"""A verification reads all rows back: what was changed it names, and what it can rebuild it rebuilds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.database_sums import read_sums
from polyseme.indexer.collection.findings import SHOWN
from polyseme.indexer.collection.records import VerifyReport
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher
from stored import change

ENCODER = FakeEncoder()


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("intact") / "c.pol"
    documents = [
        Document(f"d{n}", f"She sat on the river banks {n}. The bank refused a loan of {n} crowns.", {"year": 1900 + n})
        for n in range(8)
    ]
    build(path, documents, BuildConfig(segment_sentences=6, sample_sentences=6), model=ENCODER)
    with Searcher.open(path, ENCODER) as searcher:
        searcher.save_named_sense("mine", positive=searcher.occurrences("the [bank]", k=2))
        searcher.collection.remove(["d7"])
    return path


@pytest.fixture
def copy(intact: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(intact, tmp_path / "c.pol"))


def report_of(path: Path, repair: bool = False, encoder: FakeEncoder | None = None) -> VerifyReport:
    with Collection.open(path, is_checked=False) as collection:
        return verify(collection, encoder, repair=repair)


def test_an_intact_collection_has_no_problem_and_tells_what_was_read(intact: Path) -> None:
    report = report_of(intact, encoder=ENCODER)
    assert (report.problems, report.notices, report.documents_cut, report.sentences_encoded) == ((), (), 8, 14)
    assert report_of(intact).documents_cut == 8  # the sample has up to 100 documents


NOT_REPAIRABLE = [
    (
        "UPDATE documents SET text = replace(text, 'loan of 4', 'coin of 4')",
        "the text of 'd4' does not have",
    ),
    ("UPDATE documents SET text = replace(text, 'refused a', 'refuses a')", "cut again"),
    ("UPDATE documents SET content_hash = 'x' WHERE id = 2", "the text of 'd1' does not have the recorded hash"),
    ("UPDATE documents SET metadata = '[]' WHERE id = 2", "the metadata of 'd1' is no JSON object"),
    ("UPDATE documents SET state = 9 WHERE id = 2", "document 'd1' has the state 9"),
    ("UPDATE types SET lemma = 'bunk' WHERE form = 'banks'", "1 sentences of 'd0' differ in tokens or lemmas"),
    ("UPDATE types SET form = 'BANK' WHERE form = 'bank'", "has the form 'BANK'"),
    ("UPDATE types SET vector = zeroblob(length(vector)) WHERE form = 'bank'", "the vector of 'bank' is not of unit"),
    ("UPDATE types SET vector = x'00' WHERE form = 'bank'", "has another size"),
    ("UPDATE occurrences SET start = start + 1 WHERE id = 5", "is stored as"),
    ("UPDATE occurrences SET position = position + 1 WHERE id = 5", "differ in tokens or lemmas from its text, cut"),
    ("UPDATE occurrences SET type = 1 WHERE id = 5", "have another type or sentence in the table"),
    ("UPDATE occurrences SET sentence = 1 WHERE sentence = 3", "have another type or sentence in the table"),
    ("DELETE FROM occurrences WHERE id = 5", "1 occurrences of segment 00000001 have another type or sentence"),
    ("UPDATE sentences SET document = 1 WHERE id = 3", "1 sentences of segment 00000001 have another document"),
    ("UPDATE sentences SET position = 7 WHERE id = 3", "sentence 3 is not at its place in the text of 'd1'"),
    ('UPDATE sentences SET "end" = "end" - 1 WHERE id = 3', "1 sentences of 'd1' differ"),
    ("UPDATE arrays SET data = x'00'", "the transform 'word' is damaged"),
    ("UPDATE prototypes SET data = '{}'", "the named sense 'mine' is damaged"),
    ("UPDATE settings SET value = '{\"rows\": 1, \"quantiles\": [5]}' WHERE key = 'background'", "'background' has no"),
    ("CREATE TRIGGER evil AFTER INSERT ON settings BEGIN DELETE FROM documents; END", "has a trigger 'evil'"),
    ("CREATE TABLE more (a)", "it has a table 'more' that Polyseme did not make"),
]


@pytest.mark.parametrize(("sql", "problem"), NOT_REPAIRABLE)
def test_a_changed_row_is_named(copy: Path, sql: str, problem: str) -> None:
    change(copy, sql)
    try:
        found = report_of(copy).problems
    except CollectionError as error:  # it cannot even be opened
        found = (str(error),)
    assert any(problem in line for line in found), found
    assert all("\n" not in line and "; " in line for line in found)


REPAIRABLE = [
    ("INSERT INTO sentences_fts (sentences_fts) VALUES ('delete-all')", "the keyword index differs from the sentences"),
    (
        "INSERT INTO sentences_fts (rowid, text) VALUES (99, 'more')",
        "the keyword index differs from the sentences in 1",
    ),
    (
        "INSERT INTO sentences_fts (sentences_fts, rowid, text) VALUES ('delete', 4, 'bank')",
        "the keyword index differs",
    ),
    ("UPDATE sentences_fts_docsize SET sz = x'09' WHERE id = 3", "in 0 words and the lengths of 1 sentences"),
    ("DELETE FROM metadata", "the table of metadata has other values for 'd0' than the document"),
    ("UPDATE metadata SET value = '1800' WHERE document = 3", "other values for 'd2' than the document"),
    ("INSERT INTO metadata VALUES ('year', '1', 77)", "1 values of no document"),
    ("UPDATE documents SET title = 'x' WHERE id = 2", "the title of 'd1' is not that of its metadata"),
    (
        "UPDATE settings SET value = '3' WHERE key = 'next_sentence'",
        "'next_sentence' is 3, but an id in sentences",
    ),
]


@pytest.mark.parametrize(("sql", "problem"), REPAIRABLE)
def test_what_the_documents_tell_is_rebuilt(intact: Path, copy: Path, sql: str, problem: str) -> None:
    change(copy, sql, keep_sums=True)
    with pytest.raises(CollectionError, match="recorded checksum"), Collection.open(copy) as collection:
        collection.info()
    assert any(problem in line and line.endswith("`polyseme verify --repair`") for line in report_of(copy).problems)
    repaired = report_of(copy, repair=True)
    assert repaired.problems == ()
    assert "does not have the recorded checksum" in repaired.notices[0]
    assert report_of(copy).notices == ()
    with Searcher.open(copy, ENCODER) as one, Searcher.open(intact, ENCODER) as two:
        ask = "the loan of crowns"
        assert list(one.sentences(ask, hybrid=True)) == list(two.sentences(ask, hybrid=True))
        assert list(one.collection.documents()) == list(two.collection.documents())
        assert one.collection.values("year") == two.collection.values("year")


def test_a_repair_keeps_the_old_checksums_while_something_else_is_wrong(copy: Path) -> None:
    before = read_sums(copy)
    assert before is not None
    change(copy, "DELETE FROM metadata", keep_sums=True)
    change(copy, "UPDATE types SET vector = zeroblob(length(vector))", keep_sums=True)
    problems = report_of(copy, repair=True).problems
    assert not any("metadata" in problem for problem in problems)
    assert any("is not of unit length" in problem for problem in problems)
    with pytest.raises(CollectionError, match="recorded checksum"), Collection.open(copy) as collection:
        collection.info()


def test_many_problems_of_one_kind_are_counted(copy: Path) -> None:
    change(copy, "UPDATE documents SET title = 'x'")
    problems = report_of(copy).problems
    assert len(problems) == SHOWN + 1
    assert problems[-1] == "collection.db: 3 more titles; run `polyseme verify --repair`"


def test_types_are_encoded_again(copy: Path) -> None:
    change(copy, "UPDATE types SET vector = (SELECT vector FROM types WHERE form = 'loan') WHERE form = 'bank'")
    assert report_of(copy).problems == ()
    (problem,) = report_of(copy, encoder=ENCODER).problems
    assert "type 'bank': stored and fresh vectors differ" in problem


def test_verify_tells_of_a_page_that_sqlite_cannot_read(copy: Path) -> None:
    file = copy / "collection.db"
    content = file.read_bytes()
    named = set()
    for page in range(8192, len(content), 4096):
        file.write_bytes(content[:page] + b"\xff" + content[page + 1 :])
        try:
            named |= {problem.split(";")[0] for problem in report_of(copy).problems}
        except CollectionError as error:
            named.add(str(error).split(";")[0])
        assert any("collection.db" in line for line in named)
        named.clear()


def test_a_document_of_a_huge_number_is_refused_before_memory_is_asked_for(copy: Path) -> None:
    change(copy, "UPDATE documents SET id = 20000000000 WHERE document_id = 'd3'")
    with (
        pytest.raises(CollectionError, match="has a document with the id 20000000000; restore"),
        Searcher.open(copy, ENCODER) as found,
    ):
        found.occurrences("the [bank]")


def test_files_of_a_segment_that_are_not_recorded_name_the_collection(copy: Path) -> None:
    change(copy, "UPDATE segments SET files = 'no json'")
    with (
        pytest.raises(CollectionError, match=r"c\.pol: the files of a segment are not recorded"),
        Searcher.open(copy, ENCODER) as found,
    ):
        found.occurrences("the [bank]")


def test_a_verification_names_a_damaged_database_beside_a_segment_that_cannot_be_opened(copy: Path) -> None:
    (next((copy / "segments").iterdir()) / "tokens.npy").write_bytes(b"")
    change(copy, "UPDATE documents SET title = 'other' WHERE document_id = 'd3'", keep_sums=True)
    with Collection.open(copy, is_checked=False) as collection:
        report = collection.verify()
        documents, sentences, occurrences = report.documents, report.sentences, report.occurrences
    assert (documents, sentences) == (7, 14)
    assert any("collection.db does not have the recorded checksum" in problem for problem in report.problems)
    assert any("tokens.npy" in problem for problem in report.problems)
    assert 0 < occurrences < 14 * 6
