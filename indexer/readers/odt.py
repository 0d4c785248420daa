"""Read OpenDocument texts: ODT, OTT, and the flat FODT.

Own code, because the libraries lose text: odfpy gives deleted text back and glues cells, and odfdo writes notes and
pictures into the lines. Pandoc needs 150 MB and keeps hidden text. No tree is built.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from ..text.marks import note_mark
from .archive import Archive, local, walk_xml
from .markup import names
from .raised import raised
from .records import Extract, ReadOptions, UnreadableError, joined, whole_file, with_year
from .toc import without_page_number

MAX_SPACES = 16
"""Maximum number of spaces that one element of spaces writes."""
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}text"
_ALTERNATIVE = "svg-compatible"  # part of the namespace of the titles and descriptions of pictures
_PARAGRAPHS = names("p h")
# Elements whose text is not shown, or is not the author's.
_SKIPPED = names(
    "annotation binary-data covered-table-cell event-listeners forms math number object object-ole ruby-text script"
    " scripts tracked-changes"
)
_TEMPLATE = "-source"  # end of the name of a template for an index
_BLANKS = re.compile(r"[ \t\r\n]+")
_METADATA = {
    "title": "title",
    "subject": "subject",
    "language": "language",
    "initial-creator": "author",
    "keyword": "keywords",
    "creation-date": "file_date",
}


def read_odt(path: Path, _options: ReadOptions) -> Iterator[Extract]:
    """Yield the paragraphs of an OpenDocument text, with its table cells, text boxes and, at the end, its notes."""
    reader = _Reader()
    if path.suffix.lower() == ".fodt":
        walk_xml("the file", whole_file(path), reader)
    else:
        with Archive(path) as archive:
            manifest = "META-INF/manifest.xml"
            if archive.has(manifest) and b"encryption-data" in archive.read(manifest):
                raise UnreadableError("encrypted")
            for member in ("styles.xml", "meta.xml", "content.xml"):
                if archive.has(member) or member == "content.xml":
                    archive.walk(member, reader)
    yield Extract("\n\n".join([*reader.paragraphs, *reader.notes]), reader.metadata())


class _Styles:
    """The styles of a document, as far as they hide or raise text."""

    def __init__(self) -> None:
        self._parents: dict[tuple[str, str], str] = {}
        self._hidden: dict[tuple[str, str], bool] = {}
        self._raised: dict[tuple[str, str], bool] = {}
        self._open: tuple[str, str] = ("", "")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Note a style, or what an open style says of its text."""
        if name == "style":
            self._open = (attributes.get("family", ""), attributes.get("name", ""))
            self._parents[self._open] = attributes.get("parent-style-name", "")
        elif name == "text-properties":
            if "display" in attributes:
                self._hidden[self._open] = attributes["display"] == "none"
            if "text-position" in attributes:
                self._raised[self._open] = _is_raised(attributes["text-position"])
        elif "style" in name:
            self._open = ("", "")

    def hides(self, family: str, style: str) -> bool:
        """Return whether a style hides text."""
        return self._look_up(self._hidden, family, style)

    def raises(self, family: str, style: str) -> bool:
        """Return whether a style raises text."""
        return self._look_up(self._raised, family, style)

    def _look_up(self, values: dict[tuple[str, str], bool], family: str, style: str) -> bool:
        for _ in range(100):  # parents may form a circle
            if (family, style) in values:
                return values[family, style]
            style = self._parents.get((family, style), "")
            if not style:
                break
        return False


def _is_raised(position: str) -> bool:
    place = position.split()[:1]
    return bool(place) and (place[0] == "super" or (place[0].endswith("%") and place[0][0] not in "-0"))


class _Paragraph:
    """A paragraph that is being read. White space is collapsed, as the format says."""

    def __init__(self) -> None:
        self.is_hidden = False
        self._pieces: list[str] = []
        self._blank = True  # whether white space comes last

    def read(self, text: str) -> None:
        """Add text of the file."""
        text = _BLANKS.sub(" ", text)
        text = text[1:] if self._blank and text.startswith(" ") else text
        if text:
            self._pieces.append(text)
            self._blank = text.endswith(" ")

    def write(self, text: str) -> None:
        """Add characters that an element writes."""
        self._pieces.append(text)
        self._blank = text == "\n" or (self._blank and not text)

    def raise_from(self, start: int) -> None:
        """Write the pieces from `start` on as raised text."""
        before = "".join(self._pieces[max(0, start - 4) : start])[-30:]
        self._pieces[start:] = [raised("".join(self._pieces[start:]), before)]

    def __len__(self) -> int:
        return len(self._pieces)

    def text(self) -> str:
        """Return the text."""
        return "".join(self._pieces).replace("\u00ad", "").strip(" \t\n")


