"""Read dictionaries in TSV and JSON.

A TSV file has a header with the columns `lemma`, and `definition` or `examples`. JSON has an object for each sense, or
for each word with a list `senses`, as Wiktextract writes it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, TextIO

from ..readers.json_list import Window
from ..readers.records import UnreadableError
from .records import LONGEST_TEXT, MOST_EXAMPLES, DictionarySense, make_sense

SEPARATOR = " | "
"""What is between two examples in a cell."""
_LONGEST_LINE = 2**20
_NAMES = {
    "lemma": ("lemma", "word", "headword"),
    "id": ("id", "sense", "sense_id", "sense_key"),
    "pos": ("pos", "part_of_speech"),
    "definition": ("definition", "gloss", "definitions", "glosses"),
    "examples": ("examples", "example"),
    "frequency": ("frequency", "count"),
    "concept": ("concept", "synset"),
}
"""The names that each field of a sense may have, in TSV and in JSON."""


def read_tsv(file: BinaryIO) -> Iterator[DictionarySense]:
    """Yield the senses of a TSV file in UTF-8, one on each line. Examples have ` | ` between them.

    Raises:
        UnreadableError: A column is missing, or a row does not fit.
    """
    lines = _lines(_text(file))
    header = [name.strip().lower() for name in next(lines, "").split("\t")]
    places = {field: header.index(name) for field, names in _NAMES.items() for name in names[::-1] if name in header}
    if "lemma" not in places or not {"definition", "examples"} & set(places):
        raise UnreadableError("its header lacks the columns lemma, and definition or examples")
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        cells = line.split("\t")
        row = {field: cells[place].strip() if place < len(cells) else "" for field, place in places.items()}
        if not row["lemma"]:
            raise UnreadableError(f"line {number} has no lemma")
        made = make_sense(
            row["lemma"],
            row.get("pos", ""),
            row.get("definition", ""),
            row.get("examples", "").split(SEPARATOR),
            sense=row.get("id", ""),
            frequency=_count(row.get("frequency", ""), f"line {number}"),
            concept=row.get("concept", ""),
        )
        if made is not None:
            yield made


def read_json_dictionary(file: BinaryIO) -> Iterator[DictionarySense]:
    """Yield the senses of a JSON list, of JSON Lines, or of an object of such lists.

    Raises:
        UnreadableError: The file is no JSON, or an object is neither a sense nor a word with senses.
    """
    window = Window(_text(file))
    number = 0
    while (first := window.next()) != "":
        if first == "[":
            for number in window.elements():
                yield from _senses_of(window.item(number), number)
        elif first == "{":
            number += 1
            yield from _senses_of(window.item(number), number)
        else:
            raise UnreadableError("neither a list nor an object")


def _senses_of(item: object, number: int) -> Iterator[DictionarySense]:
    """Yield the senses of an object: itself, or those in its list `senses`."""
    if not isinstance(item, Mapping):
        raise UnreadableError(f"row {number} is no object; give an object for each sense")
    inner = item.get("senses")
    if not _field(item, "lemma"):
        lists = [value for value in item.values() if isinstance(value, list)]
        if not lists:
            raise UnreadableError(f"row {number} has no lemma")
        for part in (one for value in lists for one in value):
            if not isinstance(part, Mapping) or not _field(part, "lemma"):
                raise UnreadableError(f"row {number} has no lemma")
            yield from _senses_of(part, number)
        return
    for part in inner if isinstance(inner, list) else [item]:
        if not isinstance(part, Mapping):
            raise UnreadableError(f"row {number} has a sense that is no object")
        made = _sense(item, part, number)
        if made is not None:
            yield made


def _sense(word: Mapping[str, object], part: Mapping[str, object], number: int) -> DictionarySense | None:
    """Return the sense of an object, inside that of its word."""
    lemma, pos = _field(word, "lemma"), _field(part, "pos") or _field(word, "pos")
    if isinstance(lemma, Mapping):  # Open English WordNet has {"writtenForm": ..., "partOfSpeech": ...}
        pos = pos or lemma.get("partOfSpeech")
        lemma = lemma.get("writtenForm")
    return make_sense(
        _one(lemma),
        _one(pos),
        "; ".join(_texts(_field(part, "definition"))[:5]),
        _texts(_field(part, "examples")),
        sense=_one(_field(part, "id")),
        frequency=_count(_one(_field(part, "frequency")), f"row {number}"),
        concept=_one(_field(part, "concept")),
    )


def _field(item: Mapping[str, object], field: str) -> object:
    return next((item[name] for name in _NAMES[field] if item.get(name) not in (None, "", [])), None)


def _one(value: object) -> str:
    found = _texts(value)
    return found[0] if found else ""


def _texts(value: object) -> list[str]:
    """Return the texts of a value: of a text, a number, an object with a text, or a list of them."""
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, int | float):
        return [str(value)[:LONGEST_TEXT]] if not isinstance(value, int) or abs(value) < 10**18 else []
    if isinstance(value, Mapping):
        return _texts(
            next((value[name] for name in ("text", "value", "gloss") if isinstance(value.get(name), str)), None)
        )
    if isinstance(value, Sequence):
        return [text for part in value[: 4 * MOST_EXAMPLES] if not isinstance(part, list) for text in _texts(part)]
    return []


def _count(text: str, where: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 14):
        raise UnreadableError(f"{where} has the frequency {text[:20]!r}; give a count")
    return int(text)


def _text(file: BinaryIO) -> TextIO:
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")


def _lines(file: TextIO) -> Iterator[str]:
    """Yield the lines of a file without their ends.

    Raises:
        UnreadableError: A line is too long.
    """
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise UnreadableError(f"a line has more than {_LONGEST_LINE:,} characters")
        yield line.rstrip("\r\n")
