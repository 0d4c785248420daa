"""Read vertical files of the IMS Corpus Workbench and of Sketch Engine: one token in a line, structures as tags.

`<doc>` or `<text>` is a document, and its attributes are metadata. `<p>` and `<s>` are paragraphs and sentences, and
`<g/>` means that there is no space. Other structures are passed over, and what is in them is read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from .corpus_text import MAX_TOKENS, CorpusText, CorpusToken, corpus_lines, numbered
from .records import Extract, ReadOptions, UnreadableError, with_year

WORD_COLUMNS = ("word", "form", "token")
"""Names of the column that has the words."""
LONGEST = ("word", "pos", "lemma")
"""The columns of a file for which none are named. A file with fewer of them has the first ones."""
_ROLES = {
    **dict.fromkeys(WORD_COLUMNS, "form"),
    **{"lemma": "lemma", "pos": "pos", "upos": "pos", "tag": "tag", "xpos": "tag", "msd": "tag", "lempos": "lempos"},
}
_DOCUMENTS = ("doc", "text", "document")
_SENTENCES = ("s", "sent", "sentence")
_PARAGRAPHS = frozenset(
    [
        "p",
        "par",
        "para",
        "head",
        "h",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "title",
        "div",
        "item",
        "li",
        "lg",
        "sp",
        "u",
        "turn",
        "row",
        "cell",
        "block",
    ]
)
_TAG = re.compile(r"<(/?)([A-Za-z_][\w:.-]*)((?:\s[^<>]*)?)>")
_QUOTED_TAG = re.compile(r"<(/?)([A-Za-z_][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))*\s*/?)>")
_ATTRIBUTE = re.compile(r"(?<![\w:.-])([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>/]+))")
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));")
_NAMES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_LEMPOS = re.compile(r"(.+)-([A-Za-z])")
_NAMED_COLUMNS = re.compile(r"<!--\s*#?\s*vrt\s+positional-attributes:\s*([\w\s./|-]+?)\s*-->", re.IGNORECASE)
_LONGEST_COMMENT = 2000  # number of characters of a comment that may name columns
_SAMPLE = 1000  # number of lines that are looked at to know the columns
_UNKNOWN = ("", "_", "<unknown>", "@card@", "__UNDEF__", "--")


def read_vertical(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the documents of a file, or the whole file if it marks none. Documents without an id are counted."""
    lines = corpus_lines(path, options.encoding)
    sample = list(islice(lines, _SAMPLE))
    columns = options.columns or _columns(sample)
    yield from numbered(_documents(chain(sample, lines), columns), "document")


