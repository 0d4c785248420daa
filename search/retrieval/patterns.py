"""Find the places of a pattern over tokens: from the rarest words that it needs, through the index of the stream.

Every match contains a token of one of the *anchors*: positions of the pattern of which each match has one. The tokens
of the words that fit the rarest anchors are looked up, and only their sentences are read.

In these sentences the pattern is compared from its end to its beginning. For each place, an array holds where the
longest match of the rest of the pattern would end, or -1. One step of numpy takes it across one position of the
pattern, for all places at once. So the time grows with the pattern's length times the number of tokens, and no
pattern can make it grow faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from ...indexer.collection.queries import first_occurrences
from ...indexer.collection.schema import DATABASE_NAME
from ...indexer.collection.segment import Segment
from ...indexer.collection.stream import TokenStream, Word
from ...indexer.errors import DamageError, QueryError
from ...indexer.vectors.arrays import Ids, Mask, Places
from ..context import View, check_k
from ..hits import HitList, Match, OccurrenceHit
from ..query.patterns import Choice, Pattern, Position, Repeat, Row, parse_pattern, tests_of
from .hydrate import bare_sentence_hits, joined
from .word_masks import Deadline, WordMasks

TOKENS_AT_ONCE = 1_000_000
"""Number of tokens that are compared with a pattern at a time. They take some 20 bytes for each of its positions."""
_SHOWN_VALUES = 20
"""Number of parts of speech that a notice lists."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The n places of a pattern in one segment, in the order of its sentences.

    Attributes:
        first: First token of each place, in the stream.  (n,)
        length: Number of its tokens.  (n,)
        row: Row of its sentence.  (n,)
    """

    segment: Segment
    stream: TokenStream
    first: Ids
    length: Ids
    row: Ids


def find_pattern(view: View, text: str, k: int, at: int | None = None) -> HitList[OccurrenceHit]:
    """Find the first k places of a pattern in the order of documents. See `Searcher.pattern`."""
    check_k(k)
    if at == 0:
        raise QueryError("words of a match are counted from 1, and from its end with -1; give another number")
    places, notices = pattern_places(view, text)
    found = [inside_filters(view, _narrowed(place, at)) for place in places]
    total = sum(len(each.first) for each in found)
    if total > k:
        notices.append(f"the first {k:,} of {total:,} matches")
    return HitList(place_hits(view, found, k), Match.PATTERN, "; ".join(notices) or None, total=total)


def pattern_places(view: View, text: str) -> tuple[list[Found], list[str]]:
    """Find all places of a pattern in the documents that may answer, segment by segment, with remarks for the user.

    Filters of occurrences are not applied yet. See `inside_filters`.

    Raises:
        QueryError: The collection does not store all tokens, or the pattern cannot be answered.
    """
    pattern = parse_pattern(text)
    if not view.settings.has_stream:
        path = view.collection.path
        raise QueryError(f"{path} does not store all tokens, so patterns find nothing; run `polyseme reencode {path}`")
    masks = WordMasks(view.collection.words(), deadline := Deadline())
    notices = _tag_notices(view, pattern)
    return list(_places(view, pattern, masks, deadline)), notices


def _tag_notices(view: View, pattern: Pattern) -> list[str]:
    """Return a remark for each part of speech or tag in the pattern that no word of the collection has.

    Raises:
        QueryError: No word has any.
    """
    words, notices = view.collection.words(), []
    for test in tests_of(pattern):
        if test.column not in ("pos", "tag"):
            continue
        values = sorted({value for value in words.column(test.column).values if value})
        if not values and len(words):
            path = view.collection.path
            raise QueryError(
                f"no word of {path} has a {test.column}, since its model has no tagger;"
                f" run `polyseme reencode {path} --model SOURCE` with one that has"
            )
        if test.is_literal and not test.ignores_case and test.expression not in ("", *values):
            shown = ", ".join(values[:_SHOWN_VALUES]) + (" …" if len(values) > _SHOWN_VALUES else "")
            notices.append(f"no word has the {test.column} {test.expression!r}, the collection has {shown}")
    return list(dict.fromkeys(notices))


def _places(view: View, pattern: Pattern, masks: WordMasks, deadline: Deadline) -> Iterator[Found]:
    """Yield the places of a pattern in the documents that may answer, segment by segment.

    Raises:
        QueryError: Words of any kind fit the pattern, or it takes too long.
    """
    streams = [(segment, segment.stream) for segment in view.snapshot.segments.values() if segment.stream is not None]
    local: dict[tuple[int, Position], Mask] = {}
    for segment, stream in streams:
        rows = view.collection.words().rows(stream.word_ids)
        for position in set(_positions(pattern)):
            if position.condition is not None:
                fits = np.append(masks(position.condition), False)  # (V + 1,), the last one for unknown words
                local[segment.key, position] = fits[rows]
    counts = {
        position: sum(int(stream.counts[local[segment.key, position]].sum()) for segment, stream in streams)
        for position in set(_positions(pattern))
        if position.condition is not None
    }
    anchors = _anchors(pattern, counts)
    if anchors is None:
        raise QueryError(
            "any words would fit this pattern; give one of its positions that must be there a word, lemma, pos or tag"
        )
    for segment, stream in streams:
        wanted = np.logical_or.reduce([local[segment.key, anchor] for anchor in anchors])
        rows = np.unique(stream.sentences_of(stream.tokens_of(wanted)))
        allowed = view.scope.documents_mask(segment)
        if allowed is not None:
            rows = rows[allowed[rows]]
        for part in _parts(stream, rows):
            deadline.left()
            fits_of = {position: fits for (key, position), fits in local.items() if key == segment.key}
            yield _compare(segment, stream, part, pattern, fits_of, deadline)


def _positions(pattern: Pattern) -> Iterator[Position]:
    match pattern:
        case Position():
            yield pattern
        case Row(parts) | Choice(parts):
            for part in parts:
                yield from _positions(part)
        case Repeat(part):
            yield from _positions(part)


def _anchors(pattern: Pattern, counts: dict[Position, int]) -> frozenset[Position] | None:
    """Return the positions, as rare as possible, of which every match has one. None if there are none.

    Args:
        counts: Number of tokens that fit each position.
    """
    match pattern:
        case Position(condition):
            return None if condition is None else frozenset([pattern])
        case Row(parts):
            known = [found for part in parts if (found := _anchors(part, counts)) is not None]
            return min(known, key=lambda found: sum(counts[each] for each in found), default=None)
        case Choice(options):
            each = [_anchors(option, counts) for option in options]
            return None if None in each else frozenset().union(*(found for found in each if found is not None))
        case Repeat(part, least, _):
            return _anchors(part, counts) if least else None


def _parts(stream: TokenStream, rows: Ids) -> Iterator[Ids]:
    """Yield rows of sentences in groups of some `TOKENS_AT_ONCE` tokens."""
    ends = np.cumsum(stream.starts[rows + 1] - stream.starts[rows])
    first = 0
    while first < len(rows):
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + TOKENS_AT_ONCE, side="right")))
        yield rows[first:last]
        first = last


def _compare(
    segment: Segment,
    stream: TokenStream,
    rows: Ids,
    pattern: Pattern,
    fits_of: dict[Position, Mask],
    deadline: Deadline,
) -> Found:
    """Find the places of a pattern in some sentences.

    The t tokens and the end of each of the s sentences are places, p = t + s of them.

    Args:
        rows: Rows of the sentences, ascending.  (s,)
        fits_of: Which words of the segment fit each position of the pattern.  (W,)
    """
    lengths = stream.starts[rows + 1] - stream.starts[rows]  # (s,)
    firsts = np.cumsum(lengths + 1) - (lengths + 1)  # (s,), the first place of each sentence
    places = np.arange(int((lengths + 1).sum()))
    is_token = np.ones(len(places), bool)
    is_token[firsts + lengths] = False
    shift = np.repeat(stream.starts[rows] - firsts, lengths + 1)  # (p,), from a place to its token
    words = np.asarray(stream.words[(places + shift)[is_token]])  # (t,)
    fitting: dict[Position, Mask] = {Position(None): is_token}
    for position, fits in fits_of.items():
        fitting[position] = np.zeros(len(places), bool)
        fitting[position][is_token] = fits[words]
    ends = _Comparison(fitting, deadline).ends(pattern, places.astype(np.int32))  # (p,)
    chosen = _apart(np.flatnonzero(ends > places), ends)
    row = np.searchsorted(firsts, chosen, side="right") - 1
    return Found(segment, stream, chosen + shift[chosen], ends[chosen] - chosen, rows[row])


class _Comparison:
    """Compares the places of some sentences with a pattern."""

    def __init__(self, fitting: dict[Position, Mask], deadline: Deadline) -> None:
        """Make a comparison.

        Args:
            fitting: Which places fit each position of the pattern.  (p,)
        """
        self._fitting = fitting
        self._deadline = deadline

    def ends(self, pattern: Pattern, rest: Places) -> Places:
        """Return where the longest match of a pattern and of the rest after it ends, from each place.  (p,)

        Args:
            rest: Where the longest match of the rest ends, or -1 if it does not fit there.  (p,)
        """
        match pattern:
            case Position():
                self._deadline.left()
                return np.where(self._fitting[pattern], np.append(rest[1:], np.int32(-1)), np.int32(-1))
            case Row(parts):
                for part in reversed(parts):
                    rest = self.ends(part, rest)
                return rest
            case Choice(options):
                return reduce(np.maximum, (self.ends(option, rest) for option in options))
            case Repeat(part, least, most):
                return self._repeated(part, least, most, rest)

    def _repeated(self, part: Pattern, least: int, most: int | None, rest: Places) -> Places:
        found, times = rest, least
        while most is None or times < most:
            longer = np.maximum(rest, self.ends(part, found))
            if np.array_equal(longer, found):
                break
            found, times = longer, times + 1
        for _ in range(least):
            found = self.ends(part, found)
        return found


def _apart(starts: Ids, ends: Places) -> Ids:
    """Return the matches that one finds from left to right, each beginning after the end of the one before."""
    if not len(starts) or bool((starts[1:] >= ends[starts[:-1]]).all()):
        return starts
    chosen, end = [], 0
    for start, its_end in zip(starts.tolist(), ends[starts].tolist(), strict=True):
        if start >= end:
            chosen.append(start)
            end = its_end
    return np.array(chosen, np.int64)


def inside_filters(view: View, found: Found) -> Found:
    """Keep the places that the filters of occurrences let in: those with a word that is such an occurrence.

    A filter that excludes occurrences leaves out the places that have one.
    """
    kept = np.ones(len(found.first), bool)
    for members in view.scope.senses:
        marked = np.zeros(len(found.stream) + 1, np.int64)
        marked[members.tokens(found.segment).astype(np.int64) + 1] = 1
        before = np.cumsum(marked)  # (T + 1,), marked tokens before each token
        has_one = before[found.first + found.length] > before[found.first]
        kept &= ~has_one if members.excluding else has_one
    return Found(found.segment, found.stream, found.first[kept], found.length[kept], found.row[kept])


def _narrowed(found: Found, at: int | None) -> Found:
    """Return one word of each place, counted from 1, or from the end with negative numbers. None for all of them."""
    if at is None:
        return found
    number = at - 1 if at > 0 else found.length + at  # (n,) or one number
    kept = (number >= 0) & (number < found.length)
    first = (found.first + number)[kept]
    return Found(found.segment, found.stream, first, np.ones(len(first), np.int64), found.row[kept])


def place_hits(view: View, found: Sequence[Found], k: int) -> list[OccurrenceHit]:
    """Read the hits of the first k places, in the order of their sentences."""
    sources = np.repeat(np.arange(len(found)), [len(each.first) for each in found])
    numbers = np.concatenate([np.zeros(0, np.int64), *(np.arange(len(each.first)) for each in found)])
    ids = np.concatenate([np.zeros(0, np.int64), *(each.segment.sentence_ids[each.row] for each in found)])
    firsts = np.concatenate([np.zeros(0, np.int64), *(each.first for each in found)])
    best = np.lexsort((firsts, ids))[:k]
    sentences = bare_sentence_hits(view.collection, ids[best].tolist())
    spans = [_span(view, found[source], number) for source, number in zip(sources[best], numbers[best], strict=True)]
    keys = first_occurrences(
        view.collection.db,
        [(int(key), span.position, len(span.words)) for key, span in zip(ids[best], spans, strict=True)],
    )
    hits = []
    for rank, (hit, span, key) in enumerate(zip(sentences, spans, keys, strict=True), start=1):
        token = hit.sentence[span.start : span.end]
        if not token.startswith(span.words[0].form) or not token.endswith(span.words[-1].form):
            raise DamageError(
                f"{view.collection.path / DATABASE_NAME} is damaged: sentence {hit.sentence_id} has no"
                f" {span.words[0].form[:60]!r} at {span.start}; run `polyseme verify`"
            )
        hits.append(
            OccurrenceHit(
                rank=rank,
                score=1.0,
                confidence=None,
                document_id=hit.document_id,
                document=hit.document,
                sentence_id=hit.sentence_id,
                sentence=hit.sentence,
                sentence_start=hit.sentence_start,
                metadata=hit.metadata,
                token=token,
                lemma=" ".join(word.lemma for word in span.words),
                position=span.position,
                start=span.start,
                end=span.end,
                occurrence_id=key,
                pos=joined(word.pos for word in span.words),
                tag=joined(word.tag for word in span.words),
            )
        )
    return hits


@dataclass(frozen=True, slots=True)
class _Span:
    """The tokens of a place: number of the first one in its sentence, offsets in the sentence, and words."""

    position: int
    start: int
    end: int
    words: Sequence[Word]


def _span(view: View, found: Found, number: int) -> _Span:
    first, length = int(found.first[number]), int(found.length[number])
    stream = found.stream
    words = view.collection.words().words(stream.word_ids[stream.words[first : first + length]])
    known = [word for word in words if word is not None]
    if len(known) < len(words):
        raise DamageError(
            f"{view.collection.path / DATABASE_NAME} is damaged: it lacks words of {found.segment.folder};"
            " run `polyseme verify`"
        )
    offsets = stream.offsets[first : first + length]
    position = first - int(stream.starts[found.row[number]])
    return _Span(position, int(offsets[0]), int(offsets[-1]) + len(known[-1].form), known)
