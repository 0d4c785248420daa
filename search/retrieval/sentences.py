"""Search by sentence: the sentences nearest in meaning to a text, optionally fused with keyword ranks."""

from __future__ import annotations

import numpy as np

from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Array, Ids
from ...indexer.vectors.rows import scan
from ..context import View, check_k
from ..hits import HitList, Match, SentenceHit
from .exact import nearest_sentences
from .hydrate import sentence_hits
from .keywords import keyword_ranks
from .ranking import Ranked, fuse

HYBRID_CANDIDATES = 200
"""Number of sentences that each of the two rankings contributes to the fusion."""


def find_sentences(view: View, text: str, k: int, hybrid: bool) -> HitList[SentenceHit]:
    """Find the k sentences nearest in meaning to a text. See `Searcher.sentences`."""
    check_k(k)
    tokens = view.analyser.tokens(text)
    if not any(token.text.strip() for token in tokens):
        raise QueryError("the query is empty; type a sentence")
    vector = view.encode(tokens).sentence
    best = nearest_sentences(view.scope, vector, max(k, HYBRID_CANDIDATES) if hybrid else k)
    if hybrid:
        ids = fuse([best.ids, keyword_ranks(view, text, HYBRID_CANDIDATES)], k)
        best = Ranked(ids, sentence_scores(view, ids, vector))
    return HitList(sentence_hits(view.collection, best), Match.SENTENCE)


def sentence_scores(view: View, ids: Ids, vector: Array) -> Array:
    """Return the cosine of stored sentences with a unit vector (e,).  (n,) -> (n,)"""
    scores = np.zeros(len(ids), np.float32)
    for n, key in enumerate(ids.tolist()):
        for segment in view.snapshot.segments.values():
            row = segment.sentence_row(key)
            if row is not None:
                scores[n] = scan(segment.sentences, vector, np.array([row]))[0]
    return scores
