"""Compaction: which segments to merge (a pure decision) and how they become one without their deleted rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CollectionError
from ..vectors.arrays import Array, Ids, Mask, Places
from ..vectors.rows import joint_rows
from .rows import insert_ranges, purge, segment_types, stored_type_vectors
from .schema import State, read_settings, write_settings
from .segment import (
    FileRecord,
    Segment,
    let_go,
    publish,
    token_rows,
    write_indexes,
)
from .writer import Writer, storage_errors

LARGEST_SEGMENT = 3_000_000
"""Occurrences that merged segments have at most: what a merge holds in memory grows with them, some 150 bytes each.
One that is larger already stays so."""
MERGE_FACTOR = 8
"""So many segments of like size become one when a run of the indexer ends."""
COPY_ROWS = 262_144


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """A segment as the merge policy sees it: its key, its occurrences, and how many of them are not deleted."""

    key: int
    occurrences: int
    live: int


def segments_to_merge(sizes: Sequence[SegmentSize], full: bool) -> list[list[int]]:
    """Groups of segments to rewrite as one each.

    full: everything, unless that would change nothing. Otherwise the tiers of a log-structured merge: MERGE_FACTOR and
    more segments within one power of MERGE_FACTOR are merged. Either way up to LARGEST_SEGMENT live occurrences become
    one.
    """
    if not full:
        tiers: dict[int, list[SegmentSize]] = {}
        for size in sizes:
            tiers.setdefault(int(np.log(max(size.live, 1)) / np.log(MERGE_FACTOR)), []).append(size)
        crowded = [tier for tier in tiers.values() if len(tier) >= MERGE_FACTOR]
        # A few that are left over when a tier was divided wait for others.
        worth = [
            group
            for tier in crowded
            for group in _filled(tier)
            if _live(group) > LARGEST_SEGMENT // 2 or len(group) >= MERGE_FACTOR
        ]
        return [[size.key for size in group] for group in worth if len(group) > 1]
    changed = [group for group in _filled(sizes) if len(group) > 1 or group[0].live < group[0].occurrences]
    return [[size.key for size in group] for group in changed]


def _filled(sizes: Sequence[SegmentSize]) -> list[list[SegmentSize]]:
    """Groups of up to LARGEST_SEGMENT live occurrences, or of one: each segment, by key, into the first with room."""
    groups: list[list[SegmentSize]] = []
    for size in sorted(sizes, key=lambda size: size.key):
        room = (group for group in groups if _live(group) + size.live <= LARGEST_SEGMENT)
        found = next(room, None)
        if found is None:
            groups.append([size])
        else:
            found.append(size)
    return groups


def _live(group: Sequence[SegmentSize]) -> int:
    return sum(size.live for size in group)


def compact(writer: Writer, full: bool = True) -> int:
    """Merge segments by the policy; a full compaction also deletes the rows of deleted documents.

    It counts documents that an interrupted run left half indexed among them: the next run begins them anew.

    Returns how many deleted documents went for good. Readers keep the snapshot that they hold.
    """
    if full:
        with storage_errors(writer.path), writer.db.atomic():
            change = "UPDATE documents SET state = ? WHERE state = ?"
            writer.db.execute(change, (int(State.DELETED), int(State.PENDING)))
            writer.next_generation()
    dead = [k for (k,) in writer.db.execute("SELECT id FROM documents WHERE state = ?", (int(State.DELETED),))]
    segments = open_segments(writer)
    sizes = []
    for segment in segments.values():
        alive = ~np.isin(segment.sentence_documents, dead)[segment.token_sentences]
        sentences_dead = bool(np.isin(segment.sentence_documents, dead).any())
        live = int(alive.sum()) - (sentences_dead and bool(alive.all()))
        sizes.append(SegmentSize(segment.key, len(alive), live))
    for group in segments_to_merge(sizes, full):
        with storage_errors(writer.path):
            _merge(writer, [segments[key] for key in group], np.array(dead, np.int64))
    gone = 0
    if full:
        with storage_errors(writer.path), writer.db.atomic():
            gone = purge(writer.db.conn)
            writer.next_generation()
    return gone


def open_segments(writer: Writer) -> dict[int, Segment]:
    """Every segment that the database names, by key."""
    rows = writer.db.execute("SELECT id, name, files FROM segments ORDER BY id").fetchall()
    return {key: Segment(writer.path / "segments" / name, key, records_of(files)) for key, name, files in rows}


def records_of(files: str) -> dict[str, FileRecord]:
    """The files of a segment as its row in ``segments`` tells them."""
    return {name: FileRecord(**entry) for name, entry in json.loads(files).items()}


def _merge(writer: Writer, group: list[Segment], dead: Ids) -> None:
    """Rewrite a group of segments as one without dead documents, in one transaction; then delete the old files."""
    settings = read_settings(writer.db.conn)
    name = f"{settings['next_segment']:08d}"
    aside = writer.path / "segments" / f"{name}.tmp"
    keep = [~np.isin(s.sentence_documents, dead) for s in group]  # per segment (m,)
    if not any(mask.any() for mask in keep):
        _replace(writer, group, None, settings)
        return
    if len({segment.stored_tokens.dtype for segment in group}) > 1:
        raise CollectionError(f"{writer.path} stores vectors in two ways; run `polyseme reencode`")
    aside.mkdir()
    sentences = _merge_sentences(aside, group, keep)
    types = _merge_tokens(writer, aside, group, keep)
    stored = np.load(aside / "tokens.npy", mmap_mode="r")  # (n, d) or (n, d + 2)
    tokens = token_rows(stored)
    kinds = np.repeat(np.arange(len(types.ids), dtype=np.int32), types.counts)  # (n,)
    read = joint_rows(tokens, types.vectors, kinds, settings["word_weight"])

    def joint(rows: Ids) -> Array:
        found = read(rows)
        let_go(stored)
        return found

    write_indexes(aside, len(tokens), np.load(aside / "sentences.npy", mmap_mode="r"), joint)
    files = publish(aside, writer.path / "segments" / name)
    _replace(writer, group, _Merged(name, sentences, len(tokens), files, types), settings)


@dataclass(frozen=True, slots=True)
class _MergedTypes:
    """Types of a merged segment in the order of its rows: ids (T,), counts (T,), vectors (T, p)."""

    ids: Ids
    counts: Ids
    vectors: np.ndarray[Any, np.dtype[np.float16]]


@dataclass(frozen=True, slots=True)
class _Merged:
    name: str
    sentences: int
    occurrences: int
    files: dict[str, FileRecord]
    types: _MergedTypes


def _merge_sentences(aside: Path, group: list[Segment], keep: list[Mask]) -> int:
    ids = np.concatenate([s.sentence_ids[k] for s, k in zip(group, keep, strict=True)])
    order = np.argsort(ids, kind="stable")
    documents = np.concatenate([s.sentence_documents[k] for s, k in zip(group, keep, strict=True)])
    np.save(aside / "sentence_ids.npy", ids[order])
    np.save(aside / "sentence_documents.npy", documents[order])
    out = np.lib.format.open_memmap(aside / "sentences.npy", "w+", np.float16, (len(ids), group[0].sentences.shape[1]))
    _gather([segment.sentences for segment in group], list(map(np.flatnonzero, keep)), order, out)
    out.flush()
    return len(ids)


def _merge_tokens(writer: Writer, aside: Path, group: list[Segment], keep: list[Mask]) -> _MergedTypes:
    """Write the arrays of the occurrences that are kept, in a segment's order, holding as little of them as can be."""
    ranges = [segment_types(writer.db.conn, segment.key) for segment in group]
    ordered = _by_name(writer, np.unique(np.concatenate([types for types, _, _ in ranges])))  # (T,)
    rank = np.argsort(ordered)  # (T,): of a type by its id's place among the sorted ids
    by_id = ordered[rank]
    sentence_ids = np.load(aside / "sentence_ids.npy")
    kinds, ids, sentences, sources = [], [], [], []
    for segment, mask, (types, _, counts) in zip(group, keep, ranges, strict=True):
        rows = np.flatnonzero(mask[segment.token_sentences]).astype(np.int32)
        ranks = rank[np.searchsorted(by_id, types)].astype(np.int32)
        kinds.append(np.repeat(ranks, counts)[rows])
        ids.append(segment.token_ids[rows])
        places = np.searchsorted(sentence_ids, segment.sentence_ids).astype(np.int32)  # of sentences that are kept
        sentences.append(places[segment.token_sentences[rows]])
        sources.append(rows)
    kind_of, all_ids = np.concatenate(kinds), np.concatenate(ids)
    del kinds, ids
    order = np.lexsort((all_ids, kind_of))  # inside one type ascending ids are ascending (sentence, position)
    np.save(aside / "token_ids.npy", all_ids[order])
    np.save(aside / "token_sentences.npy", np.concatenate(sentences)[order])
    counts = np.bincount(kind_of, minlength=len(ordered))
    del all_ids, sentences, kind_of
    stored = group[0].stored_tokens
    out = np.lib.format.open_memmap(aside / "tokens.npy", "w+", stored.dtype, (len(order), stored.shape[1]))
    _gather([segment.stored_tokens for segment in group], sources, order, out)
    out.flush()
    used = counts > 0
    return _MergedTypes(ordered[used], counts[used], stored_type_vectors(writer.db.conn, ordered[used]))


