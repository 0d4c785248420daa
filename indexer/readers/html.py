"""Read HTML as the paragraphs that a reader of the page sees. Markdown and EPUB use the same functions.

`blocks.py` cuts a page into paragraphs, and `article.py` leaves out menus. The parser is selectolax (lexbor): the HTML5
algorithm in C, without network access.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from .article import article
from .blocks import Block, blocks_of
from .encodings import decoded
from .gutenberg import without_licence
from .markup import pieces
from .records import Extract, ReadOptions, joined, whole_file, with_year

_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
# Possessive: a run of quotes that never close takes linear time. XML allows no `<` in a tag.
_SELF_CLOSED = re.compile(rf"<(?!(?:{_VOID})\b)([A-Za-z][\w:.-]*+)((?:[^<>\"'/]|\"[^\"<]*+\"|'[^'<]*+'|/(?!>))*+)/>")
_HEAD = 2**20  # number of bytes in which a declared encoding is looked for
# A comment and a script may contain a declaration that does not count.
_META = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(script|style|title|noscript)\b.*?(?:</\1|\Z)|<meta\b([^>]*)>", re.I | re.DOTALL
)
_ATTRIBUTE = re.compile(rb"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w:.-]+)", re.I)
_XML_ENCODING = re.compile(rb"\A\s*<\?xml[^>]+encoding\s*=\s*[\"']([\w:.-]+)", re.I)
# Office programs write when they saved the page. Other pages say when they were published.
_OFFICE = re.compile(r"\b(?:microsoft|libreoffice|openoffice|staroffice|abiword|wordperfect)\b", re.I)
_META_KEYS = {
    "author": "author",
    "dc.creator": "author",
    "dcterms.creator": "author",
    "article:author": "author",
    "citation_author": "author",
    "date": "date",
    "dc.date": "date",
    "dcterms.date": "date",
    "dcterms.created": "file_date",
    "dc.date.created": "file_date",
    "created": "file_date",
    "article:published_time": "date",
    "datepublished": "date",
    "citation_publication_date": "date",
}


def read_html(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the page's paragraphs with its title, author, date and language."""
    data = whole_file(path)
    xhtml = path.suffix.lower() == ".xhtml" or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml")
    found = decoded(data, options.encoding, declared=declared_encoding(data))
    markup, warning = found.text, found.warning
    del data, found  # both would be in memory while the page is parsed
    paragraphs, metadata = html_page(markup, xhtml=xhtml, whole=options.whole_page)
    yield without_licence(Extract("\n\n".join(paragraphs), metadata, warning=warning))


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding named in the XML declaration or a `<meta>` element. It is not checked."""
    head = data[:_HEAD]
    if match := _XML_ENCODING.search(head):
        return match[1].decode("ascii", "replace")
    for match in _META.finditer(head):
        if match[2] is not None and (label := _charset(match[2])):
            return label
    return None


def _charset(attributes: bytes) -> str:
    """Return the encoding that the attributes of a `<meta>` element name, or ""."""
    values = {match[1].lower(): match[2] or match[3] or match[4] or b"" for match in _ATTRIBUTE.finditer(attributes)}
    label = values.get(b"charset", b"").strip()
    if (
        not label
        and not {b"name", b"property"} & values.keys()
        and (found := _CHARSET.search(values.get(b"content", b"")))
    ):
        label = found[1]
    return label.decode("ascii", "replace")


def html_page(markup: str, *, xhtml: bool = False, whole: bool = False) -> tuple[list[str], dict[str, object]]:
    """Return the paragraphs of a page's article and the metadata of its head. With `whole`, menus are kept."""
    blocks: list[Block] = []
    metadata: dict[str, object] | None = None
    first, is_long = "", False
    for piece in _pieces(markup, xhtml=xhtml):
        tree = LexborHTMLParser(piece)
        is_long = metadata is not None
        if metadata is None:
            metadata, first = _head(tree), piece
        blocks += blocks_of(tree, menus=whole)
    kept = blocks if whole or is_long else article(first, blocks)  # a long page is a book or a table
    return [block.text for block in kept], metadata or {}


def html_blocks(markup: str, *, xhtml: bool = False) -> list[str]:
    """Return all paragraphs of a text in HTML, such as a chapter."""
    return [block.text for piece in _pieces(markup, xhtml=xhtml) for block in blocks_of(LexborHTMLParser(piece))]


def _pieces(markup: str, *, xhtml: bool) -> Iterator[str]:
    return pieces(_with_end_tags(markup) if xhtml else markup)


def _with_end_tags(markup: str) -> str:
    # `<title/>` or `<a id="x"/>` is closed in XML only. An HTML parser would treat the following text as inside it.
    return _SELF_CLOSED.sub(r"<\1\2></\1>", markup)


def _head(tree: LexborHTMLParser) -> dict[str, object]:
    found: dict[str, object] = {}
    authors: dict[str, None] = {}
    generator: str | None = None
    title = tree.css_first("title")
    if title is not None:
        found["title"] = " ".join(title.text().split())
    for node in tree.css("meta"):
        attributes = node.attributes
        name = attributes.get("name") or attributes.get("property") or attributes.get("itemprop") or ""
        if name.strip().lower() == "generator":
            generator = attributes.get("content")
        key = _META_KEYS.get(name.strip().lower())
        value = (attributes.get("content") or "").strip()
        if key == "author" and value:
            authors[value] = None
        elif key and value:
            found.setdefault(key, value)
    root = tree.root
    if root is not None and (language := root.attributes.get("lang") or root.attributes.get("xml:lang")):
        found["language"] = language
    if _OFFICE.search(str(generator or "")) and "date" in found:
        found.setdefault("file_date", found.pop("date"))
    if names := [name for name in authors if not name.startswith(("http://", "https://"))]:
        found["author"] = joined(names)
    return with_year(found)
