"""Recognise the code page of a text in the Latin alphabet: of Windows, of ISO, of DOS or of the old Macintosh.

Universal detectors know few of these code pages and need long texts. Here each code page is tried. Its characters are
compared with those that a language uses. Each must fit its place, such as a quotation mark the edge of a word. The
language follows from frequent words without accents. The code page that explains most characters wins.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

_SAMPLE = 4096
"""Number of words with other than ASCII characters that are compared."""
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_CHUNK = re.compile(rb"[^\x00-\x20]*[\x80-\xff][^\x00-\x20]*")

# Code -> frequent words in ASCII letters, and letters beyond ASCII. Those of names and loan words are after a bar.
_LANGUAGES = {
    "en": ("the of and to in was that it he is for with his she on a at i", "éèêëïçñàâôöü|áíóœæ"),
    "de": ("der die und das den ist ein sie nicht mit es im von dem auf zu war", "äöüß|éèêàáç"),
    "fr": ("le la les et des un une est dans que pour qui sur pas il du en elle", "éèêàçâîôùûëïœ|üæÿñ"),
    "es": ("el la los que en un una por con las del es se no su lo al", "áéíóúñü|ç"),
    "pt": ("a o os que um uma do da em com para se na no por as ao mais", "ãçáéíóêõâàúô|ü"),
    "it": ("il la che di un una per non in con del si le da sono gli era", "èàùòìé|îóú"),
    "ca": ("el la els que per un una amb del les es no en va", "àèéíòóúçïü"),
    "sv": ("och det att i som en var han med den inte till ett hon av", "åäö|éüà"),
    "da": ("og det at er i en den der til var ikke med han som et hun jeg af", "æøå|éüöä"),
    "no": ("og det at er i en den som til var ikke med han et hun jeg av", "æøå|éòôü"),
    "fi": ("ja on oli ei se joka mutta kun niin hän ovat", "äö|åšž"),
    "nl": ("de het een van en dat niet is op zijn met ze voor was", "ëéïèöüó|êáç"),
    "is": ("og ekki hann var sem til en hafa um fyrir", "áðéíóúýþæö"),
    "et": ("ja on ei oli see aga ta kui ka mis", "äõöü|šž"),
    "pl": ("i w na nie z do to jest po od jak ale za przez", "ąćęłńóśźż|éüöä"),
    "cs": ("a se na v je to do ale s z po jako byl", "áčďéěíňóřšťúůýž|öüä"),
    "sk": ("a sa na v je to do ale s z po ako bol", "áäčďéíĺľňóôŕšťúýž"),
    "hu": ("a az egy nem hogy volt van meg de is ez csak mint", "áéíóöőúüű"),
    "ro": ("de la nu cu o un este care mai din pe sau era", "ăâîșțşţ"),
    "hr": ("i u je na se da su nije od za kao bio ali", "čćđšž"),
    "tr": ("bir ve bu da de ne o ama gibi sonra", "çğıöşüİ|âîû"),
    "lt": ("ir kad buvo tai su bet jis kaip nuo", "ąčęėįšųūž"),
    "lv": ("un ir bija kas no ar par tas bet", "āčēģīķļņšūž"),
}
# The first of two that read the same comes first here.
LATIN_CODE_PAGES = (
    "cp1252",
    "iso8859-15",
    "cp1250",
    "iso8859-2",
    "mac-roman",
    "cp850",
    "cp437",
    "cp865",
    "cp852",
    "cp1254",
    "cp1257",
    "mac-latin2",
    "mac-turkish",
    "mac-iceland",
    "cp857",
    "cp861",
    "cp863",
    "cp775",
    "iso8859-16",
)
"""Python's names of the code pages that are tried."""
_WESTERN = frozenset(("en", "de", "fr", "es", "pt", "it", "sv", "da", "no", "nl"))
_WORDS_OF_ONE_LETTER = "àéèóòúíáåöøæâêôyÀÉÈÓÒÚÍÁÅÖØÆÂÊÔ"
_SYMBOLS = "^`{|}~@[\\]<=>+&%$#"
_OPENING = "“‘„‚«‹¿¡([{"
_CLOSING = "”’“‘»›"
_DASHES = "–—"
_FRAMES = re.compile("[─-▟■]")


@dataclass(frozen=True, slots=True)
class Guess:
    """A code page, and the share of characters beyond ASCII that it explains, from below 0 to 1."""

    codec: str
    share: float
    is_close: bool = False
    """Whether another code page explains as many characters, as other letters."""


