"""Read HTML as the paragraphs that a reader of the page sees. Markdown and EPUB use the same functions.

A block element or two `<br>` end a paragraph. Inline markup and soft hyphens are dropped, entities are decoded, and
white space is collapsed except in `<pre>`. Scripts, styles, navigation, form fields, ruby glosses and hidden elements
are left out. The parser is selectolax (lexbor): the HTML5 algorithm in C, without network access.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from .encodings import decode
from .records import Extract, ReadOptions, whole_file, with_year

_BLOCKS = re.compile(
    "address|article|aside|blockquote|body|caption|center|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|"
    "footer|form|h[1-6]|header|hgroup|hr|html|legend|li|main|menu|ol|p|pre|search|section|summary|table|tbody|td|tfoot|"
    "th|thead|tr|ul"
).fullmatch
_DROPPED = re.compile(
    "area|audio|button|canvas|datalist|embed|head|iframe|input|link|map|meta|nav|noframes|noscript|object|option|rp|rt|"
    "script|select|style|svg|template|textarea|title|video"
).fullmatch
_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
_SELF_CLOSED = re.compile(rf"<(?!(?:{_VOID})\b)([A-Za-z][\w:.-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)/>")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w:.-]+)", re.I)
_XML_ENCODING = re.compile(rb"\A\s*<\?xml[^>]+encoding\s*=\s*[\"']([\w:.-]+)", re.I)
_META_KEYS = {
    "author": "author",
    "dc.creator": "author",
    "dcterms.creator": "author",
    "article:author": "author",
    "date": "date",
    "dc.date": "date",
    "dcterms.date": "date",
    "dcterms.created": "date",
    "article:published_time": "date",
    "datepublished": "date",
}


def read_html(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the page's paragraphs with its title, author, date and language."""
    data = whole_file(path)
    xhtml = path.suffix.lower() == ".xhtml" or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml")
    markup = decode(data, options.encoding, declared=declared_encoding(data))
    blocks, metadata = html_page(markup, xhtml=xhtml)
    yield Extract("\n\n".join(blocks), metadata)


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding named in `<meta charset>` or the XML declaration. It is not checked."""
    head = data[:4096]
    match = _XML_ENCODING.search(head) or _CHARSET.search(head)
    return match[1].decode("ascii", "replace") if match else None


def html_page(markup: str, *, xhtml: bool = False) -> tuple[list[str], dict[str, object]]:
    """Return the paragraphs of a page and the metadata of its head."""
    tree = _parsed(markup, xhtml=xhtml)
    return _blocks(tree), _head(tree)


def html_blocks(markup: str, *, xhtml: bool = False) -> list[str]:
    """Return the paragraphs of a page or a fragment."""
    return _blocks(_parsed(markup, xhtml=xhtml))


def _parsed(markup: str, *, xhtml: bool) -> LexborHTMLParser:
    # `<title/>` or `<a id="x"/>` is closed in XML only. An HTML parser would treat the following text as inside it.
    return LexborHTMLParser(_SELF_CLOSED.sub(r"<\1\2></\1>", markup) if xhtml else markup)


def _head(tree: LexborHTMLParser) -> dict[str, object]:
    found: dict[str, object] = {}
    title = tree.css_first("title")
    if title is not None:
        found["title"] = " ".join(title.text().split())
    for node in tree.css("meta"):
        attributes = node.attributes
        name = attributes.get("name") or attributes.get("property") or attributes.get("itemprop") or ""
        key = _META_KEYS.get(name.strip().lower())
        if key and attributes.get("content"):
            found.setdefault(key, attributes["content"])
    root = tree.root
    if root is not None and (language := root.attributes.get("lang") or root.attributes.get("xml:lang")):
        found["language"] = language
    return with_year(found)


def _blocks(tree: LexborHTMLParser) -> list[str]:
    """Return the paragraphs of a tree. The walk is not recursive: a page may nest deeper than Python's stack."""
    paragraphs = _Paragraphs()
    node = tree.root
    while node is not None:
        node = paragraphs.enter(node) or _after(node, paragraphs)
    return paragraphs.done


def _after(node: LexborNode | None, paragraphs: "_Paragraphs") -> LexborNode | None:
    """Leave a node and every ancestor that ends with it. Return the next node."""
    while node is not None:
        paragraphs.leave(node)
        if node.next is not None:
            return node.next
        node = node.parent
    return None


class _Paragraphs:
    """Collector of paragraphs while the tree is walked."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._pieces: list[str] = []
        self._preformatted = 0

    def enter(self, node: LexborNode) -> LexborNode | None:
        """Read a node. Return its first child, or None if nothing inside it is to be read."""
        tag = node.tag or ""
        if tag == "-text":
            self._text(node.text_content or "")
        elif tag == "br":
            self._pieces.append("\n")
        elif _BLOCKS(tag):
            self._flush()
        if tag == "pre":
            self._preformatted += 1
        return None if _DROPPED(tag) or _is_hidden(node) else node.child

    def leave(self, node: LexborNode) -> None:
        """Note that a node and everything inside it have been read."""
        if _BLOCKS(node.tag or ""):
            self._flush()
        if node.tag == "pre":
            self._preformatted -= 1

    def _text(self, text: str) -> None:
        self._pieces.append(text if self._preformatted else re.sub(r"[ \t\n\r\f]+", " ", text))

    def _flush(self) -> None:
        text = "".join(self._pieces).replace("\u00ad", "")
        self._pieces.clear()
        if self._preformatted:
            text = text.strip("\r\n").rstrip(" \t\r\n\f")
        else:
            text = re.sub(r" ?\n ?", "\n", re.sub(" +", " ", text)).strip(" \t\n\r\f")
        if text.strip():
            self.done.append(text)


def _is_hidden(node: LexborNode) -> bool:
    if not node.is_element_node:
        return False
    attributes = node.attributes
    role = (attributes.get("role") or "").lower()
    return "hidden" in attributes or role == "navigation" or bool(_HIDDEN.search(attributes.get("style") or ""))
