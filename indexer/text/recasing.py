"""Respell tokens for the encoder: in plain letters, and sentences in capitals with their usual small letters.

A model has read little text in capitals, so it takes a headline or a telegram for names. The stored text, its offsets
and its forms stay as they are written. Only the encoder reads the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from .folding import plain

_MARGIN = 3
"""How many times more often a word must have capitals than small letters to keep them. Of 39,000 words of running text
in capitals, 3 restores the most: 96.5 %. A word at the start of a sentence has a capital without being a name."""
_ROMAN = re.compile(r"(?=[MDCLXVI])M{0,3}(?:C[MD]|D?C{0,3})(?:X[CL]|L?X{0,3})(?:I[XV]|V?I{0,3})")
_DOTTED = re.compile(r"(?:[^\W\d_]\.){2,}")
# Small letters that a line in capitals may have: "McKINLEY", "21st".
_SMALL_INSIDE = re.compile(r"\b(?:Mc|Mac|O[’'])(?=[A-Z]{2})|\b\d+(?:st|nd|rd|th|s)\b")


class UsualForms:
    """The usual form of each word of a vocabulary: in small letters, capitalised or in capitals."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        best: dict[str, str] = {}
        for form, count in counts.items():
            small = form.lower()
            if form != small and count >= _MARGIN * counts.get(small, 0) and count > counts.get(best.get(small, ""), 0):
                best[small] = form
        self._cased = best
        self._counts = counts

    def __call__(self, word: str) -> str:
        """Return the usual form of a word that is written in capitals."""
        small = word.lower()
        for ending in ("", "."):  # vocabularies may cut the period of "Mr."
            bare = small.removesuffix(ending) if ending else small
            if bare in self._cased:
                return self._cased[bare] + small[len(bare) :]
            if bare in self._counts:
                return small
        if "-" in small:
            return "-".join(self(part) if part else part for part in word.split("-"))
        is_code = any(map(str.isdigit, word)) or _DOTTED.fullmatch(word) or (len(word) > 1 and _ROMAN.fullmatch(word))
        return word if is_code or len(word) == 1 else small


def is_in_capitals(tokens: Sequence[str]) -> bool:
    """Return whether a sentence has at least two words, and all its letters are capitals.

    A letter of a script without capitals shows that the capitals are acronyms inside other text.
    """
    if any(token.islower() and token.isalpha() for token in tokens):  # ends at the first such word of usual text
        return False
    text = " ".join(tokens)
    text = text if text.isupper() else _SMALL_INSIDE.sub("", text)
    if not text.isupper() or not (text.isascii() or all(c.isupper() for c in text if c.isalpha())):
        return False
    words = [token for token in tokens if any(map(str.isalpha, token))]
    return len(words) > 1 and any(sum(map(str.isalpha, word)) > 1 for word in words)


def recased(tokens: Sequence[str], usual: UsualForms) -> list[str]:
    """Return the tokens of a sentence in capitals with their usual letters, and a capital at the start."""
    found = [usual(token) if any(map(str.isalpha, token)) else token for token in tokens]
    first = next((n for n, token in enumerate(found) if any(map(str.isalpha, token))), None)
    if first is not None and found[first].islower():
        found[first] = found[first][0].upper() + found[first][1:]
    return found


def in_plain_letters(tokens: Iterable[str]) -> list[str]:
    """Return tokens without ligatures, long s, invisible characters and decomposed letters. None becomes empty."""
    return [token if token.isascii() else plain(token) or token for token in tokens]
