"""Read Markdown: CommonMark with tables, and what Obsidian, pandoc, Hugo and others add to it.

markdown-it renders the text as HTML, and the HTML reader makes paragraphs of it. Notes, definition lists, formulas are
plugins of mdit-py-plugins. Its plugin for task lists takes quadratic time. Links of a wiki, comments, attributes,
callouts and highlights are rules here. Each rule looks ahead over a limited number of characters, so that a text of
opening brackets takes linear time.
"""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..text.marks import note_mark
from .front_matter import front_matter
from .html import html_blocks
from .plain import content_of, with_fields
from .records import Extract, ReadOptions

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline

_PART = 2**20  # number of characters that are parsed at once
_CUT = re.compile(r"\n[ \t]*\n(?=\S)|^ {0,3}(`{3,}|~{3,})", re.MULTILINE)  # before a paragraph, or a fence
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_DIV = re.compile(r" {0,3}:{3,}[ \t]*(?:\{[^{}]*\}|[A-Za-z][\w-]*)?[ \t]*(.*?)[ \t]*:*[ \t]*")
_CALLOUT = re.compile(r"((?: {0,3}>[ ]?)+)\[!([\w| -]+)\][+-]?[ \t]*(.*)")
_TASK = re.compile(r"([ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)\[[ xX]\][ \t]+")
_VERSE = re.compile(r"\|(?: ([^|]*))?")
_TITLE_BLOCK = re.compile(r"%[ \t]+(\S.*)\n(?:%[ \t]*(.*)\n)?(?:%[ \t]*(.*)(?:\n|\Z))?")
_NOTE_LABEL = re.compile(r"^ {0,3}\[\^([^\s\]]{1,100})\]:", re.MULTILINE)
_WIKI = re.compile(r"(!?)\[\[([^\[\]\n|]{0,500}?)(?:\\?\|([^\[\]\n]{0,500}))?\]\]")
_SPAN = re.compile(r"\[([^\[\]]{1,500})\](?=\{[ ]*[.#][^{}\n]{0,200}\})")
_KEY = r"(?:[#.][\w:.-]+|[\w:-]+=(?:\"[^\"{}\n]{0,200}\"|[^\s{}\"]{0,200})|-)"
_ATTRIBUTES = re.compile(rf"\{{:?[ \t]*{_KEY}(?:[ \t]+{_KEY}){{0,20}}[ \t]*\}}")
_SHORTCODE = re.compile(r"\{\{[<%][^{}]{0,500}[>%]\}\}")  # of Hugo
_MARKED = re.compile(r"==(?=[^\s=])(.{1,500}?)(?<=[^\s=])==(?!=)", re.DOTALL)
_COMMENT = re.compile(r"%%(.{0,2000}?)%%", re.DOTALL)
_BLOCK_ID = re.compile(r"\^[A-Za-z0-9-]{1,40}[ \t]*(?=\n|\Z)")
_RAISED = re.compile(r"\^(\[[0-9]{1,4}\]|[^\s^\[\]]{1,20})\^")
_LOWERED = re.compile(r"~([^\s~]{1,20})~(?!~)")


