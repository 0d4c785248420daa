"""Open Word and OpenDocument files and EPUB books, which are zip archives of XML.

They are read with the standard library and defusedxml. python-docx leaves out content controls, tracked insertions and
footnotes, and loads every picture. EbookLib is under the AGPL. Members are read with a size limit of our own, entities
are refused, and nothing outside the archive is opened.
"""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from .detection import detect
from .records import UnreadableError, open_file, with_year

MAX_MEMBER = 64 * 2**20
"""Maximum size in bytes of one unpacked member."""
MAX_TOTAL = 256 * 2**20
"""Maximum size in bytes of all unpacked members of an archive."""
MAX_TAGS = 4_000_000
"""Maximum number of tags in one member. Word writes one in 25 bytes."""
MAX_TREE = 200_000
"""Maximum number of tags in a member that is read as a tree."""
MAX_DIRECTORY = 8 * 2**20
"""Maximum size in bytes of an archive's list of members."""
_UTF8_NAME = 0x800  # flag of a member whose name is UTF-8
_OLE = b"\xd0\xcf\x11\xe0"  # first bytes of an encrypted document, or one of Office before 2007
# The end of an archive's list of members, and its 64-bit form. Both tell the size of the list.
_END = re.compile(rb"(?=PK\x05\x06.{8}(.{4}).{6}|PK\x06\x06.{36}(.{8}))", re.DOTALL)
_CROWDED = re.compile(rb"<[^\s<>]{0,200}+(?:[^<>=\"']{1,400}+=\s{0,9}+(?:\"[^\"<]*+\"|'[^'<]*+')){1000}")
_DUBLIN_CORE = {
    "title": "title",
    "creator": "author",
    "contributor": "contributor",
    "created": "file_date",
    "creation-date": "file_date",
    "date": "file_date",
    "language": "language",
}
_PRODUCER = "bkp"  # role of the program that made a book
# Events of dates in EPUB 2, as calibre and others write them, that are those of the text.
_FIRST_EDITION = frozenset({"original-publication", "original-creation", "creation"})


class Archive:
    """A zip file. Reading a member is limited in size."""

    def __init__(self, path: Path) -> None:
        self._file = open_file(path)
        try:
            if self._file.read(4) == _OLE:
                raise UnreadableError("encrypted, or in the Office format before 2007")
            self._check_directory()
            self._zip = ZipFile(self._file)
        except BadZipFile:
            self._file.close()
            raise UnreadableError(f"damaged, or no {path.suffix[1:].upper() or 'zip'} file") from None
        except (NotImplementedError, ValueError) as error:
            self._file.close()
            raise UnreadableError(f"damaged: {error}") from None
        except BaseException:
            self._file.close()
            raise
        self._left = MAX_TOTAL
        self._members: dict[str, ZipInfo] = {}
        for name, about in self.entries():
            self._members.setdefault(_key(name), about)

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def has(self, member: str) -> bool:
        """Return whether the archive has a member of this name. Case and the form of accents do not count."""
        return self._find(member) is not None

    def resolve(self, member: str) -> str:
        """Return the name under which the archive has a member, or the same name if it has none."""
        about = self._find(member)
        return about.filename if about else member

    def members(self) -> list[str]:
        """Return the names of all members."""
        return [name for name in self._zip.NameToInfo if not name.endswith("/")]

    def read(self, member: str) -> bytes:
        """Return the bytes of a member.

        Raises:
            UnreadableError: The member is missing, encrypted, damaged or too large.
        """
        about = self._find(member)
        if about is None:
            raise UnreadableError(f"damaged: no {member} in it")
        return self.read_entry(about, member)

    def entries(self) -> list[tuple[str, ZipInfo]]:
        """Return the members that are files, with their names."""
        entries = [about for about in self._zip.infolist() if not about.is_dir()]
        return list(zip(member_names(entries), entries, strict=True))

    def read_entry(self, about: ZipInfo, member: str) -> bytes:
        """Return the bytes of a member of this name, as `read` does."""
        if about.flag_bits & 1:
            raise UnreadableError("encrypted")
        if about.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # LZMA may ask for gigabytes
            raise UnreadableError(f"{member} is packed with a method that is not read")
        limit = min(MAX_MEMBER, self._left)
        try:
            with self._zip.open(about) as file:
                data = file.read(limit + 1)
        except (BadZipFile, NotImplementedError, EOFError, ValueError, zlib.error) as error:
            raise UnreadableError(f"damaged: {error or member}") from None
        if len(data) > limit:
            raise UnreadableError(f"{member} unpacks to more than {limit // 2**20} MiB")
        self._left -= len(data)
        return data

    def markup(self, member: str, most: int = MAX_TAGS) -> bytes:
        """Return the bytes of a member with at most `most` tags.

        Raises:
            UnreadableError: As in `read`, or it has more tags, or more attributes in one tag than any document has.
        """
        data = self.read(member)
        _check(member, data, most)
        return data

    def xml(self, member: str) -> Element:
        """Return the root element of a small XML member.

        Raises:
            UnreadableError: As in `markup`, or the XML is broken or declares entities.
        """
        from xml.etree.ElementTree import TreeBuilder

        builder = TreeBuilder()
        _parse(member, self.markup(member, MAX_TREE), builder)
        return builder.close()

    def walk(self, member: str, target: "Target") -> None:
        """Tell `target` of each element and text of an XML member. No tree is built.

        Raises:
            UnreadableError: As in `xml`.
        """
        walk_xml(member, self.read(member), target)

    def _find(self, member: str) -> ZipInfo | None:
        """Return the member of exactly this name, or else one whose name means the same."""
        return self._zip.NameToInfo.get(member) or self._members.get(_key(member))

    def _check_directory(self) -> None:
        """Refuse a list of members that would take much more memory than its file."""
        size = self._file.seek(0, 2)
        self._file.seek(max(0, size - 2**16 - 64))
        sizes = (int.from_bytes(end[1] or end[2], "little") for end in _END.finditer(self._file.read()))
        self._file.seek(0)
        # The older form has only ones where the 64-bit form tells the size.
        if any(MAX_DIRECTORY < size != 2**32 - 1 for size in sizes):
            raise UnreadableError("it has more members than a document has")


