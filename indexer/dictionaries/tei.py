"""Read dictionaries in TEI: `<entry>` with `<form>`, `<gramGrp>`, and `<sense>` with `<def>` and `<cit>`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from ..readers.records import UnreadableError
from ..readers.tei import ROOTS
from .records import MOST_EXAMPLES, DictionarySense, clean, make_sense
from .xml import parse_xml

_ENTRIES = frozenset(("entry", "entryFree", "re"))
_TEXTS = frozenset(("orth", "pos", "gram", "def", "quote", "q", "gloss"))
_MOST_OPEN = 1_000
"""Maximum number of senses of one entry."""


@dataclass(slots=True)
class _Sense:
    id: str
    definition: str = ""
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Entry:
    id: str
    lemma: str = ""
    pos: str = ""
    senses: list[_Sense] = field(default_factory=list)
    open: list[_Sense] = field(default_factory=list)
    gram: str = ""  # type of the open `<gram>`, which TEI Lex-0 has in the place of `<pos>`
    examples: int = 0  # number of open examples
    translations: int = 0  # number of open translations


def check_root(name: str) -> None:
    """Refuse a file that is not TEI.

    Raises:
        UnreadableError: The root element has another name.
    """
    if name not in ROOTS:
        raise UnreadableError(f"XML whose root is <{name[:40]}>, not <TEI>")


def read_tei_dictionary(file: BinaryIO) -> Iterator[DictionarySense]:
    """Yield the senses of a file. A sense inside another one is a sense of its own. Translations are left out.

    Raises:
        UnreadableError: The file is damaged, or exceeds a limit.
    """
    yield from parse_xml(file, _Tei(), check_root)


class _Tei:
    """What is open in a TEI dictionary."""

    def __init__(self) -> None:
        self.found: list[DictionarySense] = []
        self._entries: list[_Entry] = []
        self._header = 0

    def wants_text(self, name: str) -> bool:
        return bool(self._entries) and name in _TEXTS

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _ENTRIES:
            self._entries.append(_Entry(attributes.get("id", "")))
        if not self._entries:
            return
        entry = self._entries[-1]
        if name == "sense":
            if len(entry.senses) >= _MOST_OPEN:
                raise UnreadableError(f"the entry {entry.lemma[:40]!r} has more than {_MOST_OPEN:,} senses")
            entry.open.append(_Sense(attributes.get("id", "")))
            entry.senses.append(entry.open[-1])
        elif name == "hom":
            entry.pos = ""
        elif name == "gram":
            entry.gram = attributes.get("type", "")
        elif name == "cit":
            kind = attributes.get("type", "").lower()
            entry.translations += kind.startswith("trans") or kind.startswith("equiv")
            entry.examples += 1

    def end(self, name: str, text: str) -> None:
        if not self._entries:
            return
        entry = self._entries[-1]
        if name == "orth":
            entry.lemma = entry.lemma or clean(text)
        elif name == "pos" or (name == "gram" and entry.gram == "pos"):
            entry.pos = entry.pos or clean(text)
        elif name in ("def", "quote", "q", "gloss"):
            self._text(entry, name, text)
        elif name == "cit":
            entry.examples = max(entry.examples - 1, 0)
            entry.translations = 0 if not entry.examples else entry.translations
        elif name == "sense" and entry.open:
            entry.open.pop()
        elif name == "hom":
            self._finish(entry)
        elif name in _ENTRIES:
            self._finish(entry)
            self._entries.pop()

    def _text(self, entry: _Entry, name: str, text: str) -> None:
        """Add a definition or an example to the innermost sense. An entry without senses is one sense."""
        if entry.translations:
            return
        if not entry.open and not entry.senses:
            entry.senses.append(_Sense(""))
        sense = entry.open[-1] if entry.open else entry.senses[-1]
        line = clean(text)
        if name in ("def", "gloss") and not entry.examples:
            sense.definition = clean(f"{sense.definition} {line}")
        elif name in ("quote", "q") and line and len(sense.examples) < MOST_EXAMPLES:
            sense.examples.append(line)

    def _finish(self, entry: _Entry) -> None:
        for sense in entry.senses:
            made = make_sense(entry.lemma, entry.pos, sense.definition, sense.examples, sense=sense.id)
            if made is not None:
                self.found.append(made)
        entry.senses, entry.open = [], []
