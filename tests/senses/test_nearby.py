"""The words near occurrences are the same from the stored tokens as from the text of their sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from polyseme.indexer.build import build
from polyseme.indexer.collection.stored_tokens import StoredTokens
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.errors import QueryError
from polyseme.indexer.text import TokenKind
from polyseme.search.retrieval.hydrate import occurrence_hits
from polyseme.search.retrieval.ranking import Ranked
from polyseme.search.searcher import Searcher
from polyseme.search.senses.inventory import arrange_word
from polyseme.search.senses.nearby import COLLOCATE_REACH, LABEL_REACH, NearbyWords, read_lines
from polyseme.search.senses.phrases import phrases_of

TEXTS = [
    "Bank.",
    "The bank, the bank: a BANK! We left the river bank at 9 p.m. and went home.",
    "In charge of the bank was Dr. X, who (they say) paid 3,000 euros for the big bank of the far north.",
    " ".join(f"word{n}" for n in range(30)) + " bank " + " ".join(f"river{n}" for n in range(30)) + ".",
    "“Banks” lend; the savings bank lends most. It’s a bank\nwith “good” rates, isn’t it?",
]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory, default_encoder: ElmoEncoder) -> Searcher:
    path = tmp_path_factory.mktemp("nearby") / "c.pol"
    for batch in (TEXTS[:2], TEXTS[2:]):  # two segments
        documents = [Document(text[:12], text * 2) for text in batch]
        build(path, documents, model=default_encoder)
    return Searcher.open(path, default_encoder)


@pytest.mark.parametrize(
    ("word", "match"), [("bank", "lemma"), ("banks", "form"), ("river", "lemma"), ("big", "lemma")]
)
def test_stored_tokens_give_the_lines_of_the_text(searcher: Searcher, word: str, match: str) -> None:
    with searcher._view() as view:
        arranged = arrange_word(view, word, match)
        places = arranged.nearby.places
        assert places is not None
        assert places.ids.tolist() == sorted(arranged.ids.tolist())
        found = read_lines(view, arranged.ids, arranged.nearby)
        from_text = NearbyWords()
        for line, other in zip(found, read_lines(view, arranged.ids, from_text), strict=True):
            assert (line.wide, line.narrow) == (other.wide, other.narrow)
        stored = StoredTokens(view.snapshot.segments.values(), view.collection.words())
        nothing = np.zeros(len(arranged.ids), np.float32)
        for hit, line in zip(occurrence_hits(view.collection, Ranked(arranged.ids, nothing)), found, strict=True):
            tokens = view.tokens(hit)
            near = [
                (abs(n - hit.position), token.lemma)
                for n, token in enumerate(tokens)
                if token.kind is TokenKind.WORD and token.lemma != hit.lemma and len(token.lemma) > 1
            ]
            assert list(line.wide) == [lemma for gap, lemma in near if gap <= LABEL_REACH]
            assert list(line.narrow) == [lemma for gap, lemma in near if gap <= COLLOCATE_REACH]
            words = [item for _, item in stored.of_sentence(hit.sentence_id) or ()]
            assert list(line.phrases) == phrases_of(words, hit.position)


def test_what_was_read_is_not_read_again(searcher: Searcher) -> None:
    with searcher._view() as view:
        arranged = arrange_word(view, "bank", "lemma")
        known = arranged.nearby
        first = read_lines(view, arranged.ids[:3], known)
        counts = dict(known.nouns)
        assert read_lines(view, arranged.ids[:3], known) == first
        assert known.nouns == counts
        read_lines(view, arranged.ids, known)
        assert sum(total for _, total in known.nouns.values()) > sum(total for _, total in counts.values())


def test_a_word_is_arranged_again_after_compaction(tmp_path: Path, default_encoder: ElmoEncoder) -> None:
    path = tmp_path / "c.pol"
    build(path, [Document(f"d{n}", text) for n, text in enumerate(TEXTS)], model=default_encoder)
    with Searcher.open(path, default_encoder) as searcher:
        arranged = searcher.arrange("bank")
        searcher.collection.remove(["d1"])
        searcher.collection.compact()
        with pytest.raises(QueryError, match="arrange it again"):
            searcher.cut(arranged)
        assert len(searcher.cut(searcher.arrange("bank")).assignments) < len(arranged.ids)
