"""Read raised characters: note marks, powers, and letters such as those of 1st."""

import re

from ..text.marks import note_mark

_NUMBER = re.compile(r"[0-9]{1,4}")
_POWER = re.compile(r"[+\-−][0-9]{1,4}|[0-9]{1,4}[+\-−]")
_NUMBERS = re.compile(r"[\[(]?[0-9]{1,4}(?: ?[,;–-] ?[0-9]{1,4})*[\])]?")
_SIGNS = re.compile(r"[*†‡§¶‖#]{1,4}")
RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
"""Superscript characters of digits and signs, for `str.translate`."""


def raised(text: str) -> str:
    """Return a raised text in plain writing.

    Digits become superscript digits. Signs and lists of numbers are note marks. Letters stay letters, as in 1st.
    """
    inner = text.strip()
    before, _, after = text.partition(inner) if inner else (text, "", "")
    if _NUMBER.fullmatch(inner) or _POWER.fullmatch(inner):
        return f"{before}{inner.translate(RAISED)}{after}"
    if _SIGNS.fullmatch(inner) or _NUMBERS.fullmatch(inner):
        return f"{before}{note_mark(inner)}{after}"
    return text
