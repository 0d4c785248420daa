"""Find the literals in the code of the page that people would read and that go through no catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.catalogues import PAGE, SPEAKING, called

NAMED = ("help", "label", "placeholder")
"""Parameters whose values people read, also if they are one word in small letters."""
VALUE = "\N{REPLACEMENT CHARACTER}"
"""Represents a value inside a formatted literal."""
_WITHOUT_LABEL = frozenset({"container", "empty", "form", "get_option", "html"})
"""Functions of Streamlit whose first argument is no label."""
_SAID = re.compile(r'\b(?:title|aria-label|alt|placeholder|data-met)="([^"]*)"')
_TAG = re.compile(r"</?[a-z][^<>]*>|&[a-z]+;|&#\w+;")
_ATTRIBUTE = re.compile(r'[a-z-]+="[^"]*"?|[a-z-]+=$')
_LETTER = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"[^\W\d_]{2,}[,.:;]? +[^\W\d_]|^[A-Z][a-z]{2,}|[a-z]{2,}\.$")


def modules() -> list[Path]:
    return sorted(PAGE.rglob("*.py"))


def unspoken(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each literal that people would read and that does not go through a catalogue."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)  # a docstring
        elif (name := called(node)) in SPEAKING and isinstance(node, ast.Call):
            skipped.update(node.args[: SPEAKING[name]])
        elif name == "compile" and isinstance(node, ast.Call):
            skipped.update(node.args[:1])  # a pattern
        elif isinstance(node, ast.JoinedStr):
            skipped.update(each for each in node.values if isinstance(each, ast.Constant))
            specs = (each.format_spec for each in node.values if isinstance(each, ast.FormattedValue))
            skipped.update(each for each in specs if each is not None)
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Constant | ast.JoinedStr) and (text := literal(node)) and is_read(text):
            yield node.lineno, text
        if isinstance(node, ast.Call):
            for text in _named(node):
                yield node.lineno, text


def _named(node: ast.Call) -> Iterator[str]:
    """Yield the literals that a call gets where people read them, which the rule for all literals leaves out."""
    given = [each.value for each in node.keywords if each.arg in NAMED]
    of_streamlit = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "st"
    if of_streamlit and called(node) not in _WITHOUT_LABEL:
        given += node.args[:1]
    for each in given:
        for part in [each.body, each.orelse] if isinstance(each, ast.IfExp) else [each]:
            text = literal(part) if isinstance(part, ast.Constant | ast.JoinedStr) else ""
            if _LETTER.search(text.replace(VALUE, "")) and not is_read(text):
                yield text


def literal(node: ast.Constant | ast.JoinedStr) -> str:
    """Return the text of a literal, with `VALUE` in the place of each value."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    parts = (each.value if isinstance(each, ast.Constant) else VALUE for each in node.values)
    return "".join(map(str, parts))


def is_read(text: str) -> bool:
    """Return whether people would read a literal.

    Of HTML, its text and the attributes that are shown or spoken count, also single words. Another literal counts if it
    has several words or begins with a capital letter. Keys, classes and addresses have neither.
    """
    if _TAG.search(text) or _ATTRIBUTE.search(text):
        plain = _ATTRIBUTE.sub(" ", _TAG.sub(" ", text)).replace(VALUE, " ")
        said = " ".join(_SAID.findall(text)).replace(VALUE, " ")
        return bool(_LETTER.search(plain) or _LETTER.search(said))
    return bool(_WORDS.search(text.replace(VALUE, " ").strip()))


def script_literals(path: Path) -> list[str]:
    """Return the literals of a script, without its comments."""
    content = re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [text for _, text in re.findall(r"""(?<!\\)(["'`])(.*?)(?<!\\)\1""", content)]


def is_read_in_script(text: str) -> bool:
    """Return whether people would read a literal of a script. Selectors and names of keys have no several words."""
    return re.fullmatch(r"[^\W\d_]+[,.:;]?( [^\W\d_]+[,.:;]?)+", text) is not None
