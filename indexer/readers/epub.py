"""Read EPUB books."""

import posixpath
import re
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from .archive import MAX_TAGS, Archive, attribute, dublin_core, find_all
from .encodings import decode
from .gutenberg import without_licence
from .html import declared_encoding, html_blocks
from .markup import without_tags
from .records import Extract, Failure, ReadOptions, UnreadableError

_FALLBACKS = 8  # length of a chain of replacements for a chapter in another format
_LINK = re.compile(r"<a\b[^<>]*?\bhref\s*=\s*(?:\"([^\"<>]+)\"|'([^'<>]+)')", re.IGNORECASE)
_ELSEWHERE = re.compile(r"#|/|[A-Za-z][\w+.-]*:")  # in the same chapter, or outside the book
_LINKED = re.compile(r"<a\b[^<>]*>(.{0,500}?)</a>", re.IGNORECASE | re.DOTALL)
_ANY_TAG = re.compile(r"<[^<>]*>")
_PAGE_MARK = re.compile(
    r"<(\w+)\b(?=[^<>]*?(?:epub:type\s*=\s*[\"'][^\"'<>]*\bpagebreak\b|role\s*=\s*[\"']doc-pagebreak\b"
    r"|class\s*=\s*[\"'][^\"'<>]*\bpage-?(?:num|no|number)\b))[^<>]*(?<!/)>"
    r"((?:[^<]|<(?!/?\1\b)[^<>]*>|<\1\b[^<>]*>[^<]{0,20}</\1>){0,200}?)</\1\s*>",
    re.IGNORECASE,
)
_NAMED = 5  # number of members that a warning names
_LONGEST_CONTENTS = 2**20  # number of characters of a table of contents
_LONGEST_PAGE_MARK = 20  # number of characters, as in "[Page 1234]"
_HIDDEN_NOTE = re.compile(
    r"(<aside\b(?=[^<>]*(?:foot|rear|end)note)[^<>]*?)\shidden(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))?", re.IGNORECASE
)


