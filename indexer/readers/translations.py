"""Read translation memories: TMX, and XLIFF 1.2 and 2. Each unit is a document.

The side in the language of the collection is the text. The other side is the field `translation`, and
`translation_language` says which language that is. Units in several other languages have fields such as
`translation.fr`. A unit is a sentence or a few, so its translation can be shown under each concordance line.

The parser calls `start`, `end` and `data`, and no tree is built. Codes of other formats inside a text, such as tags of
HTML, are left out.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .archive import local
from .records import Extract, Failure, ReadOptions, UnreadableError, open_file

MAX_DEPTH = 200
"""Maximum depth of elements in a file."""
MAX_UNIT = 2**24
"""Maximum number of characters of a unit."""
_CHUNK = 2**18
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_CODES = frozenset({"bpt", "ept", "it", "ph", "ut", "bx", "ex", "x", "sc", "ec", "sm", "em"})
"""Elements of a text that hold or represent a code of another format."""
_BREAKS = frozenset({"lb", "x-br", "x-html-br", "fmt:lb", "xlf:lb"})
"""Types of codes that are a line break."""
_BREAK = re.compile(r"<br\b|\\n", re.IGNORECASE)
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z?", re.ASCII)
_TWO_LETTERS = {
    **{"eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it", "por": "pt"},
    **{"nld": "nl", "dut": "nl", "rus": "ru", "pol": "pl", "swe": "sv", "dan": "da", "nor": "no", "fin": "fi"},
    **{"ces": "cs", "cze": "cs", "ell": "el", "gre": "el", "hun": "hu", "ron": "ro", "rum": "ro", "tur": "tr"},
    **{"ukr": "uk", "bul": "bg", "slk": "sk", "slo": "sk", "slv": "sl", "lit": "lt", "lav": "lv", "est": "et"},
    **{"zho": "zh", "chi": "zh", "jpn": "ja", "kor": "ko", "ara": "ar", "heb": "he", "cat": "ca", "gle": "ga"},
}
"""ISO 639-2 codes that translation tools write, and the codes of a collection."""


def read_tmx(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the units of a TMX file."""
    return _documents(path, options, _Tmx())


