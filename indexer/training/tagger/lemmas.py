"""Learn the lemma rules of a language from the words of a treebank.

The endings of a part of speech are counted over its distinct forms, each with its most frequent lemma. An ending is
kept if its most frequent edit is not that of a shorter ending.

A dictionary may contradict an ending. Which one is right more often is counted on forms that were not learned from. The
endings of one half of the forms are tried on the other half.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from zlib import crc32

from ...text.lemma_rules import MAX_SUFFIX, Disagreement, Edit, LemmaRules, disagreement, edit_of, keys

LEAST_FORMS = 2
"""Minimum number of distinct forms that an ending and its edit are learned from."""
LONGEST_ADDED = 3
"""Maximum number of characters that a lemma of an exception has after its whole form. A longer one is the lemma of a
word that is written in several parts."""
Forms = Mapping[tuple[str, str], str]
"""Most frequent lemma by key and folded form."""


def learn_lemmas(
    words: Iterable[tuple[str, str, str, str]], dictionary: Callable[[str], str], language: str
) -> LemmaRules:
    """Return the rules of a treebank.

    Args:
        words: Folded form, folded lemma, universal part of speech and own tag of each word.
        dictionary: Gives the lemma of a folded form without a part of speech.
        language: Code of the language.
    """
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for form, lemma, upos, xpos in words:
        if form and lemma and upos and not _goes_on(form, lemma):
            for key in keys(upos, xpos):
                counts[key, form][lemma] += 1
    forms = {place: _most_frequent(lemmas) for place, lemmas in counts.items()}
    known = {form: dictionary(form) for _, form in forms}
    endings, followed = _endings(forms), _followed(forms, known)
    without = LemmaRules("", {}, endings, followed)
    exceptions = {}
    for (key, form), lemma in sorted(forms.items()):
        upos, _, xpos = key.partition(" ")
        if without.lemma(form, upos, xpos, known[form]) != lemma:
            exceptions[key, form] = lemma
    return LemmaRules(language, exceptions, endings, followed)


def _goes_on(form: str, lemma: str) -> bool:
    return lemma.startswith(form) and len(lemma) > len(form) + LONGEST_ADDED


def _most_frequent(lemmas: Counter[str]) -> str:
    return min(lemmas, key=lambda lemma: (-lemmas[lemma], lemma))


def _endings(forms: Forms) -> dict[tuple[str, str], Edit]:
    counts: dict[tuple[str, str], Counter[Edit]] = defaultdict(Counter)
    for (key, form), lemma in forms.items():
        edit = edit_of(form, lemma)
        if edit[0] == len(form):  # nothing in common, as in "went" and "go"
            continue
        for length in range(min(MAX_SUFFIX, len(form)) + 1):
            counts[key, form[len(form) - length :]][edit] += 1
    found: dict[tuple[str, str], Edit] = {}
    for (key, ending), edits in sorted(counts.items(), key=lambda item: (len(item[0][1]), item[0])):
        edit = min(edits, key=lambda each: (-edits[each], each))
        if edits[edit] < LEAST_FORMS and ending:
            continue
        if edit != _shorter(found, key, ending):
            found[key, ending] = edit
    return found


def _shorter(found: Mapping[tuple[str, str], Edit], key: str, ending: str) -> Edit | None:
    """Return the edit of the longest shorter ending."""
    for start in range(1, len(ending) + 1):
        if (edit := found.get((key, ending[start:]))) is not None:
            return edit
    return None


def _followed(forms: Forms, known: Mapping[str, str]) -> frozenset[Disagreement]:
    """Return where the dictionary is right more often than endings of other forms. See `LemmaRules.dictionary`."""
    gain: Counter[Disagreement] = Counter()
    halves: tuple[dict[tuple[str, str], str], dict[tuple[str, str], str]] = ({}, {})
    for (key, form), lemma in forms.items():
        halves[crc32(form.encode()) % 2][key, form] = lemma
    for learned, tried in (halves, halves[::-1]):
        rules = LemmaRules("", {}, _endings(learned), frozenset())
        for (key, form), lemma in tried.items():
            ending = rules.by_ending(form, key)
            if ending != known[form] and ending is not None:
                gain[disagreement(form, key, known[form], ending)] += (known[form] == lemma) - (ending == lemma)
    return frozenset(place for place, number in gain.items() if number > 0)
