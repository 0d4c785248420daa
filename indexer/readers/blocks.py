"""Cut parsed HTML into the blocks that a reader of the page sees: paragraphs, headings, list items, table cells.

A block element or two `<br>` end a block. Inline markup and soft hyphens are dropped, and white space is collapsed
except in `<pre>`. Scripts, styles, form fields, ruby glosses, hidden elements and links of an editor are left out. A
raised reference mark becomes a note mark directly after its word.
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..text.marks import note_mark
from .markup import names
from .raised import RAISED, is_note_letter

_BLOCKS = names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section"
    " summary table tbody td tfoot th thead tr ul"
)
_DROPPED = names(
    "annotation annotation-xml area audio button canvas datalist embed head iframe input link map meta noframes"
    " noscript object option rp rt rtc script select style svg template textarea title video"
)
_SIDES = names("aside footer nav")
_SIDE_ROLES = names("banner complementary contentinfo navigation search menu menubar dialog alertdialog")
_SIDE_NAME = re.compile(
    r"(?<![a-z])(?:comments?|respond|side-?bar|related|recommend(?:ed|ations?)?|promos?|footer|cookies?|newsletter"
    r"|shar(?:e|ing)|social|menu|nav|navbar|navigation|navbox|adverts?|sponsor(?:ed)?|widget|popular|trending"
    r"|bread-?crumbs?|masthead|toolbar|subscribe|sign-?up|outbrain|taboola|disqus|pagination|pager)(?![a-z])"
)
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
# Links for editors of a wiki, and links from a note back to its mark.
_EDITORS = names("mw-editsection mw-cite-backlink mw-jump-link inline-template")
_BACK_LINKS = names("footnote-backref footnote-back reversefootnote doc-backlink")
_BACK = re.compile(r"[\s↩↑↵⤴⏎^\ufe0e]+")
_EMPTY_BRACKETS = re.compile(r" ?\[[ |,·]*\]")
_POWER = re.compile(r"[+\-−]?[0-9]+[+\-−]?")
_NUMBERS = re.compile(r"[\[(]?[0-9]+(?: ?[,;–-] ?[0-9]+)*[\])]?|\(?[a-z](?: ?[,;–-] ?[a-z])+\)?|\([a-z]\)")
_SYMBOLS = re.compile(r"[*†‡§¶‖#]{1,3}")
# The page of a reference after its mark.
_PAGE_OF_NOTE = re.compile(r": ?(?:pp?\. ?)?[0-9]{1,4}(?: ?[–-] ?[0-9]{1,4})?")
_LINKED_NUMBER = re.compile(r"\[?[0-9]{1,3}\]?")
_END = re.compile(r"[^\W\d_]{3,}[.,;:!?…\"'”’»)]*$")
_NOTE_LINK = re.compile(r"[\[(]?(?:[0-9]{1,4}|[A-Za-z*†‡§¶]{1,2})[\])]?")
_LABEL = re.compile(r"[\[(]?(?:[0-9]{1,4}|[A-Za-z]|[ivxlc]{1,6}|[*†‡§¶])[\])]?\.?")
_LONGEST_MARK = 24  # number of characters of a linked mark, such as "[Note 12]"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page.

    Attributes:
        text: The text. It is never empty.
        linked: Number of its characters that are inside links.
        side: Whether it is in a part that names itself as one beside the article, such as `<footer>` or "comments".
    """

    text: str
    linked: int = 0
    side: bool = False


def blocks_of(tree: LexborHTMLParser, *, menus: bool = False) -> list[Block]:
    """Return the blocks of a tree. Elements for navigation are left out without `menus`.

    A page of which nearly everything is hidden is shown by a script, or was kept while a dialog was open. Then hidden
    elements are read too.
    """
    reading = _walk(tree, menus=menus, hidden=False)
    if reading.hidden_size > 4 * sum(len(block.text) for block in reading.done):
        reading = _walk(tree, menus=menus, hidden=True)
    return reading.done


def _walk(tree: LexborHTMLParser, *, menus: bool, hidden: bool) -> "_Blocks":
    """Read a tree. The walk is not recursive: a page may nest deeper than Python's stack."""
    blocks = _Blocks(menus=menus, hidden=hidden)
    node = tree.root
    while node is not None:
        node = blocks.enter(node) or _after(node, blocks)
    return blocks


