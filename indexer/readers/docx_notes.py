"""Number the notes of a Word document as Word does."""

from contextlib import suppress

from ..text.marks import note_mark
from .archive import Archive, attribute, find_all, local
from .records import UnreadableError

_LETTERS = {"lowerLetter": "abcdefghijklmnopqrstuvwxyz", "upperLetter": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "chicago": "*†‡§"}
_ROMAN = tuple(zip((100, 90, 50, 40, 10, 9, 5, 4, 1), ("c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"), strict=True))


def note_formats(archive: Archive, member: str) -> dict[str, str]:
    """Return how the two kinds of notes are numbered."""
    formats = {"footnote": "decimal", "endnote": "lowerRoman"}
    with suppress(UnreadableError):
        for properties in archive.xml(member):
            kind = local(properties.tag).removesuffix("Pr")
            if kind in formats:
                formats[kind] = next((attribute(item, "val") for item in find_all(properties, "numFmt")), formats[kind])
    return formats


class Calls:
    """Notes that the text calls, with their marks.

    Attributes:
        marks: Mark of each note by its kind and name, in the order of the calls.
        deleted: Notes that are called by deleted or hidden text.
    """

    def __init__(self, formats: dict[str, str]) -> None:
        self.marks: dict[tuple[str, str], str] = {}
        self.deleted: set[tuple[str, str]] = set()
        self._formats = formats
        self._numbers = {"footnote": 0, "endnote": 0}

    def call(self, kind: str, name: str, *, has_own_mark: bool) -> str:
        """Return the mark of a note. One that has its own mark has no number, and its mark is text."""
        if (kind, name) not in self.marks:
            self._numbers[kind] += not has_own_mark
            self.marks[kind, name] = "" if has_own_mark else _numeral(self._numbers[kind], self._formats[kind])
        return note_mark(self.marks[kind, name])

    def take_back(self, count: int) -> None:
        """Forget the calls after the first `count`, because their text is hidden."""
        while len(self.marks) > count:
            note, mark = self.marks.popitem()
            self._numbers[note[0]] -= bool(mark)
            self.deleted.add(note)


def _numeral(number: int, style: str) -> str:
    if style in _LETTERS:
        repeats, place = divmod(number - 1, len(_LETTERS[style]))
        return _LETTERS[style][place] * min(repeats + 1, 9)
    if style not in ("lowerRoman", "upperRoman") or number >= 400:
        return str(number)
    found = ""
    for value, letters in _ROMAN:
        found += letters * (number // value)
        number %= value
    return found if style == "lowerRoman" else found.upper()
