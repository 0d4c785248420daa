"""Read back all rows of a database and hold them against each other, against the texts and against the segments.

One document, a few thousand types or one segment is in memory at a time.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CollectionError
from ..given import GivenSentence, content_hash, given_problem
from ..text import Folding, TextAnalyser, Token, folding_of, form_of, has_words, is_indexed
from ..values import items_of, text_of
from ..vectors.arrays import Ids
from .annotations import annotation_rows, document_annotation, stray_annotations
from .damage import read_transform
from .dictionaries import check_dictionaries
from .findings import REENCODE, REPAIR, RESTORE, Findings, Repair
from .judgements import check_judgements
from .keyword_check import KeywordCheck
from .records import CollectionSettings, read_metadata
from .schema import NEXT_WORD, QUANTILES_KEY, STREAM_VERSION, State, in_batches, read_settings
from .segment import Segment
from .selections import check_selections
from .stored_tokens import StoredTokens
from .stream import Word
from .subcorpora import check_subcorpora
from .views import VIEWS
from .words import WordTable

if TYPE_CHECKING:
    from ..text.lemma_rules import LemmaRules

SAMPLE_DOCUMENTS = 100
"""Number of documents whose texts are cut again, unless all are."""
ROWS = 20_000
"""Number of rows that are read at a time."""
LENGTH_TOLERANCE = 0.01
"""Largest difference from 1 of the length of a stored unit vector."""
COUNTED_TABLES = {
    "next_segment": "segments",
    "next_document": "documents",
    "next_sentence": "sentences",
    "next_occurrence": "occurrences",
    "next_type": "types",
    NEXT_WORD: "words",
}
"""Setting with the next free id, and the table whose ids it counts."""
TABLES = {
    *("settings", "arrays", "prototypes", "segments", "documents", "metadata", "sentences", "types", "occurrences"),
    *("annotations", "words", "dictionaries", "dictionary_senses", "subcorpora", "selections"),
    *("judged_lines", "judgement_events", "judgements"),
    *("ranges", "sentences_fts", "_sqlite_migrations"),
    *(f"sentences_fts_{part}" for part in ("data", "idx", "docsize", "config")),
}
"""The tables of a collection."""
_Occurrence = tuple[int, int, int, str, str]
_Token = tuple[int, str, str]
_Sentence = tuple[int, int, list[_Occurrence], list[_Token] | None]


def check_content(
    db: sqlite3.Connection,
    settings: CollectionSettings,
    segments: Sequence[Segment],
    all_text: bool,
    findings: Findings,
    rules: LemmaRules | None = None,
) -> int:
    """Check every row.

    Args:
        segments: Those whose files are sound.
        all_text: Cut all texts again, not only a sample.
        rules: Rules of the lemmas by part of speech. Without them these lemmas are only held against each other.

    Returns:
        Number of documents whose texts were cut again.
    """
    with findings.reading("the list of tables"):
        _check_tables(db, findings)
    with findings.reading("the settings"):
        _check_settings(db, findings)
    with findings.reading("the transforms"):
        _check_transforms(db, findings)
    with findings.reading("the named senses"):
        _check_named_senses(db, findings)
    with findings.reading("the subcorpora"):
        check_subcorpora(db, findings)
    with findings.reading("the selections"):
        check_selections(db, findings)
    with findings.reading("the dictionaries"):
        check_dictionaries(db, segments[0].tokens.shape[1] if segments else 0, findings)
    check_judgements(db, findings)
    with findings.reading("the types"):
        _check_types(db, folding_of(settings.language, settings.tokeniser), findings)
    for segment in segments:
        with findings.reading(f"the rows of segment {segment.folder.name}"):
            _check_segment(db, segment, findings)
    words = WordTable()
    with findings.reading("the words"):
        if settings.has_stream:
            words.read(db)
    with findings.reading("the documents"):
        return _check_documents(db, settings, all_text, StoredTokens(segments, words), findings, rules)
    return 0


def _check_tables(db: sqlite3.Connection, findings: Findings) -> None:
    for kind, name in db.execute("SELECT type, name FROM sqlite_master WHERE type != 'index'").fetchall():
        if name not in TABLES and name not in VIEWS and not name.startswith("sqlite_"):
            findings.add("foreign tables", f"it has a {kind} {name!r} that Polyseme did not make", RESTORE)


def counted_tables(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings with a next free id that a collection of this format version has, and their tables."""
    has_words = settings["format_version"] >= STREAM_VERSION
    return {name: table for name, table in COUNTED_TABLES.items() if has_words or name != NEXT_WORD}


