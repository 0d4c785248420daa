"""Neighbours of hits by sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.search.searcher import Searcher

SENTENCES = ["The boat left the harbour.", "A storm came.", "The crew mended a sail.", "Then they slept."]


def test_neighbours_are_the_sentences_around_a_hit_in_its_document(tmp_path: Path) -> None:
    documents = [Document("a", "  ".join(SENTENCES)), Document("b", "A lone sentence is here.")]
    build(tmp_path / "c.pol", documents, model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        assert {(hit.before, hit.after) for hit in searcher.sentences("storm", k=9)} == {("", "")}
        for width in (1, 2, 20):
            hits = searcher.sentences("The storm came", k=9, neighbours=width)
            assert len(hits) == 5
            for hit in hits:
                own = SENTENCES if hit.document_id == "a" else [hit.sentence]
                place = own.index(hit.sentence)
                assert hit.before == "  ".join(own[max(0, place - width) : place])
                assert hit.after == "  ".join(own[place + 1 : place + 1 + width])
        for wrong in (-1, 21):
            with pytest.raises(QueryError, match=f"neighbours is {wrong}; ask for 0 to 20 sentences on each side"):
                searcher.sentences("storm", neighbours=wrong)
