"""Read WordNet's own files: `data.noun`, `index.noun` and those of the other parts of speech, in one folder.

The sense keys are made as WordNet's manual says (senseidx(5WN)), since Debian's `wordnet-base` has no `index.sense`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..readers.records import UnreadableError, whole_file
from .records import DictionarySense, make_sense

PARTS = ("noun", "verb", "adj", "adv")
"""Ends of the names of WordNet's files."""
_SATELLITE = "5"
_TYPES = {"n": "1", "v": "2", "a": "3", "r": "4", "s": _SATELLITE}
_MARKER = re.compile(r"\((?:a|p|ip)\)\Z")
_EXAMPLE = re.compile(r'"([^"]*)"')
_MOST_WORDS = 1_000
"""Maximum number of words of a synset."""


@dataclass(frozen=True, slots=True)
class _Synset:
    """A synset: its words with their numbers in the lexicographer's file, and its gloss."""

    kind: str
    file: int
    words: tuple[tuple[str, int], ...]
    head: str  # key of the head's synset, for a satellite
    definition: str
    examples: tuple[str, ...]


def is_wordnet(folder: Path) -> bool:
    """Return whether a folder has files of WordNet."""
    return any((folder / f"data.{part}").is_file() for part in PARTS)


def read_wordnet(folder: Path) -> Iterator[DictionarySense]:
    """Yield the senses of all words in the order of `index.*`, which is that of WordNet's sense numbers.

    An example belongs to the words of its synset that it holds.

    Raises:
        UnreadableError: A file is missing, or has another format.
        OSError: A file cannot be read.
    """
    counts = _counts(folder)
    for part in PARTS:
        if not (folder / f"data.{part}").is_file():
            continue
        synsets = dict(_synsets(folder / f"data.{part}"))
        for lemma, offsets in _index(folder / f"index.{part}"):
            for offset in offsets:
                if offset not in synsets:
                    raise UnreadableError(f"index.{part} names the synset {offset[:20]!r}, which data.{part} lacks")
                key = _key(lemma, synsets[offset], synsets)
                synset = synsets[offset]
                lemma_shown = lemma.replace("_", " ")
                others = [word.replace("_", " ") for word, _ in synset.words]
                made = make_sense(
                    lemma_shown,
                    synset.kind,
                    synset.definition,
                    [line for line in synset.examples if _holds(line, lemma_shown, others)],
                    sense=key,
                    frequency=counts.get(key, 0),
                    concept=f"{offset}-{synset.kind}",
                )
                if made is not None:
                    yield made


def _holds(line: str, lemma: str, others: list[str]) -> bool:
    """Return whether an example may hold a word, in any form, and not only another word of its synset."""
    folded = line.lower()
    stem = lemma.lower()[: max(3, len(lemma) - 2)]
    return stem in folded or len(others) == 1


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if not path.is_file():
        raise UnreadableError(f"{path.name} is missing; give the folder of WordNet's files")
    text = whole_file(path).decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n"), start=1):
        if line and not line.startswith(" "):  # the licence begins with spaces
            yield number, line.removesuffix("\r")


def _counts(folder: Path) -> dict[str, int]:
    """Return the number of tagged occurrences of each sense key, from `index.sense` or `cntlist.rev`."""
    for name in ("index.sense", "cntlist.rev"):
        if (folder / name).is_file():
            rows = (line.split() for _, line in _lines(folder / name))
            return {row[0]: int(row[-1]) for row in rows if len(row) in (3, 4) and row[-1].isdecimal()}
    return {}


def _index(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each word of an index, and the offsets of its synsets in the order of its senses."""
    for number, line in _lines(path):
        cells = line.split()
        try:
            pointers = int(cells[3])
            count = int(cells[4 + pointers])
            offsets = cells[6 + pointers :]
        except (IndexError, ValueError):
            raise UnreadableError(f"{path.name}, line {number}: not as WordNet writes it") from None
        if pointers < 0 or count != len(offsets):
            raise UnreadableError(f"{path.name}, line {number}: not as WordNet writes it")
        yield cells[0], offsets


def _synsets(path: Path) -> Iterator[tuple[str, _Synset]]:
    """Yield offset and synset of each line of a data file."""
    for number, line in _lines(path):
        fields, _, gloss = line.partition("|")
        cells = fields.split()
        try:
            n_words = int(cells[3], 16)
            if not 0 < n_words <= _MOST_WORDS or cells[2] not in _TYPES:
                raise ValueError
            words = tuple((_MARKER.sub("", cells[4 + 2 * n]), int(cells[5 + 2 * n], 16)) for n in range(n_words))
            pointers = cells[5 + 2 * n_words :]
            heads = [place for sign, place in zip(pointers[::4], pointers[1::4], strict=False) if sign == "&"]
            head = heads[0] if cells[2] == "s" and heads else ""
            synset = _Synset(cells[2], int(cells[1]), words, head, *_gloss(gloss))
        except (IndexError, ValueError):
            raise UnreadableError(f"{path.name}, line {number}: not as WordNet writes it") from None
        yield cells[0], synset


def _gloss(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the definition and the examples of a gloss. Examples are in quotation marks."""
    definition = _EXAMPLE.sub("", text)
    parts = [part.strip() for part in definition.split(";")]
    return "; ".join(part for part in parts if part), tuple(_EXAMPLE.findall(text))


def _key(lemma: str, synset: _Synset, synsets: dict[str, _Synset]) -> str:
    """Return WordNet's sense key of a word in a synset: `bank%1:17:01::`."""
    number = next((lex for word, lex in synset.words if word.lower() == lemma.lower()), 0)
    head_word, head_number = "", ""
    if synset.kind == "s" and synset.head in synsets:
        word, lex = synsets[synset.head].words[0]
        head_word, head_number = word.lower(), f"{lex:02d}"
    return f"{lemma.lower()}%{_TYPES[synset.kind]}:{synset.file:02d}:{number:02d}:{head_word}:{head_number}"
