"""Decode bytes: by a byte order mark, else as UTF-8, else by detection.

Detection is `faust-cchardet` (Mozilla's universal detector) with a prior. On short samples every detector guesses rare
code pages because of a single quote or pound sign. A sample that is nearly all ASCII is therefore read as Windows-1252
if the result is plausible.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from .records import UnreadableError

_CHUNK = 2**20
_SAMPLE = 2**16
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
_RARE = re.compile(r"mac|ibm|cp(437|8\d\d)$|iso8859-(3|4|10|14|16)$|viscii|utf", re.I)
_NOT_BESIDE_LETTERS = "¤¦¨¬¯±´¶¸¹³¼½¾×÷†‡ˆ˜‰¢¥ƒ"
_ODD_1252 = re.compile(
    rf"[^\W\d_][{_NOT_BESIDE_LETTERS}]|[{_NOT_BESIDE_LETTERS}][^\W\d_]|[^\W\d_][£¿¡«»€°•§©®][^\W\d_]|\ufffd"
)
_JAPANESE_OR_CHINESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff01-\uff5e\s!-~]+")


def decode(data: bytes, encoding: str | None = None, declared: str | None = None) -> str:
    """Return the text of a file's bytes without byte order mark. Line ends stay.

    Args:
        encoding: The encoding that the user names.
        declared: The encoding that the file names, as in `<meta charset>`. It is ignored if the bytes contradict it or
            begin with a byte order mark.

    Raises:
        UnreadableError: The bytes do not fit `encoding`, or are not text.
    """
    if encoding is not None:
        return _without_bom(_strict(data, encoding))
    named = python_codec(declared) if declared else None
    if named and not _bom_codec(data) and b"\0" not in data:
        try:
            return data.decode(named)
        except (UnicodeDecodeError, LookupError):
            pass
    return _without_bom(data.decode(detect([data]), "replace"))


def file_encoding(path: Path, encoding: str | None = None) -> str:
    """Return the codec for reading a file row by row, after one pass over its bytes, one chunk at a time."""
    if encoding is None:
        return detect(_chunks(path))
    codec = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", True)
    except UnicodeDecodeError as error:
        raise UnreadableError(_misfit(encoding, error)) from None
    return codec


def detect(chunks: Iterable[bytes]) -> str:
    """Return the Python codec for these bytes.

    Raises:
        UnreadableError: The bytes are not text.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, sample, first = True, bytearray(), b""
    for chunk in chunks:
        if not first:
            first = chunk
            if codec := _bom_codec(chunk) or _utf16_without_bom(chunk):
                return codec
        if b"\0" in chunk:
            raise UnreadableError("binary content, not text")
        if is_utf8:
            is_utf8 = _accepts(decoder, chunk)
        if len(sample) < _SAMPLE:
            sample += _non_ascii_lines(chunk)[: _SAMPLE - len(sample)]
    if is_utf8 and _accepts(decoder, b"", final=True):
        return "utf-8"
    return _guess(bytes(sample))


def python_codec(label: str) -> str | None:
    """Return Python's codec for an encoding label, or None if the label is unknown."""
    try:
        name = codecs.lookup(label.strip().strip("\"'")).name
    except (LookupError, ValueError):
        return None
    if name.startswith(("utf-16", "utf-32")):  # the label was read from single bytes, so it cannot be true
        return "utf-8"
    return _SUPERSETS.get(name, name)


def _strict(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError(_misfit(encoding, error)) from None
    if "\0" in text:
        raise UnreadableError("binary content, not text")
    return text


def _misfit(encoding: str, error: UnicodeDecodeError) -> str:
    return f"not {encoding}: {error.reason} at byte {error.start}"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _without_bom(text: str) -> str:
    return text.removeprefix("\ufeff")


def _bom_codec(data: bytes) -> str | None:
    return next((codec for bom, codec in _BOMS if data.startswith(bom)), None)


def _utf16_without_bom(data: bytes) -> str | None:
    """Return UTF-16's codec if only one byte of each pair has zeros and all characters are plausible."""
    sample = data[: _SAMPLE & ~1]
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


def _non_ascii_lines(chunk: bytes) -> bytes:
    """Return the lines that are not ASCII. Only they show the encoding."""
    return b"\n".join(line for line in chunk.split(b"\n") if not line.isascii())


def _guess(sample: bytes) -> str:
    import cchardet

    control = len(re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", sample))
    if control > 2 + len(sample) // 100:
        raise UnreadableError("binary content, not text")
    found = cchardet.detect(sample)["encoding"] or "utf-8"
    codec = python_codec(found) or "utf-8"
    trusted = not _RARE.search(found) and not _RARE.search(codec) and _fits(sample, codec)
    trusted = trusted and not re.search("[\x80-\x9f]", sample.decode(codec, "replace"))
    high = sum(byte > 127 for byte in sample)
    letters = sum(chr(byte).isalpha() for byte in sample if byte < 128)
    # Fewer than 1 accent in 20 letters is typical of English. Polish, Czech and Turkish have 1 in 8.
    if _plausible_as_1252(sample) and (letters >= 20 * high or (not trusted and (letters >= high or high == 1))):
        return "cp1252"
    if trusted:
        return _cyrillic_by_case(sample, _central_european(sample, codec))
    asian = (c for c in ("cp932", "euc_jp", "gb18030") if _reads_as_asian(sample, c))
    return next(asian, codec if _fits(sample, codec) else "cp1252")


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


def _cyrillic_by_case(sample: bytes, codec: str) -> str:
    """Choose between KOI8-R and Windows-1251, which swap the places of small letters and capitals."""
    other = {"cp1251": "koi8-r", "koi8-r": "cp1251"}.get(codec)
    if other is None:
        return codec
    text, swapped = sample.decode(codec, "replace"), sample.decode(other, "replace")
    return other if _capitals(text) > 0.7 and _capitals(swapped) < 0.3 else codec


def _capitals(text: str) -> float:
    letters = [c for c in text if c.isalpha() and not c.isascii()]
    return sum(c.isupper() for c in letters) / max(1, len(letters))


def _reads_as_asian(sample: bytes, codec: str) -> bool:
    try:
        return _JAPANESE_OR_CHINESE.fullmatch(sample.decode(codec)) is not None
    except UnicodeDecodeError:
        return False
