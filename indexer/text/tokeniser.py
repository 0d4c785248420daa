"""Cut words with spaCy's rule-based tokeniser, adjusted to the conventions of ELMo's training text.

spaCy was chosen because it keeps exact offsets for any text and needs no model. It knows abbreviations and elisions of
about 70 languages and both kinds of apostrophe, and keeps web addresses whole. NLTK's Treebank tokeniser agrees with
SemCor as well (0.998). However, it knows English only, cuts addresses, and keeps every inner period on its word.

Three habits of spaCy differ from the Penn Treebank and are changed here:

- Hyphenated words stay whole.
- Words without an apostrophe are never cut ("cannot", "gonna", "Im").
- A slash between letters separates words.

Agreement with SemCor's tokens rises from 0.987 to 0.998.

A chunk is the text between two spaces. The same chunk is always cut the same way, so callers may cache it.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from enum import IntEnum
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .word_lists import abbreviations

if TYPE_CHECKING:
    from spacy.language import Language

Span = tuple[int, int]

# Zero-width spaces and control characters separate words like spaces. No word contains them.
CHUNK = re.compile("[^\\s\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff]+")

# Pieces that spaCy would leave in one word: scripts without spaces, emoji sequences, runs of one sign.
_PICTURE = "[\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
_PIECE = re.compile(
    f"{_PICTURE}(?:[\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|\u200d{_PICTURE})*"
    "|[\U0001f1e6-\U0001f1ff]{2}"
    "|[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    "|[\u3041-\u309f]+|[\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f]+"
    "|[\u3001-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
    r"|(?P<row>[^\w\s]|_)(?P=row){3,}"
)
_SIMPLE = re.compile(r"\w+|[^\w]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Separators inside a chunk: dashes (not hyphens), brackets, double quotes, a sign between letters ("and/or").
_INFIXES = (
    r"--+|[–—―]",
    r"[()\[\]{}\"“”„«»]",
    r"(?<=[^\W\d_])[/;!?](?=[^\W\d_])",
)
# A plain word with one sign after it. spaCy cuts it the same way in every language, so it need not be imported.
_WORD_AND_SIGN = re.compile(r"[A-Za-z]+[a-z](?:[,;:!?]|(?P<period>\.))")
_DOTTED = re.compile(r"(?:\w\.){2,}")

# Number of chunks cut in one memory zone of spaCy. A zone forgets its words when it ends, so memory does not grow with
# the collection. Making a zone takes as long as cutting one chunk.
_ZONE = 1000
# Maximum length in characters of a string for spaCy, whose patterns backtrack on very long ones.
_MAX_LENGTH = 1000
# spaCy needs further packages for these languages. They get its language-independent rules instead.
_NEED_OTHER_PACKAGES = frozenset({"ja", "ko", "th", "vi", "zh"})


class Ending(IntEnum):
    """What follows a chunk. It decides whether a final period belongs to the word."""

    INSIDE = 0  # more words
    BEFORE_NUMBER = 1  # a number: "No. 5", "p. 12", "Jan. 3"
    FINAL = 2  # the end of the sentence: the period belongs to the sentence


class Tokeniser:
    """Tokeniser for chunks of one language. spaCy is imported at the first cut that needs it."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.name = f"spacy {version('spacy')} rules 1"
        self._abbreviations = abbreviations(language)
        self._pipeline: Language | None = None
        self._lock = threading.Lock()
        self._zone, self._left_in_zone = ExitStack(), 0

    def cut(self, chunk: str, ending: Ending = Ending.INSIDE) -> tuple[Span, ...]:
        """Return the spans of a chunk's tokens: in order, not overlapping, none empty.

        Every visible character is inside a span. Layout characters (Unicode category Cf) are dropped at the edges of
        tokens.
        """
        simple = _WORD_AND_SIGN.fullmatch(chunk) if len(chunk) <= _MAX_LENGTH else None
        if simple and (ending is Ending.FINAL or not simple["period"]):
            return (0, len(chunk) - 1), (len(chunk) - 1, len(chunk))
        spans: list[Span] = []
        position = 0
        for piece in _PIECE.finditer(chunk):
            spans += self._cut_plain(chunk, position, piece.start())
            spans.append(piece.span())
            position = piece.end()
        spans += self._cut_plain(chunk, position, len(chunk))
        trimmed = (_trim(chunk, start, end) for start, end in spans)
        return tuple(self._split_periods(chunk, [span for span in trimmed if span[0] < span[1]], ending))

    def _cut_plain(self, chunk: str, start: int, end: int) -> Iterable[Span]:
        plain = chunk[start:end]
        if plain.isalpha() and plain.isascii():  # never cut: the exceptions for such words are switched off
            return [(start, end)]
        if len(plain) > _MAX_LENGTH:
            return [(start + match.start(), start + match.end()) for match in _SIMPLE.finditer(plain)]
        if not plain:
            return []
        with self._lock:  # spaCy's string store is shared and not thread-safe
            if self._pipeline is None:
                self._pipeline = _make_pipeline(self.language)
            if self._left_in_zone == 0:
                self._zone.close()
                self._zone.enter_context(self._pipeline.memory_zone())
                self._left_in_zone = _ZONE
            self._left_in_zone -= 1
            words = self._pipeline.make_doc(_SURROGATE.sub("\ufffd", plain))
            return [(start + word.idx, start + word.idx + len(word)) for word in words]

    def _split_periods(self, chunk: str, spans: list[Span], ending: Ending) -> Iterator[Span]:
        """Yield the spans, with each final period inside its word or as a token of its own.

        Abbreviations keep their period inside a sentence. The last period of a sentence is a token of its own.
        However, dotted abbreviations such as "U.S." keep it, as in the training text of the bundled model.
        """
        last_word = max((i for i, (start, end) in enumerate(spans) if _has_word(chunk[start:end])), default=-1)
        skip = False
        for i, (start, end) in enumerate(spans):
            word = chunk[start:end]
            at_end = i == last_word and ending is Ending.FINAL
            period_follows = i + 1 < len(spans) and spans[i + 1] == (end, end + 1) and chunk[end] == "."
            if skip:
                skip = False
            elif at_end and len(word) > 1 and word.endswith(".") and not _DOTTED.fullmatch(word):
                yield from ((start, end - 1), (end - 1, end))
            elif period_follows and not at_end and self._keeps_period(chunk, word, end, ending):
                skip = True
                yield (start, end + 1)
            else:
                yield (start, end)

    def _keeps_period(self, chunk: str, word: str, end: int, ending: Ending) -> bool:
        after = chunk[end + 1 : end + 2]
        before_number = after.isdigit() or (not after and ending is Ending.BEFORE_NUMBER)
        return self._abbreviations.keeps_period(word, before_number=before_number)


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))


