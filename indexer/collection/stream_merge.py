"""Merge the streams of several segments into one, without the tokens of deleted documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..vectors.arrays import Ids, Mask, Places
from .segment import Segment
from .stored_array import write_array
from .stream import StreamData, TokenStream, stream_data


def merge_streams(
    temporary: Path, group: Sequence[Segment], keep: Sequence[Mask], sources: Sequence[Places], order: Ids
) -> None:
    """Write the stream of a merged segment. Segments of earlier format versions have none.

    Args:
        keep: Which sentences of each segment are kept.  (m,)
        sources: Kept occurrences of each segment, as rows of it.
        order: For each row of the merged segment, its place among those of all segments.  (n,)
    """
    streams = [segment.stream for segment in group if segment.stream is not None]
    if len(streams) < len(group):
        return
    sentence_ids = np.concatenate([s.sentence_ids[k] for s, k in zip(group, keep, strict=True)])
    merged = merged_stream(streams, keep, np.argsort(sentence_ids, kind="stable"), sources, order)
    for name, array in merged.arrays():
        write_array(temporary / name, [array], array.shape, array.dtype)


def merged_stream(
    streams: Sequence[TokenStream],
    keep: Sequence[Mask],
    sentence_order: Ids,
    sources: Sequence[Places],
    order: Ids,
) -> StreamData:
    """Return the stream of a merged segment. For the other arguments see `merge_streams`.

    Args:
        sentence_order: For each sentence of the merged segment, its place among the kept ones of all segments.  (m,)
    """
    bases = np.cumsum([0, *map(len, streams)])  # where each stream begins in all of them
    firsts, lengths = [], []
    for stream, mask, base in zip(streams, keep, bases, strict=False):
        firsts.append(stream.starts[:-1][mask] + base)
        lengths.append(np.diff(stream.starts)[mask])
    first, length = np.concatenate(firsts)[sentence_order], np.concatenate(lengths)[sentence_order]  # (m,)
    starts = np.cumsum(length) - length
    rows = np.arange(length.sum()) + np.repeat(first - starts, length)  # (T,)
    words = np.concatenate([stream.word_ids[stream.words.whole()] for stream in streams])[rows]
    offsets = np.concatenate([stream.offsets.whole() for stream in streams])[rows]
    new_places = np.zeros(bases[-1], np.int32)
    new_places[rows] = np.arange(len(rows), dtype=np.int32)
    old_places = [stream.token_places[kept] + base for stream, kept, base in zip(streams, sources, bases, strict=False)]
    places = new_places[np.concatenate(old_places)[order]]
    return stream_data(words, offsets, length, places)
