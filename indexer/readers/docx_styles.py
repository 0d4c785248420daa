"""Read the styles of a Word document: which of them hide or raise their text."""

import re
from dataclasses import dataclass

from .archive import local

_CONTENTS = re.compile(r"toc ?[1-9]", re.IGNORECASE)  # Word calls the styles so in every language


def value_of(attributes: dict[str, str], name: str = "val") -> str:
    """Return an attribute by its local name, or an empty string."""
    return next((value for key, value in attributes.items() if local(key) == name), "")


def is_on(attributes: dict[str, str]) -> bool:
    """Return the value of an element that switches something on or off. Without a value it is on."""
    return value_of(attributes) not in ("0", "false", "off")


@dataclass(slots=True)
class _Style:
    based_on: str = ""
    hidden: bool | None = None
    raised: bool | None = None
    is_contents: bool = False


class Styles:
    """Collector of the styles, told of each element of `styles.xml` in order.

    Hiding is a toggle. Styles of a table, a paragraph and characters that all hide a text show it if there are two.
    Inside one style, its own value overrides that of the style it is based on.
    """

    def __init__(self) -> None:
        self._styles: dict[str, _Style] = {}
        self._defaults: dict[str, str] = {}  # type -> style that is used where none is named
        self._all_hidden = False
        self._names: list[str] = []
        self._style = _Style()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        name = local(tag)
        self._names.append(name)
        if name == "style":
            self._style = self._styles.setdefault(value_of(attributes, "styleId"), _Style())
            if value_of(attributes, "default") in ("1", "true", "on"):
                self._defaults[value_of(attributes, "type")] = value_of(attributes, "styleId")
        elif name == "basedOn":
            self._style.based_on = value_of(attributes)
        elif self._names[-2:] == ["style", "name"]:
            self._style.is_contents = _CONTENTS.fullmatch(value_of(attributes)) is not None
        elif self._names[-3:] == ["style", "rPr", "vanish"]:
            self._style.hidden = is_on(attributes)
        elif self._names[-3:] == ["style", "rPr", "vertAlign"]:
            self._style.raised = value_of(attributes) == "superscript"
        elif self._names[-3:] == ["rPrDefault", "rPr", "vanish"]:
            self._all_hidden = is_on(attributes)

    def data(self, text: str) -> None:
        """Read text. Styles have none."""

    def end(self, _tag: str) -> None:
        """Close an element."""
        self._names.pop()

    def close(self) -> None:
        """End the part."""

    def hide(self, table: str | None, paragraph: str, character: str) -> bool:
        """Return whether a text is hidden by its styles.

        Args:
            table: Style of the table around it, empty for the usual one, or None outside tables.
            paragraph: Style of its paragraph, or empty for the usual one.
            character: Style of its characters, or empty for the usual one.
        """
        if self._all_hidden:
            return True
        hidden = self._get("paragraph", paragraph, "hidden") ^ self._get("character", character, "hidden")
        return hidden if table is None else hidden ^ self._get("table", table, "hidden")

    def raise_text(self, character: str) -> bool:
        """Return whether a style of characters raises its text."""
        return self._get("character", character, "raised")

    def is_contents(self, paragraph: str) -> bool:
        """Return whether a style of paragraphs is that of a table of contents."""
        style = self._styles.get(paragraph)
        return _CONTENTS.fullmatch(paragraph) is not None if style is None else style.is_contents

    def _get(self, kind: str, name: str, what: str) -> bool:
        """Return a value of a style. All styles that it is based on learn the value, so that the time is linear."""
        name = name or self._defaults.get(kind, "")
        chain: list[_Style] = []
        value: bool | None = None
        while value is None and (style := self._styles.get(name)) is not None and len(chain) <= len(self._styles):
            chain.append(style)
            value, name = getattr(style, what), style.based_on
        for style in chain:
            setattr(style, what, bool(value))
        return bool(value)
