"""Word documents and EPUB books: both are zip archives of XML.

Read with the standard library and defusedxml rather than python-docx and EbookLib: python-docx leaves out content
controls, tracked insertions and footnotes and loads every picture; EbookLib is under the AGPL. Members are read with
a limit, whatever the archive says of their size; entities are refused; nothing outside the archive is opened.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError
from zipfile import BadZipFile, ZipFile

from .encodings import decode
from .html import declared_encoding, html_blocks
from .records import Extract, Failure, ReadOptions, UnreadableError, with_year

MAX_MEMBER = 64 * 2**20
MAX_TOTAL = 256 * 2**20
_OLE = b"\xd0\xcf\x11\xe0"
_SKIPPED_IN_WORD = frozenset(
    {"del", "moveFrom", "Fallback", "pPr", "rPr", "sectPr", "tblPr", "trPr", "tcPr", "sdtPr", "instrText", "delText"}
)
_WORD_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_DUBLIN_CORE = {"title": "title", "creator": "author", "created": "date", "date": "date", "language": "language"}


def read_docx(path: Path, _options: ReadOptions) -> Iterator[Extract]:
    """Yield the paragraphs of a Word document, table cells, text boxes and notes included, deletions left out."""
    with _Archive(path) as archive:
        main = _main_part(archive)
        blocks = _word_blocks(archive.xml(main))
        for notes in ("footnotes.xml", "endnotes.xml"):
            member = posixpath.join(posixpath.dirname(main), notes)
            if archive.has(member):
                blocks += _word_blocks(archive.xml(member))
        core = "docProps/core.xml"
        metadata = _dublin_core(archive.xml(core)) if archive.has(core) else {}
    yield Extract("\n\n".join(blocks), metadata)


def read_epub(path: Path, _options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the book in the order of its spine; a chapter that cannot be read is a Failure beside it."""
    with _Archive(path) as archive:
        package_path = _package_path(archive)
        package = archive.xml(package_path)
        encrypted = _encrypted(archive)
        blocks: list[str] = []
        for member in _spine(package, posixpath.dirname(package_path)):
            if member in encrypted:
                raise UnreadableError("encrypted (DRM)")
            try:
                blocks += _chapter(archive, member)
            except UnreadableError as error:
                yield Failure(str(error), where=member)
        metadata = _dublin_core(package)
    yield Extract("\n\n".join(blocks), metadata)


class _Archive:
    """A zip file whose members are read with a limit."""

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

    def __enter__(self) -> "_Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def has(self, member: str) -> bool:
        return member in self._zip.NameToInfo

    def read(self, member: str) -> bytes:
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
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import fromstring

        try:
            root: Element = fromstring(self.read(member), forbid_entities=True, forbid_external=True)
        except ParseError as error:
            raise UnreadableError(f"damaged: {member}: {error}") from None
        except DefusedXmlException:
            raise UnreadableError(f"{member} declares entities, which are not read") from None
        return root


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _find_all(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if _name(element) == name]


def _attribute(element: Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _main_part(archive: _Archive) -> str:
    if archive.has("_rels/.rels"):
        for relation in _find_all(archive.xml("_rels/.rels"), "Relationship"):
            if relation.get("Type", "").endswith("/officeDocument"):
                return relation.get("Target", "").lstrip("/")
    return "word/document.xml"


def _word_blocks(root: Element) -> list[str]:
    done: list[str] = []
    _walk_word(root, [], done)
    return done


def _walk_word(element: Element, pieces: list[str], done: list[str]) -> None:
    """Put the text of `element` into the paragraph `pieces`; finished paragraphs, nested ones first, go to `done`."""
    name = _name(element)
    if name in _SKIPPED_IN_WORD or (name == "r" and _is_vanished(element)):
        return
    if name == "t":
        pieces.append(element.text or "")
    elif name in _WORD_CHARACTERS:
        pieces.append(_WORD_CHARACTERS[name])
    inner = [] if name == "p" else pieces
    for child in element:
        _walk_word(child, inner, done)
    if name == "p":
        text = "".join(inner).replace("\u00ad", "").strip(" \t\n")
        if text.strip():
            done.append(text)


def _is_vanished(run: Element) -> bool:
    """Tell whether Word hides this run."""
    properties = next((child for child in run if _name(child) == "rPr"), ())
    marks = [child for child in properties if _name(child) == "vanish"]
    return any(_attribute(mark, "val") not in ("0", "false", "off") for mark in marks)


def _dublin_core(root: Element) -> dict[str, object]:
    found: dict[str, object] = {}
    for element in root.iter():
        key = _DUBLIN_CORE.get(_name(element))
        # EPUB 2 dates carry an event: a conversion's date is not the book's
        if key and element.text and _attribute(element, "event") not in ("modification", "conversion"):
            found.setdefault(key, " ".join(element.text.split()))
    return with_year(found)


def _package_path(archive: _Archive) -> str:
    for rootfile in _find_all(archive.xml("META-INF/container.xml"), "rootfile"):
        if path := rootfile.get("full-path"):
            return path
    raise UnreadableError("damaged: META-INF/container.xml names no package")


def _spine(package: Element, folder: str) -> Iterator[str]:
    manifest = {item.get("id"): item for item in _find_all(package, "item")}
    for reference in _find_all(package, "itemref"):
        item = manifest.get(reference.get("idref"))
        if item is None or "nav" in item.get("properties", "").split():
            continue
        if re.search("html|dtbook", item.get("media-type", "html")):
            yield _member(folder, item.get("href", ""))


def _member(folder: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(urlsplit(address).path)))


def _encrypted(archive: _Archive) -> set[str]:
    """Return the members under encryption; often only fonts, which do not matter here."""
    if not archive.has("META-INF/encryption.xml"):
        return set()
    return {
        _member("", _attribute(r, "URI")) for r in _find_all(archive.xml("META-INF/encryption.xml"), "CipherReference")
    }


def _chapter(archive: _Archive, member: str) -> list[str]:
    data = archive.read(member)
    return html_blocks(decode(data, declared=declared_encoding(data)), xhtml=True)