def _check_settings(db: sqlite3.Connection, findings: Findings) -> None:
    settings = read_settings(db)
    if not isinstance(settings["generation"], int):
        findings.add("settings", "the setting 'generation' is no number", RESTORE)
    for name, table in counted_tables(settings).items():
        (largest,) = db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
        if settings.get(name, -1) <= largest:
            detail = f"the setting {name!r} is {settings.get(name)!r}, but an id in {table} is {largest}"
            findings.add("counters", detail, REPAIR, Repair.COUNTERS)
    stored = settings.get(QUANTILES_KEY)
    if stored is not None:
        values = stored["quantiles"]
        is_right = all(isinstance(value, int | float) and -1.01 <= value <= 1.01 for value in values)
        if not is_right or values != sorted(values) or not isinstance(stored["rows"], int):
            findings.add("settings", f"the setting {QUANTILES_KEY!r} has no quantiles of cosines", "index a document")


def _check_transforms(db: sqlite3.Connection, findings: Findings) -> None:
    for name, data in db.execute("SELECT name, data FROM arrays").fetchall():
        try:
            read_transform(Path(), name, data)
        except CollectionError:
            findings.add("transforms", f"the transform {name!r} is damaged", f"{RESTORE} or {REENCODE}")


def _check_named_senses(db: sqlite3.Connection, findings: Findings) -> None:
    for name, data in db.execute("SELECT name, data FROM prototypes").fetchall():
        try:
            found = json.loads(data)
            is_right = found["name"] == name and all(map(math.isfinite, found["mean"]))
        except (KeyError, TypeError, ValueError, RecursionError):
            is_right = False
        if not is_right:
            findings.add("named senses", f"the named sense {name!r} is damaged", "save it again")


def _check_types(db: sqlite3.Connection, folding: Folding, findings: Findings) -> None:
    size = None
    for rows in _chunks(db, "SELECT id, form, lemma, vector FROM types ORDER BY id"):
        size = len(rows[0][3]) if size is None else size
        for key, form, lemma, vector in rows:
            if not isinstance(form, str) or form != folding.form(form) or not isinstance(lemma, str) or not lemma:
                findings.add("types with a wrong form", f"type {key} has the form {form!r}, lemma {lemma!r}", RESTORE)
            if not isinstance(vector, bytes) or len(vector) != size or not size or size % 2:
                findings.add("types with a wrong vector", f"the vector of type {key} has another size", REENCODE)
        fit = [(row[0], row[1], row[3]) for row in rows if isinstance(row[3], bytes) and len(row[3]) == size]
        vectors = np.frombuffer(b"".join(row[2] for row in fit), np.float16).reshape(len(fit), -1)
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)  # (n,)
        for n in np.flatnonzero(~(np.abs(lengths - 1) <= LENGTH_TOLERANCE)).tolist():
            findings.add("types with a wrong vector", f"the vector of {fit[n][1]!r} is not of unit length", REENCODE)


def _check_segment(db: sqlite3.Connection, segment: Segment, findings: Findings) -> None:
    """Hold ids, types, sentences and documents of a segment against the rows."""
    ranges = db.execute("SELECT type, count FROM ranges WHERE segment = ? ORDER BY first", (segment.key,)).fetchall()
    table = np.array(ranges, np.int64).reshape(-1, 2)
    types = np.repeat(table[:, 0], np.maximum(table[:, 1], 0))
    name = segment.folder.name
    if len(types) != len(segment.token_ids):
        return  # reported by the check of the storage
    sentences = np.asarray(segment.sentence_ids)[np.asarray(segment.token_sentences)]
    sql = "SELECT id, sentence, type FROM occurrences WHERE id BETWEEN ? AND ? ORDER BY id"
    wrong = _differing(db, sql, np.asarray(segment.token_ids), [sentences, types])
    if wrong:
        findings.add(
            "segments",
            f"{wrong} occurrences of segment {name} have another type or sentence in the table",
            f"{RESTORE} or {REENCODE}",
        )
    _check_words(db, segment, findings)
    sql = "SELECT id, document FROM sentences WHERE id BETWEEN ? AND ? ORDER BY id"
    wrong = _differing(db, sql, np.asarray(segment.sentence_ids), [np.asarray(segment.sentence_documents)])
    if wrong:
        findings.add(
            "segments",
            f"{wrong} sentences of segment {name} have another document in the table",
            f"{RESTORE} or {REENCODE}",
        )


