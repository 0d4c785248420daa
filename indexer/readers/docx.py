"""Read Word documents (DOCX) as Word shows them with all changes accepted and hidden text hidden."""

import posixpath
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..text.marks import note_mark
from .archive import Archive, dublin_core, find_all, local
from .docx_math import SUPERSCRIPTS, Equation, is_part, is_raised
from .docx_notes import Calls, note_formats
from .docx_parts import Parts, place_of, without_places
from .docx_styles import Styles, is_on, value_of
from .raised import is_note_letter
from .records import Extract, ReadOptions, UnreadableError
from .symbols import as_symbols, symbol
from .toc import without_page_number

_PROPERTIES = frozenset({"pPr", "rPr", "sectPr", "tblPr", "trPr", "tcPr", "sdtPr"})
_SKIPPED = _PROPERTIES | {"del", "moveFrom", "instrText", "delText", "delInstrText", "rt"}
_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_CONTAINERS = frozenset({"body", "tc", "txbxContent", "footnote", "endnote", "comment"})
_NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}
_LONGEST_NUMBER = 50  # number of characters of a raised number or a list of them
_RAISED = re.compile(r"[\d+−–, -]*\d[\d+−–, -]*", re.ASCII)


def read_docx(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the paragraphs of a Word document, then its notes, and its comments if they are asked for.

    Table cells, text boxes, diagrams and labels of charts are paragraphs. So are files that the document takes in.
    Deleted and hidden text, page headers and page footers are left out.
    """
    with Archive(path) as archive:
        main = _main_part(archive)
        parts = _parts(archive, main)
        styles, calls = Styles(), Calls(note_formats(archive, parts["settings"]))
        with suppress(UnreadableError):  # a document without usable styles is still a text
            archive.walk(parts["styles"], styles)
        shown = Parts(archive, main, options)
        blocks = shown.fill(_read(archive, main, styles, calls).done)
        for kind in ("footnote", "endnote"):
            if archive.has(parts[f"{kind}s"]):
                blocks += _called(_read(archive, parts[f"{kind}s"], styles, calls), kind, calls)
        if options.comments and archive.has(parts["comments"]):
            blocks += without_places(_read(archive, parts["comments"], styles, calls).done)
        core = "docProps/core.xml"
        metadata = dublin_core(archive.xml(core)) if archive.has(core) else {}
    yield Extract("\n\n".join(blocks), metadata, warning=shown.warning)


def _main_part(archive: Archive) -> str:
    if archive.has("_rels/.rels"):
        for relation in find_all(archive.xml("_rels/.rels"), "Relationship"):
            if relation.get("Type", "").endswith("/officeDocument"):
                return relation.get("Target", "").lstrip("/")
    return "word/document.xml"


def _parts(archive: Archive, main: str) -> dict[str, str]:
    """Return the members that belong to the main part, by the last word of their type."""
    folder, name = posixpath.split(main)
    parts = {
        kind: posixpath.join(folder, f"{kind}.xml")
        for kind in ("styles", "settings", "footnotes", "endnotes", "comments")
    }
    with suppress(UnreadableError):
        for relation in find_all(archive.xml(posixpath.join(folder, "_rels", f"{name}.rels")), "Relationship"):
            kind = relation.get("Type", "").rpartition("/")[2]
            member = posixpath.normpath(posixpath.join(folder, relation.get("Target", ""))).lstrip("/")
            if kind in parts and archive.has(member):
                parts[kind] = member
    return parts


def _read(archive: Archive, member: str, styles: Styles, calls: Calls) -> "_Paragraphs":
    paragraphs = _Paragraphs(styles, calls)
    archive.walk(member, paragraphs)
    return paragraphs


def _called(part: "_Paragraphs", kind: str, calls: Calls) -> list[str]:
    """Return the notes in the order of their calls. Notes without a call follow, unless their call was deleted."""
    order = {name: number for number, name in enumerate(name for of, name in calls.marks if of == kind)}
    kept = [(name, texts) for name, texts in part.notes if name in order or (kind, name) not in calls.deleted]
    kept.sort(key=lambda note: order.get(note[0], len(order)))
    return [text for _, texts in kept for text in texts]


@dataclass(slots=True)
class _Paragraph:
    pieces: list[str] = field(default_factory=list)
    style: str = ""
    joins: bool = False  # its end was deleted or hidden, so the next paragraph continues it
    is_drop_cap: bool = False  # its letter begins the next paragraph


@dataclass(slots=True)
class _Run:
    done: int  # finished paragraphs before the run
    open: int  # open paragraphs
    pieces: int  # texts in the last of them
    calls: int
    style: str = ""
    font: str = ""
    hidden: bool | None = None
    raised: bool | None = None
    marked_from: int | None = None  # pieces from here on are the note's own mark


class _Paragraphs:
    """Collector of the paragraphs of a part, told of each element and text in order. Nested paragraphs come first.

    Attributes:
        done: Finished paragraphs outside notes.
        notes: Name and paragraphs of each note.
    """

    def __init__(self, styles: Styles, calls: Calls) -> None:
        self.done: list[str] = []
        self.notes: list[tuple[str, list[str]]] = []
        self._styles = styles
        self._calls = calls
        self._names: list[str] = []  # of the open elements
        self._skipped = 0  # depth of the outermost element that is left out, or 0
        self._open = [_Paragraph()]
        self._runs: list[_Run] = []
        self._tables: list[str] = []  # styles of the open tables
        self._rows: list[tuple[int, int]] = []  # depth of each open row or cell, finished paragraphs before it
        self._removed: set[int] = set()  # depths of rows and cells that were deleted or are hidden
        self._pending = [""]  # for each open container, text that its next paragraph continues
        self._fields: list[bool] = []  # for each open field, whether its instruction is being read
        self._choices: list[int] = []  # for each open choice of forms, texts written before it
        self._written = 0
        self._equation = Equation()
        self._raised: list[int] = []  # pieces before each open raised part of an equation
        self._note = ("", 0, False)  # name of the open note, finished paragraphs before it, whether it shows its mark

    # ---- events

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        name = local(tag)
        parent = self._names[-1] if self._names else ""
        self._names.append(name)
        if self._skipped:
            self._property(name, attributes)
            return
        if name in _SKIPPED or (name in ("Choice", "Fallback") and self._choices and self._choices[-1] < self._written):
            self._skipped = len(self._names)
            return
        if is_part(tag):
            self._append(self._equation.before(name, parent, attributes))
            if is_raised(name, parent):
                self._raised.append(len(self._open[-1].pieces))
        if name in _CONTAINERS:
            self._open_container(name, attributes)
        if name == "p":
            self._open.append(_Paragraph([self._pending[-1]]))
            self._pending[-1] = ""
        elif name == "r":
            self._runs.append(_Run(len(self.done), len(self._open), len(self._open[-1].pieces), len(self._calls.marks)))
        elif name == "tbl":
            self._flush()
            self._tables.append("")
        elif name in ("tr", "tc"):
            self._rows.append((len(self._names), len(self.done)))
        elif name == "AlternateContent":
            self._choices.append(self._written)
        elif name == "fldChar":
            self._field(value_of(attributes, "fldCharType"))
        elif name == "sym":
            self._append(_symbol(attributes))
        elif name in _NOTES:
            self._call(_NOTES[name], attributes)
        elif name in ("footnoteRef", "endnoteRef"):
            self._note = (*self._note[:2], True)
        elif name in _CHARACTERS:
            self._append(_CHARACTERS[name])
        elif place := place_of(name, attributes):
            self.done.append(place)
            self._written += 1

    def data(self, text: str) -> None:
        """Read text."""
        if not self._skipped and self._names[-1] == "t":
            self._append(as_symbols(self._runs[-1].font, text) if self._runs and self._runs[-1].font else text)

    def end(self, tag: str) -> None:
        """Close an element."""
        depth, name = len(self._names), self._names[-1]
        self._names.pop()
        if self._skipped:
            self._skipped = 0 if depth == self._skipped else self._skipped
            return
        if is_part(tag):
            if is_raised(name, self._names[-1]) and self._raised:
                _change(self._open[-1].pieces, self._raised.pop(), _as_superscript)
            self._append(self._equation.after(name))
        if name == "p":
            self._end_paragraph(self._open.pop())
        elif name == "r":
            self._end_run(self._runs.pop())
        elif name == "AlternateContent":
            self._choices.pop()
        elif name == "tbl":
            self._tables.pop()
        if name in _CONTAINERS:
            self._close_container(name)
        if self._rows and self._rows[-1][0] == depth:
            before = self._rows.pop()[1]
            if depth in self._removed:
                self._removed.discard(depth)
                del self.done[before:]

    def close(self) -> None:
        """End the part."""

    # ---- what the events mean

    def _append(self, text: str) -> None:
        if text and not any(self._fields[-1:]):
            self._open[-1].pieces.append(text)
            self._written += 1

    def _property(self, name: str, attributes: dict[str, str]) -> None:
        """Note a property of an open paragraph, run, table, row or cell. Earlier properties are deeper, so not read."""
        if name in _NOTES:
            self._calls.deleted.add((_NOTES[name], value_of(attributes, "id")))
        if len(self._names) > self._skipped + 2:
            return
        match self._names[self._skipped - 2 :]:  # the element that has the properties, and what leads to this one
            case ["p", "pPr", "pStyle"]:
                self._open[-1].style = value_of(attributes)
            case ["p", "pPr", "framePr"]:
                self._open[-1].is_drop_cap = value_of(attributes, "dropCap") in ("drop", "margin")
            case ["p", "pPr", "rPr", "del" | "moveFrom"]:
                self._open[-1].joins = True
            case ["p", "pPr", "rPr", "vanish" | "specVanish"]:
                self._open[-1].joins = self._open[-1].joins or is_on(attributes)
            case ["r", "rPr", "rStyle"]:
                self._runs[-1].style = value_of(attributes)
            case ["r", "rPr", "vanish"]:
                self._runs[-1].hidden = is_on(attributes)
            case ["r", "rPr", "vertAlign"]:
                self._runs[-1].raised = value_of(attributes) == "superscript"
            case ["r", "rPr", "rFonts"]:
                self._runs[-1].font = value_of(attributes, "ascii") or value_of(attributes, "hAnsi")
            case ["tbl", "tblPr", "tblStyle"]:
                self._tables[-1] = value_of(attributes)
            case ["tr", "trPr", "del" | "hidden"] | ["tc", "tcPr", "cellDel"]:
                self._removed.add(self._skipped - 1)

    def _field(self, kind: str) -> None:
        """Read a border of a field. Its instruction is left out, with all fields inside it, and its result is read."""
        if kind == "begin":
            self._fields.append(True)
        elif self._fields and kind == "separate":
            self._fields[-1] = any(self._fields[-2:-1])
        elif self._fields and kind == "end":
            self._fields.pop()

    def _call(self, kind: str, attributes: dict[str, str]) -> None:
        has_own_mark = value_of(attributes, "customMarkFollows") not in ("", "0", "false", "off")
        self._append(self._calls.call(kind, value_of(attributes, "id"), has_own_mark=has_own_mark))
        if has_own_mark and self._runs:
            self._runs[-1].marked_from = len(self._open[-1].pieces)

    def _end_run(self, run: _Run) -> None:
        pieces = self._open[-1].pieces
        hidden = run.hidden
        if hidden is None:
            table = self._tables[-1] if self._tables else None
            hidden = self._styles.hide(table, self._open[-1].style, run.style)
        if hidden:
            del self.done[run.done :], self._open[run.open :], pieces[run.pieces :]
            self._calls.take_back(run.calls)
        elif run.marked_from is not None:
            _change(pieces, run.marked_from, note_mark)
        elif run.raised or (run.raised is None and self._styles.raise_text(run.style)):
            before = "".join(pieces[max(0, run.pieces - 4) : run.pieces])[-30:]
            _change(pieces, run.pieces, lambda text: _as_superscript(text, before))

    def _end_paragraph(self, paragraph: _Paragraph) -> None:
        text = "".join(paragraph.pieces).replace("\u00ad", "")
        if "\t" in text and self._styles.is_contents(paragraph.style):
            text = without_page_number(text)
        self._fields.clear()  # so that a field that never ends costs one paragraph at most
        if paragraph.is_drop_cap:
            self._pending[-1] = text.strip(" \t\n")
        elif paragraph.joins:
            self._pending[-1] = text
        else:
            self._finish(text)

    def _finish(self, text: str) -> None:
        if text := text.strip(" \t\n"):
            self.done.append(text)

    def _flush(self) -> None:
        """Finish a paragraph that no other continues."""
        self._finish(self._pending[-1])
        self._pending[-1] = ""

    def _open_container(self, name: str, attributes: dict[str, str]) -> None:
        self._pending.append("")
        if name in _NOTES.values():
            self._note = (value_of(attributes, "id"), len(self.done), False)

    def _close_container(self, name: str) -> None:
        self._flush()
        self._pending.pop()
        if name in _NOTES.values():
            note, before, shows_mark = self._note
            texts = without_places(self.done[before:])
            del self.done[before:]
            mark = note_mark(self._calls.marks.get((name, note), "")) if shows_mark else ""
            if texts and mark:
                texts[0] = f"{mark} {texts[0]}"
            self.notes.append((note, texts))


def _symbol(attributes: dict[str, str]) -> str:
    code = value_of(attributes, "char")
    return symbol(value_of(attributes, "font"), int(code, 16) if re.fullmatch("[0-9A-Fa-f]{1,6}", code) else 0)


def _change(pieces: list[str], start: int, change: Callable[[str], str]) -> None:
    """Change the text that the pieces from `start` on make together."""
    text = "".join(pieces[start:])
    del pieces[start:]
    pieces.append(change(text))


def _as_superscript(text: str, before: str = "") -> str:
    """Return raised numbers in raised digits, and letters that count notes as marks.

    Other raised text, as in `1st`, is part of its word.
    """
    if is_note_letter(text, before):
        return note_mark(text.strip("()"))
    return text.translate(SUPERSCRIPTS) if len(text) < _LONGEST_NUMBER and _RAISED.fullmatch(text) else text
