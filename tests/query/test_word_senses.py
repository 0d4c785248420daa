"""The order by words finds the sense that a query means, in the sample documents with their judged senses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from polyseme.indexer.build import build
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.gold.judgements import read_gold
from polyseme.search.hits import Order, SentenceHit
from polyseme.search.searcher import Searcher

DATA = Path(__file__).parents[2] / "data"
QUERIES = [
    ("He waited at the bank of the stream.", "bank", "river"),
    ("She asked the bank for a loan.", "bank", "money"),
    ("The dog's bark woke the neighbours.", "bark", "dog"),
    ("Moss grew on the bark of the old oak.", "bark", "tree"),
    ("The archer drew his bow.", "bow", "weapon"),
    ("Waves broke over the bow of the ship.", "bow", "ship"),
    ("The prisoner sat alone in his cell.", "cell", "prison"),
    ("There is no charge for delivery.", "charge", "price"),
    ("The crane nested in the marsh.", "crane", "bird"),
    ("The crane lifted a container onto the ship.", "crane", "machine"),
    ("She spread jam on her toast.", "jam", "food"),
    ("We sat in a jam on the motorway.", "jam", "traffic"),
    ("He posted the letter yesterday.", "letter", "mail"),
    ("He struck a match to light the fire.", "match", "fire"),
    ("They lost the match by two goals.", "match", "game"),
    ("The cat caught a mouse.", "mouse", "animal"),
    ("Click with the left button of the mouse.", "mouse", "device"),
    ("The teacher praised her pupil.", "pupil", "student"),
    ("The pupil of the eye widened.", "pupil", "eye"),
    ("She wrote the program in Python.", "python", "language"),
    ("They drank from the spring in the hills.", "spring", "water"),
    ("A coiled spring drives the clock.", "spring", "coil"),
    ("Take one tablet with water after meals.", "tablet", "pill"),
    ("An inscription was carved on the tablet.", "tablet", "stone"),
    ("The elephant lifted its trunk.", "trunk", "elephant"),
    ("Ivy climbed the trunk of the oak.", "trunk", "tree"),
]
"""Query, its ambiguous word, and the sense that it means."""
Senses = dict[str, list[tuple[int, str, str]]]
"""Start, lemma and sense of the judged words of each document."""


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory, default_encoder: ElmoEncoder) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("senses") / "sample.pol"
    build(path, [DATA / "documents"], model=default_encoder)
    with Searcher.open(path, default_encoder) as opened:
        yield opened


@pytest.fixture(scope="module")
def senses() -> Senses:
    found: Senses = {}
    for row in read_gold(DATA / "senses.tsv"):
        document, start = row.place[:2]
        found.setdefault(document, []).append((start, row.lemma, row.sense))
    return found


def senses_in(hit: SentenceHit, lemma: str, senses: Senses) -> set[str]:
    """Return the senses that a word has in a hit. It is empty if the hit does not have it."""
    end = hit.sentence_start + len(hit.sentence)
    rows = senses.get(hit.document_id, [])
    return {sense for start, word, sense in rows if word == lemma and hit.sentence_start <= start < end}


def test_the_right_sense_comes_before_the_wrong_ones(searcher: Searcher, senses: Senses) -> None:
    firsts, shares = [], []
    for text, lemma, sense in QUERIES:
        hits = searcher.sentences(text, 400, order=Order.WORDS)
        held = [found for hit in hits if (found := senses_in(hit, lemma, senses))]
        is_right = np.array([sense in found for found in held])
        right, wrong = np.flatnonzero(is_right), np.flatnonzero(~is_right)
        assert len(right), text
        firsts.append(bool(is_right[0]))
        shares += [float((right[:, None] < wrong).mean())] if len(wrong) else []
    assert np.mean(firsts) >= 0.8
    assert np.mean(shares) >= 0.77


def test_the_bank_of_a_stream_is_no_lender(searcher: Searcher, senses: Senses) -> None:
    hits = searcher.sentences("He waited at the bank of the stream", 12, order=Order.WORDS)
    found = [senses_in(hit, "bank", senses) for hit in hits]
    assert found[0] == found[1] == {"river"}
    assert sum("river" in each for each in found) >= 5
    assert not any("money" in each for each in found)
    assert not any("lender" in hit.sentence.lower() for hit in hits)


def test_the_bank_of_a_loan_is_no_shore(searcher: Searcher, senses: Senses) -> None:
    hits = searcher.sentences("She asked the bank for a loan", 11, order=Order.WORDS)
    found = [senses_in(hit, "bank", senses) for hit in hits]
    assert sum("money" in each for each in found) >= 9
    assert not any("river" in each for each in found)
