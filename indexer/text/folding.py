"""Fold a form for comparison: what people see as the same word in the same spelling becomes the same text.

The result is itself a way to write the word, so it is also what lists of lemmas and forms show. Full case folding is
not used, because it writes "strasse" for "Straße", and "παπαδόπουλοσ" for "Παπαδόπουλος".

- Capitals become small letters. ẞ becomes ß, and a sigma at the end of a word is ς. In Turkish and Azerbaijani I
  becomes ı.
- Letters in another drawing become the letters: ligatures, long s, wide letters, Arabic presentation forms.
- Combining marks are composed with their letters (Unicode normalisation form C).
- Invisible characters are left out: soft hyphens, zero-width spaces, marks of direction, variation selectors.
- Typographic apostrophes and hyphens become those of a typewriter.

A collection records the version of its folding in the name of its tokeniser. Old collections keep the first version.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

VERSION = 2
"""Version of the folding. Version 1 was full case folding."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u0640\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
    # Joiners distinguish words in Arabic and Indic scripts, after a letter. Elsewhere they change nothing.
    "|(?<![\u0600-\u109f\u1780-\u18af])[\u200c\u200d]|[\u200c\u200d]+(?!\\w)"
)
# Letters that exist a second time in another drawing. Compatibility normalisation of all characters would go too far:
# it makes "m2" of "m²", and takes Thai and Korean letters apart.
_DRAWINGS = re.compile(
    "[\u0132\u0133\u0149\u017f\u01c4-\u01cc\u01f1-\u01f3\u03d0-\u03d6\u03f0-\u03f5\u03f9\u1e9b\ufb00-\ufb06\ufb13-\ufb17"
    "\ufb21-\ufb28\ufb4f\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdcf\ufe70-\ufefc\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
    "\uff66-\uff9f\U0001d400-\U0001d7ff]+"
)
_SIGNS = str.maketrans(dict.fromkeys("‘’‛ʼʻ＇`´′", "'") | dict.fromkeys("‐‑﹣－", "-") | {"ẞ": "ß"})
_FINAL_SIGMA = re.compile(r"(?<=[^\W\d_])σ(?![^\W\d_])")
_INNER_SIGMA = re.compile(r"ς(?=[^\W\d_])")
_DOTTED_I = re.compile("i\u0307+")
# Languages that write a dotless i.
_DOTLESS = frozenset({"tr", "az", "crh", "gag", "tt"})

_OLD_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_OLD_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "＇": "'"})
_RECORDED = re.compile(r"; fold (\d{1,4});")


def fold(text: str, language: str = "") -> str:
    """Return a text for comparison. Folding it again changes nothing.

    Args:
        language: Plain language code. It decides the small letter of I.
    """
    found = plain(text)
    if language in _DOTLESS:
        found = found.replace("İ", "i").replace("I", "ı")
    if found.isascii():
        return found.translate(_SIGNS).lower() if "`" in found else found.lower()
    found = _DOTTED_I.sub("i", found.translate(_SIGNS).lower())
    found = _INNER_SIGMA.sub("σ", _FINAL_SIGMA.sub("ς", found))
    return unicodedata.normalize("NFC", found)


def plain(text: str) -> str:
    """Return a text with its capitals, in plain letters: composed, without ligatures and invisible characters."""
    if text.isascii():
        return text
    found = unicodedata.normalize("NFC", text)
    found = _DRAWINGS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), found)
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", found))


@dataclass(frozen=True, slots=True)
class Folding:
    """The folding of one collection: its language and the version that it was made with."""

    language: str = ""
    version: int = VERSION

    def form(self, text: str) -> str:
        """Return the form under which a text is stored and found."""
        if self.version > 1:
            return fold(text, self.language)
        return unicodedata.normalize("NFC", text.casefold())

    def lemma(self, text: str) -> str:
        """Return the spelling under which a lemma is stored and found."""
        return fold(text, self.language) if self.version > 1 else _old_plain(text).casefold()

    def dictionary_forms(self, text: str) -> tuple[str, ...]:
        """Return the forms to look for in a dictionary, the first one first. Capitals alone say nothing of a word."""
        if self.version == 1:
            found = _old_plain(text)
            return (found.lower() if found.isupper() else found,)
        found, folded = plain(text), fold(text, self.language)
        if found.isupper():
            return folded, folded.capitalize()
        is_dotless = self.language in _DOTLESS and ("I" in found or "İ" in found)
        return (folded,) if is_dotless else (found.translate(_SIGNS),)


def _old_plain(text: str) -> str:
    return _OLD_INVISIBLE.sub("", text).translate(_OLD_APOSTROPHES)


@lru_cache(maxsize=64)
def folding_of(language: str, tokeniser: str = "") -> Folding:
    """Return the folding of a collection that records this language and tokeniser. No tokeniser means the newest."""
    recorded = _RECORDED.search(tokeniser)
    code = re.split("[-_]", language.strip().lower(), maxsplit=1)[0]
    if not tokeniser:
        return Folding(code)
    return Folding(code, min(int(recorded[1]), VERSION) if recorded else 1)
