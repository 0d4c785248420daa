"""Decide what becomes of a hyphen at the end of a line: `won-dering` is joined, `self-control` keeps it.

The text itself decides, where it has the word elsewhere. Then lists of words decide, and then the parts: two words keep
their hyphen. In languages that write compounds as one word, a small letter after the hyphen shows that it is joined.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from itertools import pairwise

from ..text.vocabulary import is_known, rank

SOFT = "\u00ad¬\u2e17"
"""Marks that are written at the end of a line only: soft hyphens, the sign of OCR programs, and Fraktur's hyphen."""
LINE_END = re.compile(f"(?P<head>[^\\W\\d_]+(?:[-'’][^\\W\\d_]+)*)(?P<mark>[-‐\x02{SOFT}])$")
"""A word that is cut at the end of a line. U+0002 is PDFium's sign for a hyphen."""
_MARKS = frozenset(f"-‐\x02{SOFT}")
_NUMBER = re.compile(r"\d[-‐\x02]\s*$")
_INSIDE = re.compile(r"[\w,;][ \t]+\S+$")  # a word that does not begin a sentence
_TAIL = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_WORDS = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*")
_LONGEST_HEAD = 200  # length in characters of a line's end that is searched for the word
_SCANNED = 20_000_000  # maximum length in characters of the text whose words are counted
# Before these words a hyphen is that of a shortened compound: "pre- and post-war".
_SUSPENDED = frozenset(
    ["and", "or", "to", "nor", "but", "und", "oder", "bis", "noch", "et", "ou", "y", "o", "e", "u", "en"]
)
# Before a known word these keep their hyphen in English, unless the whole is frequent.
_PREFIXES = frozenset(
    ["self", "well", "ill", "half", "all", "ex", "quasi", "vice", "much", "ever", "non", "anti", "semi"]
)
# Before a participle these are joined, if the list has the whole: "out-lasted".
_JOINED = frozenset(["out", "over", "under", "up", "down", "fore", "back"])
# What may end an English word and is a word as well.
_SUFFIX = re.compile("[bdgklmnprst]?(?:ings?|est|ers?|ness|less|ed|ly|able|age|ally|ish|man|men)")
# Before or after a known word these keep their hyphen in other languages: "dit-il", "celui-ci", "из-за", "disse-me".
_ATTACHED_HEADS = {"fr": frozenset(["là", "ci", "mi"]), "ru": frozenset(["по", "кое", "кой", "из", "во"])}
_ATTACHED_TAILS = {
    "fr": frozenset(
        [
            "je",
            "tu",
            "il",
            "elle",
            "on",
            "nous",
            "vous",
            "ils",
            "elles",
            "ce",
            "ci",
            "là",
            "moi",
            "toi",
            "le",
            "la",
            "les",
            "lui",
            "leur",
            "leurs",
            "y",
            "en",
            "même",
        ]
    ),
    "pt": frozenset(
        ["me", "te", "se", "nos", "vos", "lhe", "lhes", "o", "a", "os", "as", "lo", "la", "los", "las", "no", "na"]
    ),
    "ru": frozenset(["то", "либо", "нибудь", "таки", "ка", "за", "под"]),
    "ro": frozenset(["l", "o", "le", "i", "se", "mi", "ne", "vă", "te", "mă"]),
    "ca": frozenset(["me", "te", "se", "nos", "vos", "li", "los", "lo", "la", "les", "hi", "ho", "en", "ne"]),
}
_COMPOUNDING = frozenset(["de", "nl", "sv", "da", "nb", "nn", "no", "is", "fi", "et", "hu", "fo", "lb"])
_FREQUENT = 5_000  # rank up to which a word of two letters counts as a part of a compound


class Hyphens:
    """What a text and its language say of hyphens at line ends."""

    def __init__(self, language: str = "en", written: Iterable[str] = ()) -> None:
        """Count the words of a text.

        Args:
            language: Plain language code.
            written: Words of the text that are not cut at a line end.
        """
        self._language = language
        self._written = Counter(word.lower().replace("‐", "-") for word in written)

    def joint(self, before: str, after: str) -> str | None:
        """Return what replaces the last character of `before` where `after` is joined to it, or None.

        None means that `before` does not end inside a word: a space comes between the two. An empty string joins the
        word, "-" keeps the hyphen.
        """
        cut, tail = cut_word(before), _TAIL.match(after)
        if cut is None or tail is None:
            return "-" if after[:1].isdigit() and _NUMBER.search(before[-_LONGEST_HEAD:]) else None
        head, mark, following = cut["head"], cut["mark"], tail[0]
        in_capitals = head.isupper() and following.isupper() and len(head) > 1
        if not (following[0].islower() or not following[0].isupper() or in_capitals):
            return "" if mark in SOFT else "-"
        if mark == "\u00ad":
            return ""
        is_name = head[0].isupper() and not in_capitals and _INSIDE.search(before[-_LONGEST_HEAD:]) is not None
        return self._decide(head.lower(), following.lower(), mark, is_name)

    def _decide(self, head: str, tail: str, mark: str, is_name: bool) -> str | None:
        last, first = head.rsplit("-", 1)[-1], re.split("[-'’]", tail, maxsplit=1)[0]
        whole, hyphenated = last + first, f"{head}-{tail}"
        counts = [self._written[head + tail] + self._written[whole], self._written[hyphenated]]
        if counts[0] != counts[1]:
            return "" if counts[0] > counts[1] else "-"
        if mark in SOFT:
            return ""
        known = rank(whole, self._language) is not None
        if first in _SUSPENDED and not known and not is_known(whole, self._language):
            return None
        return "-" if _keeps(head, tail, self._language, is_name) else ""


