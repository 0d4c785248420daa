"""The record of a sense in a dictionary, and the limits that hold for every format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..readers.records import UnreadableError

MOST_SENSES = 2_000_000
"""Maximum number of senses of a dictionary."""
LONGEST_NAME = 200
"""Maximum length of a headword, of an id and of a part of speech, in characters."""
LONGEST_TEXT = 4_000
"""Maximum length of a definition or an example, in characters. The rest is cut off."""
MOST_EXAMPLES = 50
"""Maximum number of examples of a sense. The rest is left out."""
MOST_FREQUENCY = 2**40
"""Maximum frequency of a sense."""
_PARTS = {
    **dict.fromkeys(("n", "noun", "nn", "name", "propn", "proper noun", "commonnoun", "substantive", "subst"), "NOUN"),
    **dict.fromkeys(("v", "verb", "vb", "v.t", "v.i", "vt", "vi"), "VERB"),
    **dict.fromkeys(("a", "s", "j", "adj", "adjective", "adjectivesatellite", "jj"), "ADJ"),
    **dict.fromkeys(("r", "adv", "adverb", "rb"), "ADV"),
}
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class DictionarySense:
    """A sense of a word in a dictionary. The senses of a word are in the order of the dictionary.

    Attributes:
        id: Its name in the dictionary, such as WordNet's sense key. No other sense has it.
        lemma: The headword, as the dictionary writes it.
        pos: Part of speech: NOUN, VERB, ADJ, ADV, or what the dictionary says. May be empty.
        definition: What it means. May be empty.
        examples: Sentences with the headword. It may be in brackets.
        frequency: Number of its tagged occurrences, as the dictionary says.
        concept: Name of the concept that the sense shares with its synonyms, such as a synset. May be empty.
    """

    id: str
    lemma: str
    pos: str
    definition: str
    examples: tuple[str, ...] = ()
    frequency: int = 0
    concept: str = ""


def part_of_speech(name: str) -> str:
    """Return a part of speech as UPOS names it, or unchanged if no other name for it is known."""
    written = clean(name, LONGEST_NAME)
    return _PARTS.get(written.lower().rstrip("."), written)


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text in composed characters, with single spaces, cut to a length.

    Control characters and halves of characters become spaces.
    """
    cut = text[: 4 * longest]
    plain = cut
    if not cut.isprintable():  # most texts are, and looking at each sign takes most of the time
        plain = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in _SURROGATE.sub(" ", cut))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", plain)).strip()[:longest].strip()


def make_sense(
    lemma: str,
    pos: str,
    definition: str,
    examples: Iterable[str],
    *,
    sense: str = "",
    frequency: int = 0,
    concept: str = "",
) -> DictionarySense | None:
    """Return a sense with clean texts, or None if it has no headword, or neither a definition nor an example.

    Args:
        sense: Its id, or empty if `numbered` shall give it one.

    Raises:
        UnreadableError: The headword or the id is too long, or the frequency is not possible.
    """
    for what, value in (("headword", lemma), ("id", sense), ("concept", concept)):
        if len(value) > LONGEST_NAME:
            raise UnreadableError(f"the {what} {value[:40]!r} has more than {LONGEST_NAME} characters")
    if not 0 <= frequency <= MOST_FREQUENCY:
        raise UnreadableError(f"a sense of {lemma[:40]!r} has the frequency {str(frequency)[:20]}; give a count")
    lines: list[str] = []
    for text in examples:
        if len(lines) == MOST_EXAMPLES:
            break
        if line := clean(text):
            lines.append(line)
    found = DictionarySense(
        clean(sense, LONGEST_NAME),
        clean(lemma, LONGEST_NAME),
        part_of_speech(pos),
        clean(definition),
        tuple(dict.fromkeys(lines)),
        frequency,
        clean(concept, LONGEST_NAME),
    )
    return found if found.lemma and (found.definition or found.examples) else None


def numbered(senses: Iterable[DictionarySense]) -> Iterator[DictionarySense]:
    """Yield senses, each with an id. One without gets its headword, part of speech and number, such as `bank.NOUN.2`.

    Raises:
        UnreadableError: Two senses have the same id, or there are too many senses.
    """
    seen: set[str] = set()
    counts: dict[tuple[str, str], int] = {}
    for sense in senses:
        if len(seen) == MOST_SENSES:
            raise UnreadableError(f"more than {MOST_SENSES:,} senses; split it")
        word = sense.lemma, sense.pos
        counts[word] = counts.get(word, 0) + 1
        name = sense.id or ".".join(filter(None, [*word, str(counts[word])]))
        if name in seen:
            raise UnreadableError(f"two senses have the id {name[:60]!r}; give each its own")
        seen.add(name)
        yield DictionarySense(
            name, sense.lemma, sense.pos, sense.definition, sense.examples, sense.frequency, sense.concept
        )
