"""Read text and Markdown files with YAML front matter.

Front matter is a YAML mapping between a first line `---` and a line `---` or `...`. Malformed front matter is text,
because a letter may well begin with a ruled line. Every value stays the string in the file (`007`, `yes`). Aliases are
refused, because a few lines of them can expand to gigabytes.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from .encodings import decode
from .html import html_blocks
from .records import Extract, ReadOptions, plain_newlines, whole_file

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.{0,65536}?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def read_text(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the file's decoded content with plain line ends and without front matter."""
    fields, body = front_matter(_content(path, options))
    yield _extract(fields, body)


def read_markdown(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the paragraphs, headings, list items, table cells and code blocks of a CommonMark file."""
    fields, body = front_matter(_content(path, options))
    yield _extract(fields, "\n\n".join(html_blocks(_rendered(body))))


def front_matter(text: str) -> tuple[dict[str, object], str]:
    """Return the fields of the front matter and the text after it."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    try:
        fields = yaml.load(match[1], Loader=_PlainLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}, text
    if not isinstance(fields, dict) or not all(isinstance(key, str) for key in fields):
        return {}, text
    return fields, text[match.end() :]


class _PlainLoader(yaml.BaseLoader):
    """YAML loader for strings, lists and mappings only. It refuses aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _content(path: Path, options: ReadOptions) -> str:
    return plain_newlines(decode(whole_file(path), options.encoding))


def _extract(fields: Mapping[str, object], text: str) -> Extract:
    # this loader returns YAML's null as text
    metadata = {key: value for key, value in fields.items() if value not in ("null", "Null", "NULL", "~")}
    name = metadata.pop("id", "")
    return Extract(text, metadata, id=name.strip() if isinstance(name, str) else "")


def _rendered(markdown: str) -> str:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    return str(parser.render(markdown))