def _columns(sample: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns: those that the file names, else the usual ones.

    The lemma is often the word itself, and the part of speech is not. So it is seen where the two have changed places.
    """
    for line in sample:
        if len(line) < _LONGEST_COMMENT and (match := _NAMED_COLUMNS.match(line)):
            names = tuple(re.split(r"[\s/|]+", match[1].strip().lower()))
            if sum(name in WORD_COLUMNS for name in names) == 1:
                return names
    rows = [line.split("\t") for line in sample if line.strip() and not _is_structure(line)]
    widths = Counter(len(row) for row in rows)
    if not widths:
        return LONGEST
    width = max(widths, key=lambda size: widths[size])
    full = [row for row in rows if len(row) >= 3 and any(map(str.isalpha, row[0]))]
    if width < 3 or not full:
        return LONGEST[:width]
    same = [sum(row[0].casefold() == row[n].casefold() for row in full) / len(full) for n in (1, 2)]
    if sum(_LEMPOS.fullmatch(row[2]) is not None for row in full) > 0.9 * len(full):
        return ("word", "tag", "lempos")
    return ("word", "lemma", "pos") if same[0] > 0.3 and same[1] < 0.1 else LONGEST


def _is_structure(line: str) -> bool:
    return "\t" not in line and (line.startswith(("<!--", "<?")) or _structure(line) is not None)


def _structure(line: str) -> re.Match[str] | None:
    """Return the tag that a line is, or None for a token."""
    if not line.startswith("<") or not line.rstrip().endswith(">"):
        return None
    return _QUOTED_TAG.fullmatch(line.rstrip()) or ("\t" not in line and _TAG.fullmatch(line.rstrip())) or None


def _documents(lines: Iterable[str], columns: Sequence[str]) -> Iterator[Extract]:
    reader = _Reader(columns)
    for line in lines:
        yield from reader.read(line)
    yield from reader.finish()


class _Reader:
    """The document, the sentence and the stretch that are open in a vertical file."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._places = {_ROLES[name]: n for n, name in reversed(list(enumerate(columns))) if name in _ROLES}
        self._about: list[tuple[str, dict[str, str]]] = []  # the attributes of the documents that are open
        self._named: set[int] = set()  # which of them have given their id to a document
        self._text = CorpusText()
        self._tokens: list[CorpusToken] = []
        self._in_sentence = False
        self._blocks: list[list[CorpusToken]] = []  # stretches up to a blank line, until a sentence is marked
        self._has_sentences = False
        self._count = 0  # tokens of the document

    def read(self, line: str) -> Iterator[Extract]:
        """Read a line, and yield the document that it ends."""
        if not line.strip():
            self._end_block()
            return
        if line.startswith(("<!--", "<?")) and line.rstrip().endswith(">"):
            return
        match = _structure(line)
        if match is None:
            self._token(line)
            return
        closes, name, rest = match[1] == "/", match[2].lower(), match[3]
        if name == "g":
            self._glue()
        elif name in _DOCUMENTS:
            yield from self._document(name, closes, rest)
        elif name in _SENTENCES:
            self._end_sentence()
            self._in_sentence = not closes and not rest.rstrip().endswith("/")
        elif name in _PARAGRAPHS:
            self._end_sentence()
            self._in_sentence = False
            self._end_paragraph()

    def finish(self) -> Iterator[Extract]:
        """Yield the last document."""
        self._end_sentence()
        self._add_blocks(is_end=True)
        text, sentences = self._text.result()
        self._text, self._has_sentences, self._in_sentence, self._count = CorpusText(), False, False, 0
        if not text:
            return
        metadata: dict[str, object] = {}
        document_id = ""
        for number, (_, about) in enumerate(self._about):
            metadata |= {key: value for key, value in about.items() if key != "id"}
            if about.get("id") and number not in self._named:
                document_id = about["id"]
                self._named.add(number)
        yield Extract(text, with_year(metadata), document_id, sentences=sentences)

    def _document(self, name: str, closes: bool, rest: str) -> Iterator[Extract]:
        yield from self.finish()
        if closes or name in [open_name for open_name, _ in self._about]:
            while self._about and self._about[-1][0] != name:
                self._pop()
            if self._about:
                self._pop()
        if not closes:
            found = {key: _plain(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(rest)}
            self._about.append((name, found))

    def _pop(self) -> None:
        self._about.pop()
        self._named.discard(len(self._about))

    def _token(self, line: str) -> None:
        cells = [_plain(cell) for cell in line.split("\t")]

        def cell(role: str) -> str | None:
            place = self._places.get(role)
            value = cells[place].strip() if place is not None and place < len(cells) else ""
            return value if value not in _UNKNOWN else None

        place = self._places["form"]
        form = cells[place].strip() if place < len(cells) else ""
        lemma, pos = cell("lemma"), cell("pos")
        if match := _LEMPOS.fullmatch(cell("lempos") or ""):
            lemma, pos = lemma or match[1], pos or match[2]
        self._tokens.append(CorpusToken(form, lemma, pos, cell("tag")))
        self._count += 1
        if self._count > MAX_TOKENS:
            raise UnreadableError(f"a document of more than {MAX_TOKENS:,} tokens; divide it with <text>")

    def _glue(self) -> None:
        if self._tokens:
            self._tokens[-1] = self._tokens[-1]._replace(after="")
        elif self._blocks:
            self._blocks[-1][-1] = self._blocks[-1][-1]._replace(after="")
        else:
            self._text.gap = "" if self._text.gap == " " else self._text.gap

    def _end_sentence(self) -> None:
        """Add the tokens that wait: a sentence, or a stretch outside of all sentences."""
        tokens, self._tokens = self._tokens, []
        if self._in_sentence:
            self._add_blocks()
            self._has_sentences = True
            self._text.add(tokens)
        elif tokens:
            self._blocks.append(tokens)

    def _end_block(self) -> None:
        if not self._in_sentence:
            self._end_sentence()

    def _end_paragraph(self) -> None:
        self._add_blocks(is_end=True)
        self._text.end_paragraph()

    def _add_blocks(self, is_end: bool = False) -> None:
        """Add the blocks that wait. Several ones with blank lines between them are sentences if none are marked."""
        are_sentences = is_end and len(self._blocks) > 1 and not self._has_sentences
        blocks, self._blocks = self._blocks, []
        for block in blocks:
            self._text.add(block, loose=not are_sentences)


def _plain(text: str) -> str:
    """Return a text with the characters for its entities."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMES[match[3]]
    code = int(match[1]) if match[1] else int(match[2], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