def _key(member: str) -> str:
    return unicodedata.normalize("NFC", member).casefold().replace("\\", "/").lstrip("/")


class Target(Protocol):
    """A reader of XML, element by element."""

    def start(self, tag: str, attributes: dict[str, str], /) -> object:
        """Read a start tag."""

    def end(self, tag: str, /) -> object:
        """Read an end tag."""

    def data(self, text: str, /) -> object:
        """Read text. One run of text may come in parts."""


def walk_xml(name: str, data: bytes, target: Target) -> None:
    """Pass each element and text of some XML to `target`. No tree is built.

    Raises:
        UnreadableError: The XML is broken, declares entities, or has more tags or attributes than any document has.
    """
    _check(name, data, MAX_TAGS)
    _parse(name, data, target)


def _check(name: str, data: bytes, most: int) -> None:
    if data.count(b"<") > most:
        raise UnreadableError(f"{name} has more than {most:,} tags")
    if _CROWDED.search(data):
        raise UnreadableError(f"{name} has a tag with more than 1,000 attributes")


def _parse(member: str, data: bytes, target: Target) -> None:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    parser = DefusedXMLParser(target=target, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(data)
        parser.close()
    except ParseError as error:
        raise UnreadableError(f"damaged: {member}: {error}") from None
    except DefusedXmlException:
        raise UnreadableError(f"{member} declares entities, which are not read") from None
    except (ValueError, LookupError) as error:  # an encoding that the parser does not know
        raise UnreadableError(f"damaged: {member}: {error}") from None


def member_names(entries: Sequence[ZipInfo]) -> list[str]:
    """Return the names of members. Without the flag for UTF-8 they are UTF-8 all the same, or in an old code page.

    `zipfile` reads them as code page 437, which can be undone. All names together tell their encoding.
    """
    raw = [None if about.flag_bits & _UTF8_NAME else _raw_name(about) for about in entries]
    unknown = [name for name in raw if name is not None and not name.isascii()]
    codec = "cp437"
    if unknown:
        with suppress(UnreadableError):
            codec = detect([b"\n".join(unknown)])
    names = (
        about.filename if name is None else name.decode(codec, "replace")
        for about, name in zip(entries, raw, strict=True)
    )
    return [name.replace("\\", "/").lstrip("/") for name in names]


def _raw_name(about: ZipInfo) -> bytes | None:
    try:
        return about.filename.encode("cp437")
    except UnicodeError:  # a name in UTF-8 from the extra field
        return None


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return local(element.tag)


def local(tag: str) -> str:
    """Return a tag's name without its namespace."""
    return tag.rpartition("}")[2]


def find_all(root: Element, name: str) -> list[Element]:
    """Return all elements of this local name, in document order."""
    return [element for element in root.iter() if local_name(element) == name]


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its local name, or an empty string."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def dublin_core(root: Element) -> dict[str, object]:
    """Return title, authors, contributors, date and language from Dublin Core elements. Several names are a list.

    The date is that of the file: a book of 1901 has the day on which somebody published the file.
    """
    found: dict[str, object] = {}
    names: dict[str, dict[str, None]] = {"author": {}, "contributor": {}}
    roles = {
        attribute(item, "refines").lstrip("#"): (item.text or "").strip()
        for item in find_all(root, "meta")
        if attribute(item, "property") == "role"
    }
    for element in root.iter():
        key = _DUBLIN_CORE.get(local_name(element))
        value = " ".join((element.text or "").split())
        event = attribute(element, "event")  # that a date of EPUB 2 is the date of
        if not key or not value or event in ("modification", "conversion"):
            continue
        if key == "file_date" and event in _FIRST_EDITION:
            key = "date"
        if key in names:
            role = attribute(element, "role") or roles.get(attribute(element, "id"), "")
            if role != _PRODUCER:
                key = "author" if role == "aut" else key
                names[key] |= dict.fromkeys(name.strip() for name in value.split(";") if name.strip())
        else:
            found.setdefault(key, value)
    found |= {key: list(some) if len(some) > 1 else next(iter(some)) for key, some in names.items() if some}
    return with_year(found)
