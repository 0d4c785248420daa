"""Read hits by the ids of their occurrences or sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...indexer.collection.queries import live_occurrences, live_sentences
from ...indexer.errors import QueryError
from ..context import SAME_WORD, View, parse_option
from ..hits import HitList, Match, OccurrenceHit, SentenceHit
from .hydrate import occurrence_hits, sentence_hits
from .ranking import Ranked

_LARGEST_ID = 2**63 - 1


def hits_by_id(view: View, ids: Sequence[int]) -> list[OccurrenceHit]:
    """Read occurrences by their ids, in the order given, each with score 1.

    Raises:
        QueryError: The collection has no live occurrence of that id.
    """
    missing = sorted(set(ids) - live_occurrences(view.collection.db, _possible(ids)))
    if missing:
        raise QueryError(f"{view.collection.path} has no occurrence {missing[0]}; search again for its number")
    best = Ranked(np.array(ids, np.int64), np.ones(len(ids), np.float32))
    return occurrence_hits(view.collection, best)


def all_lines(view: View, word: str, match: str) -> HitList[OccurrenceHit]:
    """Read all lines of a word inside the filters. See `Searcher.lines`."""
    wanted = parse_option(Match, match, "match", SAME_WORD)
    _, rows = view.require_word(word, wanted)
    ids = np.sort(np.concatenate([item.ids for item in rows]))
    return HitList(occurrence_hits(view.collection, Ranked(ids, np.ones(len(ids), np.float32))), wanted)


def live_occurrence_hits(view: View, ids: Sequence[int]) -> list[OccurrenceHit]:
    """Read the occurrences among some ids that still exist, in the order of their ids, each with score 0."""
    keys = sorted(live_occurrences(view.collection.db, _possible(ids)))
    return occurrence_hits(view.collection, _unscored(keys))


def live_sentence_hits(view: View, ids: Sequence[int]) -> list[SentenceHit]:
    """Read the sentences among some ids that still exist, in the order of their ids, each with score 0."""
    return sentence_hits(view.collection, _unscored(live_sentences(view.collection.db, _possible(ids))))


def _possible(ids: Sequence[int]) -> list[int]:
    """Return the ids that SQLite can hold. It raises an error for others."""
    return [key for key in ids if 0 <= key <= _LARGEST_ID]


def _unscored(keys: Sequence[int]) -> Ranked:
    return Ranked(np.array(keys, np.int64), np.zeros(len(keys), np.float32))
