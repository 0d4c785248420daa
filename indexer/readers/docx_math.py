"""Write the parts of a Word equation so that they stay apart: `a/b`, `x²`, `(a)`, `√2`."""

from .docx_styles import value_of
from .raised import RAISED

SUPERSCRIPTS = RAISED | str.maketrans("()", "⁽⁾")
_APART = {
    ("sub", "nary"),
    ("sup", "nary"),
    ("e", "nary"),
    ("e", "func"),
    ("e", "mr"),
    ("lim", "limLow"),
    ("lim", "limUpp"),
}
_RAISED_IN = ("sSup", "sSubSup", "sPre")


class Equation:
    """Signs that Word draws around and between the parts of an equation, and that are no text in its file."""

    def __init__(self) -> None:
        self._brackets: list[list[str]] = []  # of the open delimiters: signs that are written next

    def before(self, name: str, parent: str, attributes: dict[str, str]) -> str:
        """Return what is written before an element. `parent` is the name of the element around it."""
        if name == "d":
            self._brackets.append(["(", "|", ")"])
        elif parent == "dPr" and self._brackets and name in ("begChr", "sepChr", "endChr"):
            self._brackets[-1][("begChr", "sepChr", "endChr").index(name)] = value_of(attributes)
        elif parent == "d" and name == "e" and self._brackets:
            opening = self._brackets[-1][0]
            self._brackets[-1][0] = self._brackets[-1][1]  # between this part and the next
            return opening
        elif (name, parent) == ("den", "f"):
            return "/"
        elif (name, parent) == ("e", "rad"):
            return "√"
        elif (name, parent) == ("chr", "naryPr"):
            return value_of(attributes)
        elif (name, parent) in _APART:
            return " "
        return ""

    def after(self, name: str) -> str:
        """Return what is written after an element."""
        return self._brackets.pop()[2] if name == "d" and self._brackets else ""


def is_raised(name: str, parent: str) -> bool:
    """Return whether an element is a raised part of an equation. `parent` is the name of the element around it."""
    return name == "sup" and parent in _RAISED_IN


def is_part(tag: str) -> bool:
    """Return whether an element belongs to an equation."""
    return "/math}" in tag
