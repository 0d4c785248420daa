"""Print what the stored tokens of a collection cost, and how long patterns over them take.

    python -m benchmarks.search.patterns COLLECTION [--repeat 5]
    python -m benchmarks.search.patterns OLD --add-tokens NEW

The second command copies a collection of format version 2 and stores the tokens of its texts, without encoding. Their
parts of speech are made up from their forms, so the copy serves for measuring alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.schema import NEXT_WORD, STREAM_VERSION, write_settings
from polyseme.indexer.collection.segment import Segment, add_checksums
from polyseme.indexer.collection.stored_array import write_array
from polyseme.indexer.collection.stream import STREAM_FILES, Word, stream_data
from polyseme.indexer.collection.words import NewWords, insert_words
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.text import TextAnalyser
from polyseme.search.searcher import Searcher

from benchmarks.lib.sql import occurrence_positions, word_bytes

PATTERNS = (
    '[lemma="bank" & pos="NOUN"] []{0,3} [word="loan.*"]',
    '"of" "the" [lemma="river"]',
    '[word=".*ing"%c & pos="VERB"] "," "but"',
    '[lemma="charge"] []{0,5} "with"',
    '[pos="ADJ"] [pos="NOUN"]',
    '[pos="NOUN"]',
    '[word="[A-Z].*"]{3,} []* "[?]"',
)
"""Patterns from rare to frequent words."""
_POS = ("NOUN", "NOUN", "VERB", "ADJ", "ADP", "PROPN", "DET", "ADV")
_MADE_UP = "made up"


@dataclass(frozen=True, slots=True)
class Timing:
    """Matches of a pattern, and milliseconds with 20 hits: of the first call, of later ones (median), mean CPU time."""

    pattern: str
    matches: int
    first: float
    later: float
    processor: float


def measure(searcher: Searcher, patterns: Sequence[str], repeat: int) -> list[Timing]:
    """Measure patterns in turn."""
    found = []
    for pattern in patterns:
        times = []
        processor = time.process_time()
        for _ in range(repeat + 1):
            started = time.perf_counter()
            searcher.pattern(pattern)
            times.append(1000 * (time.perf_counter() - started))
        processor = 1000 * (time.process_time() - processor) / len(times)
        hits = searcher.pattern(pattern)
        total = re.search(r"of ([\d,]+) matches", hits.notice or "")
        matches = int(total[1].replace(",", "")) if total else len(hits)
        found.append(Timing(pattern, matches, times[0], float(np.median(times[1:] or times)), processor))
    return found


def print_costs(collection: Collection) -> None:
    """Print the bytes of the stored tokens beside those of the rest."""
    info = collection.info()
    with collection.reading() as snapshot:
        segments = list(snapshot.segments.values())
        tokens = sum(len(segment.stream) for segment in segments if segment.stream is not None)
        files = sum(segment.files[name].size for segment in segments for name in STREAM_FILES)
        words, table = len(collection.words()), word_bytes(collection)
    total = info.bytes_database + info.bytes_vectors
    print(f"{info.occurrences:,} occurrences of {info.token_dim} numbers, {info.segments} segments, {total:,} bytes")
    print(f"{tokens:,} tokens, {words:,} words: {files:,} bytes in files and some {table:,} in the database,")
    print(f"{(files + table) / max(tokens, 1):.1f} bytes a token, {(files + table) / total:.1%} of the collection")


def print_timings(found: Sequence[Timing]) -> None:
    """Print a row for each pattern."""
    print(f"{'milliseconds, 20 hits':58}{'matches':>10}{'first':>10}{'later':>10}{'CPU':>10}")
    for row in found:
        print(f"{row.pattern:58}{row.matches:10,}{row.first:10.1f}{row.later:10.1f}{row.processor:10.1f}")


def add_tokens(old: Path, new: Path) -> None:
    """Copy a collection of format version 2 to `new`, and store the tokens of its texts with made-up tags.

    Raises:
        PolysemeError: The collection cannot be read or copied.
    """
    shutil.copytree(old, new)
    numbers: dict[Word, int] = {}
    with Collection.open(new) as collection, collection.reading() as snapshot:
        analyser = TextAnalyser(collection.settings.language, collection.settings.tokeniser)
        spans = {}
        for document in collection.documents():
            _, text = collection.document(document.document_id)
            for key, start, end in collection.document_sentences(document.key):
                tokens = analyser.tokens(text[start:end], collection.given_tokens(key))
                ids = [numbers.setdefault(made_up(t.text, t.lemma), len(numbers) + 1) for t in tokens]
                spans[key] = np.array(ids, np.int64), np.array([token.start for token in tokens], np.int32)
        files = {
            segment.key: _write_stream(segment, spans, occurrence_positions(collection))
            for segment in snapshot.segments.values()
        }
    with Collection.open(new) as collection, collection.writing() as writer, writer.db.atomic():
        insert_words(writer.db.conn, NewWords(np.zeros(0, np.int64), [(key, word) for word, key in numbers.items()]))
        settings = {"format_version": STREAM_VERSION, "tagger_id": _MADE_UP, NEXT_WORD: len(numbers) + 1}
        write_settings(writer.db.conn, settings)
        for key, record in files.items():
            writer.db.execute("UPDATE segments SET files = ? WHERE id = ?", (record, key))
        writer.next_generation()


def _write_stream(segment: Segment, spans: dict[int, tuple[np.ndarray, np.ndarray]], positions: dict[int, int]) -> str:
    """Write the stream of a segment, and return the new record of its files. Sentences that are deleted have none."""
    empty = np.zeros(0, np.int64), np.zeros(0, np.int32)
    parts = [spans.get(int(key), empty) for key in segment.sentence_ids]
    lengths = np.array([len(words) for words, _ in parts], np.int64)
    starts = np.cumsum(lengths) - lengths
    place = np.array([positions[int(key)] for key in segment.token_ids[:]], np.int64)
    data = stream_data(
        np.concatenate([words for words, _ in parts]),
        np.concatenate([offsets for _, offsets in parts]),
        lengths,
        starts[segment.token_sentences[:]] + place,
    )
    for name, array in data.arrays():
        write_array(segment.folder / name, [array], array.shape, array.dtype)
    return json.dumps({name: asdict(record) for name, record in add_checksums(segment.folder).items()})


@cache
def made_up(form: str, lemma: str) -> Word:
    """Return the word of a form, with a part of speech that depends on the form alone."""
    if not any(map(str.isalnum, form)):
        return Word(form, lemma, "PUNCT", form[:1])
    pos = _POS[hashlib.sha256(lemma.encode("utf-8", "replace")).digest()[0] % len(_POS)]
    return Word(form, lemma, pos, f"{pos[:2]}{form[-1]}")


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Print the cost of stored tokens, and the times of patterns.")
    parser.add_argument("collection", type=Path, help="folder of the collection")
    parser.add_argument("--repeat", type=int, default=5, help="number of later calls of each pattern")
    parser.add_argument("--add-tokens", type=Path, metavar="NEW", help="copy the collection and add made-up tokens")
    arguments = parser.parse_args()
    try:
        if arguments.add_tokens is not None:
            add_tokens(arguments.collection, arguments.add_tokens)
            return 0
        with Searcher.open(arguments.collection) as searcher:
            print_costs(searcher.collection)
            print_timings(measure(searcher, PATTERNS, arguments.repeat))
    except PolysemeError as error:
        print(f"patterns: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
