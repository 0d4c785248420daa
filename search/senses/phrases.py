"""Find the phrases that an occurrence is in, by the parts of speech around it: "supreme court", "in charge of".

The stored tokens have parts of speech but no syntax. So a phrase is a pattern of them. A noun has a modifier, a head, a
verb before it, or a frame of prepositions. A verb has an object, an adverb or a preposition. A conjunction joins two
words. Phrases are written with lemmas, and the word itself is one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...indexer.collection.stream import Word
from ..query.parts_of_speech import alike

NOUNS = frozenset({"NOUN", "PROPN"})
VERBS = frozenset({"VERB", "AUX"})
_INSIDE = frozenset({"DET", "ADJ", "NUM", "PRON", "PART", "NOUN", "PROPN"})
"""Parts of speech between a verb and the last noun of its object."""
_REACH = 4
"""Maximum number of tokens between a verb and its object."""


def phrases_of(words: Sequence[Word], at: int) -> list[str]:
    """Return the phrases that the word at a place of a sentence is in, each once.

    Args:
        words: The words of the sentence, in order.
        at: Place of the word, from 0.
    """
    part = words[at].pos
    if part in NOUNS:
        found = _of_noun(words, at)
    elif part in VERBS:
        found = _of_verb(words, at)
    else:
        found = _of_modifier(words, at)
    return list(dict.fromkeys(found + _coordinated(words, at)))


def _coordinated(words: Sequence[Word], at: int) -> list[str]:
    """Return the word with one of the same part of speech that a conjunction joins to it: "nut and bolt"."""
    same, found = alike(words[at].pos), []
    if _is(_at(words, at - 1), {"CCONJ"}) and _is(_at(words, at - 2), same):
        found.append(f"{_text(words[at - 2])} {_form(words[at - 1])} {_text(words[at])}")
    if _is(_at(words, at + 1), {"CCONJ"}) and _is(_at(words, at + 2), same):
        found.append(f"{_text(words[at])} {_form(words[at + 1])} {_text(words[at + 2])}")
    return found


def _of_noun(words: Sequence[Word], at: int) -> list[str]:
    node = _text(words[at])
    before, after = _at(words, at - 1), _at(words, at + 1)
    found = []
    if _is(before, {"ADJ", *NOUNS}):
        found.append(f"{_text(before)} {node}")
    if _is(after, {"NOUN"}):
        found.append(f"{node} {_text(after)}")
    elif (verb := _verb_before(words, at)) is not None:
        found.append(f"{_text(verb)} {node}")
    if _is(after, {"ADP"}) and (noun := _noun_after(words, at + 1)) is not None:
        found.append(f"{node} {_form(after)} {_text(noun)}")
    if _is(before, {"DET"}) and _is(_at(words, at - 2), {"ADP"}):
        found.append(f"{_form(_at(words, at - 2))} {_form(before)} {node}")
    if _is(before, {"ADP"}):
        frame = f"{_form(before)} {node}"
        if _is(after, {"ADP"}):
            found.append(f"{frame} {_form(after)}")
        if _is(_at(words, at - 2), NOUNS | {"ADJ"}):
            found.append(f"{_text(_at(words, at - 2))} {frame}")
    return found


def _of_verb(words: Sequence[Word], at: int) -> list[str]:
    node = _text(words[at])
    before, after = _at(words, at - 1), _at(words, at + 1)
    found = []
    if _is(before, NOUNS | {"ADV"}):
        found.append(f"{_text(before)} {_form(words[at])}")
    if _is(after, {"ADP", "ADV", "ADJ"}):
        found.append(f"{node} {_form(after)}")
        if _is(after, {"ADP"}) and (noun := _noun_after(words, at + 1)) is not None:
            found.append(f"{node} {_form(after)} {_text(noun)}")
    elif (noun := _noun_after(words, at)) is not None:
        found.append(f"{node} {_text(noun)}")
    return found


def _of_modifier(words: Sequence[Word], at: int) -> list[str]:
    node = _form(words[at])
    before, after = _at(words, at - 1), _at(words, at + 1)
    found = []
    if _is(after, NOUNS | VERBS | {"ADJ"}):
        found.append(f"{node} {_text(after)}")
    elif _is(after, {"ADP", "ADV"}):
        found.append(f"{node} {_form(after)}")
    if _is(before, {"ADV", "VERB", "ADJ", "NOUN"}):
        found.append(f"{_text(before)} {node}")
    return found


def _verb_before(words: Sequence[Word], at: int) -> Word | None:
    """Return the verb whose object may end in the noun at a place."""
    for place in range(at - 1, max(-1, at - 2 - _REACH), -1):
        if words[place].pos == "VERB":
            return words[place]
        if words[place].pos not in _INSIDE:
            return None
    return None


def _noun_after(words: Sequence[Word], at: int) -> Word | None:
    """Return the last noun of the object, or of the noun phrase, that follows a place."""
    found = None
    for place in range(at + 1, min(len(words), at + 2 + _REACH)):
        if words[place].pos not in _INSIDE:
            break
        if words[place].pos in NOUNS:
            found = words[place]
        elif found is not None:
            break
    return found


def _at(words: Sequence[Word], place: int) -> Word | None:
    return words[place] if 0 <= place < len(words) else None


def _is(word: Word | None, parts: frozenset[str] | set[str]) -> bool:
    return word is not None and word.pos in parts and word.form.isalpha()


def _text(word: Word | None) -> str:
    assert word is not None  # `_is` has seen it
    return word.lemma or word.form.casefold()


def _form(word: Word | None) -> str:
    assert word is not None  # `_is` has seen it
    return word.form.casefold()
