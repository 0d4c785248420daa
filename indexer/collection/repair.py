"""Rebuild damaged files of a segment that can be made from others: FAISS files and block checksums."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..files import flush, flush_files
from ..vectors.rows import sense_word_rows
from .checksums import CHECKSUM_FILE, RESTORE, FileRecord, changed, damaged_files, measure_file, records_of
from .paths import damaged_folder, make_temporary, remove_temporary, segment_folder
from .rows import segment_types, stored_type_vectors
from .schema import read_settings
from .segment import (
    DERIVED_FILES,
    SENTENCE_INDEX,
    TOKEN_INDEX,
    Segment,
    write_checksums,
    write_sentence_index,
    write_token_index,
)
from .writer import Writer, storage_errors


def repair_files(writer: Writer) -> list[str]:
    """Rebuild damaged FAISS files and block checksums, and move the damaged ones to the folder `damaged/`.

    New files are written aside and renamed. So a reader that has an old one open keeps it, and sound files are not
    touched. A segment whose vector files are damaged too is left alone.

    Returns:
        Names of the rebuilt files, as `segment/file`.
    """
    rebuilt = []
    for key, name, recorded in writer.db.execute("SELECT id, name, files FROM segments ORDER BY id").fetchall():
        files = records_of(recorded, writer.path)
        folder = segment_folder(writer.path, name)
        problems = damaged_files(folder, files)
        broken = [file for file in DERIVED_FILES if file in problems]
        if broken and len(broken) == len(problems):
            with storage_errors(writer.path):
                _repair(writer, Segment(folder, key, files), broken)
            rebuilt += [f"{name}/{file}" for file in broken]
    return rebuilt


def add_missing_checksums(writer: Writer) -> None:
    """Add block checksums to the segments of earlier versions that are sound, so that readers find damage sooner."""
    for key, name, recorded in writer.db.execute("SELECT id, name, files FROM segments ORDER BY id").fetchall():
        files = records_of(recorded, writer.path)
        folder = segment_folder(writer.path, name)
        if CHECKSUM_FILE not in files and not damaged_files(folder, files):
            with storage_errors(writer.path):
                _repair(writer, Segment(folder, key, files), [])


def _repair(writer: Writer, segment: Segment, broken: Sequence[str]) -> None:
    """Rebuild the broken files of a segment, and its block checksums, whose content depends on them."""
    temporary = make_temporary(segment.folder.parent, f"{segment.folder.name}.repair.tmp")
    try:
        _rebuild(writer, segment, temporary, broken)
        files = _add_checksums(segment, temporary)
        flush_files(temporary)
        _set_aside(writer, segment, broken)
        for name in sorted({*broken, CHECKSUM_FILE}):
            (temporary / name).replace(segment.folder / name)
        flush(segment.folder)
        with writer.db.atomic():
            entry = json.dumps({name: asdict(record) for name, record in sorted(files.items())})
            writer.db.execute("UPDATE segments SET files = ? WHERE id = ?", (entry, segment.key))
            writer.next_generation()
    finally:
        remove_temporary(temporary)


def _rebuild(writer: Writer, segment: Segment, temporary: Path, broken: Sequence[str]) -> None:
    """Write new FAISS files to a temporary folder."""
    if TOKEN_INDEX in broken:
        types, _, counts = segment_types(writer.db.conn, segment.key)
        vectors = stored_type_vectors(writer.db.conn, types)
        type_of = np.repeat(np.arange(len(types)), counts)  # (n,)
        weight = read_settings(writer.db.conn)["word_weight"]
        read_rows = sense_word_rows(segment.tokens, vectors, type_of, weight)
        write_token_index(temporary / TOKEN_INDEX, len(segment.tokens), read_rows)
    if SENTENCE_INDEX in broken:
        write_sentence_index(temporary / SENTENCE_INDEX, segment.products)


def _add_checksums(segment: Segment, temporary: Path) -> dict[str, FileRecord]:
    """Write the block checksums of a repaired segment to a temporary folder, and return the records of all files."""
    files, blocks = dict(segment.files), {}
    for name in sorted({*files} - {CHECKSUM_FILE}):
        rebuilt = temporary / name
        path = rebuilt if rebuilt.exists() else segment.folder / name
        files[name], blocks[name] = measure_file(path)
        if path != rebuilt and files[name] != segment.files[name]:
            raise changed(path, RESTORE)
    files[CHECKSUM_FILE] = write_checksums(temporary / CHECKSUM_FILE, blocks)
    return files


def _set_aside(writer: Writer, segment: Segment, broken: Sequence[str]) -> None:
    """Move broken files to the folder `damaged/`."""
    there = [name for name in broken if (segment.folder / name).exists()]
    if there:
        backup = damaged_folder(writer.path, segment.folder.name)
        for name in there:
            (segment.folder / name).rename(backup / name)
