"""Compaction: decide which segments to merge (a pure function), and merge them without their deleted rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CollectionError, DamageError
from ..vectors.arrays import AnyArray, Array, Half, Ids, Mask, Places
from ..vectors.rows import sense_word_rows
from .checksums import RESTORE, FileRecord, records_of
from .paths import SEGMENTS, free_segment, make_temporary, remove_segment, remove_temporary, segment_folder
from .rows import insert_ranges, purge, segment_types, stored_type_vectors
from .schema import State, read_settings, write_settings
from .segment import (
    DEFAULTS,
    SENTENCE_INDEX,
    TOKEN_INDEX,
    Segment,
    publish,
    vector_rows,
    write_sentence_index,
    write_token_index,
)
from .stored_array import release_pages, write_array
from .stream_merge import merge_streams
from .words import delete_words
from .writer import Writer, storage_errors

MAX_SEGMENT_OCCURRENCES = 3_000_000
"""Maximum number of occurrences in a merged segment. A merge holds some 150 bytes of memory for each of them.

A single segment may be larger.
"""
MERGE_FACTOR = 8
"""Number of segments of similar size that are merged into one at the end of a run of the indexer."""
COPY_ROWS = 262_144
"""Number of rows that a merge copies at a time."""


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """Size of a segment for the merge policy: its key, its occurrences, and those of them that are not deleted."""

    key: int
    occurrences: int
    live: int


def segments_to_merge(sizes: Sequence[SegmentSize], full: bool) -> list[list[int]]:
    """Return groups of segments, by key. Each group becomes one segment.

    It has up to `MAX_SEGMENT_OCCURRENCES` live occurrences.

    A full merge takes all segments, except where that would change nothing. Otherwise the policy is that of a tiered
    log-structured merge: `MERGE_FACTOR` or more segments within one power of `MERGE_FACTOR` are merged.
    """
    if not full:
        tiers: dict[int, list[SegmentSize]] = {}
        for size in sizes:
            tiers.setdefault(int(np.log(max(size.live, 1)) / np.log(MERGE_FACTOR)), []).append(size)
        crowded = [tier for tier in tiers.values() if len(tier) >= MERGE_FACTOR]
        # A tier may need several groups. A small remainder waits for more segments.
        worth = [
            group
            for tier in crowded
            for group in _filled(tier)
            if _live(group) > MAX_SEGMENT_OCCURRENCES // 2 or len(group) >= MERGE_FACTOR
        ]
        return [[size.key for size in group] for group in worth if len(group) > 1]
    changed = [group for group in _filled(sizes) if len(group) > 1 or group[0].live < group[0].occurrences]
    return [[size.key for size in group] for group in changed]


def _filled(sizes: Sequence[SegmentSize]) -> list[list[SegmentSize]]:
    """Group segments, in the order of their keys, by putting each into the first group that has room for it.

    A group has up to `MAX_SEGMENT_OCCURRENCES` live occurrences, or one segment.
    """
    groups: list[list[SegmentSize]] = []
    for size in sorted(sizes, key=lambda size: size.key):
        room = (group for group in groups if _live(group) + size.live <= MAX_SEGMENT_OCCURRENCES)
        found = next(room, None)
        if found is None:
            groups.append([size])
        else:
            found.append(size)
    return groups


def _live(group: Sequence[SegmentSize]) -> int:
    return sum(size.live for size in group)


def compact(writer: Writer) -> int:
    """Merge all segments, and delete all rows of deleted documents. Readers keep their snapshot.

    Half-indexed documents of an interrupted run are deleted too, and the next run indexes them again.

    Returns:
        Number of documents whose rows were deleted.

    Raises:
        DamageError: A segment that would be merged is damaged. Nothing was changed.
    """
    segments = open_segments(writer)
    dead = _documents(writer, State.DELETED, State.PENDING)
    groups = segments_to_merge([_size(segment, dead) for segment in segments.values()], full=True)
    for key in (key for group in groups for key in group):
        segments[key].check_vectors()
    with storage_errors(writer.path), writer.db.atomic():
        change = "UPDATE documents SET state = ? WHERE state = ?"
        writer.db.execute(change, (int(State.DELETED), int(State.PENDING)))
        writer.next_generation()
    for group in groups:
        with storage_errors(writer.path):
            _merge(writer, [segments[key] for key in group], dead)
    with storage_errors(writer.path), writer.db.atomic():
        gone = purge(writer.db.conn)
        streams = [segment.stream for segment in open_segments(writer).values() if segment.stream is not None]
        delete_words(writer.db.conn, np.unique(np.concatenate([np.zeros(0, np.int64), *(s.word_ids for s in streams)])))
        writer.next_generation()
    return gone


def merge_small_segments(writer: Writer) -> list[str]:
    """Merge segments of similar size, where there are many. Readers keep their snapshot.

    Every file is compared with its checksum before it is merged. A damaged segment stays unchanged, so that its
    damage can still be found.

    Returns:
        What is damaged, one line for each segment.
    """
    segments = open_segments(writer)
    dead = _documents(writer, State.DELETED)
    sizes, damage = {}, []
    for key, segment in segments.items():
        try:
            sizes[key] = _size(segment, dead)
        except DamageError as error:
            damage.append(str(error))
    sound: set[int] = set()
    while True:
        groups = segments_to_merge(list(sizes.values()), full=False)
        unchecked = [key for group in groups for key in group if key not in sound]
        if not unchecked:
            break
        for key in unchecked:
            try:
                segments[key].check_vectors()
                sound.add(key)
            except DamageError as error:
                damage.append(str(error))
                del sizes[key]
    for group in groups:
        with storage_errors(writer.path):
            _merge(writer, [segments[key] for key in group], dead)
    return damage


def _documents(writer: Writer, *states: State) -> Ids:
    """Return the keys of the documents in some states."""
    marks = ",".join("?" * len(states))
    rows = writer.db.execute(f"SELECT id FROM documents WHERE state IN ({marks})", tuple(map(int, states)))
    return np.array([key for (key,) in rows], np.int64)


def _size(segment: Segment, dead: Ids) -> SegmentSize:
    gone = np.isin(segment.sentence_documents, dead)  # (m,)
    occurrences = len(segment.tokens)
    if not gone.any():
        return SegmentSize(segment.key, occurrences, occurrences)
    live = int((~gone)[segment.token_sentences.whole()].sum())
    # A segment whose only deleted sentences have no occurrence must count as changed.
    return SegmentSize(segment.key, occurrences, live - (live == occurrences))


def open_segments(writer: Writer) -> dict[int, Segment]:
    """Return every segment that the database names, by key."""
    rows = writer.db.execute("SELECT id, name, files FROM segments ORDER BY id").fetchall()
    path = writer.path
    return {key: Segment(segment_folder(path, name), key, records_of(files, path)) for key, name, files in rows}


def _merge(writer: Writer, group: list[Segment], dead: Ids) -> None:
    """Rewrite a group of segments as one without dead documents, in one transaction, and delete the old files.

    After an error the new files are deleted, since the disk may be full.
    """
    settings = read_settings(writer.db.conn)
    name = free_segment(writer.path, settings["next_segment"])
    keep = [~np.isin(s.sentence_documents, dead) for s in group]  # per segment (m,)
    if not any(mask.any() for mask in keep):
        _replace(writer, group, None)
        return
    kinds = {(segment.stored_tokens.dtype, segment.has_products, segment.stream is None) for segment in group}
    if len(kinds) > 1:
        raise CollectionError(
            f"{writer.path} has files of several kinds, such as float16 and int8; run `polyseme reencode`"
        )
    temporary = make_temporary(writer.path / SEGMENTS, f"{name}.tmp")
    try:
        merged = _write_merged(writer, temporary, name, group, keep, settings["word_weight"])
    except BaseException:
        remove_temporary(temporary)
        raise
    _replace(writer, group, merged)


def _write_merged(
    writer: Writer, temporary: Path, name: str, group: list[Segment], keep: list[Mask], weight: float
) -> _Merged:
    """Write and publish the files of a merged segment."""
    sentences = _merge_sentences(temporary, group, keep)
    types, sources, order = _merge_tokens(writer, temporary, group, keep)
    merge_streams(temporary, group, keep, sources, order)
    stored = np.load(temporary / "tokens.npy", mmap_mode="r")  # (n, d) or (n, d + 2)
    tokens = vector_rows(stored)
    type_of = np.repeat(np.arange(len(types.ids), dtype=np.int32), types.counts)  # (n,)
    read = sense_word_rows(tokens, types.vectors, type_of, weight)

    def read_rows(rows: Ids) -> Array:
        found = read(rows)
        release_pages(stored)
        return found

    write_token_index(temporary / TOKEN_INDEX, len(tokens), read_rows)
    write_sentence_index(temporary / SENTENCE_INDEX, vector_rows(np.load(temporary / "sentences.npy", mmap_mode="r")))
    files = publish(temporary, writer.path / SEGMENTS / name)
    return _Merged(name, sentences, len(tokens), files, types)


@dataclass(frozen=True, slots=True)
class _MergedTypes:
    """The types of a merged segment in the order of its rows: ids (T,), counts (T,), vectors (T, p)."""

    ids: Ids
    counts: Ids
    vectors: Half


@dataclass(frozen=True, slots=True)
class _Merged:
    name: str
    sentences: int
    occurrences: int
    files: dict[str, FileRecord]
    types: _MergedTypes


def _merge_sentences(temporary: Path, group: list[Segment], keep: list[Mask]) -> int:
    """Write the arrays of the kept sentences, and return the number of sentences."""
    ids = np.concatenate([s.sentence_ids[k] for s, k in zip(group, keep, strict=True)])
    order = np.argsort(ids, kind="stable")
    documents = np.concatenate([s.sentence_documents[k] for s, k in zip(group, keep, strict=True)])
    _write(temporary / "sentence_ids.npy", ids[order])
    _write(temporary / "sentence_documents.npy", documents[order])
    rows = list(map(np.flatnonzero, keep))
    _write_gathered(temporary / "sentences.npy", [segment.stored_sentences for segment in group], rows, order)
    if group[0].has_products:
        _write_gathered(temporary / DEFAULTS, [segment.stored_defaults for segment in group], rows, order)
    return len(ids)


def _write(path: Path, array: AnyArray) -> None:
    write_array(path, [array], array.shape, array.dtype)


def _merge_tokens(
    writer: Writer, temporary: Path, group: list[Segment], keep: list[Mask]
) -> tuple[_MergedTypes, list[Places], Ids]:
    """Write the arrays of the kept occurrences in the order of a segment. Few of them are in memory at a time.

    Returns:
        The types of the merged segment, the kept rows of each segment, and the place of each new row among those.
    """
    ranges = [_ranges(writer, segment) for segment in group]
    ordered = _by_name(writer, np.unique(np.concatenate([types for types, _, _ in ranges])))  # (T,)
    rank = np.argsort(ordered)  # (T,), the rank of the n-th smallest type id
    by_id = ordered[rank]
    sentence_ids = np.load(temporary / "sentence_ids.npy")
    kinds, ids, sentences = [], [], []
    sources: list[Places] = []
    for segment, mask, (types, _, counts) in zip(group, keep, ranges, strict=True):
        rows = np.flatnonzero(mask[segment.token_sentences.whole()]).astype(np.int32)
        ranks = rank[np.searchsorted(by_id, types)].astype(np.int32)
        kinds.append(np.repeat(ranks, counts)[rows])
        ids.append(segment.token_ids[rows])
        new_rows = np.searchsorted(sentence_ids, segment.sentence_ids).astype(np.int32)  # valid for kept sentences
        sentences.append(new_rows[segment.token_sentences[rows]])
        sources.append(rows)
    kind_of, all_ids = np.concatenate(kinds), np.concatenate(ids)
    del kinds, ids
    order = np.lexsort((all_ids, kind_of))  # within one type, ascending ids are in the order (sentence, position)
    _write(temporary / "token_ids.npy", all_ids[order])
    _write(temporary / "token_sentences.npy", np.concatenate(sentences)[order])
    counts = np.bincount(kind_of, minlength=len(ordered))
    del all_ids, sentences, kind_of
    _write_gathered(temporary / "tokens.npy", [segment.stored_tokens for segment in group], sources, order)
    used = counts > 0
    merged = _MergedTypes(ordered[used], counts[used], stored_type_vectors(writer.db.conn, ordered[used]))
    return merged, sources, order


def _by_name(writer: Writer, types: Ids) -> Ids:
    """Return types in the order of (lemma, form).  (T,) -> (T,)"""
    names = {key: (lemma, form) for key, lemma, form in writer.db.execute("SELECT id, lemma, form FROM types")}
    return np.array(sorted(types.tolist(), key=names.__getitem__), np.int64)


def _ranges(writer: Writer, segment: Segment) -> tuple[Ids, Ids, Ids]:
    """Return type ids, first rows and counts of a segment's ranges, which must cover its rows without a gap."""
    types, firsts, counts = segment_types(writer.db.conn, segment.key)
    ends = np.cumsum(counts)
    if (counts < 1).any() or (firsts != ends - counts).any() or counts.sum() != len(segment.tokens):
        raise DamageError(f"{segment.folder}: the ranges in the database do not fit the vectors; {RESTORE}")
    return types, firsts, counts


