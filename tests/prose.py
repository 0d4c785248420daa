"""Extract the prose of the project, and split it into sentences, for the tests of its language.

Prose is docstrings, comments, names of tests, help texts, error messages, texts of the page, and Markdown pages.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("indexer", "search", "ui", "polyseme", "data", "tools", "benchmarks", "tests")


class Kind(StrEnum):
    """Where a text is from."""

    DOCSTRING = "docstring"
    COMMENT = "comment"
    TEST_NAME = "test name"
    MESSAGE = "message"  # help texts, errors and texts of the page: what users read
    PAGE = "Markdown"


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of prose with its place."""

    path: Path
    line: int
    kind: Kind
    text: str

    def __str__(self) -> str:
        name = self.path.relative_to(ROOT).as_posix() if self.path.is_relative_to(ROOT) else self.path.name
        return f"{name}:{self.line}: {self.kind}"


def files_of(room: str) -> list[Path]:
    """Return the Python files of a room, without caches."""
    return sorted(path for path in (ROOT / room).rglob("*.py") if "__pycache__" not in path.parts)


def markdown_pages() -> list[Path]:
    """Return all Markdown pages. The glossary is left out, because it lists the forbidden words."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").rglob("*.md")]
    return sorted(page for page in pages if page.name != "glossary.md")


def python_texts(path: Path) -> Iterator[Text]:
    """Yield the prose of a Python file."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    docstrings = list(_docstrings(tree))
    for node in docstrings:
        yield Text(path, node.lineno, Kind.DOCSTRING, inspect.cleandoc(str(node.value)))
    for line, text in comments(source):
        yield Text(path, line, Kind.COMMENT, text)
    for item in ast.walk(tree):
        if isinstance(item, ast.FunctionDef) and item.name.startswith("test_"):
            yield Text(path, item.lineno, Kind.TEST_NAME, item.name.replace("_", " "))
    if not path.is_relative_to(ROOT / "tests"):
        seen = {id(node) for node in docstrings}
        for line, text in _messages(tree, seen, every="page" in path.parts and "ui" in path.parts):
            yield Text(path, line, Kind.MESSAGE, text)


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else []:
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value


_DIRECTIVE = re.compile(r"#\s*(noqa|type:|fmt:|ruff|mypy|pragma)|#!")


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment. Full-line comments below each other are one text."""
    block: list[str] = []
    first, last, column = 0, -1, -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or _DIRECTIVE.match(token.string):
            continue
        line, at = token.start
        alone = not token.line[:at].strip()
        if block and alone and line == last + 1 and at == column:
            block.append(token.string.lstrip("# "))
        else:
            if block:
                yield first, "\n".join(block)
            block, first = [token.string.lstrip("# ")], line
        last, column = line, at if alone else -1
    if block:
        yield first, "\n".join(block)


def _messages(tree: ast.AST, docstrings: set[int], every: bool) -> Iterator[tuple[int, str]]:
    """Yield help texts and error messages, and with `every` all strings of three words or more."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("help", "placeholder", "short_help", "epilog"):
            yield from _strings(node.value, docstrings)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for argument in node.exc.args:
                yield from _strings(argument, docstrings)
    if every:
        for line, text in _strings(tree, docstrings):
            plain = re.sub(r"<[^>]*>", " ", text)
            if len(re.findall(r"[A-Za-z]{2,}", plain)) >= 3 and not re.search(r"[{}]|^SELECT |[a-z]-[a-z]+:", plain):
                yield line, plain


