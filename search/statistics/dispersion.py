"""Measure how evenly a word is spread over documents, or over the values of a field."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.collection.queries import document_names
from ...indexer.vectors.arrays import Array, Ids
from ..citation import Citation
from ..context import View
from ..query.scope import DOCUMENT
from ..tables import Records
from .measures import deviation_of_proportions, juilland, rate
from .parts import find_parts
from .places import Places, document_tokens, find_places, live_documents

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_STRIPS = 25
"""Maximum number of documents in a figure."""


@dataclass(frozen=True, slots=True)
class DispersedPart:
    """A document, or the documents with a value, that has the word.

    Attributes:
        value: Id of the document, or value of the field.
        title: Title of the document. Empty for a value.
        count: Number of occurrences.
        tokens: Number of tokens.
        per_million: Occurrences per million tokens.
        places: Where the word occurs in the document, as shares of its tokens in [0, 1]. Empty for a value.
    """

    value: str | None
    title: str
    count: int
    tokens: int
    per_million: float
    places: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Dispersion(Records):
    """How evenly a word is spread over parts of a collection: its documents, unless a field is named.

    Attributes:
        word: The lemma or form as stored, or the pattern.
        field: `document`, or the metadata field of the parts.
        count: Number of occurrences.
        tokens: Number of all tokens.
        number: Number of parts with tokens.
        range: Number of parts that have the word.
        dp: Gries' deviation of proportions (2008): 0 is in proportion to the sizes, near 1 is in one part alone.
        dp_norm: DP by its maximum (Lijffijt & Gries 2012).
        juilland_d: Juilland's D: 1 is even, 0 is in one part alone.
        parts: Parts that have the word, those with most occurrences first.
        notice: A remark for the user.
        cited: What to cite.
    """

    word: str
    match: str
    field: str
    count: int
    tokens: int
    number: int
    range: int
    dp: float
    dp_norm: float
    juilland_d: float
    parts: tuple[DispersedPart, ...]
    notice: str | None = None
    cited: Citation | None = dataclass_field(default=None, compare=False)

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row for each part that has the word."""
        return [{"word": self.word, "field": self.field} | asdict(part) for part in self.parts]

    def summary(self) -> dict[str, object]:
        """Return the measures as one row."""
        names = ("word", "field", "count", "tokens", "number", "range", "dp", "dp_norm", "juilland_d")
        return {name: getattr(self, name) for name in names}

    def plot(self, title: str | None = None) -> Figure:
        """Draw a strip for each document, with a mark where the word occurs. Values of a field get bars.

        Args:
            title: Title instead of the word and the collection.
        """
        from ..figures.bars import Bar, Bars, draw_bars
        from ..figures.strips import Strip, draw_strips

        title = title or (self.word if self.cited is None else f"{self.word} in {self.cited.name}")
        kinds = "documents" if self.field == DOCUMENT else f"values of {self.field}"
        notes = [f"in {self.range:,} of {self.number:,} {kinds}, DP {self.dp:.2f}, Juilland's D {self.juilland_d:.2f}"]
        shown = self.parts[:MOST_STRIPS]
        if len(shown) < len(self.parts):
            notes.append(f"the {len(shown)} {kinds} with most occurrences")
        if self.field == DOCUMENT:
            strips = [Strip(part.title or str(part.value), part.count, part.places) for part in shown]
            return draw_strips(strips, title, notes, self.cited)
        names = [f"without {self.field}" if part.value is None else part.value for part in shown]
        bars = Bars(self.word, [Bar(part.per_million, part.per_million, part.per_million) for part in shown])
        return draw_bars(names, [bars], "occurrences per million tokens", title, notes, self.cited)


def find_dispersion(view: View, word: str, match: str, by: str = DOCUMENT, cited: Citation | None = None) -> Dispersion:
    """Measure how evenly a word is spread over documents. See `Searcher.dispersion`."""
    places, tokens = find_places(view, word, match), document_tokens(view)
    of_document = np.bincount(places.documents, minlength=len(tokens))  # (largest key + 1,)
    if by == DOCUMENT:
        keys = np.flatnonzero(live_documents(view))
        counts, sizes = of_document[keys], tokens[keys]
        parts = _documents(view, places, keys[counts > 0], of_document, tokens)
    else:
        found = find_parts(view, by)
        counts = np.array([of_document[part.documents].sum() for part in found], np.int64)
        sizes = np.array([tokens[part.documents].sum() for part in found], np.int64)
        parts = [
            DispersedPart(part.value, "", int(count), int(size), rate(int(count), int(size)), ())
            for part, count, size in zip(found, counts, sizes, strict=True)
            if count
        ]
    dp, dp_norm = deviation_of_proportions(counts, sizes)
    return Dispersion(
        places.name,
        str(places.match),
        by,
        len(places),
        int(tokens.sum()),
        int((sizes > 0).sum()),
        int((counts > 0).sum()),
        dp,
        dp_norm,
        juilland(counts, sizes),
        tuple(sorted(parts, key=lambda part: (-part.count, part.value is None, part.value or ""))),
        places.notice,
        cited,
    )


def _documents(view: View, places: Places, keys: Ids, counts: Ids, tokens: Ids) -> list[DispersedPart]:
    """Return the documents that have the word, with the places in them."""
    names = document_names(view.collection.db, keys.tolist())
    shares = _shares(view, places, tokens)
    inside: dict[int, list[float]] = {}
    for key, share in zip(places.documents.tolist(), shares.tolist(), strict=True):
        inside.setdefault(key, []).append(share)
    return [
        DispersedPart(
            *names.get(key, (str(key), "")),
            int(counts[key]),
            int(tokens[key]),
            rate(int(counts[key]), int(tokens[key])),
            tuple(inside[key]),
        )
        for key in keys.tolist()
    ]


def _shares(view: View, places: Places, tokens: Ids) -> Array:
    """Return where places are in their documents, as shares of the documents' tokens.  (n,)"""
    ids, owners, lengths = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    wanted = np.zeros(len(tokens), bool)
    wanted[places.documents] = True
    for segment in view.snapshot.segments.values():
        sizes = (
            np.diff(segment.stream.starts)
            if segment.stream is not None
            else np.bincount(segment.token_sentences.whole(), minlength=len(segment.sentence_ids))
        )
        kept = wanted[segment.sentence_documents]  # (m,)
        ids.append(np.asarray(segment.sentence_ids[kept]))
        owners.append(np.asarray(segment.sentence_documents[kept]))
        lengths.append(sizes[kept])
    sentence, owner, length = np.concatenate(ids), np.concatenate(owners), np.concatenate(lengths)
    order = np.lexsort((sentence, owner))
    sentence, owner, length = sentence[order], owner[order], length[order]
    before = np.cumsum(length) - length  # tokens before each sentence, of all documents
    firsts = np.searchsorted(owner, owner)  # first sentence of each one's document
    start = before - before[firsts] if len(before) else before
    by_id = np.argsort(sentence)
    row = by_id[np.searchsorted(sentence, places.sentences, sorter=by_id)] if len(sentence) else places.sentences
    return np.asarray((start[row] + places.positions) / np.maximum(tokens[places.documents], 1), np.float32)
