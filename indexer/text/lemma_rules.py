"""Lemmas by part of speech: exceptions and endings that were learned from a treebank, beside a dictionary of forms.

A dictionary gives *saw* the lemma *see* in every sentence. The endings of nouns say that *saw* the noun is its own
lemma. `training/tagger/lemmas.py` learns the rules, and a model's tagger file stores them.

A key is a universal part of speech, or one and the treebank's own tag with a space between them, such as `VERB VBD`.
The longer key comes first. Of the endings of one key, the longest comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_SUFFIX = 6
"""Maximum length of an ending, in characters."""
Edit = tuple[int, str]
"""Number of characters to cut from the end of a form, and the characters to add."""
Disagreement = tuple[str, bool, bool]
"""Key, whether the dictionary leaves the form unchanged, and whether the ending does."""


@dataclass(frozen=True, slots=True, eq=False)
class LemmaRules:
    """Rules of one language.

    Attributes:
        language: Code of the language. Forms of another one have no rules.
        exceptions: Lemma of a folded form, by key and form.
        endings: What turns a form into its lemma, by key and ending.
        dictionary: Where the dictionary is followed if it gives another lemma than the ending. See `disagreement`.
    """

    language: str
    exceptions: Mapping[tuple[str, str], str]
    endings: Mapping[tuple[str, str], Edit]
    dictionary: frozenset[Disagreement]

    def lemma(self, form: str, upos: str, xpos: str, known: str) -> str | None:
        """Return the lemma of a folded form with these tags, None if no rule is about them.

        Args:
            known: Lemma that the dictionary gives, or the form itself.
        """
        for key in keys(upos, xpos):
            if (found := self.exceptions.get((key, form))) is not None:
                return found
            ending = self.by_ending(form, key)
            if ending is None:
                continue
            is_followed = ending != known and disagreement(form, key, known, ending) in self.dictionary
            return known if is_followed else ending
        return None

    def by_ending(self, form: str, key: str) -> str | None:
        """Return the lemma that the longest known ending gives, None without one."""
        for length in range(min(MAX_SUFFIX, len(form)), -1, -1):
            edit = self.endings.get((key, form[len(form) - length :]))
            if edit is not None and edit[0] <= len(form):
                return form[: len(form) - edit[0]] + edit[1] or None
        return None


def keys(upos: str, xpos: str) -> Iterator[str]:
    """Yield the keys of tags, the most exact one first."""
    if xpos:
        yield f"{upos} {xpos}"
    yield upos


def disagreement(form: str, key: str, known: str, ending: str) -> Disagreement:
    """Return the kind of disagreement between a dictionary's lemma of a form and that of its ending."""
    return key, known == form, ending == form


def edit_of(form: str, lemma: str) -> Edit:
    """Return what turns a form into its lemma."""
    same = 0
    while same < min(len(form), len(lemma)) and form[same] == lemma[same]:
        same += 1
    return len(form) - same, lemma[same:]
