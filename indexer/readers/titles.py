"""Mend what a file's properties say: titles that a program wrote, and several authors in one field."""

import re

from .records import joined

_PRINTED_BY = re.compile(r"\s*Microsoft (?:Office )?(?:Word|Excel|PowerPoint|Publisher)\s+-\s+", re.I)
_FILE = re.compile(
    r".*\.(?:docx?m?|dotx?|odt|ott|rtf|pdf|tex|dvi|ps|eps|html?|xhtml|txt|md|wpd?|wps|pages|pptx?|odp|xlsx?|ods|indd|qxd"
    r"|p65|pmd|pub|fm|epub|mobi|fb2|xml|cdr|vp)",
    re.I | re.DOTALL,
)
# The default titles of programs, each perhaps with a number or an extension.
_DEFAULTS = re.compile(
    r"(?:untitled(?:[ -]?(?:document|page|notebook))?|no title|title|subtitle|\(?anonymous\)?|\(?unspecified\)?|unknown"
    r"|new (?:document|page)|(?:microsoft )?word(?: document| - document)?|document|docx?|pdf|text|template|layout"
    r"|slide|page"
    r"|powerpoint presentation|presentation|default title|insert title here|title of (?:document|book)"
    r"|unbenannt|ohne titel|titel|dokument|powerpoint-präsentation|sans[ -]titre|titre|présentation powerpoint"
    r"|sin título|título|documento|presentación de powerpoint|senza titolo|titolo|presentazione standard di powerpoint"
    r"|sem título|naamloos|bez tytułu|null|none|undefined|index)"
    r"[ _-]*\(?\d{0,4}\)?",
    re.I,
)


def real_title(title: str) -> str:
    """Return a title as a file's own properties name it, or "" if it is none.

    Word's printed files are called "Microsoft Word - NAME". A name of several words without an extension stays.
    """
    text = " ".join(title.split())
    printed = _PRINTED_BY.match(text)
    name = text[printed.end() :] if printed else text
    if printed and " " not in name:
        return ""
    # Without letters or digits it is a mark such as "-".
    return "" if _FILE.fullmatch(name) or _DEFAULTS.fullmatch(name) or not re.search(r"\w", name) else name


def several_authors(author: str) -> str | list[str]:
    """Return the authors whom a file's properties name in one field, as Word writes them: "Ann One; Ben Two"."""
    names = list(dict.fromkeys(name for part in author.split(";") if (name := " ".join(part.split()))))
    return joined(names) if names else ""
