"""Read HTML that the page builds: its text, tags and attributes. Texts that a page without escapes would run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import strategies as st

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "**bold** _it_ `code` [a](javascript:alert(1)) $x$ :smile: :red[x] # h",
    "&amp; &lt;b&gt; & <",
    "\u202eright to left override \u2066 isolate",
    "שלום <b>עולם</b>",
    "👩‍👩‍👧‍👦 🏳️‍🌈 é",
    "w" * 10_000,
    "nul \x00 escape \x1b lone \ud800 end",
    "</title></style> --> --!> ]> ]]>",
]
TEXT = st.text(alphabet=st.characters(), max_size=60) | st.sampled_from(EVIL)
KNOWN = {"ol", "li", "p", "span", "mark", "bdi", "div", "button", "section", "h2", "h3", "header", "dl", "dt", "dd"}
# SVG is not among them, because the browser's filter drops it.
KNOWN |= {"ul", "details", "summary", "i", "b", "h1", "pre", "code", "br"}
KNOWN |= {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}


DROPPED = re.compile(r"(--!?|])>|</(style|script|title|xmp|textarea|noscript|iframe|noembed|noframes)", re.IGNORECASE)
"""What makes DOMPurify 3, the browser's filter, drop an attribute."""


class Reader(HTMLParser):
    """An HTML parser that keeps text, tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {}
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "br":
            return
        self.open.append(f"{tag}.{dict(attrs).get('class')}")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().split(".")[0] == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        for name in self.open:
            self.inside.setdefault(name, []).append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    assert {tag for tag, _ in reader.tags} <= KNOWN
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]
    values = [value for _, attributes in reader.tags for value in attributes.values() if value]
    assert not [value for value in values if DROPPED.search(value)]
    html.encode("utf-8")
    return reader
