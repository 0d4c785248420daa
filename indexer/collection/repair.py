"""Reading everything back, and rebuilding the FAISS files that turn out to be damaged."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from ..text.analyser import TextAnalyser
from ..vectorise import Vectoriser
from ..vectors.int8 import Storage
from ..vectors.rows import SCAN_ROWS, joint_rows
from .compaction import open_segments, records_of
from .records import VerifyReport
from .rows import segment_types, stored_type_vectors
from .schema import read_settings
from .segment import INDEX_FILES, Segment, damaged_files, file_record, write_indexes
from .writer import Writer

if TYPE_CHECKING:
    from ..elmo import Encoder
    from .collection import Collection

LEAST_COSINE = {Storage.HALF: 0.999, Storage.BYTES: 0.99}
"""Of a stored vector with what its sentence gives when it is encoded again."""


def repair_indexes(writer: Writer) -> list[str]:
    """Rebuild damaged FAISS files from the stored vectors; the damaged file is set aside under ``damaged/``.

    Returns the names of the rebuilt files.
    """
    mended = []
    for key, segment in open_segments(writer).items():
        (files,) = writer.db.execute("SELECT files FROM segments WHERE id = ?", (key,)).fetchone()
        records = records_of(files)
        problems = damaged_files(segment.folder, records)
        broken = [name for name in INDEX_FILES if name in problems]
        if not broken or len(broken) < len(problems):
            continue
        aside = writer.path / "damaged" / segment.folder.name
        aside.mkdir(parents=True, exist_ok=True)
        for name in broken:
            if (segment.folder / name).exists():
                (segment.folder / name).rename(aside / name)
        _rebuild(writer, segment)
        records |= {name: file_record(segment.folder / name) for name in INDEX_FILES}
        with writer.db.atomic():
            entry = json.dumps({name: asdict(record) for name, record in records.items()})
            writer.db.execute("UPDATE segments SET files = ? WHERE id = ?", (entry, key))
            writer.next_generation()
        mended += [f"{segment.folder.name}/{name}" for name in broken]
    return mended


def _rebuild(writer: Writer, segment: Segment) -> None:
    weight = read_settings(writer.db.conn)["word_weight"]
    types, _, counts = segment_types(writer.db.conn, segment.key)
    vectors = stored_type_vectors(writer.db.conn, types)
    kinds = np.repeat(np.arange(len(types)), counts)
    joint = joint_rows(segment.tokens, vectors, kinds, weight)
    write_indexes(segment.folder, len(segment.tokens), segment.sentences, joint)


def verify(collection: Collection, encoder: Encoder | None, sample: int) -> VerifyReport:
    """Read everything back and hold it against what was recorded.

    Counts, ids and ranges in SQLite against the arrays; sizes and checksums of all files; SQLite's own integrity check;
    with an encoder, ``sample`` sentences encoded again: every stored vector must have the `LEAST_COSINE`.
    """
    problems: list[str] = []
    with collection.reading() as snapshot:
        db = collection.db
        (answer,) = db.execute("PRAGMA quick_check").fetchone()
        if answer != "ok":
            problems.append(f"{collection.path / 'collection.db'}: {answer}; restore it from a copy")
        files = 0
        for key, text in db.execute("SELECT id, files FROM segments ORDER BY id").fetchall():
            segment = snapshot.segments[key]
            records = records_of(text)
            files += len(records)
            for name, problem in damaged_files(segment.folder, records).items():
                way = "run `polyseme verify --repair`" if name in INDEX_FILES else "run `polyseme reencode`"
                problems.append(f"{segment.folder / name} {problem}; {way}")
            problems += _check_segment(db, segment)
        problems += _check_rows(db)
        info = collection.info()
        pairs: list[tuple[int, float]] = []
        if encoder is not None and not problems:
            pairs = _encode_again(collection, encoder, sample)
            problems += [
                f"sentence {sentence}: stored and fresh vectors differ (cosine {cosine:.4f}); run `polyseme reencode`"
                for sentence, cosine in pairs
                if cosine < LEAST_COSINE[collection.settings.storage]
            ]
    lowest = min((cosine for _, cosine in pairs), default=None)
    return VerifyReport(info.documents, info.sentences, info.occurrences, files, len(pairs), lowest, tuple(problems))


def _check_segment(db: Any, segment: Segment) -> list[str]:
    problems = []
    name = segment.folder
    ranges = db.execute("SELECT type, first, count FROM ranges WHERE segment = ? ORDER BY first", (segment.key,))
    place = 0
    for kind, first, count in ranges.fetchall():
        ids = np.asarray(segment.token_ids[first : first + count])
        if first != place or len(ids) != count or (np.diff(ids) <= 0).any():
            problems.append(f"{name}: the range of type {kind} does not fit the vectors; run `polyseme reencode`")
        place = first + count
    if place != len(segment.tokens) or len(segment.token_ids) != place or len(segment.token_sentences) != place:
        problems.append(
            f"{name}: {place} occurrences in ranges, {len(segment.tokens)} vectors; run `polyseme reencode`"
        )
    if (np.diff(segment.sentence_ids) <= 0).any() or len(segment.sentence_ids) != len(segment.sentences):
        problems.append(f"{name}: sentence ids do not fit the vectors; run `polyseme reencode`")
    parts = (segment.tokens[first : first + SCAN_ROWS] for first in range(0, len(segment.tokens), SCAN_ROWS))
    if not all(np.isfinite(part).all() for part in parts):
        problems.append(f"{name}: vectors that are not finite; run `polyseme reencode`")
    return problems


def _check_rows(db: Any) -> list[str]:
    checks = {
        "occurrences without a sentence": "occurrences o LEFT JOIN sentences s ON s.id = o.sentence WHERE s.id IS NULL",
        "occurrences without a type": "occurrences o LEFT JOIN types t ON t.id = o.type WHERE t.id IS NULL",
        "sentences without a document": "sentences s LEFT JOIN documents d ON d.id = s.document WHERE d.id IS NULL",
        "occurrences outside their sentence": "occurrences o JOIN sentences s ON s.id = o.sentence"
        ' WHERE o."end" > s."end" - s.start OR o.start >= o."end"',
    }
    problems = []
    for what, sql in checks.items():
        (count,) = db.execute(f"SELECT count(*) FROM {sql}").fetchone()
        if count:
            problems.append(f"collection.db: {count} {what}; restore it from a copy or run `polyseme reencode`")
    # SQLite's length() stops at a NUL, so texts are measured here.
    ends = db.execute(
        'SELECT d.document_id, d.text, max(s."end") FROM sentences s'
        " JOIN documents d ON d.id = s.document GROUP BY d.id"
    )
    problems += [
        f"collection.db: sentences outside the text of {document!r}; restore it from a copy or run `polyseme reencode`"
        for document, text, end in ends
        if end > len(text)
    ]
    (stored,) = db.execute("SELECT coalesce(sum(count), 0) FROM ranges").fetchone()
    (rows,) = db.execute("SELECT count(*) FROM occurrences").fetchone()
    if rows < stored:
        problems.append(f"collection.db: {rows} occurrences, but {stored} vectors; run `polyseme reencode`")
    return problems


def _encode_again(collection: Collection, encoder: Encoder, sample: int) -> list[tuple[int, float]]:
    """(sentence id, lowest cosine over its stored vectors) for a fixed random sample of live sentences."""
    settings = collection.settings
    with collection.reading() as snapshot:
        segments = list(snapshot.segments.values())
        live = [np.flatnonzero(snapshot.live[segment.sentence_documents]) for segment in segments]
        ends = np.cumsum([len(rows) for rows in live])
        total = int(ends[-1]) if len(ends) else 0
        places = random.Random(0).sample(range(total), min(sample, total))
        inside = np.searchsorted(ends, places, side="right").tolist()
        chosen = [(segments[n], int(live[n][place - int(ends[n])])) for n, place in zip(inside, places, strict=True)]
        analyser = TextAnalyser(settings.language)
        vectoriser = Vectoriser(encoder, settings.layer, snapshot.transforms)
        texts = [collection.sentence_text(int(segment.sentence_ids[row])) for segment, row in chosen]
        fresh = vectoriser([[token.text for token in analyser.tokens(text)] for text in texts])
        pairs = []
        for (segment, row), vectors in zip(chosen, fresh, strict=True):
            key = int(segment.sentence_ids[row])
            cosines = [float(np.asarray(segment.sentences[row], np.float32) @ vectors.sentence)]
            for place, position in _stored_rows(collection.db, segment, key):
                inside = position < len(vectors.tokens)
                stored = np.asarray(segment.tokens[place], np.float32)
                cosines.append(float(stored @ vectors.tokens[position]) if inside else -1.0)
            pairs.append((key, min(cosines)))
        return pairs


def _stored_rows(db: Any, segment: Segment, sentence: int) -> list[tuple[int, int]]:
    """(row in the segment, position) of the stored occurrences of a sentence."""
    rows = db.execute(
        "SELECT o.id, o.position, r.first, r.count FROM occurrences o JOIN ranges r ON r.type = o.type"
        " WHERE o.sentence = ? AND r.segment = ?",
        (sentence, segment.key),
    ).fetchall()
    found = [(segment.token_row(key, first, count), position) for key, position, first, count in rows]
    return [(row, position) for row, position in found if row is not None]