def _after(node: LexborNode | None, blocks: "_Blocks") -> LexborNode | None:
    """Leave a node and every ancestor that ends with it. Return the next node."""
    while node is not None:
        blocks.leave(node)
        if node.next is not None:
            return node.next
        node = node.parent
    return None


class _Blocks:
    """Collector of blocks while the tree is walked."""

    def __init__(self, *, menus: bool, hidden: bool) -> None:
        self.done: list[Block] = []
        self.hidden_size = 0
        self._menus = menus
        self._shows_hidden = hidden
        self._pieces: list[str] = []
        self._linked = 0
        self._preformatted = 0
        self._links = 0
        self._raised = 0
        self._sides = [False]
        self._has_editor_link = False

    def enter(self, node: LexborNode) -> LexborNode | None:
        """Read a node. Return its first child, or None if nothing inside it is to be read."""
        tag = node.tag or ""
        if tag == "-text":
            self._sides.append(False)
            self._text(node.text_content or "")
            return None
        if tag == "br":
            self._pieces.append("\n")
        elif tag in _BLOCKS:
            self._flush()
        elif tag == "img" and (letter := _initial(node)):
            self._pieces.append(letter)
        self._count(tag, 1)
        self._sides.append(self._sides[-1] or _is_side(tag, node))
        if tag in _DROPPED or not node.is_element_node or self._is_left_out(tag, node) or self._is_mark(tag, node):
            return None
        return node.child

    def leave(self, node: LexborNode) -> None:
        """Note that a node and everything inside it have been read."""
        tag = node.tag or ""
        if tag in _BLOCKS:
            self._flush()
        self._sides.pop()
        self._count(tag, -1)

    def _count(self, tag: str, change: int) -> None:
        if tag == "a":
            self._links += change
        elif tag == "sup":
            self._raised += change
        elif tag == "pre":
            self._preformatted += change

    def _is_left_out(self, tag: str, node: LexborNode) -> bool:
        attributes = node.attributes
        if not self._menus and tag == "nav":
            return True
        if not attributes:
            return False
        role = (attributes.get("role") or "").lower()
        if role == "navigation" and not self._menus:
            return True
        classes = (attributes.get("class") or "").lower().split()
        if classes and not _EDITORS.isdisjoint(classes):
            return True
        # A link back from a note is left out, unless it is the number of the note.
        if not _BACK_LINKS.isdisjoint((*classes, role)) and not _LABEL.fullmatch(_short_text(node)):
            return True
        if tag == "a" and self._is_editor_link(attributes.get("href") or "", node):
            return True
        if self._shows_hidden or not _is_hidden(attributes):
            return False
        self.hidden_size += len(node.text() or "")
        return True

    def _is_editor_link(self, address: str, node: LexborNode) -> bool:
        if "action=edit" in address:
            self._has_editor_link = True
            return True
        return "#" in address and _BACK.fullmatch(_short_text(node)) is not None

    def _is_mark(self, tag: str, node: LexborNode) -> bool:
        """Write a reference mark or a raised number. Return whether the element is one."""
        if tag == "sup" and self._raised == 1:
            mark = self._raised_mark(node)
        elif tag == "a":
            mark = self._linked_mark(node)
        else:
            return False
        if not mark:
            return False
        self._pieces.append(mark)
        self._linked += len(mark) if self._links else 0
        return True

    def _raised_mark(self, node: LexborNode) -> str:
        text = _short_text(node)
        is_linked = self._links > 0 or node.css_first("a") is not None
        before = "".join(self._pieces[-4:])[-30:]
        is_fraction = _next_text(node)[:1] in ("/", "⁄", "∕") and not before[-1:].isalpha()
        if not text or is_fraction:  # the upper number of a fraction
            if text.isdigit() and before[-1:].isdigit():
                self._pieces.append(" ")  # "1½", not "11/2"
            return ""
        if before.endswith("]") and _PAGE_OF_NOTE.fullmatch(text):
            return text.replace(" ", "")
        if _POWER.fullmatch(text):
            mark = text.translate(RAISED)
        elif _NUMBERS.fullmatch(text) or _SYMBOLS.fullmatch(text) or is_linked:
            mark = note_mark(text[1:-1] if (text[0], text[-1]) == ("(", ")") else text)
        elif is_note_letter(text, before):
            mark = note_mark(text)
        else:
            return ""
        if is_linked:
            self._strip()
        return mark

    def _linked_mark(self, node: LexborNode) -> str:
        """Return the mark of a link to a note that is raised by a style alone."""
        attributes = node.attributes
        kind = f"{attributes.get('epub:type') or ''} {attributes.get('role') or ''}"
        is_noted = "noteref" in kind
        text = _short_text(node)
        if not is_noted and "#" not in (attributes.get("href") or "") and not self._is_after_word(text):
            return ""
        if not text or self._raised or not (is_noted or _NOTE_LINK.fullmatch(text)):
            return ""
        before = self._pieces[-1][-1:] if self._pieces else ""
        if is_noted:
            self._strip()
        elif not before or before.isspace() or before in "([{/-–—,#":
            return ""
        elif before.isalnum() and not text.startswith(("[", "(")) and text.isalpha():
            return ""  # letters of a word that are linked
        return note_mark(text.strip("()"))

    def _is_after_word(self, text: str) -> bool:
        """Return whether a linked number is directly after a word or its signs, so that it leads to a source."""
        return _LINKED_NUMBER.fullmatch(text) is not None and bool(_END.search("".join(self._pieces[-4:])[-30:]))

    def _strip(self) -> None:
        """Remove the blanks between a mark and its word."""
        if self._pieces and (len(self._pieces) > 1 or self._pieces[-1].strip()):
            self._pieces[-1] = self._pieces[-1].rstrip(" \t\n\r\f")

    def _text(self, text: str) -> None:
        piece = text if self._preformatted else _BLANKS.sub(" ", text)
        self._pieces.append(piece)
        self._linked += len(piece) if self._links else 0

    def _flush(self) -> None:
        text = "".join(self._pieces).replace("\u00ad", "")
        linked = self._linked
        self._pieces.clear()
        self._linked = 0
        if self._preformatted:
            text = text.strip("\r\n").rstrip(" \t\r\n\f")
        else:
            text = re.sub(r" ?\n ?", "\n", re.sub(" +", " ", text)).strip(" \t\n\r\f")
        if self._has_editor_link:
            text, self._has_editor_link = _EMPTY_BRACKETS.sub("", text), False
        if text.strip():
            self.done.append(Block(text, min(linked, len(text)), self._sides[-1]))


