"""Abbreviations whose period does not end a sentence, beyond those the libraries know.

Three kinds, because they differ in what may follow. English only: for other languages the lists of simplemma (at
sentence ends) and spaCy (in tokens) stand alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """Case-folded, without the period."""

    titles: frozenset[str] = frozenset()  # a name follows: never the end of a sentence
    numbered: frozenset[str] = frozenset()  # a number follows, else the word is no abbreviation
    others: frozenset[str] = frozenset()  # may stand anywhere, at the end of a sentence too

    def keeps_period(self, word: str, *, before_number: bool) -> bool:
        """Whether a period right after this word, inside a sentence, belongs to the word."""
        folded = word.casefold()
        return folded in self.titles or folded in self.others or (before_number and folded in self.numbered)


_ENGLISH_TITLES = """
adm atty brig capt cdr cmdr col cpl dr drs fr ft gen gov hon lieut lt maj messrs mlle mme mmes mr mrs ms msgr mt pfc
pres prof profs pvt rep reps rev sen sens sgt st ste supt
"""
_ENGLISH_NUMBERED = """
art ca ch chap chaps col cols eq eqs fig figs fn fol line ll no nos op p par pp pt pts ref refs rte sec sect secs stat
tab v vol vols vv
jan feb mar apr jun jul aug sep sept oct nov dec
"""
_ENGLISH_OTHERS = """
al approx assn ave blvd bros cf co corp dept dist ed eds eg esp est etc ext ie inc intl jr ltd mfg misc natl orig pl rd
ref resp sr tel trans univ viz vs
ala ariz ark calif colo conn fla ga ill ind kan ky mass md mich minn mo mont nebr nev okla pa penn tenn tex va vt wash
wis wyo
"""
_ENGLISH = Abbreviations(
    titles=frozenset(_ENGLISH_TITLES.split()),
    numbered=frozenset(_ENGLISH_NUMBERED.split()),
    others=frozenset(_ENGLISH_OTHERS.split()),
)


def abbreviations(language: str) -> Abbreviations:
    """Our own list for a language; empty where there is none."""
    return _ENGLISH if language == "en" else Abbreviations()