def keeps_hyphen(head: str, tail: str, written: Set[str], language: str = "en") -> bool:
    """Return whether the hyphen between two parts of a word is part of it. For readers with a list of words.

    Args:
        head: Part before the end of the line, without the hyphen.
        tail: Part at the start of the next line.
        written: Words of the document in lower case.
    """
    if not tail[0].islower():
        return True
    head, tail = head.lower(), tail.lower()
    if head + tail in written:
        return False
    return f"{head}-{tail}" in written or _keeps(head, tail, language, is_name=False)


def _keeps(head: str, tail: str, language: str, is_name: bool) -> bool:
    """Return whether the hyphen stays, by the words of a language. Both parts are in small letters."""
    last, first = head.rsplit("-", 1)[-1], re.split("[-'’]", tail, maxsplit=1)[0]
    joined, hyphenated = rank(last + first, language), rank(f"{head}-{tail}", language)
    if joined is not None or hyphenated is not None:
        return joined is None or (hyphenated is not None and hyphenated < joined)
    if "-" in head or "-" in tail:
        return True
    if language in _COMPOUNDING or is_name:
        return False
    if language != "en":
        attached = last in _ATTACHED_HEADS.get(language, ()) or first in _ATTACHED_TAILS.get(language, ())
        is_compound = all((attached or len(part) > 2) and is_known(part, language) for part in (last, first))
        return is_compound and not is_known(last + first, language)
    if is_known(last + first, "en"):
        # The lists know compounds in one word, as "cornfield". They also know "shortlived", which is written apart.
        is_apart = last in _PREFIXES or (first.endswith("ed") and last not in _JOINED and _is_part(last))
        return is_apart and _is_part(first) and not _SUFFIX.fullmatch(first)
    return _is_part(last) and (_is_part(first) or (len(first) > 3 and is_known(first, "en")))


def _is_part(part: str) -> bool:
    """Return whether an English word is frequent enough to be a part of a compound."""
    found = rank(part, "en")
    return part in _PREFIXES or (found is not None and (len(part) > 2 or (len(part) > 1 and found < _FREQUENT)))


def hyphens_of(lines: Sequence[str], language: str) -> Hyphens | None:
    """Return what some lines say of the words that are cut at their ends, or None if no word is cut."""
    asked: set[str] = set()
    for line, after in pairwise(lines):
        cut = cut_word(line)
        tail = _TAIL.match(after.lstrip()) if cut else None
        if line.rstrip()[-1:] in _MARKS and after.lstrip()[:1].isdigit():
            asked.add("")  # "1914-18", which needs no words
        if cut and tail:
            head, following = cut["head"].lower(), tail[0].lower()
            last, first = head.rsplit("-", 1)[-1], re.split("[-'’]", following, maxsplit=1)[0]
            asked |= {head + following, last + first, f"{head}-{following}"}
    return Hyphens(language, _words_among(lines, asked)) if asked else None


def cut_word(line: str) -> re.Match[str] | None:
    """Return the match of the word that is cut at the end of a line, or None."""
    end = line[-_LONGEST_HEAD:].rstrip()
    return LINE_END.search(end.rsplit(maxsplit=1)[-1]) if end and end[-1] in _MARKS else None


def _words_among(lines: Sequence[str], asked: set[str]) -> Iterable[str]:
    scanned = 0
    for line in lines:
        scanned += len(line)
        if scanned > _SCANNED:
            return
        for word in _WORDS.findall(line.lower()):
            if word.replace("‐", "-") in asked:
                yield word


def without_cuts(lines: Sequence[str], hyphens: Hyphens) -> list[str]:
    """Return lines in which no word is cut at a line end. The first part of such a word moves to the next line.

    So every line but the last stays as full as the words allow, and the text is still recognised as wrapped.
    """
    found: list[str] = []
    held = ""  # the end of the line before, which is to begin this one
    # A word that goes on over many lines is left alone, because moving it along takes quadratic time.
    for number, line in enumerate(lines):
        bare = line.lstrip() if held else line
        line = line[: len(line) - len(bare)] + held + bare
        taken, held = len(held), ""
        end = line.rstrip()
        after = lines[number + 1].lstrip() if number + 1 < len(lines) else ""
        if after and end[-1:] in _MARKS and not _is_list(end, after):
            joint = hyphens.joint(end, after)
            if joint is not None and taken < _LONGEST_HEAD:
                *kept, chunk = end.rsplit(maxsplit=1)
                held = chunk[:-1] + joint
                if kept:
                    found.append(end[: len(end) - len(chunk)].rstrip())
                continue
        found.append(line)
    return found


def _is_list(line: str, after: str) -> bool:
    """Return whether two lines are items of a list of prefixes: "anti-", "auto-"."""
    return not re.search(r"\s", line.strip()) and not re.search(r"\s", after.rstrip()) and after.rstrip()[-1] in "-‐"