def _is_side(tag: str, node: LexborNode) -> bool:
    if tag in _SIDES:
        return True
    attributes = node.attributes if tag in _BLOCKS and tag not in ("html", "body") else None
    if not attributes:
        return False
    name = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"[:500].lower().replace("_", "-")
    return (attributes.get("role") or "").lower() in _SIDE_ROLES or _SIDE_NAME.search(name) is not None


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    if "hidden" in attributes or (attributes.get("aria-hidden") or "").strip().lower() == "true":
        return True
    return _HIDDEN.search(attributes.get("style") or "") is not None


def _short_text(node: LexborNode) -> str:
    """Return the text of a node on one line, or an empty string if it is longer than a mark."""
    child, depth = node.child, 0
    while child is not None and child.next is None and child.is_element_node and depth < 8:
        child, depth = child.child, depth + 1
    if child is not None and child.next is None and not child.is_element_node:
        text = child.text_content or ""
    else:
        text = node.text() or ""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_MARK else ""


def _initial(node: LexborNode) -> str:
    """Return the letter that a picture draws, as at the beginning of a chapter, or ""."""
    letter = (node.attributes.get("alt") or "").strip()
    if not letter[-1:].isupper() or len(letter.strip("“\"'‘«")) != 1:
        return ""
    after = node.next
    rest = (after.text_content or "")[:2] if after is not None and after.tag == "-text" else ""
    return letter if rest[:1].islower() or (len(rest) == 2 and rest.isalpha() and rest.isupper()) else ""


def _next_text(node: LexborNode) -> str:
    after = node.next
    return (after.text_content or "").lstrip() if after is not None and after.tag == "-text" else ""