def _by_name(writer: Writer, types: Ids) -> Ids:
    """Types in the order of (lemma, form).  (T,) -> (T,)"""
    names = {key: (lemma, form) for key, lemma, form in writer.db.execute("SELECT id, lemma, form FROM types")}
    return np.array(sorted(types.tolist(), key=names.__getitem__), np.int64)


def _gather(sources: Sequence[Any], rows: Sequence[Ids | Places], order: Ids, out: Any) -> None:
    """out[i] becomes the order[i]-th of the given rows of all sources, one source after the other.

    In pieces of ``out``: what they need lies together in each source, so that few pages of the mapped files are held.
    """
    ends = np.cumsum([len(each) for each in rows])
    for first in range(0, len(order), COPY_ROWS):
        wanted = order[first : first + COPY_ROWS]
        source_of = np.searchsorted(ends, wanted, side="right")
        piece = np.empty((len(wanted), out.shape[1]), out.dtype)
        for number, (source, chosen) in enumerate(zip(sources, rows, strict=True)):
            mine = np.flatnonzero(source_of == number)
            piece[mine] = source[chosen[wanted[mine] - (ends[number] - len(chosen))]]
            let_go(source)
        out[first : first + len(wanted)] = piece
        let_go(out)


def _replace(writer: Writer, group: list[Segment], merged: _Merged | None, settings: dict[str, Any]) -> None:
    with writer.db.atomic():
        for segment in group:
            writer.db.execute("DELETE FROM ranges WHERE segment = ?", (segment.key,))
            writer.db.execute("DELETE FROM segments WHERE id = ?", (segment.key,))
        if merged is not None:
            key = writer.insert_segment(merged.name, merged.sentences, merged.occurrences, merged.files)
            firsts = np.cumsum(merged.types.counts) - merged.types.counts
            insert_ranges(writer.db.conn, key, merged.types.ids, firsts, merged.types.counts)
            write_settings(writer.db.conn, {"next_segment": settings["next_segment"] + 1})
        writer.next_generation()
    for segment in group:
        shutil.rmtree(segment.folder)
