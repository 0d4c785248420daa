"""Say the page's texts in the language of each visitor. This module is the only one that knows the catalogues.

Every text of the page is written in English, and goes through one of these functions. `languages/CODE.po` has its
translation. A text that a catalogue lacks is shown in English. The language belongs to the visitor's session, so
nothing here may be called at import, and no cache may hold what these functions return.
"""

from __future__ import annotations

import ast
import functools
import gettext
import io
import re
import struct
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

ENGLISH = "en"
PARAMETER = "language"
"""Name of the language in the address."""
USED = "language of the page"
"""Key of the language that the page speaks, in the session state."""
CHOSEN = "chosen language"
"""Key of the language that the visitor has chosen, in the session state. "" for that of the browser."""
FOLDER = Path(__file__).parent / "languages"
MAX_HEADER = 500
"""Maximum length of the browser's list of languages, in characters."""
_SPOKEN: ContextVar[str] = ContextVar("language of this run", default="")
"""The language of a run of the script, in its thread. It saves the longer way to the session state for each text."""
_STRING = re.compile(r'(?:(msgid|msgid_plural|msgstr(?:\[\d\])?) )?(".*")')


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the page.

    Args:
        name: Its name in itself.
        thousands: Separator of thousands.
        decimal: Decimal separator.
        percent: What follows a number of hundredths.
    """

    name: str
    thousands: str
    decimal: str
    percent: str


LANGUAGES: Mapping[str, Language] = {
    ENGLISH: Language("English", ",", ".", "%"),
    "de": Language("Deutsch", ".", ",", "\N{NO-BREAK SPACE}%"),
    "es": Language("Español", "\N{NARROW NO-BREAK SPACE}", ",", "\N{NO-BREAK SPACE}%"),
    "fr": Language("Français", "\N{NARROW NO-BREAK SPACE}", ",", "\N{NARROW NO-BREAK SPACE}%"),
}
"""The languages by their codes. Each but English has a catalogue."""


def say(message: str, /, **values: object) -> str:
    """Return a text in the visitor's language, with values in the place of `{name}`."""
    return _catalogue(current()).gettext(message).format(**values)


def plural(one: str, many: str, number: int, /, **values: object) -> str:
    """Return a text that depends on a number, which replaces `{number}`."""
    found = _catalogue(current()).ngettext(one, many, number)
    return found.format(number=numeral(number), **values)


def say_html(message: str, /, **pieces: str) -> str:
    """Return a text as HTML. The text is escaped, so no translation can hold markup, and the values are HTML."""
    return _escaped(_catalogue(current()).gettext(message)).format(**pieces)


def plural_html(one: str, many: str, number: int, /, **pieces: str) -> str:
    """Return a text that depends on a number as HTML. The text is escaped, and the values are HTML."""
    found = _escaped(_catalogue(current()).ngettext(one, many, number))
    return found.format(number=numeral(number), **pieces)


def _escaped(text: str) -> str:
    from ...search.markup import escape  # only here, so that the server starts without the search

    return escape(text)


def to_translate(message: str) -> str:
    """Return a text of a table unchanged. It marks the text for the catalogues, and `say` translates it later."""
    return message


def numeral(value: float, form: str = ",") -> str:
    """Return a number as the visitor's language writes it.

    Args:
        form: A format of Python, such as `,.1f` or `.0%`.
    """
    language = LANGUAGES[current()]
    signs = {ord(","): language.thousands, ord("."): language.decimal, ord("%"): language.percent}
    return format(value, form).translate(signs)


def keyed(key: str) -> str:
    """Return the key of a widget whose choices are translated.

    The browser holds the text of a choice and sends it. In another language the text is none of the choices, so that
    language has a widget of its own.
    """
    return key if current() == ENGLISH else f"{key}-{current()}"


def current() -> str:
    """Return the code of the language of this session. Outside of a session it is English."""
    if spoken := _SPOKEN.get():
        return spoken
    # A callback runs before the script, and knows the language of the run before.
    from streamlit import session_state
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    found = session_state.get(USED, ENGLISH)
    return found if found in LANGUAGES else ENGLISH


def speak(code: str) -> None:
    """Speak a language from here on, in this session."""
    from streamlit import session_state

    session_state[USED] = code
    _SPOKEN.set(code)


def preferred(header: str, locale: str) -> str:
    """Return the language that a browser asks for: the first known one of its list, else of its own, else English.

    Args:
        header: Its header Accept-Language, such as `nl,de;q=0.8,en;q=0.5`, or "".
        locale: The language of the browser itself, such as `de-AT`, or "".
    """
    ranked = []
    for part in header[:MAX_HEADER].split(","):
        code, _, quality = "".join(part.split()).partition(";q=")
        if re.fullmatch(r"|0(\.\d{0,3})?|1(\.0{0,3})?", quality) and float(quality or 1) > 0:
            ranked.append((-float(quality or 1), code))
    codes = [code for _, code in sorted(ranked, key=lambda each: each[0])]
    known = (code.partition("-")[0].lower() for code in [*codes, locale])
    return next((code for code in known if code in LANGUAGES), ENGLISH)


@functools.cache
def _catalogue(code: str) -> gettext.NullTranslations:
    if code == ENGLISH:
        return gettext.NullTranslations()
    messages = read_catalogue((FOLDER / f"{code}.po").read_text(encoding="utf-8"))
    return gettext.GNUTranslations(io.BytesIO(_compiled(messages)))


def read_catalogue(content: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return the entries of a `.po` file: the English text, or one and many, -> its translation, or one for each form.

    The header has the key `("",)`.
    """
    entries: dict[tuple[str, ...], tuple[str, ...]] = {}
    for block in re.split(r"\n\s*\n", content):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if found := _STRING.fullmatch(line.strip()):
                name = found[1] or name
                fields[name] = fields.get(name, "") + ast.literal_eval(found[2])
        if "msgid" in fields:
            ids = tuple(fields[name] for name in ("msgid", "msgid_plural") if name in fields)
            entries[ids] = tuple(value for name, value in fields.items() if name.startswith("msgstr"))
    return entries


def _compiled(messages: Mapping[tuple[str, ...], tuple[str, ...]]) -> bytes:
    """Return a catalogue in the format that the standard library reads, see `gettext`."""
    packed = sorted(("\0".join(ids).encode(), "\0".join(said).encode()) for ids, said in messages.items() if all(said))
    columns = [[pair[side] for pair in packed] for side in (0, 1)]
    place = 28 + 16 * len(packed)
    tables, body = b"", b""
    for column in columns:
        for part in column:
            tables += struct.pack("<2I", len(part), place + len(body))
            body += part + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(packed), 28, 28 + 8 * len(packed), 0, 0)
    return head + tables + body
