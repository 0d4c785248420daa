"""Find good examples among lines, as for a dictionary: GDEX (Kilgarriff et al. 2008).

A good example is a whole sentence of usual length with common words, and typical of its sense. It has no odd tokens,
and no pronouns whose reference is elsewhere. Each part of the score is in [0, 1], and the score is their weighted mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...indexer.collection.judgements import Mark
from ...indexer.collection.queries import lemma_frequencies
from ...indexer.errors import QueryError
from ...indexer.text import Token, TokenKind
from ..context import View
from ..hits import OccurrenceHit
from ..retrieval.by_id import hits_by_id
from ..senses.inventory import SenseInventory

SHORTEST, LONGEST = 10, 25
"""Number of words of a sentence of the best length (Kilgarriff et al. 2008, section 3)."""
FEW = 5
"""Number of occurrences of a lemma in the collection below which it is rare."""
LONGEST_WORD = 20
"""Maximum number of characters of a token that is not odd."""
CANDIDATES = 300
"""Maximum number of lines of a sense that are scored, the most typical ones."""
WEIGHTS: Mapping[str, float] = {"whole": 2, "length": 2, "common": 1.5, "clear": 1.5, "plain": 1, "typical": 2}
"""Weight of each part of the score. They are a choice of ours, since the paper publishes none."""
_ODD = re.compile(r"https?:|www\.|@|[<>{}|\\^~_*#=]|\w\.(com|org|net)\b", re.IGNORECASE)
_START = re.compile("[\"'\u201c\u2018\u00ab\u201e(\u00bf\u00a1]*([^\\W\\d_]|\\d)")
_END = re.compile("[.!?\u2026][\"'\u201d\u2019\u00bb\u201c)]*\\s*$")
_REFERRING = {
    "en": "he him his she her hers it its they them their this that these those such former latter however thus so"
    " therefore then there here",
    "de": "er ihn ihm sein sie ihr es ihnen dieser diese dieses jener jene jenes solche jedoch also daher"
    " dann dort hier",
    "fr": "il elle ils elles lui leur leurs son sa ses ce cet cette ces celui celle ceux cependant donc alors",
    "es": "él ella ellos ellas lo le les su sus este esta estos estas ese esa aquel aquella sin embargo entonces",
}
"""Words that refer to what was said before, by language."""


@dataclass(frozen=True, slots=True)
class Example:
    """A line with its score as an example.

    Attributes:
        score: Weighted mean of the parts, in [0, 1]. 1 more if the line was marked as a good example.
        parts: Each part of the score: whole, length, common, clear, plain, typical.
    """

    hit: OccurrenceHit
    score: float
    parts: Mapping[str, float]


def ordered_as_examples(
    view: View, hits: Sequence[OccurrenceHit], typical: Mapping[int, float] | None = None
) -> list[Example]:
    """Score lines as examples and sort them, the best first. Lines that were marked as bad examples come last.

    Args:
        typical: Occurrence id -> how typical it is of its sense, in [0, 1]. None if that is not known: it then counts
            for nothing.
    """
    tokens = [view.tokens(hit) for hit in hits]
    lemmas = sorted({token.lemma for each in tokens for token in each if token.kind is TokenKind.WORD})
    frequent = lemma_frequencies(view.collection.db, lemmas)
    referring = frozenset(_REFERRING.get(view.settings.language, "").split())
    found = []
    for hit, each in zip(hits, tokens, strict=True):
        parts = example_parts(hit.sentence, each, hit.lemma, frequent, referring)
        if typical is not None:
            parts["typical"] = typical.get(hit.occurrence_id, 0.0)
        score = sum(WEIGHTS[name] * part for name, part in parts.items()) / sum(WEIGHTS[name] for name in parts)
        marks = {said.mark for said in hit.annotations}
        found.append(Example(hit, score + (Mark.GOOD in marks) - 2 * (Mark.BAD in marks), parts))
    return sorted(found, key=lambda one: (-one.score, one.hit.occurrence_id))


def example_parts(
    sentence: str, tokens: Sequence[Token], lemma: str, frequent: Mapping[str, int], referring: frozenset[str]
) -> dict[str, float]:
    """Return the parts of the score of a sentence that do not depend on the sense, each in [0, 1].

    Args:
        lemma: Lemma of the word that the sentence is to be an example of.
        frequent: Lemma -> number of its occurrences in the collection.
        referring: Words that refer to what was said before.
    """
    words = [token for token in tokens if token.kind in (TokenKind.WORD, TokenKind.FUNCTION)]
    content = [token for token in words if token.kind is TokenKind.WORD and token.lemma != lemma]
    n = len(words)
    start = _START.match(sentence.strip())
    is_whole = start is not None and not start[1].islower() and _END.search(sentence) is not None
    rare = sum(frequent.get(token.lemma, 0) < FEW for token in content)
    named = sum(token.text.casefold() in referring for token in words)
    begins = bool(words) and words[0].text.casefold() in referring
    odd = sum(len(token.text) > LONGEST_WORD or _ODD.search(token.text) is not None for token in tokens)
    return {
        "whole": float(is_whole),
        "length": min(1.0, n / SHORTEST, max(0.0, 1 - (n - LONGEST) / LONGEST)),
        "common": 1 - rare / len(content) if content else 0.0,
        "clear": max(0.0, 1 - 0.5 * begins - named / 4),
        "plain": 0.0 if odd or _ODD.search(sentence) else 1.0,
    }


def good_examples(view: View, inventory: SenseInventory, per_sense: int) -> dict[int, list[Example]]:
    """Return the best examples of each sense, by its number. See `Searcher.good_examples`."""
    if per_sense < 1:
        raise QueryError(f"the number of examples is {per_sense}; ask for at least 1")
    found = {}
    for sense in inventory.senses:
        ids = [key for key, number in inventory.assignments.items() if number == sense.number]
        ids.sort(key=lambda key: (-inventory.scores[key], key))
        hits = hits_by_id(view, ids[:CANDIDATES])
        typical = {key: max(0.0, min(1.0, inventory.scores[key])) for key in ids[:CANDIDATES]}
        chosen: dict[str, Example] = {}
        for example in ordered_as_examples(view, hits, typical):
            if example.score >= 0 and len(chosen) < per_sense:
                chosen.setdefault(" ".join(example.hit.sentence.casefold().split()), example)
        found[sense.number] = list(chosen.values())
    return found
