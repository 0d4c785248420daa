"""Join lines that were broken for the page: hyphens, dashes and addresses at the ends of lines."""

import re
from collections.abc import Iterable, Sequence, Set

from .hyphens import keeps_hyphen

LINE_HYPHEN = "\x02"
"""PDFium's code for a hyphen at the end of a line."""
_TAIL = 256  # length in characters of a paragraph's end that decides how the next line is joined
_LAST_WORD = 200  # length in characters of the longest address that is looked for
_EAST_ASIAN = r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
_ENDS_EAST_ASIAN = re.compile(_EAST_ASIAN + "$")
_BEGINS_EAST_ASIAN = re.compile(_EAST_ASIAN)
_WORDS = re.compile(r"[^\W\d_]+(?:[-‐‑][^\W\d_]+)*")
_HYPHENS = str.maketrans("‐‑", "--")
_ENDS_WITH_HYPHEN = re.compile(r"\w[-‐\x02]$")
_HEAD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*$")
_LETTERS = re.compile(r"[^\W\d_]+")
_ENDS_WITH_DASH = re.compile(r"[^\s–—][–—]$")
_BEGINS_WITH_DASH = re.compile(r"[–—]\w")
_ENDS_SENTENCE = re.compile(r"[.!?…:][\"'”’»)\]]*$")
_ENDS_WITH_SLASH = re.compile(r"\w/$")
_ADDRESS = re.compile(r"(?:https?://|ftp://|www\.|doi[:.])\S*$|[\w.+-]+@[\w.-]*$", re.IGNORECASE)
_ADDRESS_PART = re.compile(
    r"[\w~%#?&=+@-][\w~%#?&=+@:/-]*(?:[./][\w~%#?&=+@:/-]+)+|(?:com|org|net|edu|gov|html?|pdf)\b"
)
# Words that share the end of the next compound, as in `pre- and post-war` and `Vor- und Nachteile`.
_BETWEEN_COMPOUNDS = re.compile(r"(?:and|or|to|und|oder|bzw\.?|bis|en|of|et|ou|y|e)\s", re.IGNORECASE)


def words_of(lines: Iterable[str]) -> set[str]:
    """Return the words that lines contain, in lower case. A compound with hyphens is one word."""
    return {word.lower().translate(_HYPHENS) for line in lines for word in _WORDS.findall(line)}


def join_lines(lines: Sequence[str], written: Set[str] = frozenset(), language: str = "en") -> str:
    """Join the lines of a paragraph.

    Args:
        lines: The lines. A hyphen at the end of one may be PDFium's.
        written: Words of the document in lower case, as `words_of` returns them.
        language: Code of the language of the text.
    """
    done, text = [], lines[0]
    for line in lines[1:]:
        text = _join(text, line, written, language)
        if len(text) > 2 * _TAIL:  # so that a paragraph of many lines is joined in linear time
            done.append(text[:-_TAIL])
            text = text[-_TAIL:]
    return "".join([*done, text]).replace(LINE_HYPHEN, "-").replace("\u00ad", "")


def _join(text: str, line: str, written: Set[str], language: str) -> str:
    if text.endswith("\u00ad"):
        return text[:-1] + line
    if _goes_on(text, line):
        return text + line
    if not _ENDS_WITH_HYPHEN.search(text):
        return f"{text} {line}"
    head, tail = _HEAD.search(text[:-1]), _LETTERS.match(line)
    if head is None or tail is None:
        return f"{text[:-1]}-{line}"
    if _BETWEEN_COMPOUNDS.match(line) and (head[0] + tail[0]).lower() not in written:
        return f"{text[:-1]}- {line}"
    return f"{text[:-1]}-{line}" if keeps_hyphen(head[0], tail[0], written, language) else text[:-1] + line


def _goes_on(text: str, line: str) -> bool:
    """Return whether what is before and after the end of a line belongs together without a space."""
    if _ENDS_EAST_ASIAN.search(text) and _BEGINS_EAST_ASIAN.match(line):
        return True
    if _ENDS_WITH_DASH.search(text) or (_BEGINS_WITH_DASH.match(line) and not _ENDS_SENTENCE.search(text)):
        return True
    last = text[-_LAST_WORD:].rpartition(" ")[2]
    if not last or line[:1] in ("", " "):
        return False
    if _ENDS_WITH_SLASH.search(last) and line[0].isalnum():
        return True
    if not _ADDRESS.search(last):
        return False
    if last[-1] in "-\x02_=&?#%~@+" or line[0] in "/?#&=%_~":
        return True
    return last[-1] in ".:" and _ADDRESS_PART.match(line) is not None
