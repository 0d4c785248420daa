"""Read raised characters: note marks, powers, and letters such as those of 1st."""

import re

from ..text.marks import note_mark

_NUMBER = re.compile(r"[0-9]{1,4}")
_POWER = re.compile(r"[+\-−][0-9]{1,4}|[0-9]{1,4}[+\-−]")
_NUMBERS = re.compile(r"[\[(]?[0-9]{1,4}(?: ?[,;–-] ?[0-9]{1,4})*[\])]?")
_STOPS = frozenset(".,;:!?…\"'”’»)")
_SIGNS = re.compile(r"[*†‡§¶‖#]{1,4}")
_LETTERS = re.compile(r"\(?[a-z](?: ?[,;–-] ?[a-z])+\)?|\([a-z]\)")
_LETTER = re.compile(r"[a-z]|[ivx]{2,5}")
_AFTER_STOP = re.compile(r"(?:[^\W\d_]{4,}[.,;:!?…]|[!?…])[\"'”’»)]*$")
_AFTER_WORD = re.compile(r"(?<![^\W\d_])(?!(?i:prof)$)[^\W\d_]{3,}(?<![A-Z])[^\W\d_A-Z]$")
RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
"""Superscript characters of digits and signs, for `str.translate`."""


def is_note_letter(text: str, before: str) -> bool:
    """Return whether raised letters after a text are a note mark.

    Several with commas are, one after a stop, and a, b or c after a word of four letters. Other letters may belong to
    their word: 1st, Sr.ª, Richd, servt.
    """
    if _LETTERS.fullmatch(text):
        return before[-1:].isalpha() or before[-1:] in _STOPS
    if _LETTER.fullmatch(text) and _AFTER_STOP.search(before):
        return True
    return text in ("a", "b", "c") and _AFTER_WORD.search(before) is not None


def raised(text: str, before: str = "") -> str:
    """Return a raised text in plain writing.

    Digits become superscript digits. Signs, lists of numbers and letters that count notes are note marks. Other letters
    stay letters, as in 1st.

    Args:
        before: The last characters of the text before it.
    """
    inner = text.strip()
    blank, _, after = text.partition(inner) if inner else (text, "", "")
    if _NUMBER.fullmatch(inner) or _POWER.fullmatch(inner):
        return f"{blank}{inner.translate(RAISED)}{after}"
    if _SIGNS.fullmatch(inner) or _NUMBERS.fullmatch(inner):
        return f"{blank}{note_mark(inner)}{after}"
    if not blank and is_note_letter(inner, before):
        return f"{note_mark(inner.strip('()'))}{after}"
    return text
