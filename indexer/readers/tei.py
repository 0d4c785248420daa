"""Read TEI: editions, novels, plays, letters and annotated corpora in XML.

The file is read element by element, and no tree of its text is built. `tei_body.py` makes paragraphs of a text,
`tei_layout.py` lays them out, and `tei_header.py` reads the metadata.
"""

from __future__ import annotations

import html.entities
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import ParseError, TreeBuilder

from .archive import local
from .corpus_text import numbered
from .records import Extract, ReadOptions, UnreadableError, open_file
from .tei_body import SKIPPED, Body
from .tei_header import event_date, header_metadata

ROOTS = frozenset({"TEI", "TEI.2", "teiCorpus", "teiCorpus.2", "bncDoc"})
"""Names of the root element of a TEI file. The last one is that of the British National Corpus."""
TEXTS = frozenset({"text", "wtext", "stext"})
"""Names of the element that has the text."""
MAX_HEADER = 200_000
"""Maximum number of elements in a header."""
_STEP = 2**18
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read_tei(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the texts of a TEI file: one, or those of a corpus or of a group, which are numbered."""
    yield from numbered(_texts(path, options), "text")


def _texts(path: Path, options: ReadOptions) -> Iterator[Extract]:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    target = _Tei()
    parser = DefusedXMLParser(target=target, encoding=options.encoding, forbid_entities=True, forbid_external=True)
    # A file whose document type is elsewhere may use the usual names of characters, such as `&mdash;`.
    parser.entity.update({name.rstrip(";"): value for name, value in html.entities.html5.items()})
    try:
        with open_file(path) as file:
            while data := file.read(_STEP):
                parser.feed(data)
                yield from target.taken()
        parser.close()
    except ParseError as error:
        raise UnreadableError(_fault(error)) from None
    except DefusedXmlException:
        reason = "declares entities, which are not read; replace them first: xmllint --noent FILE > NEW"
        raise UnreadableError(reason) from None
    except (ValueError, LookupError) as error:  # an encoding that the parser does not know
        raise UnreadableError(f"damaged: {error}") from None
    yield from target.taken()


def _fault(error: ParseError) -> str:
    if "undefined entity" in str(error):
        return f"uses an entity that it does not declare ({error}); write its character in its place"
    return "no text in it" if error.position == (1, 0) and "no element" in str(error) else f"damaged: {error}"


class _Tei:
    """What is open in a TEI file: its header, or one of its texts."""

    def __init__(self) -> None:
        self._depth = 0
        self._local: dict[str, str] = {}
        self._skipped = 0  # depth of the outermost element that is left out, or 0
        self._header: TreeBuilder | None = None
        self._header_size = 0
        self._about: list[dict[str, object]] = []  # metadata of the corpora and of the text that are open
        self._texts: list[dict[str, object]] = []  # what the open <text> elements say of themselves
        self._body: Body | None = None
        self._found: list[Extract] = []

    def taken(self) -> Iterator[Extract]:
        """Yield the texts that are complete, each once."""
        found, self._found = self._found, []
        yield from found

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Read a start tag."""
        name = self._local.get(tag) or self._local.setdefault(tag, local(tag))
        if not self._depth and name not in ROOTS:
            raise UnreadableError(f"XML that is not TEI: its root is <{name[:40]}>; convert it to TEI or text")
        self._depth += 1
        if self._header is not None:
            self._header_size += 1
            if self._header_size > MAX_HEADER:
                raise UnreadableError(f"its header has more than {MAX_HEADER:,} elements")
            self._header.start(tag, attributes)
        elif self._skipped:
            if name == "event":
                self._event(attributes)
        elif name == "teiHeader":
            self._header, self._header_size = TreeBuilder(), 0
            self._header.start(tag, attributes)
        elif name in ROOTS:
            self._about.append(dict(self._about[-1]) if self._about else {})
        elif name in TEXTS:
            self._finish()
            self._texts.append(_said(attributes))
        elif self._texts:
            if name == "group":
                self._finish()
            if self._body is None:
                self._body = Body()
            self._body.start(name, attributes)
        elif name in SKIPPED:
            self._skipped = self._depth

    def end(self, tag: str) -> None:
        """Read an end tag."""
        name = self._local[tag]
        if self._header is not None:
            self._header.end(tag)
            if name == "teiHeader":
                header, self._header = self._header.close(), None
                self._about[-1] |= header_metadata(header)
        elif self._skipped:
            self._skipped = 0 if self._depth == self._skipped else self._skipped
        elif name in ROOTS:
            self._about.pop()
        elif name in TEXTS:
            self._finish()
            self._texts.pop()
        elif self._body is not None:
            self._body.end(name)
        self._depth -= 1

    def data(self, text: str) -> None:
        """Read text."""
        if self._header is not None:
            self._header.data(text)
        elif self._body is not None and not self._skipped:
            self._body.data(text)
        elif self._texts and not self._skipped and not text.isspace():
            self._body = Body()
            self._body.data(text)

    def close(self) -> None:
        """Note the end of the file."""

    def _finish(self) -> None:
        """Complete the text that is open. What is outside the texts of a group is a text of its own."""
        body, self._body = self._body, None
        if body is None:
            return
        text, sentences = body.finished()
        if not text:
            return
        about = {**(self._about[-1] if self._about else {})}
        about.pop("date of", None)
        for key, value in self._texts[-1].items():
            about.setdefault(key, value)
        if len(self._texts) > 1 and body.heading:
            about["part"] = body.heading
        self._found.append(Extract(text, about, sentences=sentences))

    def _event(self, attributes: Mapping[str, str]) -> None:
        """Read when the text was written, printed or first played. The first of these that is known counts."""
        kind, date = attributes.get("type", ""), attributes.get("when", "")
        rank = event_date(kind, date)
        if rank is not None and self._about and rank < self._about[-1].get("date of", 9):  # type: ignore[operator]
            self._about[-1] |= {"date": date, "year": date[:4], "date of": rank}


def _said(attributes: Mapping[str, str]) -> dict[str, object]:
    found = {"language": attributes.get(_XML_LANG), "part": attributes.get("n") or attributes.get(_XML_ID)}
    return {key: value for key, value in found.items() if value}