def read_markdown(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the paragraphs, headings, list items, table cells, code blocks and notes of a Markdown file."""
    content = content_of(path, options)
    fields, body = front_matter(content.text)
    if not fields and (title := _TITLE_BLOCK.match(body)):
        fields = {key: value for key, value in zip(("title", "author", "date"), title.groups(), strict=True) if value}
        if ";" in (title[2] or ""):
            fields["author"] = [name for part in title[2].split(";") if (name := part.strip())]
        body = body[title.end() :]
    yield with_fields(fields, "\n\n".join(markdown_blocks(body)), content.warning)


def markdown_blocks(markdown: str) -> list[str]:
    """Return the paragraphs of a text in Markdown."""
    return html_blocks(_rendered(markdown))


def _rendered(markdown: str) -> str:
    parser = _parser()
    labels = {f":{label}": -1 for label in _NOTE_LABEL.findall(markdown)}
    parts = _parts("\n".join(_plain_lines(markdown.split("\n"))))
    return "".join(str(parser.render(part, {"footnotes": {"refs": dict(labels), "list": {}}})) for part in parts)


def _parts(markdown: str) -> Iterator[str]:
    """Cut a long text before paragraphs, because the parser takes forty times the memory of what it parses."""
    start, fence = 0, ""
    for match in _CUT.finditer(markdown) if len(markdown) > _PART else ():
        if match[1]:
            ends = fence and match[1].startswith(fence)
            fence = "" if ends else fence or match[1]
        elif not fence and match.end() - start > _PART:
            yield markdown[start : match.end()]
            start = match.end()
    yield markdown[start:]


def _plain_lines(lines: list[str]) -> Iterator[str]:
    """Yield the lines as CommonMark, without comments of several lines, fences of divisions and marks of callouts."""
    fence = ""
    comment_ends = {at for at, line in enumerate(lines) if line.strip() == "%%"}
    is_comment = False
    for at, line in enumerate(lines):
        if match := _FENCE.match(line):
            if not fence:
                fence = match[1]
            elif match[1].startswith(fence):
                fence = ""
        elif not fence and at in comment_ends and (is_comment or len(comment_ends) > 1):
            is_comment = not is_comment
            comment_ends.discard(at)
            continue
        if is_comment:
            continue
        yield line if fence else _plain_line(line)


def _plain_line(line: str) -> str:
    if line.startswith(("|", " |")) and (verse := _VERSE.fullmatch(line.strip())):
        return f"{verse[1] or ''}  "  # the blanks keep the end of the line
    if line.lstrip(" ").startswith(":::") and (division := _DIV.fullmatch(line)):
        return f"\n{division[1]}\n"
    if "[!" in line and (callout := _CALLOUT.match(line)):
        return f"{callout[1]}{callout[3]}\n{callout[1]}"
    if task := _TASK.match(line):
        return task[1] + line[task.end() :]
    return line


def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin, move_to_end=False).use(deflist_plugin)
    options = {"allow_space": False, "allow_digits": False, "allow_labels": False, "allow_blank_lines": False}
    parser.use(dollarmath_plugin, **options, renderer=_formula)
    parser.inline.ruler.before("link", "additions", _addition)
    parser.core.ruler.after("inline", "inline_notes", _inline_notes)
    for name, function in (
        ("footnote_ref", _note_reference),
        ("footnote_reference_open", _section),
        ("footnote_reference_close", _end_of_section),
    ):
        parser.add_render_rule(name, function)
    return parser


def _formula(content: str, options: dict[str, Any]) -> str:
    mark = "$$" if options["display_mode"] else "$"
    return escape(f"{mark}{content}{mark}")


def _note_reference(_renderer: object, tokens: Any, at: int, _options: object, _env: object) -> str:
    about = tokens[at].meta
    label = str(about.get("label") or "")
    text = label if label.isdigit() or 0 < len(label) < 3 else str(about["id"] + 1)
    return escape(note_mark(text))


def _section(_renderer: object, _tokens: object, _at: int, _options: object, _env: object) -> str:
    return "<section>\n"


def _end_of_section(_renderer: object, _tokens: object, _at: int, _options: object, _env: object) -> str:
    return "</section>\n"


def _inline_notes(state: "StateCore") -> None:
    """Append the notes that are written where they belong, `^[note]`."""
    from markdown_it.token import Token

    for note in state.env["footnotes"]["list"].values():
        if "tokens" in note:
            text = Token("inline", "", 0, children=note["tokens"], content=note["content"])
            state.tokens += (
                Token("paragraph_open", "p", 1, block=True),
                text,
                Token("paragraph_close", "p", -1, block=True),
            )


def _addition(state: "StateInline", silent: bool) -> bool:
    """Read a mark that CommonMark does not know. Return whether there is one at this place."""
    character = state.src[state.pos]
    rule = _ADDITIONS.get(character)
    return rule is not None and rule(state, silent)


def _wiki_link(state: "StateInline", silent: bool) -> bool:
    if match := _WIKI.match(state.src, state.pos, state.posMax):
        target, shown = match[2], match[3]
        text = "" if match[1] else (shown or _page_name(target)).strip()
        return _write(state, silent, text, match.end())
    match = _SPAN.match(state.src, state.pos, state.posMax)
    return match is not None and _read_inside(state, silent, match)


def _page_name(target: str) -> str:
    """Return the words of a link of a wiki: the page, or the heading in this page."""
    page, _, heading = target.partition("#")
    return page or heading.lstrip("^")


def _attributes(state: "StateInline", silent: bool) -> bool:
    match = _ATTRIBUTES.match(state.src, state.pos, state.posMax) or _SHORTCODE.match(
        state.src, state.pos, state.posMax
    )
    if match is None:
        return False
    if not silent:
        state.pending = state.pending.rstrip(" ") if match.end() == state.posMax else state.pending
    return _write(state, silent, "", match.end())


def _highlight(state: "StateInline", silent: bool) -> bool:
    match = _MARKED.match(state.src, state.pos, state.posMax)
    return match is not None and _read_inside(state, silent, match)


def _comment(state: "StateInline", silent: bool) -> bool:
    """Leave out a comment. `20%% of 30%%` is none: its mark is not at the edge of a word."""
    before = state.src[state.pos - 1] if state.pos else " "
    match = None if before.isalnum() else _COMMENT.match(state.src, state.pos, state.posMax)
    return match is not None and _write(state, silent, "", match.end())


def _caret(state: "StateInline", silent: bool) -> bool:
    if match := _RAISED.match(state.src, state.pos, state.posMax):
        return _write_html(state, silent, f"<sup>{escape(match[1])}</sup>", match.end())
    before = state.src[state.pos - 1] if state.pos else " "
    block = _BLOCK_ID.match(state.src, state.pos, state.posMax) if before.isspace() else None
    return block is not None and _write(state, silent, "", block.end())


def _tilde(state: "StateInline", silent: bool) -> bool:
    match = _LOWERED.match(state.src, state.pos, state.posMax)
    return match is not None and _write_html(state, silent, f"<sub>{escape(match[1])}</sub>", match.end())


_ADDITIONS = {
    "[": _wiki_link,
    "!": _wiki_link,
    "{": _attributes,
    "=": _highlight,
    "%": _comment,
    "^": _caret,
    "~": _tilde,
}


def _write(state: "StateInline", silent: bool, text: str, end: int) -> bool:
    if not silent:
        state.pending += text
    state.pos = end
    return True


def _write_html(state: "StateInline", silent: bool, markup: str, end: int) -> bool:
    if not silent:
        state.push("html_inline", "", 0).content = markup
    state.pos = end
    return True


def _read_inside(state: "StateInline", silent: bool, match: re.Match[str]) -> bool:
    """Read the inline text of a match's group, as a link's text is read."""
    if not silent:
        end = state.posMax
        state.pos, state.posMax = match.start(1), match.end(1)
        state.md.inline.tokenize(state)
        state.posMax = end
    state.pos = match.end()
    return True
