"""Sentences in capitals are read as if they were written in small letters. What is stored and shown stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo.bundled import english_counts
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.text import TextAnalyser, TokenKind
from polyseme.indexer.text.recasing import UsualForms, in_plain_letters, is_in_capitals, recased
from polyseme.indexer.vectorise import SentenceVectors, as_read, raw_vectors
from polyseme.search.searcher import Searcher

ENGLISH = TextAnalyser()
COUNTS = {
    "the": 90,
    "The": 30,
    "bank": 9,
    "Bank": 7,
    "london": 1,
    "London": 50,
    "NATO": 8,
    "i": 2,
    "I": 60,
    "mcdonald": 0,
}
USUAL = UsualForms({**COUNTS, "McDonald": 4, "Mr": 9, "p.m.": 5, "P.M.": 1, "however": 5, "However": 9, "n't": 40})


def words(text: str) -> list[str]:
    return [token.text for token in ENGLISH.tokens(text)]


@pytest.mark.parametrize(
    "text",
    [
        "THE BANK",
        "SHE SAT ON THE RIVER BANK.",
        "BANK RAISES RATES BY 2 % -- LONDON",
        "ARRIVED SAFELY STOP SEND MONEY STOP",
        "A BANK",
        "PRESIDENT McKINLEY IS DEAD",
        "THE 21st REGIMENT",
        "DIE STRAẞE IST LANG",
        "Η ΤΡΆΠΕΖΑ ΕΊΝΑΙ ΚΛΕΙΣΤΉ",
    ],
)
def test_a_sentence_without_small_letters_is_in_capitals(text: str) -> None:
    assert is_in_capitals(words(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NATO",
        "IBM 360",
        "1914 - 1918",
        "A B C",
        "The BANK",
        "THE BANK and the river",
        "NHK と BBC が",
        "ה BBC ו CNN",
        "iPHONE SALES",
        "5 * 3",
    ],
)
def test_acronyms_and_other_text_are_not(text: str) -> None:
    assert not is_in_capitals(words(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("THE BANK OF LONDON", "The bank of London"),
        ("I SAW NATO AND LONDON .", "I saw NATO and London ."),
        ('" HOWEVER , THE BANK', '" However , the bank'),
        ("BANK , HOWEVER , CLOSED", "Bank , however , closed"),
        ("MR. MCDONALD LEFT AT 5 P.M.", "Mr. McDonald left at 5 p.m."),
        ("LONDON-BANK DO N'T", "London-bank do n't"),
        ("CHAPTER XIV OF B52 AND Q", "Chapter XIV of B52 and Q"),
        ("U.K. BANK", "U.K. bank"),
        ("HALWICK OF ẞTRA", "Halwick of ßtra"),
    ],
)
def test_the_counts_say_which_capitals_stay(text: str, expected: str) -> None:
    assert " ".join(recased(text.split(), USUAL)) == expected


@given(st.lists(st.text(min_size=1)))
def test_recasing_keeps_every_token_and_its_letters(tokens: list[str]) -> None:
    found = recased(tokens, USUAL)
    assert [token.upper() for token in found] == [token.lower().upper() for token in tokens] or [
        token.casefold() for token in found
    ] == [token.casefold() for token in tokens]
    assert len(found) == len(tokens)


@given(st.lists(st.text(min_size=1)))
def test_no_token_becomes_empty(tokens: list[str]) -> None:
    assert all(in_plain_letters(tokens))


def test_most_words_of_the_sample_documents_get_their_letters_back() -> None:
    usual = UsualForms(english_counts().counts)
    folder = Path(__file__).parents[2] / "data" / "documents"
    right = total = 0
    for path in sorted(folder.glob("*.txt"))[:20]:
        for sentence in ENGLISH.sentences(path.read_text(encoding="utf-8")):
            tokens = [token.text for token in sentence.tokens]
            again = recased([token.upper() for token in tokens], usual)
            pairs = [(a, b) for a, b in zip(tokens, again, strict=True) if a.isalpha()]
            right += sum(a == b for a, b in pairs)
            total += len(pairs)
    assert right / total > 0.95


CAPITALS = "THE BANK OF THE RIVER NEAR LONDON WAS MUDDY, SO I WALKED."
USUAL_LETTERS = "The bank of the river near London was muddy, so I walked."


def encoded_alone(encoder: ElmoEncoder, text: str) -> SentenceVectors:
    """Return the vectors of a sentence in a batch of its own. Two rows of one batch may be rounded differently."""
    (found,) = raw_vectors(encoder, Layer.SENSE, [words(text)])
    return found


def test_a_sentence_in_capitals_has_the_vectors_of_the_usual_letters(default_encoder: ElmoEncoder) -> None:
    one, other = encoded_alone(default_encoder, CAPITALS), encoded_alone(default_encoder, USUAL_LETTERS)
    assert as_read(default_encoder, [words(CAPITALS)]) == [words(USUAL_LETTERS)]
    assert np.array_equal(one.tokens, other.tokens)
    assert np.array_equal(one.sentence, other.sentence)


def test_old_letters_have_the_vectors_of_the_present_ones(default_encoder: ElmoEncoder) -> None:
    old, new = "He ſat on the co\u00adzy ﬁreside cafe\u0301.", "He sat on the cozy fireside café."
    one, other = encoded_alone(default_encoder, old), encoded_alone(default_encoder, new)
    assert np.array_equal(one.tokens, other.tokens)


def test_documents_and_queries_in_capitals_are_read_the_same(tmp_path: Path, default_encoder: ElmoEncoder) -> None:
    documents = [
        Document("river", "THEY SAT ON THE RIVER BANK AND FISHED."),
        Document("mud", "THE MUDDY BANK OF THE STREAM GAVE WAY UNDER THE CATTLE."),
        Document("loan", "The bank raised its interest rate for loans."),
        Document("cheque", "She paid the cheque into her account at the bank."),
    ]
    build(tmp_path / "c.pol", documents, BuildConfig(), model=default_encoder)
    with Searcher.open(tmp_path / "c.pol", default_encoder) as searcher:
        small = searcher.occurrences("She sat on the river [bank] and watched the boats.")
        capitals = searcher.occurrences("SHE SAT ON THE RIVER [BANK] AND WATCHED THE BOATS.")
        assert {hit.document_id for hit in small[:2]} == {"river", "mud"}
        assert [(hit.document_id, hit.score) for hit in small] == [(hit.document_id, hit.score) for hit in capitals]
        shown = next(hit for hit in small if hit.document_id == "river")
        assert (shown.sentence, shown.token, shown.lemma) == (documents[0].text, "BANK", "bank")
        shares = searcher.explain(shown, "She sat on the river [bank] and watched the boats.")
        assert next(word.token for word in shares.words) in ("RIVER", "FISHED", "SAT")


def test_words_in_capitals_have_the_usual_lemmas_and_kinds() -> None:
    tokens = ENGLISH.tokens("WHO TOOK IT FROM THE BANKS STOP WIRE MONEY TO US STOP")
    assert {token.text: token.lemma for token in tokens}["BANKS"] == "bank"
    kinds = {token.text: token.kind for token in tokens}
    assert (kinds["WHO"], kinds["IT"], kinds["US"]) == (TokenKind.FUNCTION, TokenKind.FUNCTION, TokenKind.WORD)
    assert {token.text: token.kind for token in ENGLISH.tokens("The WHO has IT staff.")}["IT"] is TokenKind.WORD


def test_other_encoders_are_given_the_same_letters(tmp_path: Path) -> None:
    (read,) = as_read(FakeEncoder(), [words("THE BANK CLOSED")])
    assert read == ["The", "bank", "closed"]