def _strings(tree: ast.AST, docstrings: set[int]) -> Iterator[tuple[int, str]]:
    """Yield the strings of an expression. The values in an f-string are replaced by `X`."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            parts = [str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside | docstrings:
            yield node.lineno, node.value


def script_texts(path: Path) -> Iterator[Text]:
    """Yield the comments of a JavaScript, CSS, shell, TOML or Make file."""
    source = path.read_text(encoding="utf-8")
    if path.suffix in (".js", ".css"):
        pattern = r"/\*(.*?)\*/|(?:^|\s)//([^\n]*)" if path.suffix == ".js" else r"/\*(.*?)\*/"
    else:
        pattern = r"(?:^|[ \t])#([^\n!#]*)"
    for match in re.finditer(pattern, source, re.DOTALL | re.MULTILINE):
        line = source.count("\n", 0, match.start()) + 1
        yield Text(path, line, Kind.COMMENT, next(filter(None, match.groups()), ""))


def page_texts(path: Path) -> Iterator[Text]:
    """Yield the paragraphs, list items and table cells of a Markdown page. Code blocks are left out."""
    block: list[str] = []
    first, code = 1, False
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], start=1):
        fence = line.lstrip().startswith("```")
        code ^= fence
        starts = re.match(r"\s*([-*]|\d+\.|\||#+) ?", line)
        if block and (fence or code or starts or not line.strip()):
            yield Text(path, first, Kind.PAGE, "\n".join(block))
            block = []
        if fence or code or not line.strip() or line.startswith(("    ", "\t")):
            continue
        if line.lstrip().startswith("|"):
            # A vertical bar in code is written `\|`.
            yield from (Text(path, number, Kind.PAGE, cell) for cell in re.split(r"(?<!\\)\|", line) if cell.strip())
            continue
        if not block:
            first = number
        block.append(line[starts.end() :] if starts else line)


_CODE = re.compile(r"``.*?``|`[^`]*`", re.DOTALL)
_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”]*”")
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|cf|vs|al|Fig|Figs|Eq|Eqs|No|approx|ca|pp?|Dr|Mr|Mrs|St)\.(?=\s)")
_SECTION = re.compile(r"(Args|Returns|Raises|Yields|Attributes|Usage|Note|Notes):\s*$")
_ENTRY = re.compile(r"[*`]*\w[\w.`*-]*(?:, [*`]*\w[\w.`*-]*)*(?: \([^)]*\))?: ")
_ITEM = re.compile(r"([-*]|\d+[.)]) ")


def without_code(text: str, quotations: bool = False) -> str:
    """Return a text with `CODE` for what is in backticks, links without their address, and quotations left out."""
    plain = _CODE.sub("CODE", text)
    plain = re.sub(r"\]\([^)\s]*\)", "]", plain)
    return plain if quotations else _QUOTED.sub("QUOTED", plain)


def paragraphs(text: str) -> Iterator[str]:
    """Yield the running text of a docstring or comment: paragraphs, list items and entries of `Args:`.

    Indented code, tables and headings of sections are left out. Parts of a line that two spaces separate are apart.
    """
    block: list[str] = []
    in_section = False

    def flush() -> Iterator[str]:
        if block:
            yield " ".join(block)
            block.clear()

    for line in text.splitlines():
        bare = line.strip()
        indent = len(line) - len(line.lstrip())
        if not bare or _SECTION.fullmatch(bare):
            yield from flush()
            in_section = bool(bare) or (in_section and indent > 0)
            continue
        in_section = in_section and indent > 0
        if indent >= 4 and not in_section and not block:
            continue  # code, or a table of files
        if bare.startswith("|"):
            yield from flush()  # a table
            continue
        item = _ITEM.match(bare)
        entry = _ENTRY.match(bare)
        if item or (entry and (in_section or not block or block[-1].endswith((".", ":", ";")))):
            yield from flush()
            bare = bare[(item or entry).end() :]  # type: ignore[union-attr]
        first, *others = re.split(r"\s{2,}", bare)
        block.append(first)
        for other in others:
            yield from flush()
            block.append(other)
    yield from flush()


def sentences(text: str) -> Iterator[str]:
    """Split a paragraph into sentences. A colon before a capital letter or code ends one too.

    A name with a colon begins one, as in `before: the old value. after: the new one.`
    """
    plain = " ".join(without_code(text).split())
    plain = re.sub(r"\([^()]*\)", "", plain)
    plain = _ABBREVIATION.sub(r"\1", plain)
    for sentence in re.split(r"(?<=[.!?:])[\"')\]]*\s+(?=[A-Z\"'(\[]|\w+(?:, \w+)*: )", plain):
        if sentence.strip():
            yield sentence.strip()


def words(sentence: str) -> int:
    """Count the words of a sentence. Numbers and signs do not count."""
    return len(re.findall(r"[A-Za-z][\w'’-]*", sentence))


def forbidden_words(glossary: Path) -> list[tuple[re.Pattern[str], str]]:
    """Return the patterns of the table "Forbidden words" of the glossary, each with what to say instead."""
    table = glossary.read_text(encoding="utf-8").partition("## Forbidden words")[2]
    rows = [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in table.splitlines() if "|" in line]
    found = []
    for forbidden, instead in rows[2:]:
        for phrase in forbidden.split(", "):
            pattern = r"\s+".join(re.escape(word) for word in phrase.split())
            found.append((re.compile(rf"(?<![\w-]){pattern}(?![\w-])", re.IGNORECASE), instead))
    return found


def problems_with_words(texts: Iterable[Text], forbidden: list[tuple[re.Pattern[str], str]]) -> list[str]:
    """Return one line for each forbidden word in some texts."""
    found = []
    for text in texts:
        plain = without_code(text.text, quotations=text.kind is Kind.MESSAGE)
        for pattern, instead in forbidden:
            if match := pattern.search(plain):
                around = " ".join(plain[max(0, match.start() - 30) : match.end() + 30].split())
                found.append(f"{text}: {match[0]!r} in '{around}'; say: {instead}")
    return found
