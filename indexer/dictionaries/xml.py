"""Parse dictionaries in XML element by element. Entities are refused, and depth and number of elements are bounded."""

from __future__ import annotations

import html.entities
from collections.abc import Callable, Iterator
from typing import BinaryIO, Generic, Protocol, TypeVar
from xml.etree.ElementTree import ParseError

from ..readers.archive import local
from ..readers.markup import MAX_DEPTH
from ..readers.records import UnreadableError

MOST_ELEMENTS = 100_000_000
"""Maximum number of elements of a file."""
MOST_CHARACTERS = 200_000
"""Maximum number of characters of one element's text that are kept."""
_STEP = 2**18
Item = TypeVar("Item")


class Handler(Protocol[Item]):
    """What reads the elements of a format. Names have no namespace."""

    found: list[Item]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Read a start tag."""

    def end(self, name: str, text: str) -> None:
        """Read an end tag. `text` is all text inside the element, if `wants_text` asked for it."""

    def wants_text(self, name: str) -> bool:
        """Return whether the text inside an element is needed."""


class _Target(Generic[Item]):
    """Counts elements and collects their text for a handler."""

    def __init__(self, handler: Handler[Item], check_root: Callable[[str], None]) -> None:
        self._handler = handler
        self._check_root = check_root
        self._names: list[str] = []
        self._texts: list[tuple[int, list[str]]] = []  # depth of an open element whose text is wanted, and its parts
        self._left: list[int] = []  # characters that each may still have
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = local(tag)
        if not self._names:
            self._check_root(name)
        self._elements += 1
        if len(self._names) >= MAX_DEPTH or self._elements > MOST_ELEMENTS:
            raise UnreadableError(f"elements nest more than {MAX_DEPTH} deep, or there are too many")
        self._names.append(name)
        if self._handler.wants_text(name):
            self._texts.append((len(self._names), []))
            self._left.append(MOST_CHARACTERS)
        self._handler.start(name, {local(key): value for key, value in attributes.items()})

    def data(self, text: str) -> None:
        if self._texts and self._left[-1] > 0:
            self._texts[-1][1].append(text[: self._left[-1]])
            self._left[-1] -= len(text)

    def end(self, tag: str) -> None:
        text = ""
        if self._texts and self._texts[-1][0] == len(self._names):
            text = "".join(self._texts.pop()[1])
            self._left.pop()
            self.data(text)  # the element around it has the text too
        self._handler.end(self._names.pop(), text)

    def close(self) -> None:
        """Note the end of the file."""


def parse_xml(file: BinaryIO, handler: Handler[Item], check_root: Callable[[str], None]) -> Iterator[Item]:
    """Yield what a handler finds in a file, while it is read.

    Args:
        check_root: Receives the name of the root element, and raises UnreadableError for that of another format.

    Raises:
        UnreadableError: The file is no XML, declares entities, or exceeds a limit.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    parser = DefusedXMLParser(target=_Target(handler, check_root), forbid_entities=True, forbid_external=True)
    # A file whose document type is elsewhere may use the usual names of characters, such as `&mdash;`.
    parser.entity.update({name.rstrip(";"): value for name, value in html.entities.html5.items()})
    try:
        while data := file.read(_STEP):
            parser.feed(data)
            found, handler.found = handler.found, []
            yield from found
        parser.close()
    except ParseError as error:
        raise UnreadableError(f"damaged XML: {error}") from None
    except DefusedXmlException:
        reason = "declares entities, which are not read; replace them first: xmllint --noent FILE > NEW"
        raise UnreadableError(reason) from None
    except (ValueError, LookupError) as error:  # an encoding that the parser does not know
        raise UnreadableError(f"damaged: {error}") from None
    yield from handler.found
