"""Leave the licence, the header and the small print of Project Gutenberg out of its books.

The start and the end of a book are lines that the project has written since 1990:

- `*** START OF THE PROJECT GUTENBERG EBOOK ... ***` and `*** END OF ...`, with `THIS` or `ETEXT` in older files.
- `*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*`, after which the first files begin.
- `End of Project Gutenberg's ...`, with which they end.

Text is left out only if the file begins with a header of the project and such a line of start. So a text about the
project loses nothing. A file of several books keeps them all. Title, author, language and date of release become
metadata. The date of release is not the date of the book, so it is never called `date` or `year`.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from .records import Extract

_HEAD = 30_000  # maximum length in characters of a header with its small print
_LICENCE = 40_000  # maximum length in characters of a licence after a book, which has some 19,000
# Possessive quantifiers, because a line of blanks would otherwise take quadratic time.
_MARK = r"^[ \t>_]*+\*{2,}+[ \t]*+"
_START = re.compile(
    rf"{_MARK}START OF (?:THE |THIS )?PROJECT GUTENBERG E-?(?:BOOK|TEXT)\b"
    r"[^\n]{0,300}?(?:\n[^\n]{1,300}?){0,3}?\*{2,9}[ \t]*$"
    rf"|{_MARK}START OF (?:THE |THIS )?PROJECT GUTENBERG E-?(?:BOOK|TEXT)\b[^\n]*$"
    r"|^[ \t]*\*END[* ]*THE SMALL PRINT![^\n]*(?:\n[^\n*]+)?\*END\*?[^\n]*$",
    re.MULTILINE | re.IGNORECASE,
)
_END = re.compile(
    rf"{_MARK}END OF (?:THE |THIS )?PROJECT GUTENBERG E-?(?:BOOK|TEXT)\b"
    rf"|{_MARK}START: FULL LICENSE"
    r"|^[ \t*]*(?:This is the )?End of (?:the |this )?Project Gutenberg(?:['’]s|,? e-?(?:book|text)\b)",
    re.MULTILINE | re.IGNORECASE,
)
_HEADER = re.compile(
    r"^[ \t>_]*+\**+[ \t]*+(?:The )?Project Gutenberg(?:['’]s\b|[ \t]+e-?(?:book|text)\b)"
    r"|This e-?(?:book|text) is for the use of anyone anywhere|THE SMALL PRINT!",
    re.MULTILINE | re.IGNORECASE,
)
_FIELD = re.compile(
    r"^[ \t]*(Title|Author|Authors|Editor|Translator|Illustrator|Contributor|Language|Release Date|Posting Date"
    r"|Original Publication)[ \t]*:[ \t]*(\S[^\n]*(?:\n[ \t]+[^\s:][^\n:]*(?=\n|\Z))*)",
    re.MULTILINE | re.IGNORECASE,
)
_NAMED = re.compile(
    r"^[ \t>*_]*(?:The )?Project Gutenberg(?:['’]s|[ \t]+e-?(?:book|text)(?:,| of)?)[ \t]+"
    r"(\S[^\n]{0,200}?(?:\n[^\n]{1,200}?)?)"
    r"(?:,?[ \t\n]by[ \t\n]([^\n*]{1,200}?))?[ \t*]{0,20}$",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBER = re.compile(r"\[?\be-?(?:book|text)[ \t]*#?[ \t]*(\d{1,6})\b", re.IGNORECASE)
_CREDITS = re.compile(
    r"(?:Produced|Transcribed|Scanned|Prepared|Digiti[sz]ed)(?: and [a-z]+)? (?:by|from)\b"
    r"|E-?text (?:prepared|produced|scanned|transcribed)\b"
    r"|This e-?(?:book|text) was (?:produced|prepared|transcribed|scanned|created)\b"
    r"|\[?This file was (?:first )?(?:produced|posted)\b",
    re.IGNORECASE,
)
_LONGEST_CREDITS = 1_000
# The lines are limited, because a pattern takes a hundred bytes of memory for each repetition.
_PARAGRAPH = re.compile(rf"\s*(\S[^\n]*(?:\n[^\n]*\S[^\n]*){{0,{_LONGEST_CREDITS}}})")
_NOTES = re.compile(
    r"^[ \t\[*_~|+=-]*Transcriber(?:['’]s|s['’]?)?[ \t]+(?:End[ \t-]*)?Notes?[ \t*\]_~|.=+-]*(?::|$)",
    re.MULTILINE | re.IGNORECASE,
)
_LONGEST_NOTES = 20_000
_PAGE = re.compile(r"\[P(?:g|age)\.? ?[ivxlc\d]{1,6}\]")
_LANGUAGES = {
    "english": "en", "french": "fr", "german": "de", "spanish": "es", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "finnish": "fi", "latin": "la", "greek": "el", "swedish": "sv", "danish": "da", "norwegian": "no",
    "polish": "pl", "hungarian": "hu", "czech": "cs", "russian": "ru", "chinese": "zh", "japanese": "ja",
    "catalan": "ca", "esperanto": "eo", "welsh": "cy", "tagalog": "tl",
}  # fmt: skip


def without_licence(extract: Extract) -> Extract:
    """Return a book of Project Gutenberg without the project's own text, and any other document unchanged.

    Fields of the extract are kept, but not the title, author and date that a file of the project has for itself.
    """
    if not _HEADER.search(extract.text, 0, _HEAD):
        return extract
    head, body = _parts(extract.text)
    if not body.strip():
        return extract
    others = {key: value for key, value in extract.metadata.items() if key not in ("date", "year")}
    return replace(extract, text=body, metadata={**others, **_fields(head)})


def _parts(text: str) -> tuple[str, str]:
    """Return the header, and the text between the lines of start and end. Both are empty without a start."""
    head, bodies, position = "", [], 0
    while (start := _start(text, position)) is not None:
        head = head or text[: start.start()]
        end = _END.search(text, start.end())
        bodies.append(text[start.end() : end.start() if end else len(text)])
        position = end.end() if end else len(text)
    is_licence = len(text) - position <= _LICENCE
    return head, "\n\n".join(map(_bare, bodies if is_licence else [*bodies, text[position:]]))


def _start(text: str, position: int) -> re.Match[str] | None:
    """Return the line of start of the next book, the last such line of its header."""
    header = _HEADER.search(text, position, position + _HEAD)
    found: re.Match[str] | None = None
    for mark in _START.finditer(text, header.end(), position + _HEAD) if header else ():
        # The line of a small print may be followed by that of a start, but not beyond the end of the first book.
        if found is not None and _END.search(text, found.end(), mark.start()):
            break
        found = mark
    return found


def _bare(body: str) -> str:
    """Return a book without the names of those who typed it, their notes at the end, and marks of pages."""
    first = 0
    while (paragraph := _PARAGRAPH.match(body, first)) and _CREDITS.match(paragraph[1]):
        if len(paragraph[1]) > _LONGEST_CREDITS:
            break
        first = paragraph.end()
    # Notes at the beginning are followed by the book, so notes that are left out must be the smaller part.
    notes = _NOTES.search(body, max(first, len(body) - _LONGEST_NOTES, first + 2 * (len(body) - first) // 3))
    kept = body[first : notes.start() if notes else len(body)]
    return _PAGE.sub("", kept).strip("\r\n") if kept.strip() else body.strip("\r\n")


def _fields(head: str) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for match in _FIELD.finditer(head):
        name = match[1].lower().replace(" ", "_").removesuffix("s")
        lines = [" ".join(line.split()) for line in match[2].split("\n")]
        if name in ("release_date", "posting_date"):
            found.setdefault("release_date", _date(lines[0]))
        elif name == "language":
            found.setdefault(name, _LANGUAGES.get(lines[0].lower(), lines[0]))
        elif name in ("title", "original_publication"):
            found.setdefault(name, " ".join(lines))
        else:
            found.setdefault(name, lines[0] if len(lines) == 1 else lines)
    if "title" not in found and (named := _NAMED.search(head)):
        found["title"] = " ".join(named[1].split())
        if named[2]:
            found.setdefault("author", " ".join(named[2].split()))
    if number := _NUMBER.search(head):
        found["gutenberg_id"] = number[1]
    return found


def _date(text: str) -> str:
    """Return a date such as "August 26, 2008 [eBook #1342]" in the form of ISO 8601, with the parts that are known."""
    words = re.sub(r"\[.*", "", text).replace(",", " ").split()
    plain = " ".join(words)
    for read, write in (("%B %d %Y", "%Y-%m-%d"), ("%B %Y", "%Y-%m"), ("%d %B %Y", "%Y-%m-%d"), ("%Y", "%Y")):
        try:
            return datetime.strptime(plain, read).strftime(write)
        except ValueError:
            continue
    return plain
