"""Recognise what a file without a suffix holds, from its first bytes.

Old text files, the files of corpora, README files and mailboxes have no suffix. Text is read as `.txt`. A known format
is read as that format. Anything else is binary.
"""

import re
import unicodedata
from pathlib import Path

from .archive import Archive
from .encodings import detect
from .records import UnreadableError, open_file

HEAD = 2**16
"""Number of bytes that are looked at."""
_STARTS = (
    (b"%PDF-", ".pdf"),
    (b"{\\rtf", ".rtf"),
    (b"\xd0\xcf\x11\xe0", ".doc"),
    (b"PAR1", ".parquet"),
    (b"WEBVTT", ".vtt"),
)
# EPUB and OpenDocument archives begin with a member that names their type and is not packed.
_MIMETYPE = re.compile(rb"PK\x03\x04.{26}mimetype(application/[\w.+-]{1,80}?)(?:PK|[^\w.+-])", re.DOTALL)
_MIMETYPES = {
    b"application/epub+zip": ".epub",
    b"application/vnd.oasis.opendocument.text": ".odt",
    b"application/vnd.oasis.opendocument.spreadsheet": ".ods",
}
_MEMBERS = (("word/document.xml", ".docx"), ("xl/workbook.xml", ".xlsx"), ("META-INF/container.xml", ".epub"))
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
_HTML = re.compile(rb"\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.I | re.DOTALL)
_XML = re.compile(rb"\s*<\?xml\s")
_ROOT = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)[\s/>]")
_XML_ROOTS = {
    b"html": ".xhtml",
    b"TEI": ".tei",
    b"TEI.2": ".tei",
    b"teiCorpus": ".tei",
    b"tmx": ".tmx",
    b"xliff": ".xlf",
}
_CONLLU = re.compile(rb"(?:#[^\n]*\n|[ \t\r]*\n)*[0-9]+(?:-[0-9]+)?\t(?:[^\t\n]*\t){8}[^\t\n]*(?:\n|$)")
_TAG_LINES = rb"(?:<[?!/A-Za-z][^<>\n]*>[ \t\r]*\n)"
_VERTICAL = re.compile(
    rb"%b+[^\s<][^\t\n]{0,200}(?:\t[^\s]{0,200})+\r?\n%b*[^\s<][^\t\n]{0,200}\t" % (_TAG_LINES, _TAG_LINES)
)
_MBOX = re.compile(rb"From \S+.{0,200}\r?\n(?:[A-Za-z][\w-]{0,60}:|>From )")
_HEADER = re.compile(rb"(?:[A-Za-z][A-Za-z-]{1,60}:[ \t].{0,998}\r?\n(?:[ \t].{0,998}\r?\n)*){3,}")
_MAIL_FIELDS = (b"from:", b"to:", b"date:", b"subject:", b"message-id:", b"received:", b"return-path:", b"newsgroups:")


def suffixes_by_content(path: Path) -> tuple[str, ...]:
    """Return the suffixes of the formats that a file may have, the likeliest first. Empty for binary content.

    Text has `.txt` as the last one, because mail and pages can be read as text where no reader knows them.
    """
    try:
        with open_file(path) as file:
            head = file.read(HEAD)
    except (OSError, UnreadableError):
        return (".txt",)  # its reader will say why it cannot be opened
    if head.startswith(b"PK\x03\x04"):
        return (_of_archive(path, head),)
    if found := next((suffix for start, suffix in _STARTS if head.startswith(start)), None):
        return (found,)
    if head.startswith(_PACKED) or not is_text(head):
        return ()
    plain = head.removeprefix(b"\xef\xbb\xbf")
    if _XML.match(plain) and not _VERTICAL.match(plain):
        return _of_xml(plain)
    if _HTML.match(plain):
        return (".html",)
    if found := corpus_suffix(plain):
        return (found, ".txt")
    if _MBOX.match(plain):
        return (".mbox", ".txt")
    if _is_mail(plain):
        return (".eml", ".txt")
    return (".txt",)


def corpus_suffix(head: bytes) -> str:
    """Return the suffix of the corpus format that a text begins with: CoNLL-U or vertical. Empty for other text."""
    return ".conllu" if _CONLLU.match(head) else ".vrt" if _VERTICAL.match(head) else ""


def is_text(head: bytes) -> bool:
    """Return whether bytes begin a text: in a sure encoding, without NUL, and with next to no control characters."""
    if len(head) == HEAD:  # the last character may be cut
        head = head[: head.rfind(b"\n") + 1] or head.rstrip(bytes(range(128, 256)))
    try:
        codec = detect([head])
    except UnreadableError:
        return False
    text = head.decode(codec, "replace")
    strange = sum(unicodedata.category(sign) in ("Cc", "Cn", "Co", "Cs") for sign in text if sign not in "\t\n\r\f\x1a")
    return strange + text.count("\ufffd") <= 1 + len(text) // 200


def _of_archive(path: Path, head: bytes) -> str:
    if (said := _MIMETYPE.match(head)) and said[1] in _MIMETYPES:
        return _MIMETYPES[said[1]]
    try:
        with Archive(path) as archive:
            return next((suffix for member, suffix in _MEMBERS if archive.has(member)), ".zip")
    except (OSError, UnreadableError):
        return ".zip"


def _of_xml(head: bytes) -> tuple[str, ...]:
    body = re.sub(rb"<!--.*?-->|<\?.*?\?>|<![^>\[]*(?:\[.*?\]\s*)?>", b"", head[:4096], flags=re.DOTALL)
    root = _ROOT.search(body)
    named = _XML_ROOTS.get(root[1]) if root else None
    return (named, ".xml") if named else (".xml",)


def _is_mail(head: bytes) -> bool:
    header = _HEADER.match(head[:8192])
    if header is None:
        return False
    names = {line.partition(b":")[0].lower() + b":" for line in header[0].splitlines() if line[:1] not in (b" ", b"\t")}
    return len(names.intersection(_MAIL_FIELDS)) >= 3
