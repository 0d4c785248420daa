"""Questions about the occurrences of a sense inventory: list, filter, map and extend them to other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...indexer.collection.queries import live_occurrences
from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Array, Ids, unit
from ..context import View, check_k
from ..hits import HitList, Match, OccurrenceHit
from ..query.scope import Members, Scope
from ..retrieval.any_word import nearest_any
from ..retrieval.ranking import Ranked
from .inventory import SenseInventory
from .projection import project


@dataclass(frozen=True, slots=True)
class LiveMembers:
    """Occurrences of an inventory that are still in the collection.

    Attributes:
        ids: Occurrence ids (n,).
        numbers: Number of each one's sense from 1, 0 if it fits none (n,).
        vectors: Stored unit vectors (n, d).
    """

    ids: Ids
    numbers: Ids
    vectors: Array


def live_members(view: View, inventory: SenseInventory) -> LiveMembers:
    """Read the occurrences of an inventory that are still in the collection, inside the filters or not.

    Raises:
        QueryError: All of them have been removed.
    """
    ids = np.array(sorted(live_occurrences(view.collection.db, list(inventory.assignments))), np.int64)
    if not len(ids):
        raise QueryError(f"all occurrences of {inventory.word!r} were removed; look up its senses again")
    numbers = np.array([inventory.assignments[key] or 0 for key in ids.tolist()], np.int64)
    return LiveMembers(ids, numbers, view.vectors(ids))


def sense_occurrences(
    view: View, inventory: SenseInventory, number: int | Literal["none"] | None
) -> list[tuple[OccurrenceHit, int | None]]:
    """List occurrences with the numbers of their senses. See `Searcher.sense_occurrences`."""
    lengths = _mean_lengths(inventory)
    if number is None:
        wanted = list(inventory.assignments)
    else:
        chosen = None if number == "none" else check_number(inventory, number)
        wanted = [key for key, sense in inventory.assignments.items() if sense == chosen]
    live = live_occurrences(view.collection.db, wanted)
    order = sorted(live, key=lambda key: (inventory.assignments[key] or 0, -inventory.scores[key], key))
    scores = np.array([inventory.scores[key] for key in order], np.float32)
    mean_length = np.array([lengths[inventory.assignments[key]] for key in order], np.float32)
    hits = view.hits(Ranked(np.array(order, np.int64), scores), inventory.match, mean_length=mean_length)
    return [(hit, inventory.assignments[hit.occurrence_id]) for hit in hits]


def _mean_lengths(inventory: SenseInventory) -> dict[int | None, float]:
    """Return the length of each sense's mean vector, which equals the mean score of its occurrences.

    For occurrences that fit no sense (None) it is the mean over all senses.
    """
    found: dict[int | None, float] = dict.fromkeys([sense.number for sense in inventory.senses], 0.0)
    for key, number in inventory.assignments.items():
        if number is not None:
            found[number] += inventory.scores[key] / inventory.senses[number - 1].size
    return found | {None: sum(found.values()) / max(len(found), 1)}


def other_words(view: View, inventory: SenseInventory, number: int, k: int) -> HitList[OccurrenceHit]:
    """Find the occurrences of other words nearest to a sense. See `Searcher.same_sense_other_words`."""
    check_k(k)
    check_number(inventory, number)
    members = live_members(view, inventory)
    mean = members.vectors[members.numbers == number].mean(axis=0)  # (d,)
    identity = view.encode.vectoriser.words([inventory.word])[0]  # (p,)
    own = view.unfiltered().rows(view.types(inventory.word, inventory.match))
    excluded = Members({item.segment.key: item.rows for item in own}, excluding=True)
    scope = Scope(view.snapshot, view.scope.documents, (*view.scope.senses, excluded))
    best = nearest_any(view.collection, scope, unit(mean), identity, k)
    return view.hits(best, Match.ANY, mean_length=float(np.linalg.norm(mean)))


def members_inside(view: View, inventory: SenseInventory) -> frozenset[int]:
    """Return the ids of an inventory's occurrences inside the filters."""
    rows = view.rows(view.types(inventory.word, inventory.match))
    return frozenset(key for item in rows for key in item.ids.tolist() if key in inventory.assignments)


def project_occurrences(view: View, source: SenseInventory | Sequence[OccurrenceHit], method: str) -> Array:
    """Project the vectors of occurrences to two dimensions. See `Searcher.project`.  -> (n, 2)"""
    ids = list(source.assignments) if isinstance(source, SenseInventory) else [hit.occurrence_id for hit in source]
    return project(view.vectors(np.array(ids, np.int64)), method)


def check_number(inventory: SenseInventory, number: int) -> int:
    """Return the number of a sense.

    Raises:
        QueryError: The inventory has no sense of this number.
    """
    if number not in range(1, len(inventory.senses) + 1):
        raise QueryError(f"{inventory.word!r} has senses 1 to {len(inventory.senses)}, not {number}; choose one")
    return number
