"""Read Word documents (DOCX)."""

import posixpath
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from .archive import Archive, attribute, dublin_core, find_all, local_name
from .records import Extract, ReadOptions

_SKIPPED = frozenset(
    {"del", "moveFrom", "Fallback", "pPr", "rPr", "sectPr", "tblPr", "trPr", "tcPr", "sdtPr", "instrText", "delText"}
)
_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def read_docx(path: Path, _options: ReadOptions) -> Iterator[Extract]:
    """Yield the paragraphs of a Word document: also table cells, text boxes and notes, but no deleted text."""
    with Archive(path) as archive:
        main = _main_part(archive)
        blocks = _blocks(archive.xml(main))
        for notes in ("footnotes.xml", "endnotes.xml"):
            member = posixpath.join(posixpath.dirname(main), notes)
            if archive.has(member):
                blocks += _blocks(archive.xml(member))
        core = "docProps/core.xml"
        metadata = dublin_core(archive.xml(core)) if archive.has(core) else {}
    yield Extract("\n\n".join(blocks), metadata)


def _main_part(archive: Archive) -> str:
    if archive.has("_rels/.rels"):
        for relation in find_all(archive.xml("_rels/.rels"), "Relationship"):
            if relation.get("Type", "").endswith("/officeDocument"):
                return relation.get("Target", "").lstrip("/")
    return "word/document.xml"


def _blocks(root: Element) -> list[str]:
    done: list[str] = []
    _walk(root, [], done)
    return done


def _walk(element: Element, pieces: list[str], done: list[str]) -> None:
    """Append the text of `element` to the paragraph `pieces`. Finished paragraphs go to `done`, nested ones first."""
    name = local_name(element)
    if name in _SKIPPED or (name == "r" and _is_vanished(element)):
        return
    if name == "t":
        pieces.append(element.text or "")
    elif name in _CHARACTERS:
        pieces.append(_CHARACTERS[name])
    inner = [] if name == "p" else pieces
    for child in element:
        _walk(child, inner, done)
    if name == "p":
        text = "".join(inner).replace("\u00ad", "").strip(" \t\n")
        if text.strip():
            done.append(text)


def _is_vanished(run: Element) -> bool:
    """Return whether Word hides this run."""
    properties = next((child for child in run if local_name(child) == "rPr"), ())
    marks = [child for child in properties if local_name(child) == "vanish"]
    return any(attribute(mark, "val") not in ("0", "false", "off") for mark in marks)
