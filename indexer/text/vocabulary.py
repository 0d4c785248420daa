"""Know words without a model: the bundled model's list of words for English, and simplemma's lists."""

from __future__ import annotations

import importlib.resources
from functools import lru_cache


@lru_cache(maxsize=1)
def english_ranks() -> dict[str, int]:
    """Return the rank of each word of the bundled model's training text, from 0 for the most frequent."""
    path = importlib.resources.files("polyseme.data") / "models" / "default" / "vocab.txt"
    try:
        words = path.read_text(encoding="utf-8").split("\n")
    except OSError:
        return {}
    return {word: rank for rank, word in reversed(list(enumerate(words)))}


def rank(word: str, language: str) -> int | None:
    """Return the rank of a word in small letters, or None if it is not a frequent word. Only English has ranks."""
    if language != "en":
        return None
    ranks = english_ranks()
    found = [ranks[form] for form in (word, word.capitalize()) if form in ranks]
    return min(found, default=None)


@lru_cache(maxsize=4096)
def is_known(word: str, language: str) -> bool:
    """Return whether a word in small letters is in a list of words of its language."""
    from simplemma import is_known
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    from .lemmas import ALIASES

    code = ALIASES.get(language, language)
    if rank(word, language) is not None:
        return True
    return code in SUPPORTED_LANGUAGES and any(is_known(form, code) for form in (word, word.capitalize()))
