"""Bring the catalogues of the page up to date with its code: add new texts, drop unused ones, keep translations.

Usage: python tools/catalogues.py [CODE ...], with the code of a new language to begin its catalogue.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from polyseme.ui.page.language import read_catalogue

PAGE = Path(__file__).parents[1] / "ui" / "page"
FOLDER = PAGE / "languages"
SPEAKING = {"say": 1, "say_html": 1, "to_translate": 1, "plural": 2, "plural_html": 2}
"""The functions of `language.py` that take a text, and their numbers of English texts."""
HEADER = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"
"""The header of a new catalogue. A language with other plurals needs another rule."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text in the code.

    Args:
        texts: The English text, or two for one thing and for many.
        values: Names of the values that it gets there.
        place: The module and line.
    """

    texts: tuple[str, ...]
    values: frozenset[str]
    place: str


def main(codes: Sequence[str]) -> None:
    """Rewrite all catalogues, and begin those of further languages."""
    wanted = list(dict.fromkeys(each.texts for each in page_messages()))
    for code in sorted({path.stem for path in FOLDER.glob("*.po")} | set(codes)):
        path = FOLDER / f"{code}.po"
        before: dict[tuple[str, ...], tuple[str, ...]] = {("",): (HEADER,)}
        if path.exists():
            before = read_catalogue(path.read_text(encoding="utf-8"))
        path.write_text(written(before, wanted), encoding="utf-8")
        missing = sum(not all(before.get(ids, ("",))) for ids in wanted)
        print(f"{path.name}: {len(wanted)} texts, {missing} to translate")


def page_messages() -> list[Message]:
    """Return the texts of all modules of the page."""
    return [each for path in sorted(PAGE.rglob("*.py")) for each in messages(path)]


def messages(path: Path) -> list[Message]:
    """Return the texts of a module in their order.

    Raises:
        ValueError: A text is made in its call, or only a table could have it. A call may look up a marked text.
    """
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or (name := called(node)) not in SPEAKING:
            continue
        given = node.args[: SPEAKING[name]]
        texts = tuple(each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str))
        if len(texts) == SPEAKING[name]:
            values = frozenset(each.arg or "**" for each in node.keywords)
            found.append(Message(texts, values, f"{path.name}:{node.lineno}"))
        elif name not in ("say", "say_html") or isinstance(given[0], ast.JoinedStr | ast.BinOp):
            raise ValueError(f"{path.name}:{node.lineno}: {name} needs a text that no value changes; use {{name}}")
    return sorted(found, key=lambda each: int(each.place.rpartition(":")[2]))


def called(node: ast.AST) -> str:
    """Return the name of the function that a call calls, without its module, or ""."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def written(before: Mapping[tuple[str, ...], tuple[str, ...]], wanted: Sequence[tuple[str, ...]]) -> str:
    """Return a catalogue with these texts, and the translations that were there before."""
    header = "".join(f"\n{_quoted(line)}" for line in before[("",)][0].splitlines(keepends=True))
    blocks = [f'msgid ""\nmsgstr ""{header}']
    for ids in wanted:
        said = before.get(ids, ("",) * len(ids))
        lines = [f"{name} {_quoted(text)}" for name, text in zip(("msgid", "msgid_plural"), ids, strict=False)]
        names = ["msgstr"] if len(ids) == 1 else [f"msgstr[{form}]" for form in range(len(said))]
        blocks.append("\n".join([*lines, *(f"{name} {_quoted(text)}" for name, text in zip(names, said, strict=True))]))
    return "\n\n".join(blocks) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


if __name__ == "__main__":
    main(sys.argv[1:])