def _check_words(db: sqlite3.Connection, segment: Segment, findings: Findings) -> None:
    """Hold the words of occurrences against the stream. Occurrences of earlier versions have none."""
    has_words = any(row[1] == "word" for row in db.execute("PRAGMA table_info(occurrences)"))
    if segment.stream is None or not has_words or not len(segment.token_ids):
        return
    stream, ids = segment.stream, np.asarray(segment.token_ids)
    words = stream.word_ids[np.asarray(stream.words.whole())[np.asarray(stream.token_places.whole())]]  # (n,)
    sql = "SELECT id, word FROM occurrences WHERE id BETWEEN ? AND ? AND word IS NOT NULL ORDER BY id"
    stored = [row[0] for rows in _chunks(db, sql, int(ids.min()), int(ids.max())) for row in rows]
    kept = np.isin(ids, np.array(stored, np.int64))
    if wrong := _differing(db, sql, ids[kept], [words[kept]]):
        detail = f"{wrong} occurrences of segment {segment.folder.name} have another word in the table"
        findings.add("segments", detail, f"{RESTORE} or {REENCODE}")


def _differing(db: sqlite3.Connection, sql: str, ids: Ids, columns: list[Ids]) -> int:
    """Count the rows of a segment that the database lacks, or has with other values.

    Args:
        sql: Selects an id and the columns, between two ids, in the order of ids.
        ids: Ids of the segment (n,).
        columns: Values that the segment has for them, (n,) each.
    """
    if not len(ids):
        return 0
    order = np.argsort(ids, kind="stable")
    known = ids[order]
    right = 0
    for rows in _chunks(db, sql, int(known[0]), int(known[-1])):
        table = np.array(rows, np.int64)
        places = np.minimum(np.searchsorted(known, table[:, 0]), len(known) - 1)
        equal = known[places] == table[:, 0]
        for number, column in enumerate(columns, start=1):
            equal &= column[order[places]] == table[:, number]
        right += int(equal.sum())
    return len(ids) - right


def _check_documents(
    db: sqlite3.Connection,
    settings: CollectionSettings,
    all_text: bool,
    tokens: StoredTokens,
    findings: Findings,
    rules: LemmaRules | None,
) -> int:
    keys = [key for (key,) in db.execute("SELECT id FROM documents ORDER BY id")]
    analyser = TextAnalyser(settings.language, settings.tokeniser)
    lemmas = ExpectedLemmas(analyser, settings.tagged_lemmas, rules)
    chosen = set(keys if all_text else random.Random(0).sample(keys, min(len(keys), SAMPLE_DOCUMENTS)))
    if settings.tokeniser != analyser.name:  # another version cuts some texts in another way
        chosen = set()
    live: set[str] = set()
    with contextlib.closing(KeywordCheck(db, settings.language)) as keywords:
        for key in keys:
            with findings.reading(f"document {key}"):
                _check_document(db, key, analyser.folding, live, keywords, findings)
            if key in chosen:
                with findings.reading(f"document {key}"):
                    _check_cut(db, key, lemmas, settings.function_words, tokens, findings)
        with findings.reading("the keyword index"):
            if problem := keywords.compare():
                findings.add("keyword indexes", f"the keyword index {problem}", REPAIR, Repair.KEYWORDS)
    with findings.reading("the metadata"):
        (stray,) = db.execute(
            "SELECT count(*) FROM metadata WHERE document NOT IN (SELECT id FROM documents)"
        ).fetchone()
        if stray:
            findings.add("metadata", f"{stray} values of no document", REPAIR, Repair.METADATA)
    with findings.reading("the annotations"):
        if stray := stray_annotations(db):
            findings.add("annotations", f"{stray} annotated sentences of no document", RESTORE)
    return len(chosen)


