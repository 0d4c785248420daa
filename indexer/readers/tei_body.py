"""Make paragraphs of a TEI text, element by element.

Notes and stage directions inside a paragraph become paragraphs of their own, so that they interrupt no sentence. Where
an edition gives alternatives, one is read: the regular, corrected or expanded one, and the lemma of an apparatus.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..given import GivenSentence, GivenToken
from ..text.marks import note_mark
from .records import UnreadableError
from .tei_layout import Mark, NoteMark, Paragraph, Piece, Word, closing_signs, laid_out

MAX_TOKENS = 1_000_000
"""Maximum number of annotated words in one text."""
_PAIRS = 50
"""Number of neighbouring words after which it is known whether the file has the spaces between them."""


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


SKIPPED = _names(
    "facsimile sourceDoc standOff xenoData fw figDesc del rt interp interpGrp span spanGrp link linkGrp index timeline"
    " certainty precision respons alt altGrp join joinGrp fs fLib fvLib metamark listChange witDetail desc notatedMusic"
)
"""Elements whose content is not part of the text: forme work, deletions, descriptions and data about the text."""
_BLOCKS = _names(
    "p ab head speaker stage item cell titlePage docTitle titlePart docImprint docEdition byline dateline salute signed"
    " closer opener trailer argument epigraph castItem castGroup castList set prologue epilogue performance u lg sp"
    " spGrp front body back list table row addrLine imprimatur floatingText group postscript entry entryFree listBibl"
    " divGen"
)
_DIVISION = re.compile("div[0-9]?")
_PARAGRAPHS = _names("p ab head item cell l u speaker castItem titlePart signed salute byline")
_LINE_ENDS = _names("lb pb cb gb")
_WORDS = _names("w pc")
_WITHOUT_SPACES = _names("expan abbr choice app subst")
_ALTERNATIVES = _names("choice app")
_PREFERRED = ("reg", "corr", "expan", "lem", "seg", "unclear", "ex", "rdgGrp", "rdg", "abbr", "orig", "sic", "am")
_TAGS = ("pos", "msd", "ana", "c5", "ctag")
_NOTE_TARGET = re.compile(r"#(?:fn|ftn|en|note|n)[-_.:]?(?:[\w.-]*\D)?(\d{1,4})", re.IGNORECASE)
_LAST_DIGITS = re.compile(r"(\d{1,4})$")
_RAISED = re.compile(r"\b(?:sup|super|superscript)\b", re.IGNORECASE)
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"


@dataclass(slots=True)
class _Flow:
    """Paragraphs in the order in which they are read: those of the text, or of one note or stage direction.

    Attributes:
        done: Complete ones.
        later: What follows the paragraph that is open.
        captures, sentences, words, lines, paragraphs, stages: Numbers of open elements. Before the first four of them
            have ended, no paragraph ends.
        between: What was read since the last word: "" nothing, " " white space, or None where no word was before.
        ends_blank: Whether the last text ends with white space.
        part: The part of a divided word that was read last.
    """

    done: list[Paragraph] = field(default_factory=list)
    now: Paragraph = field(default_factory=Paragraph)
    later: list[Paragraph] = field(default_factory=list)
    captures: int = 0
    sentences: int = 0
    words: int = 0
    lines: int = 0
    paragraphs: int = 0
    stages: int = 0
    between: str | None = None
    ends_blank: bool = False
    part: str = ""


@dataclass(slots=True)
class _Open:
    """An open element.

    Attributes:
        kind: What its end does.
        kept: Pieces that were read before it, where those inside it are collected.
        found: The alternatives in it, with their names.
        about: What is known from its attributes.
    """

    name: str
    kind: str = ""
    kept: list[Piece] | None = None
    found: list[tuple[str, list[Piece]]] = field(default_factory=list)
    about: str = ""


class Body:
    """A text that is being read. Its paragraphs are laid out as they are complete.

    Attributes:
        heading: The first heading.
    """

    def __init__(self) -> None:
        self.heading = ""
        self._open: list[_Open] = []
        self._skipped = 0  # number of open elements that are left out
        self._flows = [_Flow()]
        self._notes: list[list[Paragraph]] = [[]]  # those of the text, and of the divisions that are open
        self._numbered = 0
        self._strings: dict[str, str] = {}
        self._tokens = 0
        self._tight = self._spaced = 0  # numbers of neighbouring words
        self._waiting: list[Paragraph] = []
        self._texts: list[str] = []
        self._size = 0
        self._sentences: list[GivenSentence] = []

    def finished(self) -> tuple[str, tuple[GivenSentence, ...]]:
        """Return the text and its annotation."""
        self._break()
        self._add_notes()
        self._lay_out()
        return "\n\n".join(self._texts), tuple(self._sentences)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Read a start tag."""
        if self._skipped or name in SKIPPED or (name == "am" and self._open and self._open[-1].name == "expan"):
            is_described = name == "desc" and not self._skipped and self._open and self._open[-1].kind == "gap"
            self._skipped += not is_described
            if is_described:
                self._open.append(_Open(name))
            return
        flow = self._flows[-1]
        one = _Open(name)
        if self._open and self._open[-1].kind == "choice":
            one.kind = "alternative"
            self._capture(one)
        elif name in _ALTERNATIVES:
            one.kind = "choice"
            self._capture(one)
        elif name == "note":
            self._start_note(one, attributes)
        elif name == "stage":
            self._start_stage(one)
        elif _DIVISION.fullmatch(name):
            one.kind = "division"
            self._break()
            self._notes.append([])
        elif name in _BLOCKS or (name == "label" and not flow.paragraphs) or self._is_listed(name):
            one.kind = "block"
            self._break()
            flow.now.is_heading = name in ("head", "titlePart")
        elif name == "l":
            one.kind = "line"
            self._start_line()
        elif name in _LINE_ENDS:
            self._line_end(name, attributes)
        elif name in _WORDS:
            one.kind, one.about = "word", attributes.get("join", "")
            self._start_word(name, attributes)
        elif name == "s":
            one.kind = "sentence"
            flow.sentences += 1
            if flow.sentences == 1:
                flow.now.pieces.append(Mark.SENTENCE)
        elif name == "gap":
            one.kind = "gap"
            one.about = "•" if re.search("letter|char", " ".join(attributes.values())) else "[…]"
            self._capture(one)
        elif name in ("ref", "ptr") and (match := _NOTE_TARGET.fullmatch(attributes.get("target", ""))):
            one.kind, one.about = "reference", match[1]
            self._capture(one)
        elif name == "hi" and _RAISED.search(attributes.get("rend", "")):
            one.kind = "raised"
            self._capture(one)
        elif name == "g" and re.search("EOL|hyphen", attributes.get("ref", "")):
            flow.now.pieces.append(Mark.INSIDE)
        elif name == "space" or (name == "seg" and flow.now.has_text and self._open and self._open[-1].name == "u"):
            self.data(" ")
        flow.paragraphs += name in _PARAGRAPHS
        self._open.append(one)

    def end(self, name: str) -> None:
        """Read an end tag."""
        if self._skipped:
            self._skipped -= 1
            return
        one = self._open.pop()
        flow = self._flows[-1]
        match one.kind:
            case "block":
                self._break()
                flow.stages -= name == "stage"
            case "division":
                self._break()
                self._add_notes()
            case "line":
                flow.lines -= 1
            case "word":
                flow.words -= 1
                if not flow.words:
                    flow.now.pieces.append(Mark.WORD_END)
                    is_followed = name == "w" and not one.about
                    flow.between = (" " if flow.ends_blank else "") if is_followed else None
            case "sentence":
                flow.sentences -= 1
                if not flow.sentences:
                    flow.now.pieces.append(Mark.SENTENCE_END)
            case "note" | "block note" | "stage":
                self._end_flow(one.kind)
            case "alternative" | "choice" | "gap" | "reference" | "raised":
                self._end_capture(one)
        self._flows[-1].paragraphs -= name in _PARAGRAPHS

    def data(self, text: str) -> None:
        """Read text."""
        if self._skipped:
            return
        flow = self._flows[-1]
        if text.isspace():
            if "\n" in text and self._open and self._open[-1].name in _WITHOUT_SPACES:
                return  # the layout of the file
            if flow.between == "" and not flow.words:
                flow.between = " "
        else:
            if flow.now.is_verse and not (flow.lines or self._must_go_on(flow)):
                closing = closing_signs(text)
                flow.now.pieces.append(text[:closing])
                text = text[closing:]
                if not text.strip():
                    return
                self._break()
            flow.now.has_text = True
            flow.ends_blank = text[-1].isspace()
            if not flow.words:
                flow.between = None
        flow.now.pieces.append(text)

    def _is_listed(self, name: str) -> bool:
        return name in ("bibl", "biblStruct", "biblFull") and bool(self._open) and self._open[-1].name == "listBibl"

    def _must_go_on(self, flow: _Flow) -> bool:
        return bool(flow.captures or flow.sentences or flow.words)

    def _break(self) -> None:
        """End the paragraph that is open. Inside a sentence or an alternative it goes on in a new line."""
        flow = self._flows[-1]
        if self._must_go_on(flow):
            flow.now.pieces.append(Mark.LINE if flow.now.has_text else " ")
            return
        if flow.now.has_text:
            flow.done.append(flow.now)
        flow.done += flow.later
        flow.now, flow.later, flow.between = Paragraph(), [], None
        if len(self._flows) == 1:
            self._waiting += flow.done
            flow.done.clear()
            if self._tight + self._spaced >= _PAIRS:
                self._lay_out()

    def _add_notes(self) -> None:
        self._flows[-1].done += self._notes.pop()
        self._break()

    def _start_line(self) -> None:
        flow = self._flows[-1]
        flow.lines += 1
        if not flow.now.has_text:
            flow.now.is_verse = True
        elif flow.now.is_verse or self._must_go_on(flow):
            flow.now.pieces.append(Mark.LINE)
        else:
            self._break()
            flow.now.is_verse = True

    def _line_end(self, name: str, attributes: Mapping[str, str]) -> None:
        flow = self._flows[-1]
        is_inside = attributes.get("break") == "no" or flow.words > 0
        mark = Mark.INSIDE if is_inside else Mark.BREAK if name == "lb" else Mark.PAGE
        flow.now.pieces.append(mark)
        if mark is Mark.BREAK and flow.between == "":
            flow.between = " "

    # Words

    def _start_word(self, name: str, attributes: Mapping[str, str]) -> None:
        flow = self._flows[-1]
        flow.words += 1
        if flow.words > 1:  # a word inside a word
            return
        self._tokens += 1
        if self._tokens > MAX_TOKENS:
            raise UnreadableError(f"a text of more than {MAX_TOKENS:,} annotated words; divide it")
        part = attributes.get("part", "")
        if name == "w" and flow.between is not None and "join" not in attributes:
            self._tight += flow.between == ""
            self._spaced += flow.between == " "
        tags = [attributes[key].lstrip("#") for key in _TAGS if attributes.get(key)]
        if not tags and name == "w" and attributes.get("type"):
            tags = [attributes["type"]]
        lemma = attributes.get("lemma") or attributes.get("hw")
        lemma, pos, tag = (self._shared(value) for value in (lemma, *[*tags, "", ""][:2]))
        continues = part in ("M", "F") and flow.part in ("I", "M")
        flow.now.pieces.append(Word(lemma, pos, tag, attributes.get("join", ""), name == "pc", continues))
        flow.part = part

    def _shared(self, value: str | None) -> str | None:
        """Return a string that is in memory once, since lemmas and tags come again and again."""
        return self._strings.setdefault(value, value) if value else None

    # Notes and stage directions

    def _start_note(self, one: _Open, attributes: Mapping[str, str]) -> None:
        flow = self._flows[-1]
        digits = _LAST_DIGITS.search(attributes.get(_XML_ID, ""))
        mark = attributes.get("n", "").strip() or (digits[1] if digits else "")
        mark = mark if len(mark) <= 4 else ""
        if not flow.now.has_text:
            one.kind = "block note"
            self._break()
        else:
            one.kind = "note"
            if not mark:
                self._numbered += 1
                mark = str(self._numbered)
            flow.now.pieces.append(NoteMark(note_mark(mark)))
        self._flows.append(_Flow(now=Paragraph([f"{note_mark(mark)} "] if mark else [])))

    def _start_stage(self, one: _Open) -> None:
        flow = self._flows[-1]
        if flow.stages:  # one inside another
            return
        if flow.now.has_text and (flow.paragraphs or flow.sentences):
            one.kind = "stage"
            self._flows.append(_Flow(stages=1))
        else:
            one.kind = "block"
            flow.stages += 1
            self._break()

    def _end_flow(self, kind: str) -> None:
        self._break()
        found = self._flows.pop().done
        if kind == "note":
            self._notes[-1] += found
        elif kind == "stage":
            self._flows[-1].later += found
        else:
            self._flows[-1].done += found
            self._break()

    # Alternatives, gaps and marks

    def _capture(self, one: _Open) -> None:
        """Collect the pieces of an element apart from those before it."""
        flow = self._flows[-1]
        one.kept, flow.now.pieces = flow.now.pieces, []
        flow.captures += 1

    def _end_capture(self, one: _Open) -> None:
        flow = self._flows[-1]
        pieces, flow.now.pieces = flow.now.pieces, one.kept or []
        flow.captures -= 1
        if one.kind == "alternative":
            self._open[-1].found.append((one.name, pieces))
            return
        if one.kind == "choice":
            chosen = min(one.found, key=lambda each: _rank(each[0]), default=("", pieces))
            flow.now.pieces.append(chosen[1])
            return
        text = "".join(piece for piece in pieces if isinstance(piece, str)).strip()
        if one.kind == "gap":
            has_words = any(map(str.isalnum, text))
            flow.now.pieces.append(text if text and not has_words else one.about)
            flow.now.has_text = True
        elif one.kind == "raised" and text.isascii() and text.isdigit():
            flow.now.pieces.append(note_mark(text))
        elif one.kind == "reference" and len(text) <= 4 and not any(map(str.isspace, text)):
            flow.now.pieces.append(NoteMark(note_mark(text or one.about)))
        else:
            flow.now.pieces.append(pieces)

    # Text

    def _lay_out(self) -> None:
        """Make text of the paragraphs that wait."""
        is_spaced = self._spaced > 0 or self._tight < 2
        for paragraph in self._waiting:
            found = laid_out(paragraph, is_spaced)
            if not found.text:
                continue
            first = self._size + 2 if self._texts else 0
            self._texts.append(found.text)
            self._size = first + len(found.text)
            self._sentences += (_moved(one, first) for one in found.sentences)
            if paragraph.is_heading and not self.heading:
                self.heading = found.text
        self._waiting.clear()


def _rank(name: str) -> int:
    return _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)


def _moved(sentence: GivenSentence, by: int) -> GivenSentence:
    tokens = tuple(GivenToken(t.start + by, t.end + by, t.lemma, t.pos, t.tag) for t in sentence.tokens)
    return GivenSentence(sentence.start + by, sentence.end + by, tokens, sentence.loose)
