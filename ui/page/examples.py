"""Queries to begin with, out of the collection itself: a sentence, and words that have several senses in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np

from ...indexer.collection.queries import lemma_frequencies
from ...indexer.text.analyser import TokenKind
from ...indexer.vectors.arrays import Array
from ...search.query.target import write_query
from ...search.searcher import Searcher

EXAMPLES = 4
SHORTEST, LONGEST = 30, 90
"""Characters of a sentence of handy length."""
_TRIED = 40
_WORDS = 24
_RARE = 0.93
"""Rarity, as the length of `word_topics` tells it, from which a word is one that people look up."""


def examples(searcher: Searcher) -> tuple[str, ...]:
    """A sentence first, then sentences with a word in brackets; fewer where the collection is too small for them."""
    first, *others = list(_sentences(searcher)) or [""]
    words = chain(_of_several_senses(searcher), (_with_word(searcher, text) for text in others))
    return tuple(filter(None, (write_query(first), *islice(words, EXAMPLES - 1))))


def _of_several_senses(searcher: Searcher) -> Iterator[str]:
    """The most central line of handy length of the largest sense of each word that falls apart clearly."""
    found = searcher.ambiguous_lemmas(_WORDS)
    lemmas = telling_first(found, searcher.encoder.word_topics(found))
    for lemma in lemmas:
        lines = searcher.sense_occurrences(searcher.senses(lemma), 1)
        handy = (hit for hit, _ in lines if _is_handy(hit.sentence))
        yield from (write_query(hit.sentence, hit.start, hit.end) for hit in islice(handy, 1))


def telling_first(lemmas: Sequence[str], topics: Array | None) -> list[str]:
    """The words again, those that are not common first: *back* and *take* fall apart too, into uses nobody asks for.

    topics: (n, d), as `Encoder.word_topics`, longer for rarer words.
    """
    if topics is None:
        return list(lemmas)
    common = np.linalg.norm(topics, axis=1) < _RARE  # (n,)
    return [lemmas[place] for place in np.argsort(common, kind="stable")]


def _sentences(searcher: Searcher) -> Iterator[str]:
    """A sentence of handy length out of each of some documents that lie far apart."""
    collection = searcher.collection
    documents = list(collection.documents())
    for document in documents[:: max(1, len(documents) // EXAMPLES)]:
        _, text = collection.document(document.document_id)
        spans = collection.document_sentences(document.key)
        near_middle = spans[len(spans) // 2 :][:_TRIED]
        yield from islice(filter(_is_handy, (text[start:end] for _, start, end in near_middle)), 1)


def _is_handy(sentence: str) -> bool:
    return SHORTEST <= len(sentence) <= LONGEST and sentence[0].isalnum() and "\n" not in sentence


def _with_word(searcher: Searcher, sentence: str) -> str:
    """The sentence as a query for that content word of it which the collection holds most often."""
    tokens = [token for token in searcher.analyser.tokens(sentence) if token.kind is TokenKind.WORD]
    frequencies = lemma_frequencies(searcher.collection.db, sorted({token.lemma for token in tokens}))
    sizes = [frequencies.get(token.lemma, 0) for token in tokens]
    if not any(sizes):
        return write_query(sentence)
    word = tokens[sizes.index(max(sizes))]
    return write_query(sentence, word.start, word.end)
