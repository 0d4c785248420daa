"""Choose example queries from the collection: a sentence, and words that have several senses in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np

from ...indexer.text import TokenKind
from ...indexer.vectors.arrays import Array
from ...search.query.target import write_query
from ...search.searcher import Searcher

EXAMPLES = 4
"""Number of example queries."""
MIN_LENGTH, MAX_LENGTH = 30, 90
"""Length of an example sentence, in characters."""
_TRIED = 40
"""Maximum number of sentences of a document that are considered."""
_WORDS = 24
"""Number of ambiguous words that are considered."""
_RARE = 0.93
"""Minimum norm of a word's topic vector, a measure of rarity, for a word that people look up."""


def find_examples(searcher: Searcher) -> tuple[str, ...]:
    """Return a sentence, then sentences with a word in brackets. A small collection has fewer."""
    first, *others = list(_sentences(searcher)) or [""]
    words = chain(_of_several_senses(searcher), (_with_word(searcher, text) for text in others))
    return tuple(filter(None, (write_query(first), *islice(words, EXAMPLES - 1))))


def _of_several_senses(searcher: Searcher) -> Iterator[str]:
    """Yield for each clearly ambiguous word the most central line of its largest sense with a suitable length."""
    found = searcher.ambiguous_lemmas(_WORDS)
    lemmas = rare_first(found, searcher.encoder.word_topics(found))
    for lemma in lemmas:
        lines = searcher.sense_occurrences(searcher.senses(lemma), 1)
        suitable = (hit for hit, _ in lines if _is_suitable(hit.sentence))
        yield from (write_query(hit.sentence, hit.start, hit.end) for hit in islice(suitable, 1))


def rare_first(lemmas: Sequence[str], topics: Array | None) -> list[str]:
    """Return the words with common ones last. *back* and *take* are ambiguous too, but rarely looked up.

    Args:
        topics: Topic vectors of the words from `Encoder.word_topics`, with greater norms for rarer words.  (n, d)
    """
    if topics is None:
        return list(lemmas)
    common = np.linalg.norm(topics, axis=1) < _RARE  # (n,)
    return [lemmas[place] for place in np.argsort(common, kind="stable")]


def _sentences(searcher: Searcher) -> Iterator[str]:
    """Yield a sentence of suitable length from each of some documents, spread over the collection."""
    collection = searcher.collection
    documents = list(collection.documents())
    for document in documents[:: max(1, len(documents) // EXAMPLES)]:
        _, text = collection.document(document.document_id)
        spans = collection.document_sentences(document.key)
        near_middle = spans[len(spans) // 2 :][:_TRIED]
        yield from islice(filter(_is_suitable, (text[start:end] for _, start, end in near_middle)), 1)


def _is_suitable(sentence: str) -> bool:
    return MIN_LENGTH <= len(sentence) <= MAX_LENGTH and sentence[0].isalnum() and "\n" not in sentence


def _with_word(searcher: Searcher, sentence: str) -> str:
    """Return the sentence as a query for its content word with the most occurrences in the collection."""
    tokens = [token for token in searcher.analyser.tokens(sentence) if token.kind is TokenKind.WORD]
    frequencies = searcher.lemma_frequencies(sorted({token.lemma for token in tokens}))
    sizes = [frequencies.get(token.lemma, 0) for token in tokens]
    if not any(sizes):
        return write_query(sentence)
    word = tokens[sizes.index(max(sizes))]
    return write_query(sentence, word.start, word.end)
