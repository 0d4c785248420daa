"""Cut text into sentences and tokens. `TextAnalyser` is the way in, for documents and for queries.

A token has character offsets, a lemma and a kind. The libraries (spaCy, simplemma) are imported when first needed.
"""

from .analyser import Sentence, TextAnalyser, Token, TokenKind
from .folding import Folding, fold, folding_of
from .stored import form_of, has_words, is_indexed

__all__ = [
    "Folding",
    "Sentence",
    "TextAnalyser",
    "Token",
    "TokenKind",
    "fold",
    "folding_of",
    "form_of",
    "has_words",
    "is_indexed",
]
