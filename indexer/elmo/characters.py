"""Turn tokens into character ids like bilm-tf: UTF-8 bytes between begin and end marks, padded to a fixed length."""

from collections.abc import Sequence

import numpy as np

from ..errors import ModelError
from ..vectors.arrays import Ids, Int32s
from .config import Normalise

BEGIN_SENTENCE, END_SENTENCE, BEGIN_WORD, END_WORD, PAD = range(256, 261)
SENTENCE_START, SENTENCE_END = "<S>", "</S>"

_STRAIGHT_QUOTES = str.maketrans("‘’‚‛ʼ′“”„‟″", "''''''\"\"\"\"\"")
_PENN_QUOTES = {"``": '"', "''": '"'}


def character_ids(tokens: Sequence[str], max_characters: int = 50) -> Int32s:
    """Return the ids of each token's bytes, (n, max_characters), all in 0..260.

    The tokens `<S>` and `</S>` are the sentence marks and have one character each, as in bilm-tf. A longer token keeps
    its first `max_characters - 2` bytes. Lone surrogates have no UTF-8 encoding and are dropped.
    """
    ids = np.full((len(tokens), max_characters), PAD, np.int32)  # (n, max_characters)
    ids[:, 0] = BEGIN_WORD
    for row, token in zip(ids, tokens, strict=True):
        spelling = _spelling(token)[: max_characters - 2]
        row[1 : len(spelling) + 1] = spelling
        row[len(spelling) + 1] = END_WORD
    return ids


def spelling_lengths(ids: Int32s) -> Ids:
    """Return the number of ids in each row that are not padding, the begin and end of word included: (n,)."""
    return np.asarray((ids != PAD).sum(axis=1), np.int64)  # (n,)


def normalise_token(token: str, kinds: Sequence[Normalise]) -> str:
    """Return the token as the encoder reads it. Only an empty token becomes empty.

    `STRAIGHT_QUOTES` replaces typographic apostrophes and quotation marks by ' and ", inside a token (n’t) too. It also
    replaces the two-character quotation marks of the Penn Treebank.
    """
    if Normalise.STRAIGHT_QUOTES in kinds:
        return _PENN_QUOTES.get(token) or token.translate(_STRAIGHT_QUOTES)
    return token


def _spelling(token: str) -> list[int]:
    if token == SENTENCE_START:
        return [BEGIN_SENTENCE]
    if token == SENTENCE_END:
        return [END_SENTENCE]
    return list(token.encode("utf-8", "ignore"))


def normalise_sentences(sentences: Sequence[Sequence[str]], steps: Sequence[Normalise]) -> list[list[str]]:
    """Return sentences with every token normalised as `normalise_token` does.

    Raises:
        ModelError: A sentence is a text, not a list of tokens.
    """
    if any(isinstance(sentence, str) for sentence in sentences):
        raise ModelError("a sentence to encode is a list of tokens, not a text; split it, or use default(texts)")
    return [[normalise_token(token, steps) for token in sentence] for sentence in sentences]