def read_xliff(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the units of an XLIFF file of version 1.2, or the segments of version 2."""
    return _documents(path, options, _Xliff())


@dataclass(slots=True)
class _Unit:
    """Texts that translate each other, each with its language, and what else is said of them."""

    sides: list[tuple[str, str]] = field(default_factory=list)
    metadata: dict[str, object] = field(default_factory=dict)


def _documents(path: Path, options: ReadOptions, target: _Target) -> Iterator[Extract | Failure]:
    wanted = _plain_language(options.language)
    languages, missing, number = Counter[str](), 0, 0
    for unit in _units(path, options, target):
        number += 1
        languages.update({language or "unknown": 1 for language, text in unit.sides if text.strip()})
        found = _document(unit, wanted, number)
        missing += found is None
        if found is not None:
            yield found
    if not number:
        raise UnreadableError("no translation units in it")
    named = ", ".join(f"{language} ({count})" for language, count in languages.most_common(20)) or "none"
    if missing == number:
        code = next(iter(languages), "CODE").partition("-")[0]
        raise UnreadableError(
            f"no text in {options.language!r}, the language of the collection; its units are in {named};"
            f" index it into a collection of its own with --language {code.lower()}"
        )
    if missing:
        yield Failure(f"{missing} of {number} units have no text in {options.language!r}; the languages are {named}")


def _document(unit: _Unit, wanted: str, number: int) -> Extract | None:
    sides = [(language, text.strip()) for language, text in unit.sides if text.strip()]
    at = next((place for place, side in enumerate(sides) if _plain_language(side[0]) == wanted), None)
    if at is None:
        return None
    others = sides[:at] + sides[at + 1 :]
    metadata: dict[str, object] = {}
    if len(others) == 1:
        language, metadata["translation"] = others[0]
        if language:
            metadata["translation_language"] = language
    for language, text in others if len(others) > 1 else ():
        name = f"translation.{language}" if language else "translation"
        metadata[name] = f"{metadata[name]}\n{text}" if name in metadata else text
    return Extract(sides[at][1], {**metadata, **unit.metadata}, "", number, f"unit {number}")


def _plain_language(code: str) -> str:
    """Return the language of a code such as `en-GB` or `EN_US`."""
    first = re.split(r"[-_]", code.strip().casefold(), maxsplit=1)[0]
    return _TWO_LETTERS.get(first, first)


def _units(path: Path, options: ReadOptions, target: _Target) -> Iterator[_Unit]:
    """Yield the units of a file as soon as each is complete.

    Raises:
        UnreadableError: The file is broken or declares entities.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    parser = DefusedXMLParser(target=target, encoding=options.encoding, forbid_entities=True, forbid_external=True)
    problem = ""
    with open_file(path) as file:
        while not problem:
            data = file.read(_CHUNK)
            try:
                if data:
                    parser.feed(data)
                else:
                    parser.close()
            except ParseError as error:
                problem = f"damaged: {error}"
            except DefusedXmlException:
                problem = "it declares entities, which are not read"
            except (ValueError, LookupError) as error:  # an encoding that the parser does not know
                problem = f"damaged: {error}"
            yield from target.taken()
            if not data:
                break
    if problem:
        raise UnreadableError(f"{problem}; what comes after it is not read" if target.count else problem)


class _Target(ABC):
    """A reader of XML that collects units. Texts are collected by name."""

    def __init__(self) -> None:
        self.count = 0
        self._done: list[_Unit] = []
        self._names: list[str] = []  # of the open elements
        self._keep: Callable[[str], None] | None = None  # takes the text that is being read
        self._depth = 0  # depth of the element whose text is read
        self._parts: list[str] = []
        self._code = 0  # depth of the outermost code that is being read, or 0
        self._asides: list[str] = []  # texts inside codes, such as a footnote
        self._aside = 0  # depth of the one that is being read, or 0
        self._size = 0

    def taken(self) -> list[_Unit]:
        """Return the units that are complete and forget them."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Read a start tag."""
        name = local(tag)
        self._names.append(name)
        if len(self._names) > MAX_DEPTH:
            raise ValueError("its elements nest too deeply")
        if self._keep is None:
            self._open(name, attributes)
        elif name == "sub" and self._code and not self._aside:
            self._aside = len(self._names)
            self._asides.append("")
        elif name == "cp":  # a character that XML cannot have
            self._parts.append("\N{REPLACEMENT CHARACTER}")
        elif name in _CODES and not self._code:
            self._code = len(self._names)
            if attributes.get("ctype", attributes.get("type", attributes.get("subType", ""))) in _BREAKS:
                self._parts.append("\n")

    def end(self, tag: str) -> None:
        """Read an end tag."""
        depth = len(self._names)
        name = self._names.pop()
        if depth == self._aside:
            self._aside = 0
        elif depth == self._code:
            self._code = 0
        if self._keep is not None and depth == self._depth:
            keep, self._keep = self._keep, None
            keep("\n\n".join(filter(str.strip, ["".join(self._parts), *self._asides])))
        if self._keep is None:
            self._close(name)

    def data(self, text: str) -> None:
        """Read text."""
        if self._keep is None:
            return
        self._size += len(text)
        if self._size > MAX_UNIT:
            raise ValueError(f"a unit has more than {MAX_UNIT:,} characters")
        if self._aside:
            self._asides[-1] += text
        elif not self._code:
            self._parts.append(text)
        elif _BREAK.search(text):
            self._parts.append("\n")

    def close(self) -> object:
        """End the file."""
        return None

    def _read(self, keep: Callable[[str], None]) -> None:
        """Read the text of the element that was opened last, and give it to `keep`."""
        self._keep, self._depth = keep, len(self._names)
        self._parts, self._asides, self._code, self._aside = [], [], 0, 0

    def _finish(self, unit: _Unit) -> None:
        self.count += 1
        self._done.append(unit)
        self._size = 0

    @abstractmethod
    def _open(self, name: str, attributes: dict[str, str]) -> None:
        """Read a start tag outside the text of a unit."""

    @abstractmethod
    def _close(self, name: str) -> None:
        """Read an end tag outside the text of a unit."""


def _add(metadata: dict[str, object], name: str, value: str) -> None:
    """Add a value to a field. Several values of a field are lines of it."""
    value = " ".join(value.split())
    if value:
        metadata[name] = f"{metadata[name]}\n{value}" if name in metadata else value


class _Tmx(_Target):
    """The units of a TMX file."""

    def __init__(self) -> None:
        super().__init__()
        self._unit: _Unit | None = None
        self._language = ""

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        unit = self._unit
        if name == "tu":
            self._unit = _Unit()
            for attribute, field_name in (("tuid", "unit"), ("creationid", "creator"), ("changeid", "editor")):
                _add(self._unit.metadata, field_name, attributes.get(attribute, ""))
            for attribute, field_name in (("creationdate", "created"), ("changedate", "changed")):
                stamp = _STAMP.sub(r"\1-\2-\3T\4:\5:\6", attributes.get(attribute, ""))
                _add(self._unit.metadata, field_name, stamp)
        elif unit is None:
            return
        elif name == "tuv":
            self._language = attributes.get(_LANGUAGE) or attributes.get("lang", "")
        elif name == "seg":
            language = self._language
            self._read(lambda text: unit.sides.append((language, text)))
        elif name in ("note", "prop"):
            kind = "note" if name == "note" else attributes.get("type", "").removeprefix("x-") or "prop"
            self._read(lambda text: _add(unit.metadata, kind, text))

    def _close(self, name: str) -> None:
        if name == "tu" and self._unit is not None:
            self._finish(self._unit)
            self._unit = None


class _Xliff(_Target):
    """The units of an XLIFF file: each `trans-unit` of version 1.2, and each `segment` of version 2."""

    def __init__(self) -> None:
        super().__init__()
        self._languages = ["", ""]
        self._file: dict[str, object] = {}
        self._about: dict[str, object] = {}
        self._unit: _Unit | None = None

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if name == "xliff":
            self._languages = [attributes.get("srcLang", ""), attributes.get("trgLang", "")]
        elif name == "file":
            self._file = {}
            _add(self._file, "original", attributes.get("original", ""))
            for place, attribute in enumerate(("source-language", "target-language")):
                self._languages[place] = attributes.get(attribute, self._languages[place])
        elif name in ("trans-unit", "unit"):
            self._about = {}
            _add(self._about, "unit", attributes.get("resname") or attributes.get("name") or attributes.get("id", ""))
            self._unit = _Unit() if name == "trans-unit" else None
        elif name == "segment":
            self._unit = _Unit()
            _add(self._unit.metadata, "state", attributes.get("state", ""))
        elif "alt-trans" in self._names or "matches" in self._names:
            return  # proposals, which are not the text
        elif name == "note":
            about = self._about
            self._read(lambda text: _add(about, "note", text))
        elif name in ("source", "target") and self._unit is not None:
            unit = self._unit
            language = attributes.get(_LANGUAGE) or self._languages[name == "target"]
            _add(unit.metadata, "state", attributes.get("state", ""))
            self._read(lambda text: unit.sides.append((language, text)))

    def _close(self, name: str) -> None:
        if name in ("trans-unit", "segment") and self._unit is not None:
            self._unit.metadata |= {**self._file, **self._about}
            self._finish(self._unit)
            self._unit = None