def _check_document(
    db: sqlite3.Connection, key: int, folding: Folding, live: set[str], keywords: KeywordCheck, findings: Findings
) -> None:
    """Hold a document's text against its hash, its metadata, its sentences and its occurrences."""
    document, title, metadata, recorded, state, kind, content = db.execute(
        "SELECT document_id, title, metadata, content_hash, state, typeof(text), CAST(text AS BLOB) FROM documents"
        " WHERE id = ?",
        (key,),
    ).fetchone()
    if state not in list(State):
        findings.add("states", f"document {document!r} has the state {state!r}", RESTORE)
    if state == State.LIVE and document in live:
        findings.add("states", f"two documents {document!r} are live", RESTORE)
    if state == State.LIVE:
        live.add(document)
    if content_hash(content, annotation_rows(db, key)) != recorded or kind != "text":
        detail = f"the text of {document!r} does not have the recorded hash"
        findings.add("texts without the recorded hash", detail, f"{RESTORE}, or index the document again")
    _check_metadata(db, key, document, title, metadata, findings)
    _check_offsets(db, key, document, content.decode("utf-8", "replace"), folding, keywords, findings)


def _check_metadata(
    db: sqlite3.Connection, key: int, document: str, title: str, metadata: str, findings: Findings
) -> None:
    try:
        recorded = read_metadata(metadata)
        expected = {(field, item) for field, value in recorded.items() for item in items_of(value)}
    except ValueError:
        findings.add("metadata", f"the metadata of {document!r} is no JSON object", RESTORE)
        return
    if title != text_of(recorded.get("title", document)):
        findings.add("titles", f"the title of {document!r} is not that of its metadata", REPAIR, Repair.TITLES)
    if set(db.execute("SELECT field, value FROM metadata WHERE document = ?", (key,))) != expected:
        detail = f"the table of metadata has other values for {document!r} than the document"
        findings.add("documents with other metadata", detail, REPAIR, Repair.METADATA)


def _check_offsets(
    db: sqlite3.Connection,
    key: int,
    document: str,
    text: str,
    folding: Folding,
    keywords: KeywordCheck,
    findings: Findings,
) -> None:
    sentences = db.execute(
        'SELECT id, position, start, "end" FROM sentences WHERE document = ? ORDER BY position', (key,)
    ).fetchall()
    texts: dict[int, str] = {}
    for number, (sentence, position, start, end) in enumerate(sentences):
        if position != number or not 0 <= start < end <= len(text):
            detail = f"sentence {sentence} is not at its place in the text of {document!r}"
            findings.add("sentences outside their text", detail, f"{RESTORE} or {REENCODE}")
        texts[sentence] = text[max(start, 0) : max(end, 0)]
    keywords.add(texts.items())
    for sentence, _, start, end, form, lemma in _occurrences(db, key):
        token = texts[sentence][max(start, 0) : max(end, 0)]
        if lemma is None or not 0 <= start < end or folding.form(token) != form:
            detail = f"in {document!r}, sentence {sentence}, {token!r} is stored as {form!r}"
            findings.add("tokens that are not their form", detail, f"{RESTORE} or {REENCODE}")


def _occurrences(db: sqlite3.Connection, document: int) -> Iterable[tuple[int, int, int, int, str, str]]:
    """Return (sentence, position, start, end, form, lemma) of a document's occurrences, in the order of the text."""
    return db.execute(
        'SELECT o.sentence, o.position, o.start, o."end", t.form, t.lemma FROM sentences s'
        " JOIN occurrences o ON o.sentence = s.id LEFT JOIN types t ON t.id = o.type WHERE s.document = ?"
        " ORDER BY s.position, o.position",
        (document,),
    )


def _check_cut(
    db: sqlite3.Connection,
    key: int,
    lemmas: ExpectedLemmas,
    function_words: bool,
    tokens: StoredTokens,
    findings: Findings,
) -> None:
    """Cut a document's text again and compare sentences, tokens and lemmas.

    Sentences, tokens and lemmas that the document has brought are taken from its annotation. A document that is not
    live may have its first sentences alone.
    """
    document, text, state = db.execute("SELECT document_id, text, state FROM documents WHERE id = ?", (key,)).fetchone()
    given = document_annotation(db, key)
    if problem := given_problem(text, given):
        raise ValueError(problem)
    spans = db.execute('SELECT id, start, "end" FROM sentences WHERE document = ? ORDER BY position', (key,)).fetchall()
    inside: dict[int, list[_Occurrence]] = {sentence: [] for sentence, _, _ in spans}
    for sentence, *occurrence in _occurrences(db, key):
        inside[sentence].append(tuple(occurrence))  # type: ignore[arg-type]
    streams = [tokens.of_sentence(sentence) for sentence, _, _ in spans]
    fresh = list(_cut(text, given, lemmas, function_words, streams))
    stored: list[_Sentence] = [
        (start, end, inside[sentence], _shown(stream))
        for (sentence, start, end), stream in zip(spans, streams, strict=True)
    ]
    if None in streams:  # an earlier format version, or a segment that is damaged
        fresh = [(*each[:3], None) for each in fresh]
        stored = [(*each[:3], None) for each in stored]
        if lemmas.are_tagged:
            fresh, stored = _without_lemmas(fresh), _without_lemmas(stored)
    if state != State.LIVE:
        fresh = fresh[: len(stored)]
    if stored != fresh:
        wrong = sum(one != two for one, two in zip(stored, fresh, strict=False)) + abs(len(stored) - len(fresh))
        detail = f"{wrong} sentences of {document!r} differ in tokens or lemmas from its text, cut again"
        findings.add("documents that differ from their text, cut again", detail, f"{RESTORE} or {REENCODE}")


