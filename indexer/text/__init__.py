"""Cut text into sentences and tokens. `TextAnalyser` is the way in, for documents and for queries.

A token has character offsets, a lemma and a kind. The libraries (spaCy, simplemma) are imported when first needed.
"""

from .analyser import Sentence, TextAnalyser, Token, TokenKind

__all__ = ["Sentence", "TextAnalyser", "Token", "TokenKind"]
