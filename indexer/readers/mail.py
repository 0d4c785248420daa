"""Read mail: one message, a mailbox, or a web page that a browser saved as a mail (MHTML).

A message is a document with its subject as title. Its date is that of the text. The plain text is read, or else the
HTML. Lines of a quoted message and signatures stay. An attachment of a known format is a document of its own. Others
are named, apart from pictures, sound, style sheets and signatures of cryptography, which hold no text.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath

from .encodings import decoded
from .html import html_blocks, html_page
from .hyphens import hyphens_of, without_cuts
from .members import ARCHIVES, Members
from .records import Extract, Failure, ReadOptions, UnreadableError, open_file, plain_newlines, whole_file, with_year

MAX_MESSAGE = 64 * 2**20
"""Maximum size in bytes of a message in a mailbox."""
MAX_PARTS = 1000
"""Maximum number of parts of a message that are read."""
_HEADER = 8192  # number of characters of a header field that are read
_FIELDS = {"title": "subject", "from": "from", "to": "to"}
_SEPARATOR = re.compile(rb"From [^\r\n]{1,500}\b\d{1,2}:\d\d\b[^\r\n]{0,100}\b\d{4}\b")
_QUOTED_SEPARATOR = re.compile(rb"^>(>*From )", re.MULTILINE)
_WITHOUT_TEXT = re.compile(r"(?:image|audio|video|font)/|text/css|application/(?:javascript|x-javascript|\S*signature)")


def read_mail(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield a message and its attachments."""
    yield from _message(message_from_bytes(whole_file(path)), options)


