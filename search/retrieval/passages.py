"""Read the sentences around hits by sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...indexer.collection.queries import documents_by_key, sentences_by_id
from ...indexer.errors import QueryError
from ..context import View
from ..hits import SentenceHit
from .hydrate import DOCUMENTS_AT_ONCE

MOST_NEIGHBOURS = 20
"""Maximum number of sentences that are read on each side of a hit."""


def check_neighbours(neighbours: int) -> None:
    """Refuse a number of neighbours below 0 or above the maximum.

    Raises:
        QueryError: It is outside.
    """
    if not 0 <= neighbours <= MOST_NEIGHBOURS:
        raise QueryError(f"neighbours is {neighbours}; ask for 0 to {MOST_NEIGHBOURS} sentences on each side")


def with_neighbours(view: View, hits: Sequence[SentenceHit], neighbours: int = 1) -> list[SentenceHit]:
    """Return hits with the text of the sentences before and after them in their documents.

    Text between stored sentences, such as a row of asterisks, belongs to what is read. A hit at the beginning of its
    document has an empty `before`, and one at the end an empty `after`.

    Args:
        neighbours: Number of sentences on each side.
    """
    db = view.collection.db
    owners = {key: document for key, document, _, _ in sentences_by_id(db, [hit.sentence_id for hit in hits])}
    around: dict[int, tuple[str, str]] = {}
    keys = sorted(set(owners.values()))
    for first in range(0, len(keys), DOCUMENTS_AT_ONCE):
        for document, _, _, _, text in documents_by_key(db, keys[first : first + DOCUMENTS_AT_ONCE]):
            spans = view.collection.document_sentences(document)
            place = {key: number for number, (key, _, _) in enumerate(spans)}
            for sentence in (key for key, owner in owners.items() if owner == document):
                n = place[sentence]
                _, start, end = spans[n]
                before = spans[max(0, n - neighbours)][1]
                after = spans[min(len(spans) - 1, n + neighbours)][2]
                around[sentence] = (text[before:start].strip(), text[end:after].strip())
    found = []
    for hit in hits:
        before_text, after_text = around.get(hit.sentence_id, ("", ""))
        found.append(replace(hit, before=before_text, after=after_text))
    return found
