"""The sample collection is complete, and its gold senses name every occurrence of their words exactly once."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from polyseme.indexer.documents import Document, read_documents
from polyseme.indexer.text import Sentence, TextAnalyser

DATA = Path(__file__).parents[2] / "data"
HEADER = "document_id\tstart\tend\tlemma\tsense"
Place = tuple[str, int, int]  # document id, start, end


@dataclass(frozen=True, slots=True)
class Gold:
    place: Place
    lemma: str
    sense: str


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {found.id: found for found in read_documents([DATA / "documents"]) if isinstance(found, Document)}


@pytest.fixture(scope="module")
def gold() -> list[Gold]:
    header, *lines = (DATA / "senses.tsv").read_text(encoding="utf-8").splitlines()
    assert header == HEADER
    rows = [line.split("\t") for line in lines]
    return [Gold((row[0], int(row[1]), int(row[2])), row[3], row[4]) for row in rows]


@pytest.fixture(scope="module")
def sentences(documents: dict[str, Document]) -> dict[str, list[Sentence]]:
    analyser = TextAnalyser("en")
    return {key: list(analyser.sentences(document.text)) for key, document in documents.items()}


def test_every_file_is_read_and_there_are_at_least_60_documents(documents: dict[str, Document]) -> None:
    files = {path.name for path in (DATA / "documents").glob("*.txt")}
    assert set(documents) == files
    assert len(files) >= 60


def test_there_are_at_least_1200_sentences_and_no_two_documents_share_a_long_one(
    documents: dict[str, Document], sentences: dict[str, list[Sentence]]
) -> None:
    texts = [documents[key].text[s.start : s.end] for key, found in sentences.items() for s in found]
    assert len(texts) >= 1200
    long = Counter(text for text in texts if len(text.split()) >= 6)
    assert [text for text, times in long.items() if times > 1] == []


def test_every_document_has_a_title_an_author_a_genre_and_a_year(documents: dict[str, Document]) -> None:
    for document in documents.values():
        assert all(str(document.metadata.get(field, "")).strip() for field in ("title", "author", "genre")), document.id
        assert 1950 <= int(str(document.metadata["year"])) <= 2025, document.id
    assert len({document.metadata["genre"] for document in documents.values()}) >= 6


def test_forty_words_have_two_to_four_senses_with_enough_occurrences_of_each(gold: list[Gold]) -> None:
    senses: dict[str, Counter[str]] = defaultdict(Counter)
    for row in gold:
        senses[row.lemma][row.sense] += 1
    assert len(senses) >= 40
    for lemma, counts in senses.items():
        assert 2 <= len(counts) <= 4, lemma
        assert counts.total() >= 12, lemma
        assert min(counts.values()) >= 4, lemma
    assert min(senses["bank"].values()) >= 15
    assert len(senses["bank"]) == 2


def test_gold_senses_name_every_occurrence_of_their_words_exactly_once(
    gold: list[Gold], sentences: dict[str, list[Sentence]]
) -> None:
    words = {row.lemma for row in gold}
    tokens = {
        (key, token.start, token.end): token.lemma
        for key, found in sentences.items()
        for sentence in found
        for token in sentence.tokens
        if token.lemma in words
    }
    assert Counter(row.place for row in gold).most_common(1)[0][1] == 1
    assert {row.place: row.lemma for row in gold} == tokens
