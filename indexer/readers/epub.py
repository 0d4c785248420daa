"""Read EPUB books."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from .archive import Archive, attribute, dublin_core, find_all
from .encodings import decode
from .html import declared_encoding, html_blocks
from .records import Extract, Failure, ReadOptions, UnreadableError


def read_epub(path: Path, _options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the book in the order of its spine, and a Failure for each chapter that cannot be read."""
    with Archive(path) as archive:
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
        metadata = dublin_core(package)
    yield Extract("\n\n".join(blocks), metadata)


def _package_path(archive: Archive) -> str:
    for rootfile in find_all(archive.xml("META-INF/container.xml"), "rootfile"):
        if path := rootfile.get("full-path"):
            return path
    raise UnreadableError("damaged: META-INF/container.xml names no package")


def _spine(package: Element, folder: str) -> Iterator[str]:
    manifest = {item.get("id"): item for item in find_all(package, "item")}
    for reference in find_all(package, "itemref"):
        item = manifest.get(reference.get("idref"))
        if item is None or "nav" in item.get("properties", "").split():
            continue
        if re.search("html|dtbook", item.get("media-type", "html")):
            yield _member(folder, item.get("href", ""))


def _member(folder: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(urlsplit(address).path)))


def _encrypted(archive: Archive) -> set[str]:
    """Return the encrypted members. Often they are only fonts, which do not matter here."""
    if not archive.has("META-INF/encryption.xml"):
        return set()
    return {
        _member("", attribute(r, "URI")) for r in find_all(archive.xml("META-INF/encryption.xml"), "CipherReference")
    }


def _chapter(archive: Archive, member: str) -> list[str]:
    data = archive.read(member)
    return html_blocks(decode(data, declared=declared_encoding(data)), xhtml=True)
