"""Read Rich Text Format (RTF).

Own code, because the libraries lose text. striprtf drops what comes after binary data, writes no notes, and shows
deleted and hidden text. Pandoc reads all bytes as Windows-1252 and shows deleted text and names of styles. The file is
read in one pass, without a tree.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..text.marks import note_mark
from .raised import raised
from .records import Extract, Failure, ReadOptions, UnreadableError, joined, whole_file, with_year
from .rtf_tables import CHARACTERS, ENDS, INFO, SKIPPED, STARRED, STORIES, SYMBOLS, charset_codec, page_codec
from .symbols import symbol

MAX_DEPTH = 1_000_000
"""Maximum depth of groups."""
MAX_FIELD = 1000
"""Maximum number of characters of a field's instructions that are looked at."""
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)|\\",
    re.DOTALL,
)
_SKIP = re.compile(rb"[^\\{}]+|\\[a-zA-Z]{1,32}(-?[0-9]{1,10})? ?|\\.|([{}])|\\", re.DOTALL)
_BINARY = re.compile(rb"\\bin([0-9]{1,10}) ?")
_START = re.compile(rb"\s*\{\s*\\(?:rtf|urtf)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_LANGUAGE = 1024
_RUBY = re.compile(r"\s*EQ\s.{0,200}?\\o.{0,200}?\\s\\up[^()]{0,20}\([^()]{0,200}\)[,;]([^()]{1,200})\)\s*", re.DOTALL)


def read_rtf(path: Path, _options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the paragraphs of a document, also table cells and text boxes, and its notes at the end."""
    data = whole_file(path).removeprefix(b"\xef\xbb\xbf")
    if not _START.match(data[:100]):
        raise UnreadableError("not RTF; save it as RTF or DOCX" if data.strip() else "empty")
    reader = _Reader(data)
    is_whole = reader.read()
    yield Extract("\n\n".join([*reader.paragraphs, *reader.notes]), reader.metadata())
    if not is_whole:
        yield Failure("ends inside a group; its end may be missing", "end")


class _State(NamedTuple):
    """What a group hands down to the groups inside it."""

    skipped: bool = False
    hidden: bool = False
    deleted: bool = False
    is_raised: bool = False
    font: int = -1
    fallbacks: int = 1  # number of characters after each \u
    field: str = ""  # property of the document, or a table of fonts
    is_first: bool = False  # whether the next group is the old form of a text that follows in Unicode


class _Story:
    """Paragraphs of one place: the body, a text box or a note."""

    def __init__(self, target: list[str], depth: int) -> None:
        self.target = target
        self.depth = depth
        self.pieces: list[str] = []
        self.mark: int | None = None  # the piece of an automatic mark whose note comes
        self.last_raised: int | None = None
        self.is_note = False
        self.is_endnote = False
        self.own_mark = ""

    def end_paragraph(self) -> None:
        """Note the paragraph that has been read."""
        text = "".join(self.pieces).replace("\u00ad", "")
        if _SURROGATE.search(text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        text = text.strip(" \t\n")
        for mark in (self.own_mark, self.own_mark.strip("[]")):
            if mark and text.startswith(mark):
                text, self.own_mark = text.removeprefix(mark).lstrip(), ""
        if text:
            self.target.append(text)
        self.pieces.clear()
        self.mark = self.last_raised = None


class _Reader:
    """One pass over a file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.paragraphs: list[str] = []
        self.notes: list[str] = []
        self._found: dict[str, list[str]] = {}
        self._date: dict[str, int] = {}
        self._language = _NO_LANGUAGE
        self._page: str | None = None
        self._fonts: dict[int, tuple[str | None, int]] = {}  # codec and character set
        self._names: dict[int, str] = {}
        self._default_font = -1
        self._font = -1  # that the table of fonts describes
        self._state = _State()
        self._groups: list[_State] = []
        self._stories = [_Story(self.paragraphs, 0)]
        self._bytes = bytearray()  # waiting to be decoded in the font's codec
        self._field = ""  # what a field is made from
        self._starred = False
        self._is_first = False  # whether the next control word begins a group
        self._to_skip = 0  # number of characters after \u
        self._counts = [0, 0]  # of footnotes and endnotes

    def read(self) -> bool:
        """Read the file. Return whether all its groups are closed."""
        data, at, end = self._data, 0, len(self._data)
        while at < end:
            if self._state.skipped and not self._starred:
                at = self._skip(at)
                continue
            token = _TOKEN.match(data, at)
            assert token is not None
            at = token.end()
            if token[6] is not None:
                self._plain(token[6])
            elif token[5] is not None:
                self._brace(token[5])
            elif token[1] is not None:
                value = int(token[2]) if token[2] else None
                if token[1] == b"bin":
                    at += max(0, value or 0)
                else:
                    self._word(token[1].decode("ascii"), value)
            elif token[3] is not None:
                self._plain(bytes((int(token[3], 16),)))
            elif token[4] is not None:
                self._symbol(token[4].decode("latin-1"))
            if len(self._groups) == 0 and at > 1 and token[5] == b"}":
                break
        self._flush()
        is_whole = not self._groups
        while len(self._stories) > 1:
            self._end_story()
        self._stories[0].end_paragraph()
        return is_whole

    def metadata(self) -> dict[str, object]:
        """Return the properties of the document."""
        import locale

        fields: dict[str, object] = {}
        for name, pieces in self._found.items():
            if value := " ".join("".join(pieces).split()):
                fields[name] = _listed(value) if name == "keywords" else value
        code = locale.windows_locale.get(self._language, "")
        if code:
            fields["language"] = code.partition("_")[0]
        if date := _date(*(self._date.get(part, 0) for part in ("yr", "mo", "dy"))):
            fields["file_date"] = date
        return with_year(fields)

    def _skip(self, at: int) -> int:
        """Skip the rest of a group that is left out, up to the next brace."""
        while match := _SKIP.match(self._data, at):
            at = match.end()
            if match[2]:
                self._brace(match[2])
                break
            if match[1] and (binary := _BINARY.match(match[0])):
                at += int(binary[1])
        return at if match else len(self._data)

    def _brace(self, brace: bytes) -> None:
        self._to_skip = 0
        if brace == b"{":
            if len(self._groups) >= MAX_DEPTH:
                raise UnreadableError("nested too deeply")
            self._flush()
            self._groups.append(self._state)
            if self._state.is_first:
                self._state = self._state._replace(skipped=True, is_first=False)
                self._groups[-1] = self._groups[-1]._replace(is_first=False)
        elif self._groups:
            self._flush()
            while len(self._stories) > 1 and self._stories[-1].depth == len(self._groups):
                self._end_story()
            before, self._state = self._state, self._groups.pop()
            if before.field == "fldinst" != self._state.field:
                self._end_field()
        self._starred = False
        self._is_first = brace == b"{"

    def _word(self, word: str, value: int | None) -> None:
        starred, self._starred = self._starred, False
        first, self._is_first = self._is_first, False
        if self._to_skip and word in CHARACTERS:
            self._to_skip -= 1
            return
        self._to_skip = 0  # any other word begins no character
        on = value != 0
        if word == "u":
            self._unicode(value or 0)
        elif word in CHARACTERS:
            self._text(CHARACTERS[word])
        elif word in ENDS:
            self._end_paragraph()
        elif (first and (word in SKIPPED or word.endswith("Pr"))) or (starred and word not in STARRED):
            self._change(skipped=True)
        elif word in ("v", "webhidden"):
            self._change(hidden=on)
        elif word == "deleted":
            self._change(deleted=on)
        elif word in ("super", "nosupersub", "sub"):
            self._change(is_raised=word == "super" and on)
        elif word == "plain":
            self._change(hidden=False, deleted=False, is_raised=False, font=self._default_font)
        elif word == "uc":
            self._change(fallbacks=max(0, min(value or 0, 100)))
        elif word == "f" and value is not None:
            self._choose_font(value)
        elif word in INFO and self._state.field == "info":
            # The second author of LibreOffice is the last editor.
            self._change(field=word, skipped=INFO[word] in self._found)
        elif word in ("fonttbl", "info", "fldinst"):
            self._change(field=word)
        elif self._state.field == "fonttbl":
            self._describe_font(word, value)
        elif word == "creatim" and self._state.field == "info":
            self._change(field=word)
        elif self._state.field == "creatim" and value is not None:
            self._date.setdefault(word, value)
        elif word in ("footnote", "ftnalt", "chftn"):
            self._note(word)
        elif word in STORIES:
            self._flush()
            self._stories.append(_Story(self._stories[-1].target, len(self._groups)))
        elif word == "upr":
            self._change(is_first=True)
        else:
            self._set_document(word, value)

    def _set_document(self, word: str, value: int | None) -> None:
        if word == "ansicpg" and value:
            self._page = page_codec(value)
        elif word in ("mac", "pc", "pca"):
            self._page = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
        elif word == "deff" and value is not None:
            self._default_font = value
            self._change(font=value)
        elif word == "deflang" and value:
            self._language = value

    def _symbol(self, sign: str) -> None:
        if sign == "*":
            self._starred = True
            return
        self._is_first = False
        if self._to_skip:
            self._to_skip -= 1
        elif sign in CHARACTERS:
            self._text(CHARACTERS[sign])
        elif sign in ENDS:
            self._end_paragraph()

    def _change(self, **changes: object) -> None:
        self._flush()
        self._state = self._state._replace(**changes)  # type: ignore[arg-type]

    def _plain(self, data: bytes) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(data))
            self._to_skip -= skipped
            data = data[skipped:]
        self._starred = self._is_first = False
        self._bytes += data

    def _unicode(self, code: int) -> None:
        code &= 0xFFFF
        sign = chr(code)
        if 0xF000 <= code < 0xF100:
            sign = symbol(self._symbol_font(), code)
        self._to_skip = 0
        self._text(sign)
        self._to_skip = self._state.fallbacks

    def _flush(self) -> None:
        if not self._bytes:
            return
        data = bytes(self._bytes)
        self._bytes.clear()
        self._write(self._decoded(data))

    def _text(self, text: str) -> None:
        self._flush()
        self._write(text)

    def _decoded(self, data: bytes) -> str:
        codec, charset = self._fonts.get(self._state.font, (None, 0))
        if charset == SYMBOLS and not self._state.field:
            return "".join(symbol(self._symbol_font(), byte) for byte in data)
        return data.decode(codec or self._page or "cp1252", "replace")

    def _symbol_font(self) -> str:
        """Return the name of the font, or Symbol for one that is not a symbol font."""
        font = self._state.font
        is_symbols = self._fonts.get(font, (None, 0))[1] == SYMBOLS
        return self._names.get(font, "Symbol") if is_symbols else "Symbol"

    def _write(self, text: str) -> None:
        state = self._state
        if state.field in INFO and not state.skipped:
            self._found.setdefault(INFO[state.field], []).append(text)
        elif state.field == "fonttbl":
            self._names[self._font] = (self._names.get(self._font, "") + text).strip(" ;")
        elif state.field == "fldinst" and len(self._field) < MAX_FIELD:
            self._field += text
        elif not (state.skipped or state.hidden or state.deleted or state.field):
            story = self._stories[-1]
            if state.is_raised:
                text = raised(text, "".join(story.pieces[-4:])[-30:])
                story.last_raised = len(story.pieces)
            elif text.strip():
                story.last_raised = None
            story.pieces.append(text)

    def _end_field(self) -> None:
        """Write the base of a ruby gloss, which is written as a formula. What other fields show comes after them."""
        match = _RUBY.fullmatch(self._field)
        self._field = ""
        if match:
            self._write(match[1])

    def _end_paragraph(self) -> None:
        self._flush()
        state = self._state
        if not (state.skipped or state.deleted or state.field):
            self._stories[-1].end_paragraph()

    def _choose_font(self, number: int) -> None:
        if self._state.field == "fonttbl":
            self._flush()
            self._font = number
        else:
            self._change(font=number)

    def _describe_font(self, word: str, value: int | None) -> None:
        codec, charset = self._fonts.get(self._font, (None, 0))
        if word == "fcharset" and value is not None:
            self._fonts[self._font] = (codec or charset_codec(value), value)
        elif word == "cpg" and value:
            self._fonts[self._font] = (page_codec(value), charset)

    def _note(self, word: str) -> None:
        self._flush()
        story = self._stories[-1]
        state = self._state
        if word == "footnote":
            if state.hidden or state.deleted:
                self._change(skipped=True)
            else:
                note = _Story(self.notes, len(self._groups))
                note.is_note = True
                self._stories.append(note)
                self._change(is_raised=False, hidden=False)
        elif word == "ftnalt":
            story.is_endnote = True
        elif not story.is_note and not (state.skipped or state.hidden or state.deleted):
            story.mark = len(story.pieces)
            story.pieces.append("")

    def _end_story(self) -> None:
        story = self._stories.pop()
        around = self._stories[-1]
        if story.is_note:
            if around.mark is not None and around.mark < len(around.pieces):
                self._counts[story.is_endnote] += 1
                around.pieces[around.mark] = note_mark(str(self._counts[story.is_endnote]))
            elif around.last_raised is not None and around.last_raised < len(around.pieces):
                story.own_mark = around.pieces[around.last_raised].strip()
                around.pieces[around.last_raised] = note_mark(story.own_mark)
            around.mark = around.last_raised = None
        story.end_paragraph()


def _listed(value: str) -> str | list[str]:
    """Return keywords that are written with commas or semicolons between them."""
    return joined([part.strip() for part in re.split("[,;]", value) if part.strip()] or [value])


def _date(year: int, month: int, day: int) -> str:
    """Return a date with the parts that are known, or an empty string."""
    if not 1000 <= year <= 9999:
        return ""
    if not 1 <= month <= 12:
        return str(year)
    return f"{year}-{month:02}-{day:02}" if 1 <= day <= 31 else f"{year}-{month:02}"
