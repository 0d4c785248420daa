"""Detect the encoding of bytes: by a byte order mark, as UTF-8, by its language, or by a universal detector.

`code_pages.py` detects the code pages of the Latin alphabet, and `faust-cchardet` (Mozilla's universal detector) all
others, with a prior. On short samples every detector guesses rare code pages because of a single quote or pound sign. A
sample that is nearly all ASCII is therefore read as Windows-1252 if the result is plausible. A doubtful guess is named.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from .code_pages import LATIN_CODE_PAGES, is_other_script, latin_code_page
from .records import UnreadableError

_SURE = 0.6  # share of explained characters from which a code page is taken
_CERTAIN = 0.8  # share from which it is taken even if the bytes might be Japanese or Chinese
SAMPLE = 2**16
"""Maximum number of bytes that are compared."""
_BOMS = (  # UTF-32 before UTF-16: its mark begins with the other's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Label -> the Windows superset that browsers use for it (WHATWG Encoding Standard).
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}
# Labels of the WHATWG Encoding Standard, and common wrong ones, that Python does not know.
_LABELS = {
    "ansi": "cp1252",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "unicode": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "windows-874": "cp874",
    "dos-874": "cp874",
    "windows-949": "cp949",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-gbk": "gb18030",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-roman": "mac_roman",
    "x-mac-ukrainian": "mac_cyrillic",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-x-big5": "big5",
    "cn-big5": "big5",
}
_LONG_ASCII = re.compile(rb"[\x00-\x7f]{400,}+")
C1 = re.compile("[\x80-\x9f]")
"""Control characters that are in no text."""
# Codecs that a file may not choose: they are not encodings of files, or take quadratic time.
_REFUSED = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7", "mbcs", "oem"})
_RARE = re.compile(r"mac|ibm|cp(437|8\d\d)$|iso8859-(3|4|10|14|16)$|viscii|utf", re.I)
_NOT_BESIDE_LETTERS = "¤¦¨¬¯±´¶¸¹³¼½¾×÷†‡ˆ˜‰¢¥ƒ"
_ODD_1252 = re.compile(
    rf"[^\W\d_][{_NOT_BESIDE_LETTERS}]|[{_NOT_BESIDE_LETTERS}][^\W\d_]|[^\W\d_][£¿¡«»€°•§©®][^\W\d_]|\ufffd"
)
# The most frequent letters of Russian, Ukrainian, Bulgarian and Serbian.
_FREQUENT_CYRILLIC = frozenset("оаеинтсрвліј")
_CYRILLIC = ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic")
_LEAST_CYRILLIC = 2.3  # of 3: shares of frequent letters, of words in usual capitals, and of Cyrillic characters
_JAPANESE_OR_CHINESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff01-\uff5e\s!-~]+")


def detect(chunks: Iterable[bytes]) -> str:
    """Return the Python codec for these bytes.

    Raises:
        UnreadableError: The bytes are not text.
    """
    return detected(chunks).codec


@dataclass(frozen=True, slots=True)
class Guessed:
    """A codec for some bytes.

    Attributes:
        is_certain: Whether the bytes cannot be anything else: UTF-8, or with a byte order mark.
        is_doubtful: Whether another encoding is as likely.
    """

    codec: str
    is_certain: bool = False
    is_doubtful: bool = False

    @property
    def warning(self) -> str:
        """What to say about a doubtful guess, in one line, or ""."""
        return f"encoding doubtful: guessed {self.codec}; give --encoding" if self.is_doubtful else ""


def detected(chunks: Iterable[bytes]) -> Guessed:
    """Return the codec for these bytes, and how certain it is.

    Raises:
        UnreadableError: The bytes are not text.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, sample, first = True, bytearray(), b""
    for chunk in chunks:
        if not first:
            first = chunk
            if codec := bom_codec(chunk) or _utf16_without_bom(chunk):
                return Guessed(codec, is_certain=True)
        if b"\0" in chunk:
            raise UnreadableError("binary content, not text")
        if is_utf8:
            is_utf8 = _accepts(decoder, chunk)
        if len(sample) < SAMPLE:
            sample += non_ascii_lines(chunk)[: SAMPLE - len(sample)]
    if is_utf8 and _accepts(decoder, b"", final=True):
        return Guessed("utf-8", is_certain=True)
    return _guess(bytes(sample))


def python_codec(label: str) -> str | None:
    """Return Python's codec for an encoding label, or None if the label is unknown."""
    label = label.strip().strip("\"'").lower()
    try:
        name = codecs.lookup(_LABELS.get(label, label)).name
    except (LookupError, ValueError):
        return None
    if name.startswith(("utf-16", "utf-32")):  # the label was read from single bytes, so it cannot be true
        return "utf-8"
    return None if name in _REFUSED else _SUPERSETS.get(name, name)


def bom_codec(data: bytes) -> str | None:
    """Return the codec that a byte order mark names, or None without one."""
    return next((codec for bom, codec in _BOMS if data.startswith(bom)), None)


