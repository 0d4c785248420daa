"""The stages between documents and segments, as generators over records. Nothing here reads or writes a file.

documents -> numbered sentences -> raw vectors -> unit vectors -> parts of documents, one segment at a time
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .collection.records import DocumentPart, OccurrenceEntry, SentenceEntry
from .collection.stream import Word
from .tagging import Tagging, sentence_words
from .text import Sentence, TextAnalyser, form_of, has_words, is_indexed
from .vectorise import SentenceVectors, Vectoriser, fit_transforms, spelled
from .vectors.transforms import Normalisation

if TYPE_CHECKING:  # search imports this module and reads no documents
    from .documents import Document

SAMPLE_BYTES = 256 * 2**20
"""Maximum size in bytes of the raw vectors that are held in memory to fit the transforms on."""
BATCH_TOKENS = 16_384
"""Number of tokens at which a batch is encoded. Their layers take 50 MiB in a small model, 200 MiB in the largest."""


@dataclass(frozen=True, slots=True)
class Work:
    """A document to encode.

    Attributes:
        first: Number of the first sentence to encode. It is above 0 if an interrupted run has stored those before it.
        replaces: Whether the collection has an older version of the document.
    """

    document: Document
    first: int = 0
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class NumberedSentence:
    """A sentence of a document.

    Attributes:
        number: Its number among the document's sentences that are stored.
        last: Whether it is the last of them.
    """

    work: Work
    number: int
    last: bool
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Encoded:
    """A sentence with its vectors, raw before `normalise` and of unit length after it."""

    item: NumberedSentence
    vectors: SentenceVectors


def split_sentences(
    work: Iterable[Work], analyser: TextAnalyser, on_empty: Callable[[Document], None]
) -> Iterator[NumberedSentence]:
    """Split documents into sentences, in order.

    Args:
        on_empty: Called with each document that has no sentence to store.
    """
    for item in work:
        # Each sentence is held until the next one, since only the last one is marked as such.
        held: NumberedSentence | None = None
        kept = filter(has_words, analyser.sentences(item.document.text, item.document.sentences))
        for number, sentence in enumerate(kept):
            if held is not None and held.number >= item.first:
                yield held
            held = NumberedSentence(item, number, False, sentence)
        if held is None:
            on_empty(item.document)
        else:
            yield NumberedSentence(item, held.number, True, held.sentence)


def batched(
    items: Iterable[NumberedSentence], size: int, max_tokens: int = BATCH_TOKENS
) -> Iterator[list[NumberedSentence]]:
    """Group sentences into lists of `size`, or fewer once they have `max_tokens` tokens together."""
    batch: list[NumberedSentence] = []
    tokens = 0
    for item in items:
        batch.append(item)
        tokens += len(item.sentence.tokens)
        if len(batch) == size or tokens >= max_tokens:
            yield batch
            batch, tokens = [], 0
    if batch:
        yield batch


def encode(
    sentences: Iterable[NumberedSentence], vectoriser: Vectoriser, batch_sentences: int
) -> Iterator[list[Encoded]]:
    """Add raw vectors to sentences, in batches."""
    for batch in batched(sentences, batch_sentences):
        tokens = [[token.text for token in item.sentence.tokens] for item in batch]
        texts = [spelled(item.sentence.tokens) for item in batch] if vectoriser.reads_texts else None
        found = vectoriser.raw(tokens, texts)
        yield list(map(Encoded, batch, found))


def fit_on_sample(
    batches: Iterator[list[Encoded]],
    vectoriser: Vectoriser,
    normalisation: Normalisation,
    token_normalisation: Normalisation | None,
    sample_sentences: int,
) -> tuple[Vectoriser, Iterator[list[Encoded]]]:
    """Fit the transforms of a new collection on its first sentences.

    The sample is held in memory until the transforms are fitted, at most `SAMPLE_BYTES` of it.

    Returns:
        The vectoriser with the fitted transforms, and all batches, the sample included. A vectoriser that has
        transforms is returned unchanged.
    """
    if vectoriser.transforms:
        return vectoriser, batches
    held: list[list[Encoded]] = []
    sentences = waiting = 0
    for batch in batches:
        held.append(batch)
        sentences += len(batch)
        vectors = [each.vectors for each in batch]
        waiting += sum(each.tokens.nbytes + each.sentence.nbytes + each.default.nbytes for each in vectors)
        if sentences >= sample_sentences or waiting >= SAMPLE_BYTES:
            break
    if not held:
        return vectoriser, batches
    sample = list(itertools.islice(itertools.chain.from_iterable(held), sample_sentences))
    forms = sorted({form_of(token) for each in sample for token in each.item.sentence.tokens})
    transforms = fit_transforms(
        vectoriser.encoder,
        vectoriser.layer,
        normalisation,
        token_normalisation,
        [each.vectors for each in sample],
        vectoriser.encoder.word_vectors(forms),  # (n, p)
        vectoriser.kind,
    )
    return vectoriser.with_transforms(transforms), itertools.chain(held, batches)


def normalise(batches: Iterable[list[Encoded]], vectoriser: Vectoriser) -> Iterator[Encoded]:
    """Turn raw vectors into unit vectors with the collection's transforms."""
    for batch in batches:
        vectors = vectoriser.normalise([each.vectors for each in batch])
        yield from map(Encoded, (each.item for each in batch), vectors)


