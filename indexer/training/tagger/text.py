"""The sentences that a tagger is trained on: a treebank's words, our own tokens of the same text, and other spellings.

A treebank of Universal Dependencies cuts *15-year* in three words, and our tokeniser leaves it whole. Where the two
differ, both are trained on. A token of ours has the tags of the word on which the others inside it depend.

Headlines and chats are written in other letters than newspapers. Shares of the sentences are read a second time in
small letters, with a capital at each word, or in capitals. `text/recasing.py` respells the last as for any encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ...gold.conllu import GoldSentence, GoldWord
from ...text import TextAnalyser, Token

_SIGNS = "PUNCT"
SPELLINGS: dict[str, tuple[float, Callable[[str], str]]] = {
    "small letters": (0.3, str.lower),
    "a capital at each word": (0.3, lambda token: token[:1].upper() + token[1:]),
    "capitals": (0.25, str.upper),
}
"""Share of the sentences that are also read in other letters, and what changes a token."""


@dataclass(frozen=True, slots=True)
class TaggedText:
    """Tokens of a sentence, and the word whose tags each one has. None for a token without a tag."""

    tokens: tuple[str, ...]
    words: tuple[GoldWord | None, ...]


def training_texts(
    sentences: Sequence[GoldSentence], held_out: Collection[int], language: str, seed: int
) -> list[TaggedText]:
    """Return all spellings of the sentences but those that are held out. A spelling that changes nothing is left out.

    Args:
        held_out: Numbers of the sentences to leave out.

    Raises:
        QueryError: The language is not a language code.
    """
    analyser = TextAnalyser(language)
    rng = np.random.default_rng(seed)
    plain: list[TaggedText] = []
    respelled: list[TaggedText] = []
    for number, sentence in enumerate(sentences):
        text, own = as_cut(sentence), as_we_cut(sentence, analyser)
        drawn = float(rng.random())
        if own.tokens != text.tokens:
            rng.random()  # one number for each text
        if number in held_out:
            continue
        plain += [text] if own.tokens == text.tokens else [text, own]
        for share, spelled in SPELLINGS.values():
            if 0 <= drawn < share:
                tokens = tuple(map(spelled, text.tokens))
                respelled += [TaggedText(tokens, text.words)] if tokens != text.tokens else []
            drawn -= share
    return plain + respelled


def as_cut(sentence: GoldSentence) -> TaggedText:
    """Return a sentence as the treebank cuts it."""
    return TaggedText(tuple(word.form for word in sentence.words), sentence.words)


def as_we_cut(sentence: GoldSentence, analyser: TextAnalyser) -> TaggedText:
    """Return a sentence as our tokeniser cuts it."""
    tokens = analyser.tokens(sentence.text)
    given: set[int] = set()  # words that have a token
    words = []
    for token in tokens:
        inside = [n for n, word in enumerate(sentence.words) if word.start < token.end and word.end > token.start]
        chosen = _head_of(inside, sentence.words)
        is_tagged = chosen is not None and _may_have(token, sentence.words[chosen], chosen in given)
        words.append(sentence.words[chosen] if chosen is not None and is_tagged else None)
        given.update(inside if is_tagged else ())
    return TaggedText(tuple(token.text for token in tokens), tuple(words))


def _head_of(inside: Sequence[int], words: Sequence[GoldWord]) -> int | None:
    """Return the first of some words that depends on a word outside. Signs come last."""
    numbers = {n + 1 for n in inside}
    order = [n for n in inside if words[n].head not in numbers] + list(inside)
    return next(iter([n for n in order if words[n].upos != _SIGNS] + order), None)


def _may_have(token: Token, word: GoldWord, is_given: bool) -> bool:
    """Return whether a token has the tags of a word. Of a word in several parts, only the first with letters has."""
    if not any(map(str.isalnum, word.form)):
        return not any(map(str.isalnum, token.text))
    return any(map(str.isalnum, token.text)) and not is_given
