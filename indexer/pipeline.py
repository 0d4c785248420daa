"""The stages between documents and segments, as generators over records; nothing here touches a file.

documents -> cut sentences -> raw vectors -> fitted and normalised vectors -> parts of documents, a segment at a time
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .collection.records import DocumentEntry, DocumentPart, OccurrenceEntry, SentenceEntry
from .text.analyser import Sentence, TextAnalyser, Token, TokenKind
from .vectorise import SentenceVectors, Vectoriser, fit_transforms, raw_vectors
from .vectors.transforms import Normalisation, Transform

SAMPLE_BYTES = 256 * 2**20
"""Raw vectors that may wait in memory for the transforms to be fitted."""
BATCH_TOKENS = 16_384
"""Tokens that are encoded together, about: 50 MiB of a small model's layers, four times as much of the largest's."""
CONTENT = frozenset({TokenKind.WORD, TokenKind.NUMBER})


@dataclass(frozen=True, slots=True)
class Work:
    """A document to be encoded, from sentence number ``first`` on (more than 0: an earlier run got so far)."""

    document: DocumentEntry
    first: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A sentence of a document, its number among the kept sentences, and whether it is the last of them."""

    document: DocumentEntry
    number: int
    last: bool
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Encoded:
    """A cut sentence and its vectors: raw (before fitting) or unit (after)."""

    cut: Cut
    vectors: SentenceVectors


def is_worth_keeping(sentence: Sentence) -> bool:
    """Whether a sentence holds a word or a number (a row of asterisks does not)."""
    return any(token.kind is not TokenKind.PUNCTUATION for token in sentence.tokens)


def form_of(token: Token) -> str:
    """The form by which a token is found: case folded, and alike for composed and decomposed letters (NFC)."""
    return unicodedata.normalize("NFC", token.text.casefold())


def is_asked_about(token: Token, function_words: bool) -> bool:
    """Whether an occurrence gets a vector of its own: words and numbers, function words by choice."""
    return token.kind in CONTENT or (function_words and token.kind is TokenKind.FUNCTION)


def cut(work: Iterable[Work], analyser: TextAnalyser, on_empty: Callable[[DocumentEntry], None]) -> Iterator[Cut]:
    """Sentences of documents in order; a document without one word is reported and passed over."""
    for item in work:
        held: Cut | None = None
        kept = filter(is_worth_keeping, analyser.sentences(item.document.text))
        for number, sentence in enumerate(kept):
            if held is not None and held.number >= item.first:
                yield held
            held = Cut(item.document, number, False, sentence)
        if held is None:
            on_empty(item.document)
        else:
            yield Cut(held.document, held.number, True, held.sentence)


def batched(items: Iterable[Cut], size: int, most_tokens: int = BATCH_TOKENS) -> Iterator[list[Cut]]:
    """Lists of ``size`` items, fewer where they have ``most_tokens`` tokens together, and at the end."""
    batch: list[Cut] = []
    tokens = 0
    for item in items:
        batch.append(item)
        tokens += len(item.sentence.tokens)
        if len(batch) == size or tokens >= most_tokens:
            yield batch
            batch, tokens = [], 0
    if batch:
        yield batch


def encode(cuts: Iterable[Cut], vectoriser: Vectoriser, batch_sentences: int) -> Iterator[list[Encoded]]:
    """Raw vectors of each sentence, in batches."""
    for batch in batched(cuts, batch_sentences):
        tokens = [[token.text for token in item.sentence.tokens] for item in batch]
        found = raw_vectors(vectoriser.encoder, vectoriser.layer, tokens)
        yield list(map(Encoded, batch, found))


class Fitting:
    """Normalises vectors; for a new collection it first holds a sample back and fits the transforms on it."""

    def __init__(
        self,
        vectoriser: Vectoriser,
        normalisation: Normalisation,
        token_normalisation: Normalisation | None,
        sample_sentences: int,
        fitted: bool,
    ) -> None:
        self.vectoriser = vectoriser
        self.normalisation = normalisation
        self.token_normalisation = token_normalisation
        self.sample_sentences = sample_sentences
        self.fitted = fitted
        self.fresh: dict[str, Transform] = {}

    def __call__(self, batches: Iterable[list[Encoded]]) -> Iterator[Encoded]:
        """Batches with raw vectors in, sentences with unit vectors out, in the same order."""
        coming = iter(batches)
        for batch in itertools.chain(self._held_back(coming), coming):
            yield from self._normalised(batch)

    def _held_back(self, batches: Iterator[list[Encoded]]) -> list[list[Encoded]]:
        """The batches that the transforms had to be fitted on first; none where they are fitted."""
        held: list[list[Encoded]] = []
        if self.fitted:
            return held
        sentences = waiting = 0
        for batch in batches:
            held.append(batch)
            sentences += len(batch)
            waiting += sum(item.vectors.tokens.nbytes + item.vectors.sentence.nbytes for item in batch)
            if sentences >= self.sample_sentences or waiting >= SAMPLE_BYTES:
                break
        if held:
            self._fit(held)
        return held

    def _fit(self, held: Sequence[list[Encoded]]) -> None:
        first = list(itertools.islice(itertools.chain.from_iterable(held), self.sample_sentences))
        forms = sorted({form_of(token) for item in first for token in item.cut.sentence.tokens})
        encoder = self.vectoriser.encoder
        words = encoder.word_vectors(forms)  # (n, p)
        sample = [item.vectors for item in first]
        kinds = self.normalisation, self.token_normalisation
        self.fresh = fit_transforms(encoder, self.vectoriser.layer, *kinds, sample, words)
        self.vectoriser = Vectoriser(encoder, self.vectoriser.layer, self.fresh)
        self.fitted = True

    def _normalised(self, batch: list[Encoded]) -> Iterator[Encoded]:
        normalised = self.vectoriser.normalise([item.vectors for item in batch])
        return map(Encoded, (item.cut for item in batch), normalised)


def sentence_entry(item: Encoded, function_words: bool) -> SentenceEntry:
    """What is stored of a sentence: its offsets, its vector, and the occurrences that are worth asking about."""
    sentence = item.cut.sentence
    first = sentence.start
    occurrences = tuple(
        OccurrenceEntry(n, token.start - first, token.end - first, form_of(token), token.lemma)
        for n, token in enumerate(sentence.tokens)
        if is_asked_about(token, function_words)
    )
    kept = [occurrence.position for occurrence in occurrences]
    tokens = item.vectors.tokens[kept].astype(np.float16)  # (len(kept), d)
    return SentenceEntry(sentence.start, sentence.end, occurrences, item.vectors.sentence.astype(np.float16), tokens)


def segments(encoded: Iterable[Encoded], segment_sentences: int, function_words: bool) -> Iterator[list[DocumentPart]]:
    """Parts of documents with ``segment_sentences`` sentences together: what one commit stores."""
    parts: list[DocumentPart] = []
    open_part: list[Encoded] = []
    filled = 0

    def close() -> None:
        if open_part:
            entries = tuple(sentence_entry(item, function_words) for item in open_part)
            first, last = open_part[0].cut, open_part[-1].cut
            parts.append(DocumentPart(first.document, first.number, entries, last.last))
            open_part.clear()

    for item in encoded:
        open_part.append(item)
        filled += 1
        if item.cut.last or filled >= segment_sentences:
            close()
        if filled >= segment_sentences:
            yield parts
            parts, filled = [], 0
    close()
    if parts:
        yield parts
