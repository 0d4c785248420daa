"""Verify a collection: read everything back, and encode a sample of sentences again."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .collection.collection import Collection
from .collection.integrity import stored_positions
from .collection.records import VerifyReport
from .collection.repair import repair_indexes
from .text import TextAnalyser
from .vectorise import Vectoriser
from .vectors.int8 import Storage

if TYPE_CHECKING:
    from .elmo import Encoder

MIN_COSINE = {Storage.HALF: 0.999, Storage.BYTES: 0.99}
"""Minimum cosine between a stored vector and the vector that its sentence gives when it is encoded again."""


def verify(
    collection: Collection, encoder: Encoder | None = None, sample: int = 100, repair: bool = False
) -> VerifyReport:
    """Compare everything that a collection stores with what was recorded about it.

    `Collection.verify` checks the files and the database. If it finds no problem, a sample of sentences is encoded
    again. Each of their stored vectors must have a cosine of at least `MIN_COSINE` with the new one.

    Args:
        encoder: The encoder that the collection was built with, or None to encode nothing.
        sample: Maximum number of sentences to encode.
        repair: Rebuild damaged FAISS files from the stored vectors first.

    Raises:
        CollectionError: Another process is writing (with `repair`), or a vector file has the wrong size.
    """
    if repair:
        with collection.writing() as writer:
            repair_indexes(writer)
    with collection.reading():
        report = collection.verify()
        if encoder is None or report.problems:
            return report
        cosines = _encode_again(collection, encoder, sample)
    problems = tuple(
        f"sentence {sentence}: stored and fresh vectors differ (cosine {cosine:.4f}); run `polyseme reencode`"
        for sentence, cosine in cosines
        if cosine < MIN_COSINE[collection.settings.storage]
    )
    lowest = min((cosine for _, cosine in cosines), default=None)
    return replace(report, sentences_encoded=len(cosines), lowest_cosine=lowest, problems=problems)


def _encode_again(collection: Collection, encoder: Encoder, sample: int) -> list[tuple[int, float]]:
    """Return (sentence id, lowest cosine of its stored vectors) for a fixed random sample of live sentences."""
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
        found = []
        for (segment, row), vectors in zip(chosen, fresh, strict=True):
            key = int(segment.sentence_ids[row])
            cosines = [float(np.asarray(segment.sentences[row], np.float32) @ vectors.sentence)]
            for place, position in stored_positions(collection.db, segment, key):
                stored = np.asarray(segment.tokens[place], np.float32)
                is_there = position < len(vectors.tokens)
                cosines.append(float(stored @ vectors.tokens[position]) if is_there else -1.0)
            found.append((key, min(cosines)))
        return found
