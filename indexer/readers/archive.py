"""Open Word documents and EPUB books, which are zip archives of XML.

They are read with the standard library and defusedxml. python-docx leaves out content controls, tracked insertions and
footnotes, and loads every picture. EbookLib is under the AGPL. Members are read with a size limit of our own, entities
are refused, and nothing outside the archive is opened.
"""

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from zipfile import BadZipFile, ZipFile

from .records import UnreadableError, with_year

MAX_MEMBER = 64 * 2**20
"""Maximum size in bytes of one unpacked member."""
MAX_TOTAL = 256 * 2**20
"""Maximum size in bytes of all unpacked members of an archive."""
_OLE = b"\xd0\xcf\x11\xe0"  # first bytes of an encrypted document, or one of Word before 2007
_DUBLIN_CORE = {"title": "title", "creator": "author", "created": "date", "date": "date", "language": "language"}


class Archive:
    """A zip file. Reading a member is limited in size."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            start = file.read(4)
        if start == _OLE:
            raise UnreadableError("encrypted, or in Word's format before 2007")
        try:
            self._zip = ZipFile(path)
        except BadZipFile as error:
            raise UnreadableError(f"damaged: {error}") from None
        self._left = MAX_TOTAL

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def has(self, member: str) -> bool:
        """Return whether the archive has a member of this name."""
        return member in self._zip.NameToInfo

    def read(self, member: str) -> bytes:
        """Return the bytes of a member.

        Raises:
            UnreadableError: The member is missing, encrypted, damaged or too large.
        """
        if not self.has(member):
            raise UnreadableError(f"damaged: no {member} in it")
        if self._zip.getinfo(member).flag_bits & 1:
            raise UnreadableError("encrypted")
        limit = min(MAX_MEMBER, self._left)
        try:
            with self._zip.open(member) as file:
                data = file.read(limit + 1)
        except (BadZipFile, NotImplementedError, EOFError) as error:
            raise UnreadableError(f"damaged: {error or member}") from None
        if len(data) > limit:
            raise UnreadableError(f"{member} unpacks to more than {limit // 2**20} MiB")
        self._left -= len(data)
        return data

    def xml(self, member: str) -> Element:
        """Return the root element of an XML member.

        Raises:
            UnreadableError: As in `read`, or the XML is broken or declares entities.
        """
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import fromstring

        try:
            root: Element = fromstring(self.read(member), forbid_entities=True, forbid_external=True)
        except ParseError as error:
            raise UnreadableError(f"damaged: {member}: {error}") from None
        except DefusedXmlException:
            raise UnreadableError(f"{member} declares entities, which are not read") from None
        return root


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def find_all(root: Element, name: str) -> list[Element]:
    """Return all elements of this local name, in document order."""
    return [element for element in root.iter() if local_name(element) == name]


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its local name, or an empty string."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def dublin_core(root: Element) -> dict[str, object]:
    """Return title, author, date and language from Dublin Core elements."""
    found: dict[str, object] = {}
    for element in root.iter():
        key = _DUBLIN_CORE.get(local_name(element))
        # In EPUB 2 a date has an event. The date of a conversion is not the date of the book.
        if key and element.text and attribute(element, "event") not in ("modification", "conversion"):
            found.setdefault(key, " ".join(element.text.split()))
    return with_year(found)
