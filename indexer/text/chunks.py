"""Cut a sentence into chunks: at spaces, and at single hyphens that are printed as dashes.

The tokeniser cuts each chunk by itself. What needs the chunks around it is decided here.
"""

from __future__ import annotations

import re

from .marks import mark_spans

Chunk = tuple[int, str]

# Zero-width spaces and control characters separate words like spaces. No word contains them.
_CHUNK = re.compile("[^\\s\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff]+")
_HYPHEN_AT_AN_END = re.compile(
    r"-(?:(?<![^\s\"'“‘«„(\[].)(?=[^\W\d_])|(?<=[^\W\d_]{3}.)(?=[.,;:!?\"'”’»)\]]*(?:\s|$)))"
)
_LEADING_HYPHEN = re.compile(r"([\"'“‘«„(\[]*)-(?=[^\W\d_])")
_TRAILING_HYPHEN = re.compile(r"(?<=[^\W\d_]{3})-(?=[.,;:!?\"'”’»)\]]*$)")
# In these languages a word that is shared by two compounds is left out: "Vor- und Nachteile", "Eingang und -ausgang".
_SHARED_PARTS = frozenset({"de", "nl", "sv", "da", "nb", "no", "nn", "fi", "et", "hu", "is"})
# Before these, a hyphen after a word has the same meaning in any language: "pre- and post-war", "homo- = same".
_CONJUNCTION_WORDS = """
and or to but und oder bis et ou y e o u en of och eller samt og i a oraz lub albo nebo či ja tai és vagy =
"""
_BEFORE_SHARED = frozenset(_CONJUNCTION_WORDS.split())


def chunks(text: str, start: int, end: int, language: str) -> list[Chunk]:
    """Return the chunks of a sentence with their offsets. Only a note mark has spaces inside ("[citation needed]")."""
    found = [(match.start(), match.group()) for match in _CHUNK.finditer(text, start, end)]
    if text.find("[", start, end) >= 0:
        found = _join_marks(text, found, start, end)
    if text.find("-", start, end) >= 0 and _HYPHEN_AT_AN_END.search(text[start:end]):
        found = list(_cut_hyphens(found, shares_parts=language in _SHARED_PARTS))
    return found


def _join_marks(text: str, found: list[Chunk], start: int, end: int) -> list[Chunk]:
    wide = [span for span in mark_spans(text, start, end) if len(text[slice(*span)].split()) > 1]
    joined: list[Chunk] = []
    i = 0
    for offset, chunk in found:
        while i < len(wide) and wide[i][1] <= offset:
            i += 1
        if i < len(wide) and joined and wide[i][0] < offset < wide[i][1]:
            first = joined.pop()[0]
            joined.append((first, text[first : offset + len(chunk)]))
        else:
            joined.append((offset, chunk))
    return joined


def _cut_hyphens(found: list[Chunk], *, shares_parts: bool) -> list[Chunk]:
    """Return the chunks, with the hyphens of "Ben -who came late- was" as chunks of their own."""
    cut: list[Chunk] = []
    is_open = False
    last_trailing = max((i for i, (_, chunk) in enumerate(found) if _TRAILING_HYPHEN.search(chunk)), default=-1)
    for i, (offset, chunk) in enumerate(found):
        following = found[i + 1][1].casefold() if i + 1 < len(found) else ""
        leading = _LEADING_HYPHEN.match(chunk)
        if leading and _is_dash(chunk, leading, following) and (not shares_parts or i == 0 or i <= last_trailing):
            is_open = True
            place = leading.end()
            parts = [(offset, chunk[: place - 1]), (offset + place - 1, "-")]
            cut += [part for part in parts if part[1]]
            offset, chunk = offset + place, chunk[place:]
        trailing = _TRAILING_HYPHEN.search(chunk)
        if trailing and (is_open or not (shares_parts or following in _BEFORE_SHARED or chunk.endswith(","))):
            is_open = False
            place = trailing.start()
            cut += [(offset, chunk[:place]), (offset + place, "-")]
            offset, chunk = offset + place + 1, chunk[place + 1 :]
        if chunk:
            cut.append((offset, chunk))
    return cut


def _is_dash(chunk: str, leading: re.Match[str], following: str) -> bool:
    """Return whether a hyphen before a word is a dash and not the first sign of a suffix ("-ness")."""
    return following != "=" and (not leading[1] or chunk[leading.end()].isupper())
