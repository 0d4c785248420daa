"""Read the metadata of a TEI header: those of the text itself before those of its file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from .archive import attribute, find_all, local_name
from .records import with_year

_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d\d)(?!\d)")
_ISO = re.compile(r"-?\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
_OF_THE_FILE = re.compile(
    r"\s*[:,;(\[]\s*(?:an?\s+)?(?:ELTeC|electronic|digital|machine[- ]readable|TEI)\b[^:]*"
    r"(?:edition|version|transcription|transcript|text|e-?text)\s*[)\]]?\.?\s*$",
    re.IGNORECASE,
)
_LONGEST_TITLE = 2000  # number of characters up to which a title is tidied
_DATES = ("when", "from", "notBefore", "when-iso", "from-iso", "when-custom", "value")
_DIGITAL = ("digital", "electronic")


def header_metadata(header: Element) -> dict[str, object]:
    """Return title, authors, editors, date, language, publisher, identifier and keywords.

    `date` and `year` are those of the text. A date that the file has of itself is `file_date`.
    """
    file = _child(header, "fileDesc")
    if file is None:
        return {}
    statement, published = _child(file, "titleStmt"), _child(file, "publicationStmt")
    sources = list(_sources(file))
    found: dict[str, object] = {
        "title": _title(statement),
        "author": _people(statement, "author") or next(filter(None, (_people(one, "author") for one in sources)), None),
        "editor": _people(statement, "editor"),
        "date": _date_of_text(header, sources),
        "language": _language(header),
        "publisher": next(filter(None, (_first(one, "publisher") for one in sources)), None)
        or _first(published, "publisher"),
        "idno": _first(published, "idno"),
        "keywords": _several(
            [_words(term) for text in find_all(header, "textClass") for term in find_all(text, "term")]
        ),
    }
    if found["date"] is None and published is not None:
        found["file_date"] = _earliest(_dates(published))
    return with_year({key: value for key, value in found.items() if value})


def event_date(kind: str, when: str) -> int | None:
    """Return the rank of an event of a text, 0 for its writing, or None if it does not date the text."""
    kinds = ("written", "premiere", "print")
    return kinds.index(kind) if kind in kinds and _ISO.fullmatch(when) else None


def _children(element: Element | None, *names: str) -> Iterator[Element]:
    for child in element if element is not None else ():
        if isinstance(child.tag, str) and local_name(child) in names:
            yield child


def _child(element: Element | None, name: str) -> Element | None:
    return next(_children(element, name), None)


def _words(element: Element | None) -> str:
    """Return the text of an element in one line, without the identifiers of persons in it."""
    return " ".join("".join(_texts(element)).split()) if element is not None else ""


def _texts(element: Element) -> Iterator[str]:
    waiting: list[Element | str] = [element]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
            continue
        parts: list[Element | str] = [item.text or ""]
        for child in item:
            parts += [child] if local_name(child) not in ("idno", "note", "ptr") else []
            parts.append(child.tail or " ")
        waiting += reversed(parts)


def _first(element: Element | None, name: str) -> str | None:
    if element is None:
        return None
    return next(filter(None, (_words(one).rstrip(" ,:;") for one in find_all(element, name))), None)


def _title(statement: Element | None) -> str | None:
    titles = [one for one in _children(statement, "title") if _words(one)]
    main = [one for one in titles if one.get("type") == "main"]
    plain = [one for one in titles if one.get("type") is None]
    chosen = next(iter(main or plain or titles), None)
    text = _words(chosen)
    short = _OF_THE_FILE.sub("", text) if len(text) < _LONGEST_TITLE else text
    return short or text or None


def _people(element: Element | None, role: str) -> object:
    if element is None:
        return None
    return _several([_person(one) for one in find_all(element, role)])


def _person(element: Element) -> str:
    names = find_all(element, "persName") or [element]
    surname, forename = _parts(names[0], "surname"), _parts(names[0], "forename")
    return f"{surname}, {forename}" if surname and forename and not _is_written(names[0]) else _words(names[0])


def _is_written(name: Element) -> bool:
    """Return whether the parts of a name are in the order in which it is written, with the surname last."""
    parts = [local_name(child) for child in name if local_name(child) in ("surname", "forename")]
    return parts != sorted(parts, reverse=True)


def _parts(name: Element, part: str) -> str:
    return " ".join(filter(None, map(_words, find_all(name, part))))


def _several(values: Iterable[str]) -> object:
    """Return a list of the distinct values, a single one without a list, and None for none."""
    found = list(dict.fromkeys(filter(None, values)))
    return found if len(found) > 1 else found[0] if found else None


def _sources(file: Element) -> Iterator[Element]:
    """Yield the sources of a text, the first edition first, and digital ones last."""
    kinds = ("bibl", "biblFull", "biblStruct", "msDesc", "p", "listBibl", "recordingStmt")
    found = [one for part in _children(file, "sourceDesc") for one in _children(part, *kinds)]
    yield from sorted(found, key=_rank)


def _rank(source: Element) -> int:
    kind = source.get("type", "").lower()
    if kind.startswith("first") or kind.startswith("original"):
        return 0
    return 2 if kind.startswith(_DIGITAL) else 1


def _date_of_text(header: Element, sources: list[Element]) -> str | None:
    made = [date for one in find_all(header, "creation") for date in _dates(one)]
    made = made or [date for one in find_all(header, "creation") if (date := _written_year(_words(one)))]
    if made:
        return _earliest(made)
    ranks = sorted({_rank(one) for one in sources})
    for rank in ranks:
        if found := _earliest(date for one in sources if _rank(one) == rank for date in _dates(one)):
            return found
    return None


def _dates(element: Element) -> Iterator[str]:
    """Yield the dates inside an element, in ISO format where the file has that."""
    for one in find_all(element, "date"):
        stated = next((value for name in _DATES if _ISO.match(value := attribute(one, name))), "")
        iso = _ISO.match(stated)
        found = iso[0] if iso else _written_year(_words(one))
        if found:
            yield found


def _written_year(text: str) -> str | None:
    match = _YEAR.search(text)
    return match[0] if match else None


def _earliest(dates: Iterable[str]) -> str | None:
    return min(dates, default=None)


def _language(header: Element) -> str | None:
    named = [attribute(one, "ident") for one in find_all(header, "language")]
    return named[0] if len(named) == 1 and named[0] else None