class _Reader:
    """Collector of the paragraphs, notes and properties of a document."""

    def __init__(self) -> None:
        self.paragraphs: list[str] = []
        self.notes: list[str] = []
        self._found: dict[str, list[str]] = {}
        self._styles = _Styles()
        self._depth = 0
        self._skipped = 0  # depth of the outermost element that is left out, or 0
        self._in_text = 0  # depth of the element with the document's text, or 0
        self._open: list[_Paragraph] = []
        self._in_notes = 0  # number of open notes
        self._in_contents = 0  # number of open tables of contents
        self._in_changes = False
        self._change = ""
        self._deletions: set[str] = set()  # changes that are deletions. Their text may still be in its place
        self._deleting: set[str] = set()  # those that are open
        self._carried: _Paragraph | None = None  # whose end is deleted, so that the next one goes on with it
        self._ends: list[tuple[int, Callable[[], None]]] = []  # what is to do at the end of which depth
        self._value: list[str] | None = None  # of a property or a citation that is being read

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        self._depth += 1
        name = local(tag)
        if self._skipped:
            if self._in_changes:
                self._read_change(name, attributes)
            return
        about = {local(key): value for key, value in attributes.items()}
        if tag == _TEXT:
            self._in_text = self._depth
            self._at_end(self._leave_text)
        elif not self._in_text:
            self._start_outside(name, about)
        elif _ALTERNATIVE in tag or self._is_left_out(name, about):
            self._skipped, self._in_changes = self._depth, name == "tracked-changes"
        else:
            self._start_text(name, about)

    def data(self, text: str) -> None:
        """Read text."""
        if self._skipped:
            return
        if self._value is not None:
            self._value.append(text)
        elif self._open and not self._deleting and self._in_text:
            self._open[-1].read(text)

    def end(self, _tag: str) -> None:
        """Close an element."""
        if self._depth == self._skipped:
            self._skipped, self._in_changes = 0, False
        while self._ends and self._ends[-1][0] == self._depth:
            self._ends.pop()[1]()
        self._depth -= 1

    def close(self) -> None:
        """End the file."""

    def metadata(self) -> dict[str, object]:
        """Return the properties. The last editor is the author of a document without a first one."""
        author = self._found.get("initial-creator") or self._found.get("creator")
        found = self._found | ({"initial-creator": author} if author else {})
        fields: dict[str, object] = {field: joined(found[name]) for name, field in _METADATA.items() if found.get(name)}
        if isinstance(date := fields.get("file_date"), str):
            fields["file_date"] = date[:10]
        return with_year(fields)

    def _start_outside(self, name: str, about: dict[str, str]) -> None:
        if name in _METADATA or name == "creator":
            self._value = []
            self._at_end(lambda: self._keep(name))
        elif name in ("master-styles", "scripts", "font-face-decls"):
            self._skipped = self._depth
        else:
            self._styles.start(name, about)

    def _is_left_out(self, name: str, about: dict[str, str]) -> bool:
        if name in _SKIPPED or name.endswith(_TEMPLATE) or about.get("display") == "none":
            return True
        if name in ("section", "hidden-text") and about.get("is-hidden") == "true":
            return True
        family = "paragraph" if name in _PARAGRAPHS else "text" if name in ("span", "a") else ""
        return bool(family) and self._styles.hides(family, about.get("style-name", ""))

    def _start_text(self, name: str, about: dict[str, str]) -> None:
        if name in _PARAGRAPHS:
            self._open.append(self._carried or _Paragraph())
            self._carried = None
            self._at_end(self._end_paragraph)
        elif name == "table-of-content":
            self._in_contents += 1
            self._at_end(self._leave_contents)
        elif name == "note-body":
            self._in_notes += 1
            self._at_end(self._leave_note)
        elif name == "change-start" and about.get("change-id") in self._deletions:
            self._deleting.add(about["change-id"])
        elif name == "change-end":
            self._deleting.discard(about.get("change-id", ""))
        elif not self._open or self._deleting:
            return
        elif name == "note-citation":
            self._value = []
            self._at_end(self._end_citation)
        elif name == "s":
            count = about.get("c", "1")
            number = int(count) if count.isascii() and count.isdigit() and len(count) < 10 else MAX_SPACES
            self._open[-1].write(" " * min(number, MAX_SPACES))
        elif name == "hidden-paragraph":
            self._open[-1].is_hidden |= about.get("is-hidden") == "true"
        elif name == "tab":
            self._open[-1].write("\t")
        elif name == "line-break":
            self._open[-1].write("\n")
        elif name == "span" and self._styles.raises("text", about.get("style-name", "")):
            paragraph, start = self._open[-1], len(self._open[-1])
            self._at_end(lambda: paragraph.raise_from(start))

    def _read_change(self, name: str, attributes: dict[str, str]) -> None:
        if name == "changed-region":
            self._change = next((value for key, value in attributes.items() if local(key) == "id"), "")
        elif name == "deletion":
            self._deletions.add(self._change)

    def _at_end(self, action: Callable[[], None]) -> None:
        self._ends.append((self._depth, action))

    def _leave_text(self) -> None:
        self._in_text = 0
        self._deleting.clear()
        if self._carried is not None:
            self._open.append(self._carried)
            self._end_paragraph()

    def _leave_contents(self) -> None:
        self._in_contents -= 1

    def _leave_note(self) -> None:
        self._in_notes -= 1

    def _keep(self, name: str) -> None:
        value = " ".join("".join(self._value or ()).split())
        self._value = None
        if value:
            self._found.setdefault(name, []).append(value)

    def _end_citation(self) -> None:
        mark = note_mark("".join(self._value or ()))
        self._value = None
        self._open[-1].write(mark)

    def _end_paragraph(self) -> None:
        paragraph = self._open.pop()
        if self._deleting and not self._in_notes:
            paragraph, self._carried = self._carried or _Paragraph(), paragraph
        text = without_page_number(paragraph.text()) if self._in_contents else paragraph.text()
        if text and not paragraph.is_hidden:
            (self.notes if self._in_notes else self.paragraphs).append(text)