def _utf16_without_bom(data: bytes) -> str | None:
    """Return UTF-16's codec if only one byte of each pair has zeros and all characters are plausible."""
    sample = data[: SAMPLE & ~1]
    low, high = b"\0" in sample[::2], b"\0" in sample[1::2]
    if low == high or len(sample) % 2:
        return None
    codec = "utf-16-le" if high else "utf-16-be"
    text = sample.decode(codec, "replace")
    strange = sum(unicodedata.category(c) in ("Cc", "Cn", "Co", "Cs") and c not in "\t\n\r\f" for c in text)
    return codec if strange == 0 and "\ufffd" not in text else None


def _accepts(decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(data, final)
    except UnicodeDecodeError:
        return False
    return True


def non_ascii_lines(chunk: bytes) -> bytes:
    """Return the lines that are not ASCII, without the middle of long runs of ASCII. Only they show the encoding."""
    lines = (line for line in chunk.split(b"\n") if not line.isascii())
    return b"\n".join(_LONG_ASCII.sub(lambda run: run[0][:80] + b" " + run[0][-80:], line) for line in lines)


def _guess(sample: bytes) -> Guessed:
    control = len(re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", sample))
    if control > 2 + len(sample) // 100:
        raise UnreadableError("binary content, not text")
    latin = latin_code_page(sample)
    if latin is not None and latin.share >= _SURE and not (latin.share < _CERTAIN and _asian(sample)):
        return Guessed(latin.codec, is_doubtful=latin.is_close)
    codec = _universal_guess(sample)
    text = sample.decode(codec, "replace")
    is_doubtful = C1.search(text) is not None or "\ufffd" in text[:-1]
    return Guessed(codec, is_doubtful=is_doubtful or (codec in LATIN_CODE_PAGES and latin is not None))


def _universal_guess(sample: bytes) -> str:
    import cchardet

    found = cchardet.detect(sample)["encoding"] or "utf-8"
    codec = python_codec(found) or "utf-8"
    trusted = not _RARE.search(found) and not _RARE.search(codec) and _fits(sample, codec)
    trusted = trusted and not re.search("[\x80-\x9f]", sample.decode(codec, "replace"))
    high = sum(byte > 127 for byte in sample)
    letters = sum(chr(byte).isalpha() for byte in sample if byte < 128)
    # Fewer than 1 accent in 20 letters is typical of English. Polish, Czech and Turkish have 1 in 8.
    is_latin = not is_other_script(sample) and _plausible_as_1252(sample)
    if is_latin and (letters >= 20 * high or (not trusted and (letters >= high or high == 1))):
        return "cp1252"
    if trusted:
        codec = _central_european(sample, codec)
    else:
        codec = _asian(sample) or (codec if _fits(sample, codec) else "cp1252")
    may_be_cyrillic = codec in (*_CYRILLIC, "cp855", "cp1252") and is_other_script(sample)
    return _cyrillic(sample, codec) if may_be_cyrillic else codec


def _asian(sample: bytes) -> str | None:
    """Return the codec in which all of a sample is Japanese or Chinese, or None."""
    return next((codec for codec in ("cp932", "euc_jp", "gb18030") if _reads_as_asian(sample, codec)), None)


def _central_european(sample: bytes, codec: str) -> str:
    """Return a Latin-2 codec if the text has signs inside words: `Za¿ó³æ` is Polish read as Latin-1."""
    if codec != "cp1252" or _plausible_as_1252(sample):
        return codec
    others = (c for c in ("iso8859-2", "cp1250") if not _ODD_1252.search(sample.decode(c, "replace")))
    return next(others, codec)


def _plausible_as_1252(sample: bytes) -> bool:
    return not _ODD_1252.search(sample.decode("cp1252", "replace"))


def _fits(sample: bytes, codec: str) -> bool:
    # an incremental decoder, because the sample may end inside a character
    return _accepts(codecs.getincrementaldecoder(codec)(), sample)


def _cyrillic(sample: bytes, codec: str) -> str:
    """Choose between the code pages of Cyrillic, which swap the places of small letters, capitals and other letters.

    In the true one, nearly all characters are Cyrillic. Capitals begin words or make all of a word. The letters that
    four languages use most are frequent.
    """
    best, most = codec, _LEAST_CYRILLIC
    for other in dict.fromkeys((codec, *_CYRILLIC)):
        text = sample.decode(other, "replace")
        beyond = "".join(c for c in text if not c.isascii())
        high = beyond.lower()
        words = re.findall(r"[^\W\d_]+", text)
        usual = sum(word.islower() or word.isupper() or word[1:].islower() for word in words) / max(1, len(words))
        letters = sum("\u0400" <= c <= "\u04ff" for c in high) / max(1, len(high))
        value = sum(c in _FREQUENT_CYRILLIC for c in high) / max(1, len(high)) + usual + letters
        value -= 0.05 * beyond.isupper()  # few texts are in capitals, which decides in a single word
        if value > most + 0.02:  # of two that read nearly the same, the first
            best, most = other, value
    return best


def _reads_as_asian(sample: bytes, codec: str) -> bool:
    try:
        return _JAPANESE_OR_CHINESE.fullmatch(sample.decode(codec)) is not None
    except UnicodeDecodeError:
        return False
