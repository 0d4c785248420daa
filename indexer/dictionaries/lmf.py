"""Read LMF: the Global WordNet Association's XML (WN-LMF 1.0 to 1.4), and ISO 24613 with its `feat` elements.

A file may have several lexicons, and extensions that add senses to the entries of another lexicon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from ..readers.records import UnreadableError
from .records import MOST_EXAMPLES, MOST_SENSES, DictionarySense, clean, make_sense
from .xml import parse_xml

ROOT = "LexicalResource"
"""Name of the root element."""
_SENSE_KEY = re.compile(r"[^%]+%[1-5]:\d\d:\d\d:[^:]*:\d*")
_OWN_TEXT = frozenset(("Definition", "Example", "Statement", "Count"))
_EXAMPLES = frozenset(("Example", "SenseExample", "Statement"))


@dataclass(slots=True)
class _Sense:
    """A sense or a synset while it is read.

    Attributes:
        entry: Number of its entry in the file.
        rank: Its place among the senses of its entry, as the attribute `n` gives it. Without one they keep their order.
    """

    id: str
    entry: int = 0
    rank: int = 0
    lemma: str = ""
    pos: str = ""
    synset: str = ""
    definition: str = ""
    examples: list[str] = field(default_factory=list)
    frequency: int = 0

    def add_definition(self, text: str) -> None:
        self.definition = self.definition or clean(text)

    def add_example(self, text: str) -> None:
        if len(self.examples) < MOST_EXAMPLES and (line := clean(text)):
            self.examples.append(line)


def check_root(name: str) -> None:
    """Refuse a file that is not LMF.

    Raises:
        UnreadableError: The root element has another name.
    """
    if name != ROOT:
        raise UnreadableError(f"XML whose root is <{name[:40]}>, not <{ROOT}>")


def read_lmf(file: BinaryIO) -> Iterator[DictionarySense]:
    """Yield the senses of a file. A sense without a definition has that of its synset, and then its examples too.

    The id of a sense is WordNet's sense key, if the file gives it (`dc:identifier`). Tagged lines are then found by it.

    Raises:
        UnreadableError: The file is damaged, or exceeds a limit.
    """
    handler = _Lmf()
    senses = sorted(parse_xml(file, handler, check_root), key=lambda one: (one.entry, one.rank))
    for one in senses:
        synset = handler.synsets.get(one.synset)
        definition = one.definition or (synset.definition if synset else "")
        examples = one.examples or (_with_lemma(synset.examples, one.lemma) if synset else [])
        pos = one.pos or (synset.pos if synset else "")
        made = make_sense(
            one.lemma, pos, definition, examples, sense=one.id, frequency=one.frequency, concept=one.synset
        )
        if made is not None:
            yield made


def _with_lemma(examples: list[str], lemma: str) -> list[str]:
    """Return the examples of a synset that may hold one of its words. The others are about a synonym."""
    start = lemma.lower()[: max(3, len(lemma) - 2)]
    return [line for line in examples if start in line.lower()]


class _Lmf:
    """What is open in an LMF file."""

    def __init__(self) -> None:
        self.found: list[_Sense] = []
        self.synsets: dict[str, _Sense] = {}
        self._lemma = self._pos = self._entry = ""
        self._entries = 0
        self._lemmas: dict[str, tuple[str, str]] = {}  # lemma and part of speech of each entry, for extensions
        self._open: _Sense | None = None  # the sense or the synset
        self._inside: list[str] = []

    def wants_text(self, name: str) -> bool:
        return name in _OWN_TEXT and self._open is not None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("LexicalEntry", "ExternalLexicalEntry"):
            self._entries += 1
            self._entry = attributes.get("id", "")
            extended = self._lemmas.get(self._entry) if name == "ExternalLexicalEntry" else None
            self._lemma, self._pos = extended or ("", "")
        elif name == "Lemma":
            self._lemma = attributes.get("writtenForm", self._lemma)
            self._pos = attributes.get("partOfSpeech", self._pos)
        elif name in ("Sense", "Synset"):
            self._begin(name, attributes)
        elif name == "feat":
            self._feature(attributes.get("att", ""), attributes.get("val", ""))
        elif self._open is not None and name == "Definition" and "gloss" in attributes:
            self._open.add_definition(attributes["gloss"])
        elif self._open is not None and name == "Statement" and "example" in attributes:
            self._open.add_example(attributes["example"])
        self._inside.append(name)

    def end(self, name: str, text: str) -> None:
        self._inside.pop()
        if self._open is not None and text:
            if name == "Definition":
                self._open.add_definition(text)
            elif name in _EXAMPLES:
                self._open.add_example(text)
            elif name == "Count" and text.strip().isdecimal() and len(text.strip()) < 12:
                self._open.frequency += int(text)
        if name in ("Sense", "Synset"):
            self._finish(name)
        elif name == "LexicalEntry" and self._entry:
            self._lemmas[self._entry] = self._lemma, self._pos

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._finish("Sense")  # senses may nest
        pos, rank = attributes.get("partOfSpeech", ""), attributes.get("n", "")
        self._open = _Sense(attributes.get("id", ""), pos=pos, synset=attributes.get("synset", ""))
        if name == "Sense":
            self._open.lemma, self._open.pos, self._open.entry = self._lemma, self._pos, self._entries
            self._open.rank = int(rank) if rank.isdecimal() and len(rank) < 9 else 0
            if _SENSE_KEY.fullmatch(attributes.get("identifier", "")):
                self._open.id = attributes["identifier"]

    def _finish(self, name: str) -> None:
        one, self._open = self._open, None
        if one is None:
            return
        if name == "Synset":
            self.synsets[one.id] = one
        else:
            self.found.append(one)
        if len(self.synsets) > MOST_SENSES or len(self.found) > MOST_SENSES:
            raise UnreadableError(f"more than {MOST_SENSES:,} senses; split it")

    def _feature(self, name: str, value: str) -> None:
        parent = self._inside[-1] if self._inside else ""
        if name == "writtenForm" and parent in ("Lemma", "FormRepresentation") and self._open is None:
            self._lemma = self._lemma or value
        elif name == "partOfSpeech" and parent in ("LexicalEntry", "Lemma"):
            self._pos = self._pos or value
        elif self._open is not None and name in ("text", "writtenForm", "gloss", "definition"):
            if parent in _EXAMPLES or "SenseExample" in self._inside:
                self._open.add_example(value)
            elif parent == "Definition" or "Definition" in self._inside or name in ("gloss", "definition"):
                self._open.add_definition(value)