def _cut(
    text: str,
    given: Sequence[GivenSentence],
    lemmas: ExpectedLemmas,
    function_words: bool,
    streams: Sequence[list[tuple[int, Word]] | None],
) -> Iterator[_Sentence]:
    """Yield the sentences that a text is cut into.

    Args:
        streams: Stored tokens of each sentence, whose parts of speech decide about lemmas.
    """
    sentences = filter(has_words, lemmas.analyser.sentences(text, given))
    for number, sentence in enumerate(sentences):
        first = sentence.start
        expected = lemmas.of(sentence.tokens, streams[number] if number < len(streams) else None)
        yield (
            sentence.start,
            sentence.end,
            [
                (n, token.start - first, token.end - first, form_of(token), lemma)
                for n, (token, lemma) in enumerate(zip(sentence.tokens, expected, strict=True))
                if is_indexed(token, function_words)
            ],
            [(token.start - first, token.text, lemma) for token, lemma in zip(sentence.tokens, expected, strict=True)],
        )


def _without_lemmas(sentences: Sequence[_Sentence]) -> list[_Sentence]:
    return [(*each[:2], [(*token[:4], "") for token in each[2]], each[3]) for each in sentences]


@dataclass(frozen=True, slots=True)
class ExpectedLemmas:
    """The lemmas that the tokens of a collection must have.

    Attributes:
        are_tagged: Whether lemmas are by part of speech.
        rules: Rules for these. None if they are not at hand. A lemma is then only held against that of the type.
    """

    analyser: TextAnalyser
    are_tagged: bool
    rules: LemmaRules | None

    def of(self, tokens: Sequence[Token], stored: list[tuple[int, Word]] | None) -> list[str]:
        """Return the lemma of each token of a sentence, given the stored parts of speech.

        Args:
            stored: Offset and word of each stored token. None if they cannot be read.
        """
        if not self.are_tagged or stored is None or len(stored) != len(tokens):
            return [token.lemma for token in tokens]
        return [self._lemma(token, word) for token, (_, word) in zip(tokens, stored, strict=True)]

    def _lemma(self, token: Token, word: Word) -> str:
        if token.has_given_lemma or not word.pos:
            return token.lemma
        if self.rules is None:
            return word.lemma
        if (token.pos or token.tag) and word.lemma == token.lemma:
            return token.lemma  # indexed with another tagger, so only the document's own tags are stored
        return self.analyser.tagged_lemma(token.text, word.pos, word.tag, self.rules)


def _shown(tokens: list[tuple[int, Word]] | None) -> list[_Token] | None:
    """Return of the tokens of a stream what the text alone determines."""
    return None if tokens is None else [(offset, word.form, word.lemma) for offset, word in tokens]


def _chunks(db: sqlite3.Connection, sql: str, *parameters: object) -> Iterator[list[Any]]:
    cursor = db.execute(sql, parameters)
    while rows := cursor.fetchmany(ROWS):
        yield rows


def sample_types(db: sqlite3.Connection, most: int) -> list[tuple[str, bytes]]:
    """Return (form, vector) of a sample of types, evenly over their ids."""
    keys = [key for (key,) in db.execute("SELECT id FROM types ORDER BY id")]
    chosen = keys[:: max(1, -(-len(keys) // most))]
    return list(in_batches(db, "SELECT form, vector FROM types WHERE id IN ({})", chosen))