def read_mailbox(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield each message of a mailbox with its attachments. Rows count the messages from 1."""
    for number, data in enumerate(_messages(path), 1):
        where = f"message {number}"
        if data is None:
            yield Failure(f"larger than {MAX_MESSAGE // 2**20} MiB", where, number)
            continue
        try:
            for item in _message(message_from_bytes(data), options):
                if item.member:
                    yield replace(item, where=f"{where}, {item.where}", member=f"{number}/{item.member}")
                else:
                    yield replace(item, where=where, row=number)
        except (UnreadableError, RecursionError) as error:
            yield Failure(str(error) or "damaged", where, number)


def read_saved_page(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the page of an MHTML file with its title, its address and the day on which it was saved.

    The pages in its frames are read with `whole_page`. Without it, a warning counts those that have text.
    """
    message = message_from_bytes(whole_file(path))
    pages = [part for part in _parts(message) if part.get_content_type() in ("text/html", "application/xhtml+xml")]
    if not pages:
        yield from _message(message, options)
        return
    content = decoded(_bytes(pages[0]), options.encoding, _charset(pages[0]))
    paragraphs, metadata = html_page(content.text, whole=options.whole_page)
    found: dict[str, object] = {
        "title": _text_of(message, "subject"),
        "url": _text_of(message, "snapshot-content-location"),
        "file_date": _day_of(message),
    }
    fields = with_year({key: value for key, value in found.items() if value} | metadata)
    warnings = [content.warning]
    framed = [blocks for page in pages[1:] if (blocks := html_blocks(_text_of_page(page, options)))]
    if options.whole_page or not paragraphs:  # a page may be nothing but frames
        paragraphs += [block for blocks in framed for block in blocks]
    elif framed:
        number = len(framed)
        warnings.append(f"{number} frame{'s' * (number != 1)} of the page not read; read all with --whole-page")
    yield Extract("\n\n".join(paragraphs), fields, warning="; ".join(filter(None, warnings)))


def _text_of_page(page: Message, options: ReadOptions) -> str:
    return decoded(_bytes(page), options.encoding, _charset(page)).text


def _day_of(message: Message) -> str:
    """Return the day in the header of a message, or ""."""
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return parsedate_to_datetime(_text_of(message, "date")).date().isoformat()
    return ""


def _messages(path: Path) -> Iterator[bytes | None]:
    """Yield the messages of a mailbox, and None for each that is too large."""
    lines: list[bytes] = []
    size, is_started, after_blank = 0, False, True
    with open_file(path) as file:
        while line := file.readline(2**20):
            if after_blank and (_SEPARATOR.match(line) or (not is_started and line.startswith(b"From "))):
                if is_started:
                    yield _QUOTED_SEPARATOR.sub(rb"\1", b"".join(lines)) if size <= MAX_MESSAGE else None
                lines, size, is_started = [], 0, True
                continue
            if not is_started and line.strip():
                raise UnreadableError("not a mailbox: it does not begin with a line 'From '")
            size += len(line)
            if size <= MAX_MESSAGE:
                lines.append(line)
            else:
                lines.clear()
            after_blank = not line.strip()
    if is_started:
        yield _QUOTED_SEPARATOR.sub(rb"\1", b"".join(lines)) if size <= MAX_MESSAGE else None


def _message(message: Message, options: ReadOptions) -> Iterator[Extract | Failure]:
    parts = list(_parts(message))
    warnings: list[str] = []
    text = "\n\n".join(_texts(message, options, warnings))
    metadata: dict[str, object] = {key: value for key, name in _FIELDS.items() if (value := _text_of(message, name))}
    if day := _day_of(message):
        metadata["date"] = day
    if text.strip() or not any(_is_attachment(part) for part in parts):
        yield Extract(text, with_year(metadata), warning=next(iter(warnings), ""))
    with Members(options) as members:
        for part in parts:
            if _is_attachment(part):
                yield from _attachment(part, members)
    if len(parts) >= MAX_PARTS:
        yield Failure(f"only the first {MAX_PARTS:,} parts were read", "its parts")


def _parts(message: Message) -> Iterator[Message]:
    """Yield the parts that hold content, in order."""
    waiting, found = [message], 0
    while waiting and found < MAX_PARTS:
        part = waiting.pop()
        payload = part.get_payload()
        if isinstance(payload, list):
            waiting += (inner for inner in reversed(payload) if isinstance(inner, Message))
        else:
            found += 1
            yield part


def _texts(message: Message, options: ReadOptions, warnings: list[str]) -> Iterator[str]:
    """Yield the texts of a message. Of alternatives the plain text is read, or else the HTML."""
    waiting, read = [message], 0
    while waiting and read < MAX_PARTS:
        part = waiting.pop()
        read += 1
        payload = part.get_payload()
        if isinstance(payload, list):
            inner = [each for each in payload if isinstance(each, Message)]
            if part.get_content_subtype() == "alternative":
                inner = _best(inner)
            waiting += reversed(inner)
            if part is not message and part.get_content_type() == "message/rfc822" and inner:
                yield _text_of(inner[0], "subject")
        elif part.get_content_maintype() == "text" and not _is_attachment(part):
            yield _text(part, options, warnings)


def _best(parts: list[Message]) -> list[Message]:
    """Return the alternative to read."""
    plain = [part for part in parts if part.get_content_type() == "text/plain" and _bytes(part).strip()]
    html = [part for part in parts if part.get_content_type() == "text/html"]
    return (plain or html)[:1] or parts[-1:]


def _text(part: Message, options: ReadOptions, warnings: list[str]) -> str:
    kind = part.get_content_type()
    if _WITHOUT_TEXT.match(kind):
        return ""
    content = decoded(_bytes(part), options.encoding, _charset(part))
    if content.warning:
        warnings.append(content.warning)
    if kind == "text/html":
        return "\n\n".join(html_blocks(content.text))
    text = plain_newlines(content.text).strip("\n")
    is_flowed = (_parameter(part, "format") or "").lower() == "flowed"
    if is_flowed:
        return _unwrapped(text, (_parameter(part, "delsp") or "").lower() == "yes")
    lines = text.split("\n")
    hyphens = hyphens_of(lines, options.language)
    return "\n".join(without_cuts(lines, hyphens)) if hyphens else text


def _unwrapped(text: str, delete_space: bool) -> str:
    """Return text in the format "flowed" with its soft line ends removed."""
    paragraphs: list[list[str]] = []
    is_open = False
    for line in text.split("\n"):
        content = line[1:] if line.startswith(" ") else line  # a blank protects a line
        is_soft = content.endswith(" ") and content != "-- " and not content.startswith(">")
        piece = content[:-1] if is_soft and delete_space else content
        if is_open and not content.startswith(">") and content != "-- ":
            paragraphs[-1].append(piece)
        else:
            paragraphs.append([piece])
        is_open = is_soft
    return "\n".join(map("".join, paragraphs))


def _attachment(part: Message, members: Members) -> Iterator[Extract | Failure]:
    from . import format_of

    name = PurePosixPath(_name(part).replace("\\", "/")).name
    kind = part.get_content_type()
    if not name:
        if not _WITHOUT_TEXT.match(kind):
            yield Failure(f"an attachment without a name, of type {kind}, is not read", kind)
        return
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in ARCHIVES or format_of(Path(f"member{suffix}")) is not None:
        yield from members.read(name, _bytes(part))
    elif not _WITHOUT_TEXT.match(kind):
        yield Failure(f"unknown file type {suffix!r}" if suffix else "no file type in its name", name, member=name)


def _is_attachment(part: Message) -> bool:
    if part.is_multipart():
        return False
    disposition = str(part.get("content-disposition") or "")[:_HEADER].strip().lower()
    return disposition.startswith("attachment") or bool(_name(part)) or part.get_content_maintype() != "text"


def _has_usual_parameters(part: Message) -> bool:
    """Return whether the parameters of a part are short. The library takes quadratic time for others."""
    return all(len(str(part.get(name) or "")) <= _HEADER for name in ("content-type", "content-disposition"))


def _name(part: Message) -> str:
    with suppress(Exception):  # the library raises many errors for broken parameters
        if not _has_usual_parameters(part):
            return ""
        return _decoded_header(part.get_filename() or "")
    return ""


def _parameter(part: Message, name: str) -> str | None:
    with suppress(Exception):
        value = part.get_param(name) if _has_usual_parameters(part) else None
        return value if isinstance(value, str) else None
    return None


def _charset(part: Message) -> str | None:
    with suppress(Exception):
        return part.get_content_charset() if _has_usual_parameters(part) else None
    return None


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text_of(message: Message, name: str) -> str:
    """Return the decoded content of a header field on one line, or ""."""
    value = message.get(name)
    return "" if value is None else _decoded_header(str(value))


def _decoded_header(value: str) -> str:
    value = value[:_HEADER]
    if any("\udc80" <= character <= "\udcff" for character in value):  # bytes that the header does not encode
        value = decoded(value.encode("ascii", "surrogateescape")).text
    with suppress(Exception):
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())