def _write_gathered(path: Path, sources: Sequence[Any], rows: Sequence[Ids | Places], order: Ids) -> None:
    """Write the rows of several stored arrays to one file, in a given order. See `_gather`."""
    write_array(path, _gather(sources, rows, order), (len(order), sources[0].shape[1]), sources[0].dtype)


def _gather(sources: Sequence[Any], rows: Sequence[Ids | Places], order: Ids) -> Iterator[AnyArray]:
    """Yield rows of several sources in a given order, in pieces.

    The rows of one piece are close together in each source, so that few pages of the mapped files are in memory.

    Args:
        rows: Rows of each source.
        order: For each row of the result, an index into the rows of all sources, one source after the other.
    """
    ends = np.cumsum([len(each) for each in rows])
    for first in range(0, len(order), COPY_ROWS):
        wanted = order[first : first + COPY_ROWS]
        source_of = np.searchsorted(ends, wanted, side="right")
        piece = np.empty((len(wanted), sources[0].shape[1]), sources[0].dtype)
        for number, (source, chosen) in enumerate(zip(sources, rows, strict=True)):
            mine = np.flatnonzero(source_of == number)
            piece[mine] = source[chosen[wanted[mine] - (ends[number] - len(chosen))]]
            source.release()
        yield piece


def _replace(writer: Writer, group: list[Segment], merged: _Merged | None) -> None:
    """Name the merged segment instead of the group in the database, and delete the group's files."""
    with writer.db.atomic():
        for segment in group:
            writer.db.execute("DELETE FROM ranges WHERE segment = ?", (segment.key,))
            writer.db.execute("DELETE FROM segments WHERE id = ?", (segment.key,))
        if merged is not None:
            key = writer.insert_segment(merged.name, merged.sentences, merged.occurrences, merged.files)
            firsts = np.cumsum(merged.types.counts) - merged.types.counts
            insert_ranges(writer.db.conn, key, merged.types.ids, firsts, merged.types.counts)
            write_settings(writer.db.conn, {"next_segment": int(merged.name) + 1})
        writer.next_generation()
    for segment in group:
        remove_segment(writer.path, segment.folder.name)
