"""Find the rows of lines for filters: those of named and edited senses, and those with an annotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ...indexer.collection.judgements import (
    Annotation,
    Field,
    JudgedSense,
    log_length,
    occurrences_with,
    read_senses,
)
from ...indexer.collection.queries import types_of_occurrences
from ...indexer.vectors.arrays import Ids
from ..context import View
from ..hits import Match
from ..query.filters import Condition, Operator
from ..senses.dictionary import SEPARATOR, sense_rows
from ..senses.named import marked_sense, own_rows, read_named_sense

Rows = Mapping[int, Ids]
"""Token rows by segment key."""


class CachedSenseRows:
    """Rows of the occurrences of each named or edited sense, cached until the collection or a judgement changes."""

    def __init__(self) -> None:
        self._rows: dict[str, Rows] = {}
        self._state = (-1, -1)

    def __call__(self, view: View, name: str) -> Rows:
        """Return the live rows of a sense, by segment key, inside the view's filters or not.

        Raises:
            QueryError: There is no sense of that name, or it does not fit the collection.
        """
        state = view.snapshot.generation, log_length(view.collection.db)
        if self._state != state:
            self._rows, self._state = {}, state
        if name not in self._rows:
            self._rows[name] = rows_of_name(view, name)
        return self._rows[name]


def rows_of_name(view: View, name: str) -> Rows:
    """Return the live rows of a named sense, of edited senses, or of a sense of a dictionary (`DICTIONARY/ID`).

    What a person has judged is never overruled. Lines that were given the sense belong to it. Lines that were given
    another sense of the word do not. The other lines of the word follow, by the judged ones.

    Raises:
        QueryError: There is no such sense, or it does not fit the collection.
    """
    whole, senses = view.unfiltered(), read_senses(view.collection.db)
    is_named = name in view.collection.named_senses()
    own = [sense for sense in senses if sense.name == name]
    if not own and not is_named and SEPARATOR in name:
        return sense_rows(view, name)
    found: dict[int, Ids] = {}
    words = {sense.word for sense in own}
    if is_named or not own:
        named = read_named_sense(view, name)
        words.add(named.word)
        found = {item.segment.key: item.rows for item in own_rows(whole, named, named.match)}
    for sense in own:
        _join(found, _rows_that_follow(whole, sense, [each for each in senses if each.word == sense.word]))
    rivals = [key for each in senses if each.word in words and each.name != name for key in each.lines]
    if rivals:
        excluded = rows_of_ids(whole, rivals)
        found = {key: np.setdiff1d(rows, excluded.get(key, rows[:0])) for key, rows in found.items()}
    _join(found, rows_of_ids(whole, [key for sense in own for key in sense.lines]))
    return found


def _rows_that_follow(view: View, sense: JudgedSense, senses: list[JudgedSense]) -> Rows:
    """Return the rows of a word that are near enough to the judged lines of a sense, and nearer than to the others."""
    if not sense.lines:
        return {}
    rivals = [each.lines for each in senses if each.number != sense.number and each.lines]
    made = marked_sense(view, sense.name, sense.word, sense.lines, rivals)
    return {item.segment.key: item.rows for item in own_rows(view, made, Match.LEMMA)}


def _join(found: dict[int, Ids], more: Rows) -> None:
    for key, rows in more.items():
        found[key] = np.union1d(found.get(key, rows[:0]), rows)


def rows_of_ids(view: View, ids: list[int]) -> dict[int, Ids]:
    """Return the live rows of some occurrences, by segment key."""
    if not ids:
        return {}
    types = sorted(types_of_occurrences(view.collection.db, ids))
    wanted = np.array(sorted(ids), np.int64)
    return {item.segment.key: item.rows[np.isin(item.ids, wanted)] for item in view.unfiltered().rows(types)}


def annotated_rows(view: View, condition: Condition) -> Rows:
    """Return the rows of the lines for which a condition such as `annotation.mark=+` holds, or `!=` does not.

    Each condition is about one annotation of a line. A note fits if it contains the text.
    """
    name = condition.field.partition(".")[2]
    fits = Condition(condition.field, Operator.ONE_OF, condition.values).holds
    if condition.operator is Operator.RANGE:
        fits = condition.holds
    value: Callable[[Annotation], str] = lambda said: str(getattr(said, name))  # noqa: E731
    if name == Field.NOTE and condition.operator is not Operator.RANGE:
        parts = [part.casefold() for part in condition.values if part]
        return _rows_with(view, lambda said: any(part in said.note.casefold() for part in parts))
    return _rows_with(view, lambda said: bool(value(said)) and fits(value(said)))


def _rows_with(view: View, fits: Callable[[Annotation], bool]) -> Rows:
    return rows_of_ids(view, occurrences_with(view.collection.db, fits))