def _trim(chunk: str, start: int, end: int) -> Span:
    while start < end and unicodedata.category(chunk[start]) == "Cf":
        start += 1
    while start < end and unicodedata.category(chunk[end - 1]) == "Cf":
        end -= 1
    return start, end


def _make_pipeline(language: str) -> Language:
    import spacy
    from spacy.util import compile_infix_regex

    try:
        pipeline = spacy.blank("xx" if language in _NEED_OTHER_PACKAGES else language)
    except ImportError:  # spaCy has no rules for this language
        pipeline = spacy.blank("xx")
    tokenizer: Any = pipeline.tokenizer  # compiled code without type hints
    vocabulary: Any = pipeline.vocab
    own = [pattern for pattern in pipeline.Defaults.infixes or [] if not _cuts_hyphens(str(pattern))]
    tokenizer.infix_finditer = compile_infix_regex([*own, *_INFIXES]).finditer
    tokenizer.rules = {form: cut for form, cut in tokenizer.rules.items() if len(form) == 1 or not form.isalpha()}
    vocabulary.lex_attr_getters.clear()  # word shapes and other attributes are not needed
    return pipeline


def _cuts_hyphens(pattern: str) -> bool:
    from spacy.lang.char_classes import HYPHENS

    return HYPHENS in pattern or pattern in (r"(?<=[0-9])[+\-\*^](?=[0-9-])", r"(?<=[0-9])-(?=[0-9])")
