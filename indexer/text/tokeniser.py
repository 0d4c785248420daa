"""Cut words with spaCy's rule-based tokeniser, adjusted to the conventions of ELMo's training text.

spaCy was chosen because it keeps exact offsets for any text and needs no model. It knows abbreviations and elisions of
about 70 languages and both kinds of apostrophe, and keeps web addresses whole. NLTK's Treebank tokeniser agrees with
SemCor as well (0.998). However, it knows English only, cuts addresses, and keeps every inner period on its word.

Three habits of spaCy differ from the Penn Treebank and are changed here:

- Hyphenated words stay whole.
- Words without an apostrophe are never cut ("cannot", "gonna", "Im").
- A slash between letters separates words.

Dashes, double quotes and note marks are cut first, and spaCy reads what is between them. Otherwise the comma of
"bank,--and" would stay on its word, because spaCy looks for signs only at the ends of a chunk.

Agreement with SemCor's tokens rises from 0.987 to 0.998.

`chunks.py` cuts a sentence into chunks at its spaces. A chunk is always cut the same way, so callers may cache it.
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

from .abbreviations import abbreviations
from .folding import fold
from .marks import is_mark, mark_spans, may_have_marks
from .word_lists import function_words

if TYPE_CHECKING:
    from spacy.language import Language

Span = tuple[int, int]

# Pieces that spaCy would leave in one word: scripts without spaces, emoji sequences, runs of one sign. Dashes and
# double quotes (also of LaTeX) and a bracket after a sign are cut here, so that the signs beside them are cut as well.
_PICTURE = "[\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
_PIECE = re.compile(
    f"{_PICTURE}(?:[\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|\u200d{_PICTURE})*"
    "|[\U0001f1e6-\U0001f1ff]{2}"
    "|[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    "|[\u3041-\u309f]+|[\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f]+"
    "|[\u3001-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
    r"|(?P<row>[^\w\s]|_)(?P=row){3,}"
    r"|''+|``+|--+|[–—―\"“”„«»¿¡]|(?<=\w[.,;:!?])[()\[\]{}](?=\w)"
    r"|(?<=[\"”»)\]])[.,;:!?](?=[^\W\d_])"
    r"|&c\b"
    # Before a note mark whose raised digits were lost when the text was copied: "bank.1".
    r"|(?<=[^\W\d_]{3})[.,;:!?](?=\d{1,3}$)"
    # Signs around a word in bold or italics of plain text, and initials with a hyphen: "=bank=", "J.-P."
    r"|(?<=[^\W\d_]{2})[=~|](?=\W*$)|(?<!\w)[=~|](?=[^\W\d_]{2})"
    r"|(?<!\w)[^\W\d_]{1,2}\.(?:-[^\W\d_]{1,2}\.)+"
)
# A web address may contain any sign.
_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)
_APOSTROPHES = frozenset("'’ʼ＇")
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
_DOTTED = re.compile(r"(?:\w\.){2,}|[^\W\d_]{1,2}\.(?:-[^\W\d_]{1,2}\.)+")
_DOTTED_LETTERS = re.compile(r"(?:[^\W\d_]\.){2,}")
# Signs that people type for an apostrophe. spaCy knows the first two of `_APOSTROPHES` only.
_OTHER_APOSTROPHE = re.compile("(?<=[^\\W\\d_])[‘ʼ＇‛´`′](?=[^\\W\\d_])")

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
        self.name = f"spacy {version('spacy')} rules 2"
        self._abbreviations = abbreviations(language)
        # Clitics and elided words that are written apart: "do n't", "John 's", "l' eau".
        self._clitics = frozenset(word for word in function_words(language) if "'" in (word[0], word[-1]))
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
        if (chunk[0] in _APOSTROPHES or chunk[-1] in _APOSTROPHES) and fold(chunk) in self._clitics:
            return ((0, len(chunk)),)
        spans: list[Span] = []
        position = 0
        marks = mark_spans(chunk) if may_have_marks(chunk) else ()
        for piece in (*marks, (len(chunk), len(chunk))):
            spans += self._cut_pieces(chunk, position, piece[0])
            spans.append(piece)
            position = piece[1]
        trimmed = (_trim(chunk, start, end) for start, end in spans)
        return tuple(self._split_periods(chunk, [span for span in trimmed if span[0] < span[1]], ending))

    def _cut_pieces(self, chunk: str, start: int, end: int) -> Iterator[Span]:
        position = start
        if _ADDRESS.search(chunk, start, end) is None:
            for piece in _PIECE.finditer(chunk, start, end):
                yield from self._cut_plain(chunk, position, piece.start())
                yield piece.span()
                position = piece.end()
        yield from self._cut_plain(chunk, position, end)

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
            words = self._pipeline.make_doc(_as_in_rules(_SURROGATE.sub("\ufffd", plain)))
            return [(start + word.idx, start + word.idx + len(word)) for word in words]

    def _split_periods(self, chunk: str, spans: list[Span], ending: Ending) -> Iterator[Span]:
        """Yield the spans, with each final period inside its word or as a token of its own.

        Abbreviations keep their period inside a sentence. The last period of a sentence is a token of its own.
        However, dotted abbreviations such as "U.S." keep it, as in the training text of the bundled model.
        """
        last_word = max((i for i, (start, end) in enumerate(spans) if has_word(chunk[start:end])), default=-1)
        skip = False
        for i, (start, end) in enumerate(spans):
            word = chunk[start:end]
            at_end = i == last_word and ending is Ending.FINAL
            period_follows = i + 1 < len(spans) and spans[i + 1] == (end, end + 1) and chunk[end] == "."
            if skip:
                skip = False
            elif at_end and len(word) > 1 and word.endswith(".") and not _DOTTED.fullmatch(word):
                yield from ((start, end - 1), (end - 1, end))
            elif period_follows and (
                _DOTTED_LETTERS.fullmatch(f"{word}.") or (not at_end and self._keeps_period(chunk, word, end, ending))
            ):
                skip = True
                yield (start, end + 1)
            else:
                yield (start, end)

    def _keeps_period(self, chunk: str, word: str, end: int, ending: Ending) -> bool:
        after = chunk[end + 1 : end + 2]
        before_number = after.isdigit() or (not after and ending is Ending.BEFORE_NUMBER)
        return self._abbreviations.keeps_period(word, before_number=before_number)


def has_word(text: str) -> bool:
    """Return whether a token or a chunk has a letter or a digit and is not just a note mark."""
    return any(map(str.isalnum, text)) and not is_mark(text)


def _as_in_rules(chunk: str) -> str:
    """Return a chunk as spaCy's rules write it, of the same length: usual apostrophes, and small letters in "DON'T"."""
    found = _OTHER_APOSTROPHE.sub("'", chunk)
    small = found.lower() if ("'" in found or "’" in found) and found.isupper() else found
    return small if len(small) == len(chunk) else found


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
    tokenizer.rules = {form: cut for form, cut in tokenizer.rules.items() if _is_wanted(form)}
    vocabulary.lex_attr_getters.clear()  # word shapes and other attributes are not needed
    return pipeline


def _is_wanted(form: str) -> bool:
    """Return whether an exception of spaCy is kept. "):" is rather the end of "(a note):" than an emoticon."""
    return len(form) == 1 or not (form.isalpha() or form.startswith(")"))


def _cuts_hyphens(pattern: str) -> bool:
    from spacy.lang.char_classes import HYPHENS

    return HYPHENS in pattern or pattern in (r"(?<=[0-9])[+\-\*^](?=[0-9-])", r"(?<=[0-9])-(?=[0-9])")
