"""What of a text is stored: which sentences, which tokens, and under which form."""

from __future__ import annotations

from .analyser import Sentence, Token, TokenKind
from .folding import fold

CONTENT = frozenset({TokenKind.WORD, TokenKind.NUMBER})


def has_words(sentence: Sentence) -> bool:
    """Return whether a sentence contains a word or a number. A row of asterisks, for example, does not."""
    return any(token.kind is not TokenKind.PUNCTUATION for token in sentence.tokens)


def form_of(token: Token) -> str:
    """Return the form under which a token is stored and found."""
    return token.form or fold(token.text)


def is_indexed(token: Token, function_words: bool) -> bool:
    """Return whether a token is indexed with its own vector: words, numbers and, if chosen, function words."""
    return token.kind in CONTENT or (function_words and token.kind is TokenKind.FUNCTION)
