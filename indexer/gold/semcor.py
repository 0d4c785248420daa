"""Running text and sense tags, with character offsets, from SemCor 3.0 markup. Only `read_archive` reads files.

A file has paragraphs `<p>` of sentences `<s>`. A sentence has words
`<wf cmd=done pos=VB lemma=say wnsn=1 lexsn=2:32:00::>said</wf>` and punctuation `<punc>.</punc>`. An underscore joins
the words of a multi-word entry. `wnsn=0` marks a sense that WordNet 3.0 no longer has.
"""

from __future__ import annotations

import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import DocumentError

_TAG = re.compile(r"<(/?)(\w+)((?:\s+[\w$]+=[^\s>]*)*)\s*>([^<\n]*)")
_ATTRIBUTE = re.compile(r"(\w+)=([^\s>]*)")
_CLITICS = frozenset(["'s", "'ll", "'d", "'re", "'ve", "'m", "n't"])
_CLOSING = frozenset([",", ".", ";", ":", "?", "!", ")", "]", "%", "''"])
_OPENING = frozenset(["(", "[", "$", "``", "*"])
_QUOTES = {"``": '"', "''": '"', "`": "'"}
GENRES = {
    "a": "press reportage",
    "b": "press editorial",
    "c": "press reviews",
    "d": "religion",
    "e": "skills and hobbies",
    "f": "popular lore",
    "g": "belles lettres",
    "h": "government documents",
    "j": "learned",
    "k": "general fiction",
    "l": "mystery",
    "m": "science fiction",
    "n": "adventure",
    "p": "romance",
    "r": "humour",
}
"""Categories of the Brown corpus by the letter in a file name, for example `a` in `br-a01`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A word, multi-word entry or punctuation mark of the markup. `senses` are WordNet 3.0 sense keys, if any."""

    text: str
    lemma: str
    senses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A span of a text in character offsets, its lemma and at least one sense key."""

    start: int
    end: int
    lemma: str
    senses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaggedFile:
    """A file of the archive: its part (`brown1`), its name (`br-a01`), its text and its tagged spans."""

    part: str
    name: str
    text: str
    tagged: tuple[TaggedSpan, ...]


def read_markup(markup: str, name: str) -> list[list[list[Entry]]]:
    """Parse a file's markup into paragraphs of sentences of entries.

    Args:
        name: File name for error messages.

    Raises:
        DocumentError: The text is not SemCor markup.
    """
    paragraphs: list[list[list[Entry]]] = []
    for closing, tag, attributes, text in _TAG.findall(markup):
        if closing:
            continue
        if tag == "p":
            paragraphs.append([])
        elif tag == "s":
            if not paragraphs:
                paragraphs.append([])
            paragraphs[-1].append([])
        elif tag in ("wf", "punc"):
            if not paragraphs or not paragraphs[-1]:
                raise DocumentError(f"{name} has a word outside a sentence; give SemCor's own files")
            paragraphs[-1][-1].append(_entry(text.strip(), dict(_ATTRIBUTE.findall(attributes))))
    if not any(sentence for paragraph in paragraphs for sentence in paragraph):
        raise DocumentError(f"{name} has no tagged sentence; give SemCor's own files")
    return paragraphs


def _entry(text: str, attributes: dict[str, str]) -> Entry:
    # The lemma of a proper name is its class ("person", "location"), not a word of the text.
    numbers = [] if "pn" in attributes else attributes.get("wnsn", "").split(";")
    lemma = attributes.get("lemma", "").lower()
    keys = zip(numbers, attributes.get("lexsn", "").split(";"), strict=False)
    senses = tuple(f"{lemma}%{key}" for number, key in keys if number.isdigit() and int(number))
    return Entry(text, lemma.replace("_", " "), senses)


def running_text(paragraphs: Sequence[Sequence[Sequence[Entry]]]) -> tuple[str, tuple[TaggedSpan, ...]]:
    """Return the text with normal spacing and an empty line between paragraphs, and its tagged spans."""
    written: list[str] = []
    length = 0
    tagged = []
    for paragraph in paragraphs:
        for number, sentence in enumerate(sentence for sentence in paragraph if sentence):
            gap = "" if not length else " " if number else "\n\n"
            text, spans = sentence_text(sentence)
            start = length + len(gap)
            tagged += [TaggedSpan(start + a, start + b, e.lemma, e.senses) for e, (a, b) in spans if e.senses]
            written += [gap, text]
            length = start + len(text)
    return "".join(written), tuple(tagged)


def sentence_text(sentence: Sequence[Entry]) -> tuple[str, list[tuple[Entry, tuple[int, int]]]]:
    """Return a sentence with normal spacing, and each entry with its start and end offsets in it."""
    parts = [(n, part) for n, entry in enumerate(sentence) for part in entry.text.split("_") if part]
    joined = joins([part for _, part in parts])
    text = ""
    spans: dict[int, tuple[int, int]] = {}
    for (n, part), join in zip(parts, joined, strict=True):
        text += "" if join or not text else " "
        start = len(text)
        text += _QUOTES.get(part, part)
        spans[n] = spans.get(n, (start, start))[0], len(text)
    return text, [(sentence[n], span) for n, span in spans.items()]


def joins(parts: Sequence[str]) -> list[bool]:
    """Return, for each part of a sentence, whether it follows the previous part without a space."""
    joined = []
    after = False  # whether the previous part joins what follows it
    quoted = False
    for n, part in enumerate(parts):
        before = parts[n - 1] if n else ""
        following = parts[n + 1] if n + 1 < len(parts) else ""
        left, right = part in _CLOSING or part in _CLITICS, part in _OPENING
        if part in ("'", "`"):
            left, right, quoted = _single_quote(part, before, following, quoted, "'" in parts[n + 1 :])
        elif part in ("-", ":", "/") and _binds(part, before, following):
            left = right = True
        joined.append(n > 0 and (left or after))
        after = right
    return joined


def _single_quote(part: str, before: str, following: str, quoted: bool, closes: bool) -> tuple[bool, bool, bool]:
    """Return whether a single quote joins the part before it and the part after it, and whether a quote is open.

    Args:
        quoted: Whether a quote is open before this mark.
        closes: Whether another single quote follows in the sentence.
    """
    if part == "`":
        degree = before[-1:].isdigit()
        return degree, not degree, quoted or not degree
    if quoted or before.endswith("s"):
        return True, False, False
    if following[:1].isdigit():
        return False, True, False
    return (False, True, True) if closes else (True, False, False)


def _binds(mark: str, before: str, following: str) -> bool:
    """Return whether a mark is inside one expression, such as 30-40, 380-foot, 10:30 or mg/l.

    Other hyphens are dashes.
    """
    if mark == "/":
        return before[-1:].isalnum() and following[:1].islower()
    if mark == ":":
        return before[-1:].isdigit() and following[:1].isdigit()
    return before[-1:].isdigit() and following[:1].isalnum()


def read_archive(path: Path) -> Iterator[TaggedFile]:
    """Yield the tagged files of the SemCor 3.0 archive in archive order, or of its unpacked folder in order of name.

    Raises:
        DocumentError: The archive or folder cannot be read, or has no tagged files.
    """
    found = 0
    try:
        for name, markup in _unpacked(path) if path.is_dir() else _packed(path):
            where = PurePosixPath(name)
            text, tagged = running_text(read_markup(markup.decode("utf-8", "replace"), name))
            found += 1
            yield TaggedFile(where.parts[-3] if len(where.parts) > 2 else path.name, where.name, text, tagged)
    except (OSError, EOFError, tarfile.TarError, lzma.LZMAError, zlib.error) as error:
        raise DocumentError(f"{path} cannot be read ({error}); give the archive of SemCor 3.0") from error
    if not found:
        raise DocumentError(f"{path} holds no folder tagfiles; give the archive of SemCor 3.0")


def _packed(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if "/tagfiles/" in member.name and member.isfile() else None
            if file is not None:
                yield member.name, file.read()


def _unpacked(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob("tagfiles/*")):
        if file.is_file():
            yield file.relative_to(path).as_posix(), file.read_bytes()
