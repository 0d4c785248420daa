"""Vectors of occurrences with gold senses, for `senses.py`. They are encoded once and cached in a folder.

A word is all gold occurrences of a lemma, as a user would ask for it. Words of one sense come from two sources: words
of SemCor with a single tagged sense, and each class of CoarseWSD-20 alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from polyseme.indexer.build import build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.elmo import Encoder
from polyseme.indexer.elmo.tags import TagSet
from polyseme.indexer.gold.judgements import Gold, by_word, read_gold
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.vectorise import Vectoriser
from polyseme.indexer.vectors.arrays import Array, Ids, unit
from polyseme.search.evaluation.datasets.pairs import read_coarsewsd
from polyseme.search.evaluation.records import Usage
from polyseme.search.query.parts_of_speech import parts_of_rows

from benchmarks.lib.paths import DOCUMENTS, SENSES
from benchmarks.lib.sql import stored_places

CAP = 150
"""Maximum number of occurrences of a word of CoarseWSD-20, evenly spaced in the split."""
FEWEST = 20
"""Minimum number of gold occurrences of a word of SemCor, and of a CoarseWSD-20 class that is used alone."""
BATCH = 256
"""Number of sentences that are encoded at a time."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word's occurrences: unit vectors (n, d), the gold sense and the part of speech of each (n,)."""

    name: str
    vectors: Array
    senses: tuple[str, ...]
    parts: tuple[str, ...]

    def chosen(self, rows: Ids) -> Word:
        """Return the word with some of its occurrences.  (m,)"""
        senses, parts = (tuple(values[row] for row in rows.tolist()) for values in (self.senses, self.parts))
        return Word(self.name, self.vectors[rows], senses, parts)

    @property
    def gold_senses(self) -> int:
        """Number of senses with at least 3 occurrences and 5 % of all, and at least one."""
        least = max(3.0, 0.05 * len(self.senses))
        return max(1, sum(count >= least for count in Counter(self.senses).values()))


def half(word: str) -> int:
    """Return the half of SemCor that a word belongs to: 0 for choices, 1 for reports."""
    return crc32(word.encode()) % 2


def read_words(path: Path) -> list[Word]:
    """Read the words that `write_words` wrote."""
    found = np.load(path, allow_pickle=False)
    vectors, names = found["vectors"].astype(np.float32), found["words"]
    senses, parts = found["senses"], found["parts"]
    order = np.argsort(names, kind="stable")
    groups = np.split(order, np.flatnonzero(names[order][1:] != names[order][:-1]) + 1)
    return [
        Word(str(names[rows[0]]), unit(vectors[rows]), tuple(map(str, senses[rows])), tuple(map(str, parts[rows])))
        for rows in groups
    ]


def write_words(path: Path, words: Iterable[Word]) -> None:
    """Write words into one file of plain arrays."""
    found = list(words)
    np.savez(
        path,
        vectors=np.concatenate([word.vectors for word in found]).astype(np.float16),
        words=np.array([word.name for word in found for _ in word.senses]),
        senses=np.array([sense for word in found for sense in word.senses]),
        parts=np.array([part for word in found for part in word.parts]),
    )


def coarse_words(encoder: Encoder, folder: Path, split: str) -> Iterator[Word]:
    """Yield the words of CoarseWSD-20, and each large class as a word of one sense."""
    vectoriser = Vectoriser(encoder, Layer.SENSE, {})
    for word in read_coarsewsd(folder):
        usages: Sequence[Usage] = word.train if split == "train" else word.test
        chosen = (
            np.unique(np.linspace(0, len(usages) - 1, CAP).astype(int)) if len(usages) > CAP else range(len(usages))
        )
        found = [usages[n] for n in chosen]
        vectors, parts = _encode(vectoriser, encoder.tagset, found)
        senses = tuple(usage.sense for usage in found)
        whole = Word(word.word, vectors, senses, parts)
        yield whole
        for sense, count in sorted(Counter(senses).items()):
            if count >= FEWEST:
                inside = whole.chosen(np.flatnonzero(np.array(senses) == sense))
                yield Word(f"{word.word} {sense}", inside.vectors, inside.senses, inside.parts)


def _encode(vectoriser: Vectoriser, tagset: TagSet | None, usages: Sequence[Usage]) -> tuple[Array, tuple[str, ...]]:
    """Return the vectors of some usages (n, d), and their parts of speech, "" without a tagger (n,)."""
    rows, parts = [], []
    for first in range(0, len(usages), BATCH):
        part = usages[first : first + BATCH]
        found = vectoriser([usage.span.sentence for usage in part])
        for vectors, usage in zip(found, part, strict=True):
            rows.append(vectors.tokens[usage.span.start])
            tags = vectors.tags
            parts.append("" if tags is None or tagset is None else tagset.upos[int(tags.upos[usage.span.start])])
    return np.stack(rows), tuple(parts)


def collection_words(path: Path, gold: Iterable[Gold]) -> Iterator[Word]:
    """Yield the gold words of a collection with the vectors that it stores."""
    with Collection.open(path) as collection, collection.reading() as snapshot:
        analyser = TextAnalyser(collection.settings.language, collection.settings.tokeniser)
        ids = np.concatenate([segment.token_ids for segment in snapshot.segments.values()])  # (n,)
        vectors = np.concatenate([np.asarray(segment.tokens) for segment in snapshot.segments.values()])  # (n, d)
        by_segment = {segment: np.arange(len(segment.token_ids)) for segment in snapshot.segments.values()}
        part_of = dict(zip(np.sort(ids).tolist(), parts_of_rows(collection, by_segment), strict=True))
        row_of = {key: row for row, key in enumerate(ids.tolist())}
        places = {place: row_of[key] for key, place in stored_places(collection).items()}
        for word, rows in by_word(gold).items():
            lemma = analyser.lemma(word)
            inside = [row for row in rows if (row.place, lemma) in places]
            if inside:
                found = np.array([places[row.place, lemma] for row in inside])
                parts = tuple(part_of[key] for key in ids[found].tolist())
                yield Word(word, unit(vectors[found]), tuple(row.sense for row in inside), parts)


def sample_words(encoder: Encoder, cache: Path) -> Iterator[Word]:
    """Yield the words of `data/senses.tsv`. Their collection stays in the cache."""
    path = cache / f"sample-{encoder.model_id[:12]}.pol"
    build(path, [DOCUMENTS], model=encoder)
    return collection_words(path, read_gold(SENSES))


def semcor_words(out: Path, collection: Path) -> Iterator[Word]:
    """Yield words of SemCor with enough tagged occurrences, from the output of `benchmarks.quality.semcor`."""
    gold = [row for row in read_gold(out / "gold.tsv") if " " not in row.lemma]
    first = [Gold(row.place, row.lemma, row.sense.partition(";")[0]) for row in gold]
    return (word for word in collection_words(collection, first) if len(word.senses) >= FEWEST)
