"""Tokens to character ids, exactly as bilm-tf: UTF-8 bytes between begin and end marks, padded to a fixed length."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .config import Normalise

BEGIN_SENTENCE, END_SENTENCE, BEGIN_WORD, END_WORD, PAD = range(256, 261)
SENTENCE_START, SENTENCE_END = "<S>", "</S>"

_STRAIGHT_QUOTES = str.maketrans("‘’‚‛ʼ′“”„‟″", "''''''\"\"\"\"\"")
_PENN_QUOTES = {"``": '"', "''": '"'}


def character_ids(tokens: Sequence[str], max_characters: int = 50) -> npt.NDArray[np.int32]:
    """Ids of each token's bytes, (n, max_characters), every one in 0..260.

    The tokens `<S>` and `</S>` stand for the sentence's ends and are one character, as in bilm-tf. Of longer tokens
    the first `max_characters - 2` bytes count. Lone surrogates, which UTF-8 cannot write, are left out.
    """
    ids = np.full((len(tokens), max_characters), PAD, np.int32)  # (n, max_characters)
    ids[:, 0] = BEGIN_WORD
    for row, token in zip(ids, tokens, strict=True):
        spelling = _spelling(token)[: max_characters - 2]
        row[1 : len(spelling) + 1] = spelling
        row[len(spelling) + 1] = END_WORD
    return ids


def spelling_lengths(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """How many ids of each row are no padding, begin and end of word included: (n,)."""
    return np.asarray((ids != PAD).sum(axis=1), np.int64)  # (n,)


def normalise_token(token: str, kinds: Sequence[Normalise]) -> str:
    """The token as the encoder is to read it; never empty unless it was.

    Straight quotes: typographic apostrophes and quotation marks, also inside a token (n’t), and the Penn Treebank's
    two-character marks, become ' and ".
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
