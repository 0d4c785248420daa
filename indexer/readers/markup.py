"""Keep HTML within what the parser does in linear time and little memory.

The HTML5 algorithm is quadratic in the depth of elements, in the attributes of one tag, and in inline elements that are
never closed. A page of 70 kB can ask for gigabytes. Tags are therefore scanned before the parser sees them. Tags that
nest too deeply are left out, and the text inside them stays, as in browsers. Attributes beyond a limit are left out. A
large page is cut before a block element, and each piece is parsed alone inside the same open elements. A page of usual
size and shape is one piece, and not a character of it changes.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

MAX_DEPTH = 500
"""Maximum depth of elements. Browsers cut at 512."""
MAX_INLINE = 16
"""Maximum number of open inline elements such as `<b>`. The parser opens all of them again in each paragraph."""
MAX_ATTRIBUTES = 250
"""Maximum number of attributes of a tag."""
MAX_REPEATED = 1000
"""Maximum number of tags whose cost grows with their number in the whole page."""
PIECE = 50_000
"""Number of tags after which a page is cut at the next block element."""
SMALL = 300
"""Number of `<` up to which a page is not scanned for depth, because it cannot be expensive."""


def names(listed: str) -> frozenset[str]:
    """Return a set of names that are listed with blanks between them."""
    return frozenset(listed.split())


_S = r"[\t\n\f\r ]"
_TAG = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*+|"
    rf"<(/?)([A-Za-z][^\t\n\f\r />]*+)((?:[^=>]++|={_S}*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)",
    re.DOTALL,
)
_ANY_TAG = re.compile(r"<[^<>]*+>")
_SLICE = 2**20  # number of characters from which tags are dropped at once
_ATTRIBUTE = (
    rf"[^\t\n\f\r />=][^\t\n\f\r />=]*+(?:{_S}*+={_S}*+(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\f\r >]*+))?+[\t\n\f\r /]*+"
)
_CROWDED = re.compile(rf"<[A-Za-z][^\t\n\f\r />]*+[\t\n\f\r /]++(?:{_ATTRIBUTE}){{{MAX_ATTRIBUTES}}}")
_MORE = re.compile(rf"(?:{_ATTRIBUTE})+")
_VOID = names("area base br col embed hr img input link meta param source track wbr")
_RAW = names("script style textarea title xmp iframe noembed noframes plaintext")
_INLINE = names("a b big code em font i nobr s small strike strong tt u")
# Their end tags are optional, so that they do not nest by themselves.
_UNPAIRED = names("p li dt dd td th tr tbody thead tfoot caption colgroup head rt rp rb rtc")
_PASSED = _VOID | _UNPAIRED
_REPEATED = names("html body option optgroup")
_BLOCK = names(
    "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hr li main menu ol p pre search section summary table td th tr ul"
)


def pieces(markup: str) -> Iterator[str]:
    """Yield markup as pieces that can be parsed one by one. Usually the whole markup is the only piece."""
    markup = _with_fewer_attributes(markup)
    if markup.count("<") <= SMALL:
        yield markup
    else:
        yield from _Scan(markup).pieces()


def without_tags(markup: str) -> str:
    """Return the text between the tags, in little memory. Texts of scripts and of hidden elements stay in it."""
    parts, at = [], 0
    while at < len(markup):
        end = markup.find(">", at + _SLICE) + 1 or len(markup)
        parts.append(_ANY_TAG.sub(" ", markup[at:end]).replace("<", " "))
        at = end
    return "".join(parts)


def _with_fewer_attributes(markup: str) -> str:
    kept, at = [], 0
    while crowded := _CROWDED.search(markup, at):
        kept.append(markup[at : crowded.end()])
        more = _MORE.match(markup, crowded.end())
        at = more.end() if more else crowded.end()
    return "".join([*kept, markup[at:]]) if at else markup


class _Scan:
    """One pass over the tags of a page."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._open: list[tuple[str, str]] = []  # name and tag
        self._names: dict[str, int] = defaultdict(int)  # numbers of the open elements
        self._inline: dict[str, int] = defaultdict(int)  # numbers of the open inline elements
        self._left_out: dict[str, int] = defaultdict(int)  # tags left out whose end tag is still to come
        self._repeated = 0

    def pieces(self) -> Iterator[str]:
        markup, parts, start, tags = self._markup, [], 0, 0
        at = 0
        while match := _TAG.search(markup, at):
            at = match.end()
            name = match[2]
            if name is None:
                continue
            tags += 1
            name = name.lower()
            if tags > PIECE and (name in _BLOCK or tags > 4 * PIECE):
                parts.append(markup[start : match.start()])
                yield "".join(parts)
                parts, start, tags = [tag for _, tag in self._open], match.start(), 0
            if name in _PASSED:
                continue
            if match[1]:
                replacement = self._close(name)
            else:
                replacement = self._start(name, match)
                if name in _RAW and not self._in_drawing():
                    at = self._after_raw(name, at)
            if replacement is not None:
                parts += markup[start : match.start()], replacement
                start = match.end() + 1
        parts.append(markup[start:])
        yield "".join(parts)

    def _start(self, name: str, match: re.Match[str]) -> str | None:
        """Note a start tag. Return what replaces it, or None if it stays."""
        if name in _INLINE:
            if sum(self._inline.values()) >= MAX_INLINE:
                self._left_out[name] += 1
                return ""
            # A second link or `<nobr>` closes the first one.
            self._inline[name] = 1 if name in ("a", "nobr") else self._inline[name] + 1
        elif name in _REPEATED:
            self._repeated += 1
            return "" if self._repeated > MAX_REPEATED else None
        elif name in _RAW or (match[3].endswith("/") and self._in_drawing()):
            return None
        elif len(self._open) >= MAX_DEPTH:
            self._left_out[name] += 1
            return "<hr>" if name in _BLOCK else ""
        else:
            tag = match[0] if len(match[0]) < 200 else f"<{name}"
            self._open.append((name, f"{tag}>"))
            self._names[name] += 1
        return None

    def _close(self, name: str) -> str | None:
        """Note an end tag. Return what replaces it, or None if it stays."""
        if self._left_out[name]:
            self._left_out[name] -= 1
            return "<hr>" if name in _BLOCK else ""
        if name in _INLINE:
            self._inline[name] -= self._inline[name] > 0
        elif self._names[name]:
            closed = ""
            while closed != name:
                closed, _ = self._open.pop()
                self._names[closed] -= 1
        return None

    def _in_drawing(self) -> bool:
        return bool(self._names["svg"] or self._names["math"])

    def _after_raw(self, name: str, at: int) -> int:
        """Return where the text of an element without markup ends."""
        end = re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE).search(self._markup, at)
        return end.start() if end else len(self._markup)