def latin_code_page(sample: bytes) -> Guess | None:
    """Return the code page of a text in the Latin alphabet, or None if the text is in none."""
    chunks = Counter(_CHUNK.findall(sample)[:_SAMPLE])
    if not chunks or is_other_script(sample):
        return None
    languages = _weights(sample)
    scores: list[tuple[float, int, str]] = []
    for place, codec in enumerate(LATIN_CODE_PAGES):
        score = _score(chunks, codec, languages)
        if score is not None:
            scores.append((score, -place, codec))
    if not scores:
        return None
    scores.sort(reverse=True)
    best = scores[0]
    high = _size(chunks)
    text = sample.decode(best[2], "replace")
    others = (score for score, _, codec in scores[1:] if sample.decode(codec, "replace") != text)
    return Guess(best[2], best[0] / high, is_close=next(others, -1.0) >= best[0] - 0.02 * high)


def declared_share(sample: bytes, codec: str) -> float:
    """Return the share of characters beyond ASCII that a code page explains, or -1 if it cannot hold them."""
    chunks = Counter(_CHUNK.findall(sample)[:_SAMPLE])
    if is_other_script(sample):
        return -1.0
    score = _score(chunks, codec, _weights(sample)) if chunks else 0.0
    return -1.0 if score is None else score / max(1, _size(chunks))


def _size(chunks: Counter[bytes]) -> int:
    """Return the number of bytes beyond ASCII."""
    return sum(count * sum(byte > 127 for byte in chunk) for chunk, count in chunks.items())


def is_other_script(sample: bytes) -> bool:
    """Return whether whole words are beyond ASCII, as in Greek or Russian."""
    words = [word for word in _WORD.findall(sample) if not word.isascii()]
    whole = sum(len(word) > 2 and all(byte > 127 for byte in word) for word in words)
    return whole * 4 > len(words)


def _weights(sample: bytes) -> dict[str, float]:
    """Return for each language the share of its frequent words among all words, relative to the most likely one."""
    words = Counter(word.lower().decode() for word in _WORD.findall(sample) if word.isascii())
    counts = {name: sum(words[word] for word in listed.split()) for name, (listed, _) in _LANGUAGES.items()}
    most = max(counts.values())
    return {
        name: count / most if most else 1.0 if name in _WESTERN else 0.8  # short texts are mostly in a western language
        for name, count in counts.items()
    }


def _score(chunks: Counter[bytes], codec: str, languages: dict[str, float]) -> float | None:
    """Return how well a code page explains the characters in the most likely language, or None if it cannot."""
    found: Counter[tuple[str, float]] = Counter()
    others = 0.0
    for chunk, count in chunks.items():
        try:
            text = chunk.decode(codec)
        except UnicodeDecodeError:
            return None
        for place, character in enumerate(text):
            if character < "\x80":
                continue
            value = _value(text, place)
            if value is None:
                return None
            if character.isalpha():
                found[character, value] += count
            else:
                others += count * value
    best = max(
        sum(count * min(value, _letter_value(name, character)) for (character, value), count in found.items())
        + 0.3 * weight * sum(found.values())
        for name, weight in languages.items()
    )
    return best + others


@cache
def _letter_value(language: str, letter: str) -> float:
    main, _, rare = _LANGUAGES[language][1].partition("|")
    lower = letter.lower() if letter != "İ" else letter
    if lower in main:
        return 0.7
    return 0.35 if lower in rare else -0.7


def _value(text: str, place: int) -> float | None:
    """Return how likely a character is at its place, from -1 to 1, or None for one that is in no text."""
    character = text[place]
    before = text[place - 1] if place else " "
    after = text[place + 1] if place + 1 < len(text) else " "
    if "\x80" <= character < "\xa0":
        return None
    if character.isalpha() and character not in "ªº":
        if character.isupper() and before.isalpha() and before.islower():
            return -1.0
        if character.isupper() and before.isupper() and after.islower():
            return -0.5
        if (character.islower() and after.isupper()) or before in _SYMBOLS or after in _SYMBOLS:
            return -0.7
        if not before.isalpha() and not after.isalpha():
            return 0.5 if character in _WORDS_OF_ONE_LETTER and before in " \"'(" else -0.3
        return 1.0
    if character in _DASHES:
        return 1.0 if not (before.isalpha() and after.isalpha()) or character == "—" else 0.2
    if character == "’" and before.isalnum() and after.isalnum():
        return 1.0
    if character in _CLOSING and (before.isalnum() or before in ".,!?;:…’”)") and not after.isalnum():
        return 1.0
    if character in _OPENING and not before.isalnum() and (after.isalnum() or after in _OPENING or after in "…\xa0"):
        return 1.0
    if character in "…":
        return 0.9
    if character in "£€$¥":
        return 0.9 if after.isdigit() or before.isdigit() or before in " (" else -0.5
    if character in "°²³½¼¾ªº" and (before.isdigit() or (before.isalpha() and character in "²³")):
        return 0.8
    if character in "§©" and (after.isdigit() or after == " "):
        return 0.6
    if character in "\xa0®™·•«»" and not (before.isalpha() and after.isalpha()):
        return 0.5
    if _FRAMES.match(character):
        return 0.1 if _FRAMES.match(before) or _FRAMES.match(after) else -0.8
    return -0.8
