"""Explain a hit by sentence: which of its words meet which words of the query."""

from __future__ import annotations

import numpy as np

from ..indexer.collection.queries import live_sentences
from ..indexer.errors import QueryError
from .context import View
from .hits import Meeting, SentenceHit
from .query.sentence import parse_sentence
from .retrieval.meetings import meetings_of


def explain_sentence(view: View, hit: SentenceHit, text: str) -> tuple[Meeting, ...]:
    """Return the meetings of a hit's words with those of a query in any order of hits. See `Searcher.explain`.

    Raises:
        QueryError: The query is empty or too long, or the hit's sentence is no longer in the collection.
    """
    tokens = view.analyser.tokens(parse_sentence(text).text)
    if not live_sentences(view.collection.db, [hit.sentence_id]):
        raise QueryError(f"sentence {hit.sentence_id} is no longer in {view.collection.path}; search again")
    if not tokens:
        return ()
    vectors = view.encode.elmo(tokens)
    (found,) = meetings_of(view, view.tagged(tokens, vectors), vectors.tokens, np.array([hit.sentence_id], np.int64))
    return tuple(each.within(hit.sentence) for each in found)