def sentence_entry(
    encoded: Encoded, function_words: bool, tagging: Tagging | None = None, known: dict[Word, Word] | None = None
) -> SentenceEntry:
    """Return what is stored of a sentence: its offsets, its vectors, its indexed occurrences and all its tokens.

    Args:
        tagging: How the tokens are tagged. None to store what the documents have brought alone.
        known: Words of earlier sentences. Equal words are then one object, since a segment has many of them.
    """
    sentence = encoded.item.sentence
    first = sentence.start
    words = sentence_words(sentence.tokens, encoded.vectors.tags, tagging)
    occurrences = tuple(
        OccurrenceEntry(n, token.start - first, token.end - first, form_of(token), word.lemma)
        for n, (token, word) in enumerate(zip(sentence.tokens, words, strict=True))
        if is_indexed(token, function_words)
    )
    kept = [occurrence.position for occurrence in occurrences]
    tokens = encoded.vectors.tokens[kept].astype(np.float16)  # (len(kept), d)
    vector = encoded.vectors.sentence.astype(np.float16)  # (e,)
    default = encoded.vectors.default.astype(np.float16)  # (dim,)
    if known is not None:
        words = [known.setdefault(word, word) for word in words]
    offsets = np.array([token.start - first for token in sentence.tokens], np.int32)  # (t,)
    return SentenceEntry(sentence.start, sentence.end, occurrences, vector, tokens, default, tuple(words), offsets)


def segments(
    encoded: Iterable[Encoded], segment_sentences: int, function_words: bool, tagging: Tagging | None = None
) -> Iterator[list[DocumentPart]]:
    """Group sentences into parts of documents, `segment_sentences` sentences for each commit.

    Args:
        tagging: How the tokens are tagged. None to store what the documents have brought alone.
    """
    known: dict[Word, Word] = {}
    parts: list[DocumentPart] = []
    open_part: list[Encoded] = []
    filled = 0

    def close() -> None:
        if open_part:
            entries = tuple(sentence_entry(each, function_words, tagging, known) for each in open_part)
            first, last = open_part[0].item, open_part[-1].item
            parts.append(DocumentPart(first.work.document, first.number, entries, last.last))
            open_part.clear()

    for each in encoded:
        open_part.append(each)
        filled += 1
        if each.item.last or filled >= segment_sentences:
            close()
        if filled >= segment_sentences:
            yield parts
            parts, filled = [], 0
            known.clear()
    close()
    if parts:
        yield parts