def read_epub(path: Path, _options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the book in the order of its spine, and a Failure for each chapter that cannot be read.

    What is outside the order of reading follows, such as notes to which only their marks lead.
    """
    with Archive(path) as archive:
        package_path = _package_path(archive)
        package = archive.xml(package_path)
        book = _Book(archive, package, posixpath.dirname(package_path))
        encrypted = _encrypted(archive)
        blocks: list[str] = []
        for member in book.members():
            if archive.resolve(member) in encrypted:
                raise UnreadableError("encrypted (DRM)")
            try:
                blocks += book.chapter(member)
            except UnreadableError as error:
                yield Failure(str(error), where=member)
        warning = _not_read(book.unreached())
        metadata = dublin_core(package)
    yield without_licence(Extract("\n\n".join(blocks), metadata, warning=warning))


def _not_read(members: list[str]) -> str:
    if not members:
        return ""
    number, names = len(members), ", ".join(posixpath.basename(member) for member in members[:_NAMED])
    more = ", ..." if number > _NAMED else ""
    return f"{number} text{'s' * (number != 1)} outside the order of reading not read: {names}{more}"


def _package_path(archive: Archive) -> str:
    for rootfile in find_all(archive.xml("META-INF/container.xml"), "rootfile"):
        if path := rootfile.get("full-path"):
            return path
    raise UnreadableError("damaged: META-INF/container.xml names no package")


class _Book:
    """The chapters of a book in their order, each once."""

    def __init__(self, archive: Archive, package: Element, folder: str) -> None:
        self._archive = archive
        items = find_all(package, "item")
        manifest = {item.get("id"): item for item in items}
        self._texts = {self._member(folder, item): item for item in items if _is_text(item) and not _is_contents(item)}
        contents = {
            self._member(folder, reference)
            for reference in find_all(package, "reference")
            if reference.get("type") == "toc" and "#" not in reference.get("href", "")
        }
        self._contents = contents if len(self._texts) > 1 else set()
        self._order: dict[str, None] = {}
        later: dict[str, None] = {}
        for reference in find_all(package, "itemref"):
            item = _readable(manifest, reference.get("idref"))
            if item is not None and not _is_contents(item):
                (later if reference.get("linear") == "no" else self._order)[self._member(folder, item)] = None
        self._linked: set[str] = set()  # all that was read out of order
        self._later = {member: None for member in later if member not in self._order}

    def members(self) -> Iterator[str]:
        """Yield the members with chapters, then those that are read out of order or that only links lead to."""
        yield from self._order
        done = set(self._order)
        while self._later:
            member = next(iter(self._later))
            del self._later[member]
            if member not in done:
                done.add(member)
                self._linked.add(member)
                yield member

    def unreached(self) -> list[str]:
        """Return the members with text that neither the order of reading nor a link leads to."""
        found: list[str] = []
        for member in self._texts:
            if member not in self._order and member not in self._linked and member not in self._contents:
                with suppress(UnreadableError):
                    if self.chapter(member):
                        found.append(member)
        return found

    def chapter(self, member: str) -> list[str]:
        """Return the paragraphs of a chapter."""
        data = self._archive.read(member)
        markup = decode(data, declared=declared_encoding(data))
        del data  # both would be in memory while the chapter is parsed
        # No book has more tags than the limit. To parse them would take longer than a file may take.
        if markup.count("<") > MAX_TAGS:
            return html_blocks(without_tags(markup), xhtml=True)
        if member in self._contents and len(markup) < _LONGEST_CONTENTS and _is_list_of_links(markup):
            return []
        self._note_links(member, markup)
        return html_blocks(_HIDDEN_NOTE.sub(r"\1", _PAGE_MARK.sub(_without_page_number, markup)), xhtml=True)

    def _note_links(self, member: str, markup: str) -> None:
        """Remember texts that are outside the spine, but linked from a chapter."""
        for match in _LINK.finditer(markup):
            address = unescape(match[1] or match[2]).strip()
            if not _ELSEWHERE.match(address):
                linked = _named(self._archive, posixpath.dirname(member), address)
                if linked in self._texts and linked not in self._order:
                    self._later[linked] = None

    def _member(self, folder: str, item: Element) -> str:
        return _named(self._archive, folder, item.get("href", ""))


def _readable(manifest: dict[str | None, Element], name: str | None) -> Element | None:
    """Return a text of the manifest, or the text that replaces a chapter in another format."""
    for _ in range(_FALLBACKS):
        item = manifest.get(name)
        if item is None or _is_text(item):
            return item
        name = item.get("fallback")
    return None


def _is_text(item: Element) -> bool:
    return re.search("html|dtbook", item.get("media-type", "html")) is not None


def _is_contents(item: Element) -> bool:
    return "nav" in item.get("properties", "").split()


def _is_list_of_links(markup: str) -> bool:
    """Return whether most of a text is inside links, as in a table of contents."""
    linked = sum(len(_ANY_TAG.sub("", match[1]).strip()) for match in _LINKED.finditer(markup))
    body = markup[max(markup.find("<body"), 0) :]
    return linked > 0.5 * len("".join(_ANY_TAG.sub("", body).split()))


def _without_page_number(match: re.Match[str]) -> str:
    """Return nothing for the number of a printed page. An element with a longer text is kept."""
    text = "".join(_ANY_TAG.sub("", match[2]).split())
    return "" if len(text) <= _LONGEST_PAGE_MARK else match[0]


def _named(archive: Archive, folder: str, address: str) -> str:
    """Return the member at an address, in its own spelling. Some programs do not encode the names in addresses."""
    try:
        path = urlsplit(address).path
    except ValueError:  # what looks like a broken host
        path = address
    decoded, plain = (posixpath.normpath(posixpath.join(folder, name)) for name in (unquote(path), path))
    return archive.resolve(plain if archive.has(plain) and not archive.has(decoded) else decoded)


def _encrypted(archive: Archive) -> set[str]:
    """Return the encrypted members. Often they are only fonts, which do not matter here."""
    if not archive.has("META-INF/encryption.xml"):
        return set()
    return {
        _named(archive, "", attribute(r, "URI"))
        for r in find_all(archive.xml("META-INF/encryption.xml"), "CipherReference")
    }
