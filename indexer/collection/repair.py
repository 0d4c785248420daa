"""Rebuild damaged FAISS files from the stored vectors."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np

from ..vectors.rows import sense_word_rows
from .compaction import open_segments
from .rows import segment_types, stored_type_vectors
from .schema import read_settings
from .segment import INDEX_FILES, Segment, damaged_files, file_record, write_indexes
from .writer import Writer


def repair_indexes(writer: Writer) -> list[str]:
    """Rebuild damaged FAISS files and move the damaged ones to the folder `damaged/`.

    A segment whose vector files are damaged too is left alone.

    Returns:
        Names of the rebuilt files, as `segment/file`.
    """
    rebuilt = []
    for key, segment in open_segments(writer).items():
        problems = damaged_files(segment.folder, segment.files)
        broken = [name for name in INDEX_FILES if name in problems]
        if not broken or len(broken) < len(problems):
            continue
        backup = writer.path / "damaged" / segment.folder.name
        backup.mkdir(parents=True, exist_ok=True)
        for name in broken:
            if (segment.folder / name).exists():
                (segment.folder / name).rename(backup / name)
        _rebuild(writer, segment)
        files = {**segment.files, **{name: file_record(segment.folder / name) for name in INDEX_FILES}}
        with writer.db.atomic():
            entry = json.dumps({name: asdict(record) for name, record in files.items()})
            writer.db.execute("UPDATE segments SET files = ? WHERE id = ?", (entry, key))
            writer.next_generation()
        rebuilt += [f"{segment.folder.name}/{name}" for name in broken]
    return rebuilt


def _rebuild(writer: Writer, segment: Segment) -> None:
    weight = read_settings(writer.db.conn)["word_weight"]
    types, _, counts = segment_types(writer.db.conn, segment.key)
    vectors = stored_type_vectors(writer.db.conn, types)
    type_of = np.repeat(np.arange(len(types)), counts)  # (n,)
    read_rows = sense_word_rows(segment.tokens, vectors, type_of, weight)
    write_indexes(segment.folder, len(segment.tokens), segment.sentences, read_rows)
