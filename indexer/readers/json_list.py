"""Read JSON value by value, so that a list of any length takes the memory of one item.

The standard library decodes a value from a window over the file. The window grows while a value does not end in it.
A library such as ijson would do the same, but gives numbers as Decimal. The number of values in an item is counted
before it is decoded, because an empty object takes 30 times the memory of its two characters.
"""

import json
import re
from collections.abc import Iterator
from typing import TextIO

from .records import UnreadableError

MAX_ITEM = 256 * 2**20
"""Maximum size in bytes of one item as text."""
MAX_VALUES = 1_000_000
"""Maximum number of values in one item."""
_STEP = 2**20  # number of characters that the window grows by at least
_LONG = 4 * 2**20  # length from which the values of an item are counted
_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*+")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)


def loads(text: str) -> object:
    """Return the value of a JSON text.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: It is nested too deeply.
        UnreadableError: It has too many values.
    """
    _check_values(text)
    return json.loads(text)


class Window:
    """A part of a JSON file, and the place up to which it has been read."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._ended = False
        self.at = 0
        self.next()
        self.at += self._text.startswith("\ufeff", self.at)  # a byte order mark

    def next(self) -> str:
        """Go to the next character that is not blank and return it, or return an empty string at the end."""
        while True:
            self.at = _BLANK.match(self._text, self.at).end()  # type: ignore[union-attr]  # it always matches
            if self.at < len(self._text) or self._ended:
                return self._text[self.at : self.at + 1]
            self._grow()

    def elements(self) -> Iterator[int]:
        """Go into the list that begins here and yield the number of each item, from 1. The caller reads the item.

        Raises:
            UnreadableError: The list is broken.
        """
        self.at += 1
        number = 0
        if self.next() == "]":
            self.at += 1
            return
        while True:
            number += 1
            yield number
            sign = self.next()
            self.at += 1
            if sign == "]":
                return
            if sign != ",":
                raise UnreadableError(f"broken JSON after row {number}: no comma; the rest is not read")

    def members(self) -> Iterator[str]:
        """Go into the object that begins here and yield each of its keys. The caller reads the value.

        Raises:
            UnreadableError: The object is broken.
        """
        self.at += 1
        if self.next() == "}":
            self.at += 1
            return
        while True:
            key = self.item(0)
            if not isinstance(key, str) or self.next() != ":":
                raise UnreadableError("broken JSON: no key where one must be; the rest is not read")
            self.at += 1
            self.next()
            yield key
            sign = self.next()
            self.at += 1
            if sign == "}":
                return
            if sign != ",":
                raise UnreadableError(f"broken JSON after {key[:40]!r}: no comma; the rest is not read")

    def item(self, number: int) -> object:
        """Return the value that begins here and go behind it.

        Args:
            number: Number of the item of a list, or 0.

        Raises:
            UnreadableError: It is broken or too large.
        """
        self.next()
        place = f" in row {number}" if number else ""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self.at)
            except json.JSONDecodeError as error:
                unfinished = error.msg.startswith("Unterminated") or error.pos > len(self._text) - 16
                if self._ended or not unfinished:
                    raise UnreadableError(f"broken JSON{place}: {error.msg}; the rest is not read") from None
            except (ValueError, RecursionError) as error:
                raise UnreadableError(f"broken JSON{place}: {error}; the rest is not read") from None
            else:
                if end < len(self._text) or self._ended:  # a number may go on
                    self.at = end
                    return value
            self._grow()
            if self._text.__sizeof__() > MAX_ITEM:
                what = f"row {number}" if number else "a value"
                raise UnreadableError(f"{what} is longer than {MAX_ITEM // 2**20} MiB; the rest is not read")
            _check_values(self._text)

    def _grow(self) -> None:
        """Read as much again as is left, so that a long item is decoded a few times only."""
        rest = self._text[self.at :]
        size = max(_STEP, len(rest))
        more = self._file.read(size)
        self._ended = len(more) < size
        self._text, self.at = rest + more, 0


def _check_values(text: str) -> None:
    if len(text) > _LONG and _values(text) > MAX_VALUES and _values(_STRING.sub("", text)) > MAX_VALUES:
        raise UnreadableError(f"more than {MAX_VALUES:,} values in one object")


def _values(text: str) -> int:
    return text.count(",") + text.count("[") + text.count("{")
