"""Collect what is known about the senses of a word: named senses, and lines that share a sense.

Known senses are held fixed, and the other occurrences are grouped around them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.judgements import JudgedSense
from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Array, Ids
from ..context import View
from .named import read_named_sense
from .named_sense_file import NamedSense
from .tree import NONE

Known = str | Sequence[int] | JudgedSense
"""A known sense: the name of a named sense, the ids of occurrences that share a sense, or a sense that was judged."""


@dataclass(frozen=True, slots=True)
class KnownSenses:
    """Known senses of a word.

    Attributes:
        names: Name of each. None for lines that share a sense.
        lines: Occurrence ids of each. Empty for a named sense.
        judged: Whether the lines of each were judged. Those outside the filters are then left out.
        named: The named sense of each. None for lines.
    """

    names: tuple[str | None, ...]
    lines: tuple[tuple[int, ...], ...]
    named: tuple[NamedSense | None, ...]
    judged: tuple[bool, ...]

    def labels(self, word: str, ids: Ids, vectors: Array, parts: Sequence[str] = ()) -> Ids:
        """Return the number of the known sense of each occurrence, `NONE` where it is not known.

        Lines come before named senses. Of several named senses that hold an occurrence, the nearest counts.

        Args:
            word: The word, for messages.
            ids: Occurrence ids (n,).
            vectors: Their unit vectors (n, d).
            parts: Part of speech of each (n,). Empty if none is known.

        Raises:
            QueryError: A line is not among the occurrences.
        """
        labels, best = np.full(len(ids), NONE, np.int64), np.full(len(ids), -2, np.float32)
        for number, named in enumerate(self.named):
            if named is not None:
                scores = named.scores(vectors)
                nearer = named.holds(vectors, parts) & (scores > best)
                labels[nearer], best[nearer] = number, scores[nearer]
        place = {key: row for row, key in enumerate(ids.tolist())}
        for number, (keys, is_judged) in enumerate(zip(self.lines, self.judged, strict=True)):
            for key in keys:
                if key not in place and is_judged:
                    continue
                if key not in place:
                    raise QueryError(f"occurrence {key} is not one of {word!r} here; give ids of its own occurrences")
                labels[place[key]] = number
        return labels


def read_known(view: View, word: str, known: Sequence[Known]) -> KnownSenses:
    """Read known senses of a word.

    Args:
        word: The lemma or form, as stored.

    Raises:
        QueryError: There is no such named sense, it is of another word, or a line is in two senses.
    """
    named = [read_named_sense(view, item) if isinstance(item, str) else None for item in known]
    for found in named:
        if found is not None and found.word != word:
            raise QueryError(f"the sense {found.name!r} is of {found.word!r}, not of {word!r}; leave it out")
    for item in known:
        if isinstance(item, JudgedSense) and item.word != word:
            raise QueryError(f"the sense {item.name!r} is of {item.word!r}, not of {word!r}; leave it out")
    judged = tuple(isinstance(item, JudgedSense) for item in known)
    lines = [_lines_of(item) for item in known]
    times = Counter(key for keys in lines for key in set(keys))
    if twice := [key for key, count in times.items() if count > 1]:
        raise QueryError(f"occurrence {min(twice)} is in two known senses; leave it in one")
    names = [_name_of(item) for item in known]
    if len(set(filter(None, names))) < len([name for name in names if name is not None]):
        raise QueryError("a named sense is given twice; give each once")
    return KnownSenses(tuple(names), tuple(lines), tuple(named), judged)


def _lines_of(item: Known) -> tuple[int, ...]:
    if isinstance(item, JudgedSense):
        return item.lines
    return () if isinstance(item, str) else tuple(item)


def _name_of(item: Known) -> str | None:
    if isinstance(item, JudgedSense):
        return item.name
    return item if isinstance(item, str) else None
