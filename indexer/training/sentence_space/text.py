"""Draw the sentences that a sentence space is fitted to, and vary some of them.

Whole sentences alone are seldom near to each other. Questions are shorter than sentences. So some of the text is:

- pieces: the words from one content word to another, like a title or a query
- variants: a sentence with one word replaced or left out, or with a part of it left out
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from ...errors import ModelError
from ...text import Sentence, TextAnalyser, TokenKind
from ..text import TextFile, training_documents

SHORTEST, LONGEST = 3, 45
"""Minimum and maximum number of tokens in a sentence."""
PIECES, VARIANTS = 0.12, 0.12
"""Number of pieces and of variants for each sentence."""
LONGEST_PIECE = 9
"""Maximum number of tokens in a piece."""
_REPLACED, _LEFT_OUT = 0.6, 0.8  # of the variants: up to here a word is replaced, up to here left out, else a part


@dataclass(frozen=True, slots=True)
class DrawnText:
    """A text to learn from: a sentence, a piece or a variant, and its tokens."""

    text: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Texts to fit to, and sentences to measure on. No piece or variant of the latter is among the former."""

    fitted: list[DrawnText]
    held_out: list[DrawnText]


def draw_sentences(
    texts: Sequence[Path],
    language: str,
    most: int,
    held_out: int,
    seed: int,
    on_skip: Callable[[str], None],
    on_file: Callable[[TextFile], None],
) -> Drawn:
    """Draw at most `most` distinct sentences of files and folders, with pieces and variants of them, in random order.

    All sentences are read, and those with the smallest checksums are kept. Equal calls draw equal texts.

    Args:
        held_out: Number of sentences to hold out, but at most a tenth of those drawn.

    Raises:
        ModelError: The texts have no usable sentence.
        DocumentError: A text does not exist.
        QueryError: The language is not supported.
    """
    analyser = TextAnalyser(language)
    kept: dict[str, int] = {}
    limit = 1 << 32
    for text in _sentences(texts, analyser, on_skip, on_file):
        rank = crc32(text.encode(), seed)
        if rank < limit:
            kept[text] = rank
        if len(kept) > 2 * most:
            limit = sorted(kept.values())[most]
            kept = {each: rank for each, rank in kept.items() if rank < limit}
    chosen = sorted(kept, key=lambda each: (kept[each], each))[:most]
    if not chosen:
        raise ModelError(f"the texts have no sentence of {SHORTEST} to {LONGEST} words; give other texts")
    rng = np.random.default_rng(seed)
    held = min(held_out, len(chosen) // 10)
    drawn = [*chosen[held:], *_varied(chosen[held:], analyser, rng)]
    order = rng.permutation(len(drawn))
    return Drawn(
        [_with_tokens(drawn[i], analyser) for i in order], [_with_tokens(text, analyser) for text in chosen[:held]]
    )


def _with_tokens(text: str, analyser: TextAnalyser) -> DrawnText:
    return DrawnText(text, tuple(token.text for token in analyser.tokens(text)))


def _sentences(
    texts: Sequence[Path], analyser: TextAnalyser, on_skip: Callable[[str], None], on_file: Callable[[TextFile], None]
) -> Iterator[str]:
    for document in training_documents(texts, on_skip, on_file):
        for sentence in analyser.sentences(document.text, document.sentences):
            if is_usable(sentence):
                yield " ".join(document.text[sentence.start : sentence.end].split())


def is_usable(sentence: Sentence) -> bool:
    """Return whether a sentence has a usual length and is not mostly punctuation."""
    words = sum(token.kind is not TokenKind.PUNCTUATION for token in sentence.tokens)
    return SHORTEST <= len(sentence.tokens) <= LONGEST and 2 * words >= len(sentence.tokens)


def _varied(sentences: Sequence[str], analyser: TextAnalyser, rng: np.random.Generator) -> Iterator[str]:
    others: list[str] = []
    for text in sentences:
        makes_piece, makes_variant = rng.random() < PIECES, rng.random() < VARIANTS
        if not makes_piece and not makes_variant:
            continue
        tokens = analyser.tokens(text)
        words = [i for i, token in enumerate(tokens) if token.kind is TokenKind.WORD]
        if makes_piece and len(words) > 2:
            first = int(rng.integers(len(words) - 1))
            ends = [i for i in words[first + 1 :] if i < words[first] + LONGEST_PIECE]
            if ends:
                yield text[tokens[words[first]].start : tokens[ends[int(rng.integers(len(ends)))]].end]
        if makes_variant and len(words) > 2 and others:
            token = tokens[words[int(rng.integers(len(words)))]]
            kind = rng.random()
            if kind < _REPLACED:
                yield text[: token.start] + others[int(rng.integers(len(others)))] + text[token.end :]
            elif kind < _LEFT_OUT:
                yield f"{text[: token.start].rstrip()} {text[token.end :].lstrip()}".strip()
            else:
                yield text[: tokens[2 * len(tokens) // 3].end]
        others += [tokens[i].text for i in words]
