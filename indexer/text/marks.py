"""Write note marks as they are printed, so that no reader glues a mark to the word before it, and find them in text.

A mark refers from a place in the text to a note: "bank.¹²", "bank[3]", "bank.[citation needed]", "bank†". It is a token
without a vector. It belongs to the sentence before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_RAISED = "⁰¹²³⁴-⁹"
_RAISED_DIGITS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")

# What is between square brackets. Unlike the others, letters and words are marks only directly after a word.
_NUMBERS = r"\d{1,3}(?:[ \u00a0]?[,;–-][ \u00a0]?\d{1,3}){0,9}"
_LABELS = "notes?|nb|n|fn|footnote|ref|nota|anm|anmerkung|noot|fodnote|fotnot|pozn|przyp"
_COMMENT = (
    r"(?:\w[\w.'’-]{0,20}\s){1,3}needed\??|¿?[^\W\d_]{2,12}(?:\s[^\W\d_]{1,12}){0,3}\s?\?|dubious\s[–-]\sdiscuss|vague|dead\slink"
    r"|edit(?:\ssource)?|editar|modifier|modifica|bearbeiten|bewerken|edytuj|editovat|redigera|rediger"
    r"|réf\.\s(?:nécessaire|souhaitée)|cita\srequerida|senza\sfonte|carece\sde\sfontes|potrzebny\sprzypis|källa\sbehövs"
    r"|kilde\smangler|trenger\sreferanse|not\sin\scitation\sgiven|failed\sverification|original\sresearch"
)
_ANYWHERE = rf"{_NUMBERS}|\^[^\[\]\s]{{1,40}}|(?:{_LABELS})\.?\s?\d{{1,3}}|{_COMMENT}"
_AFTER_WORD = (
    r"\d{4}|[A-Za-zα-ω]{1,2}|[a-z](?: ?[,;–-] ?[a-z]){1,5}|[ivxlc]{3,6}|[*†‡§¶#]{1,3}|[^\W\d_][\w-]{0,20}\.?\s\d{1,3}"
)
# The page of a reference may follow its mark: "bank.[7]:12".
_PAGE = r"(?::(?:pp?\.[ \u00a0]?)?\d{1,4}(?:[–-]\d{1,4})?(?!\w))?"
_BRACKETED = re.compile(rf"\[(?:(?P<anywhere>{_ANYWHERE})|{_AFTER_WORD})\]{_PAGE}", re.IGNORECASE)
_RAISED_NUMBER = re.compile(f"[{_RAISED}]+(?:[,˒–⁻-][{_RAISED}]+)*⁾?")
_SIGN = re.compile(r"\*{1,3}|[†‡§¶]{1,3}")
_MARK = re.compile(rf"\[[^\[\]]{{1,60}}\]{_PAGE}|{_RAISED_NUMBER.pattern}|{_SIGN.pattern}")
_NOT_ASCII_SIGNS = re.compile(f"[†‡§¶{_RAISED}]")

_ENDS_OF_WORDS = frozenset(".,;:!?…%\"'”’»›)]")
_WORD = re.compile(r"[^\W_]+$")
_YEAR = re.compile(r"1\d{3}|20\d\d")
# After these a raised digit is a power: units, functions, formulas.
_POWER_WORDS = """
km cm mm dm nm hm µm μm pm fm um ft in yd mi ha kg mg sq sec min rad cd mol mph rpm kpc Mpc AU eV keV MeV GeV Pa
Hz inch inches feet foot yard yards mile miles metre metres meter meters Meter mètre mètres metro metros metri
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi
omega sin cos tan cot sec csc sinh cosh tanh log ln exp lim CO NO SO CH NH PO
"""
_RAISED_TO_A_POWER = frozenset(_POWER_WORDS.split())
_VOWELS = frozenset("aeiouyäöüáéíóúàèìòùâêîôûåæøаеёиоуыэюяіїє")


def note_mark(text: str) -> str:
    """Return a note mark as printed: a number as superscript digits, anything else in square brackets.

    Readers write it directly after the word that it belongs to. The tokeniser cuts both kinds from the word.
    """
    mark = text.strip()
    if mark.isascii() and mark.isdigit():
        return mark.translate(_SUPERSCRIPTS)
    if mark and _RAISED_DIGITS.issuperset(mark):
        return mark
    return mark if not mark or (mark[0], mark[-1]) == ("[", "]") else f"[{mark}]"


def may_have_marks(text: str) -> bool:
    """Return whether a text has a sign of note marks. It is faster than to look for the marks."""
    return "[" in text or "*" in text or (not text.isascii() and _NOT_ASCII_SIGNS.search(text) is not None)


def mark_spans(
    text: str, start: int = 0, end: int | None = None, *, loose_numbers: bool = False
) -> Iterator[tuple[int, int]]:
    """Yield the spans of note marks in order.

    A power is not a mark ("m²", "10³"), and neither is an editor's letter inside a word ("th[e]y"). A number in
    brackets after a space may also be a word of its sentence ("as [2] shows"). It is yielded with `loose_numbers`.
    """
    end = len(text) if end is None else end
    mark_end = loose_end = start
    for match in _MARK.finditer(text, start, end):
        first = text[match.start()]
        # After a mark, the next one is directly after the same word.
        glued = match.start() > start and (mark_end == match.start() or _ends_word(text[match.start() - 1]))
        glued = glued or (mark_end > start and mark_end + 1 == match.start() and text[mark_end] in ",;–-")
        glued = glued and (match.start() == mark_end or match.start() != loose_end)
        if first == "[":
            is_mark = _is_bracketed_mark(text, match, start, end, glued=glued)
        elif first in "*†‡§¶":
            is_mark = glued and _is_sign(text, match, start, end)
        else:
            is_mark = _is_raised_mark(text, match, start, end)
        if is_mark and not glued and match[0][1:2].isdigit() and not loose_numbers:
            loose_end = match.end()
        elif is_mark:
            mark_end = match.end()
            yield match.span()


def is_mark(form: str) -> bool:
    """Return whether a token is a note mark: a number or a comment in brackets, or raised digits."""
    if form[0] == "[":
        return len(form) > 2 and _BRACKETED.fullmatch(form) is not None
    return form[0] in _RAISED_DIGITS and _RAISED_NUMBER.fullmatch(form) is not None


def _ends_word(character: str) -> bool:
    return character.isalnum() or character in _ENDS_OF_WORDS


def _is_bracketed_mark(text: str, match: re.Match[str], start: int, end: int, *, glued: bool) -> bool:
    inside = _BRACKETED.fullmatch(match[0])
    if inside is None or text[match.end() : min(match.end() + 1, end)] == "(":  # "(" follows in a link of Markdown
        return False
    if not glued:
        before = text[max(start, match.start() - 1) : match.start()]
        return inside["anywhere"] is not None and (not before or before.isspace() or before in "(")
    after_stop = text[match.start() - 1] in ".,;:!?…"
    return after_stop or not text[match.end() : min(match.end() + 1, end)].isalnum()


def _is_sign(text: str, match: re.Match[str], start: int, end: int) -> bool:
    after = text[match.end() : min(match.end() + 1, end)]
    if after.isalnum() or (after and after in "*†‡§¶"):
        return False
    word = _WORD.search(text, max(start, match.start() - 30), match.start())
    return word is None or (len(word[0]) > 1 and (match[0][0] not in "§¶" or word[0].isalpha()))


def _is_raised_mark(text: str, match: re.Match[str], start: int, end: int) -> bool:
    before = text[match.start() - 1] if match.start() > start else " "
    after = text[match.end() : min(match.end() + 1, end)]
    if not before.isalnum():
        return not after.isalpha() if before in _ENDS_OF_WORDS or before.isspace() else False
    if after.isalnum() or (after and after in "⁺⁻/·*+=^"):
        return False
    word = _WORD.search(text, max(start, match.start() - 30), match.start())
    return word is not None and not _takes_power(word[0])


def _takes_power(word: str) -> bool:
    if word[0].isdigit():
        return not _YEAR.fullmatch(word)
    if len(word) == 1 or word in _RAISED_TO_A_POWER or word.lower() in _RAISED_TO_A_POWER or not word.isalpha():
        return True
    return len(word) == 2 and not word.isupper() and not _VOWELS & set(word.lower())
