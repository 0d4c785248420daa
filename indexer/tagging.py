"""Give tokens the parts of speech of a tagger, and with them lemmas. Documents and queries get both here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .collection.records import CollectionSettings
from .collection.stream import Word
from .text import TextAnalyser, Token
from .vectorise import tags_of

if TYPE_CHECKING:
    from .elmo import Encoder
    from .elmo.tags import Tags, TagSet
    from .text.lemma_rules import LemmaRules


@dataclass(frozen=True, slots=True)
class Tagging:
    """How the tokens of a collection get parts of speech and lemmas.

    Attributes:
        tagset: Tags that the tagger chooses from.
        analyser: Analyser of the collection.
        rules: Rules for lemmas by tags. None in a collection whose lemmas do not depend on tags.
    """

    tagset: TagSet
    analyser: TextAnalyser
    rules: LemmaRules | None = None

    @classmethod
    def of(cls, settings: CollectionSettings, encoder: Encoder, analyser: TextAnalyser) -> Tagging | None:
        """Return how the tokens of a collection are tagged. None if the encoder's tagger is not the collection's."""
        tagset = tags_of(settings, encoder)
        if tagset is None:
            return None
        return cls(tagset, analyser, encoder.lemma_rules if settings.tagged_lemmas else None)

    def words(self, tokens: Sequence[Token], tags: Tags) -> list[Word]:
        """Return what is stored of t tokens with their tags. What the document has brought is kept."""
        upos, xpos, rules = self.tagset.upos, self.tagset.xpos, self.rules
        words = []
        for token, one, two in zip(tokens, tags.upos.tolist(), tags.xpos.tolist(), strict=True):
            pos, tag = token.pos or upos[one], token.tag or xpos[two]
            lemma = token.lemma
            if rules is not None and not token.has_given_lemma:
                lemma = self.analyser.tagged_lemma(token.text, pos, tag, rules)
            words.append(Word(token.text, lemma, pos, tag))
        return words

    def tokens(self, tokens: Sequence[Token], tags: Tags, named: Mapping[int, str] | None = None) -> tuple[Token, ...]:
        """Return the tokens of a query with the lemmas of their parts of speech.

        Args:
            named: Parts of speech that the query names, by position. The tagger's own tag is then left out where it is
                of another part of speech.
        """
        words = self.words(tokens, tags)
        for n, pos in (named or {}).items():
            if self.rules is not None and words[n].pos != pos:
                words[n] = words[n]._replace(lemma=self.analyser.tagged_lemma(tokens[n].text, pos, "", self.rules))
        return tuple(token._replace(lemma=word.lemma) for token, word in zip(tokens, words, strict=True))


def sentence_words(tokens: Sequence[Token], tags: Tags | None, tagging: Tagging | None) -> list[Word]:
    """Return what is stored of each token of a sentence.

    A lemma, a part of speech or a tag that the document has brought is kept. Others are by the tagger. Without one,
    parts of speech and tags are empty, and lemmas are those of the form alone.
    """
    if tags is None or tagging is None:
        return [Word(token.text, token.lemma, token.pos, token.tag) for token in tokens]
    return tagging.words(tokens, tags)
