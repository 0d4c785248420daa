"""Read Word documents before 2007 (DOC) with a program that is installed: LibreOffice or antiword.

No library in Python reads them. LibreOffice comes first, because it keeps the properties and leaves deleted text out.
Antiword shows deleted and hidden text. Catdoc is not used: it loses lines with notes, and shows headers, comments and
the codes of fields. Files of other formats that are named .doc are read as what they are.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .records import Extract, Failure, ReadOptions, UnreadableError, open_file, plain_newlines, whole_file
from .tools import run

SECONDS = 30
"""Maximum time in seconds that a program may take."""
MEMORY = 2**30
"""Maximum address space in bytes of a program."""
ADVICE = "install LibreOffice or antiword, or save it as DOCX"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARK = "[?]"  # of a note whose number antiword does not know
_NOTE = re.compile(r"^\[[0-9]{1,4}\]\t")  # before a note
_PICTURE = re.compile(r"\[pic\]")
_RULE = re.compile(r"-{5,}")  # before the notes
_OFFICE = ("soffice", "libreoffice")
# A document's macros do not run, and its links to pictures are not followed.
_SETTINGS = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    + "".join(
        f'<item oor:path="/org.openoffice.Office.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value>'
        "</prop></item>"
        for path, name, value in (
            ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
            ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
            ("Writer/Content/Update", "Link", "2"),
        )
    )
    + "</oor:items>"
)
_OFFICE_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "C:/Program Files/LibreOffice/program/soffice.exe",
)


def read_doc(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the text of a Word document before 2007."""
    with open_file(path) as file:
        start = file.read(512)
    if not start:
        raise UnreadableError("empty")
    if not start.startswith(_OLE):
        yield from _other_format(start, path, options)
        return
    for names, read in ((_OFFICE, _by_office), (("antiword",), _by_antiword)):
        if program := _found(names):
            yield from read(program, path.absolute())
            return
    raise UnreadableError(f"in Word's format before 2007; {ADVICE}")


def _found(names: tuple[str, ...]) -> str:
    """Return the absolute path of a program, or an empty string. The working folder is never searched."""
    for name in names:
        place = shutil.which(name)
        if place and Path(place).is_absolute() and Path(place).parent.resolve() != Path.cwd():
            return place
    return next((place for place in _OFFICE_PLACES if names == _OFFICE and Path(place).is_file()), "")


def _other_format(start: bytes, path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the text of a file that only has the suffix of a Word document."""
    head = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(b"{\\rtf"):
        from .rtf import read_rtf

        yield from read_rtf(path, options)
    elif head.startswith(b"pk\x03\x04"):
        from .docx import read_docx

        yield from read_docx(path, options)
    elif head.startswith((b"<!doctype html", b"<html", b"<?xml")):
        from .html import read_html

        yield from read_html(path, options)
    else:
        raise UnreadableError("not a Word document; name it by its format, or save it as DOCX")


def _by_office(program: str, path: Path) -> Iterator[Extract | Failure]:
    from .odt import read_odt

    with tempfile.TemporaryDirectory(prefix="polyseme-") as name:
        folder = Path(name)
        source = folder / "document.doc"
        source.write_bytes(whole_file(path))
        settings = folder / "profile" / "user" / "registrymodifications.xcu"
        settings.parent.mkdir(parents=True)
        settings.write_text(_SETTINGS, encoding="utf-8")
        profile = (folder / "profile").as_uri()
        options = ["--headless", "--norestore", "--nolockcheck", "--nodefault", f"-env:UserInstallation={profile}"]
        convert = ["--infilter=MS Word 97", "--convert-to", "odt:writer8", "--outdir", str(folder), str(source)]
        run([program, *options, *convert], seconds=SECONDS, memory=MEMORY, home=folder)
        result = folder / "document.odt"
        if not result.is_file():
            raise UnreadableError("damaged: LibreOffice cannot read it; save it as DOCX")
        yield from read_odt(result, ReadOptions())


def _by_antiword(program: str, path: Path) -> Iterator[Extract]:
    done = run([program, "-m", "UTF-8.txt", "-w", "0", str(path)], seconds=SECONDS, memory=MEMORY)
    text = done.text.decode("utf-8", "replace")
    if done.status or not text.strip():
        said = " ".join(done.messages.split())[:150] or f"status {done.status}"
        raise UnreadableError(f"damaged: antiword cannot read it ({said}); save it as DOCX")
    yield Extract(_blocks(text))


def _blocks(text: str) -> str:
    """Return what antiword writes as paragraphs. It writes a paragraph, or a row of a table, in a line."""
    blocks: list[str] = []
    for line in plain_newlines(text).split("\n"):
        line = _PICTURE.sub("", line).strip(" \t\f")
        if line.startswith("|") and line.endswith("|"):
            blocks += line.split("|")
        elif not _RULE.fullmatch(line):
            blocks.append(_NOTE.sub("", line).replace(_MARK, ""))
    return "\n\n".join(block.strip() for block in blocks if block.strip())
