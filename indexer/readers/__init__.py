"""Read files of all formats as text and metadata. `read_file` is the way in.

A reader is a function of one module here. It takes a path and `ReadOptions`, and yields an `Extract` per document. A
part that cannot be read is a `Failure` among them. If the whole file cannot be read, the reader raises
`UnreadableError`. To add a format, write such a function, and add a line to `FORMATS`. A module is imported with the
first file of its format, so that others do not pay for the libraries that it needs.
"""

import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import cast

from .content import suffixes_by_content
from .records import Extract, Failure, ReadOptions, UnreadableError
from .titles import real_title, several_authors

Reader = Callable[[Path, ReadOptions], Iterator[Extract | Failure] | Iterator[Extract]]


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    Attributes:
        suffixes: Suffixes of its files, in small letters.
        module: Module of this package that reads it.
        function: Function of that module.
        apart: Whether a process of its own reads it. True for a parser in C, or one of unforeseeable cost.
    """

    suffixes: tuple[str, ...]
    module: str
    function: str
    apart: bool = False


FORMATS = (
    Format((".txt", ".text", ".asc"), "plain", "read_text"),
    Format((".md", ".markdown"), "markdown", "read_markdown", apart=True),
    Format((".html", ".htm", ".xhtml"), "html", "read_html", apart=True),
    Format((".pdf",), "pdf", "read_pdf", apart=True),
    Format((".docx", ".docm", ".dotx", ".dotm"), "docx", "read_docx", apart=True),
    Format((".epub",), "epub", "read_epub", apart=True),
    Format((".csv", ".tsv"), "rows", "read_table"),
    Format((".odt", ".ott", ".fodt"), "odt", "read_odt", apart=True),
    Format((".rtf",), "rtf", "read_rtf", apart=True),
    Format((".doc", ".dot"), "doc", "read_doc", apart=True),
    Format((".srt", ".vtt"), "subtitles", "read_subtitles"),
    Format((".ipynb",), "notebook", "read_notebook", apart=True),
    Format((".xlsx", ".xlsm", ".ods"), "sheets", "read_sheets", apart=True),
    Format((".tex", ".latex"), "latex", "read_latex", apart=True),
    Format((".jsonl", ".ndjson"), "json_rows", "read_json_lines"),
    Format((".json",), "json_rows", "read_json"),
    Format((".parquet",), "arrow", "read_parquet", apart=True),
    Format((".arrow", ".feather"), "arrow", "read_arrow", apart=True),
    Format((".tmx",), "translations", "read_tmx", apart=True),
    Format((".xlf", ".xliff"), "translations", "read_xliff", apart=True),
    Format((".tei", ".xml"), "tei", "read_tei", apart=True),
    Format((".conllu", ".conll"), "conllu", "read_conllu"),
    Format((".vrt", ".vert", ".vertical"), "vertical", "read_vertical"),
    Format((".eml",), "mail", "read_mail", apart=True),
    Format((".mbox",), "mail", "read_mailbox", apart=True),
    Format((".mhtml", ".mht"), "mail", "read_saved_page", apart=True),
    Format((".zip",), "zips", "read_zip", apart=True),
)
"""All formats that can be read, the most common first."""
SUFFIXES = tuple(suffix for item in FORMATS for suffix in item.suffixes)
"""The suffixes of all formats that can be read."""
TYPES_LISTED = "`polyseme index --help` lists the types that are read"
"""What the message about a file of another type says last."""


_COMPANIONS = (
    "apng avif bmp cr2 dng eps gif heic heif ico icns jfif jpeg jpg nef png psd svg svgz tif tiff webp"
    " aac aif aiff amr flac m4a m4b mid midi mp3 oga ogg opus wav wma"
    " 3gp avi flv m4v mkv mov mp4 mpeg mpg ogv webm wmv"
    " css eot js map mjs otf swf ttf woff woff2"
)
COMPANIONS = frozenset(_COMPANIONS.split())
"""Types of pictures, sound, video, fonts and parts of web pages. They accompany documents and hold no text to read."""
WITHOUT_SUFFIX = "without suffix"
"""Type of a file that has no suffix and holds neither text nor a known format."""
_SUFFIX = re.compile(r"\.(?=[0-9_~+-]*[a-z])[a-z0-9_~+-]{1,12}", re.ASCII)


def format_of(path: Path) -> Format | None:
    """Return the format of a file by its suffix, or None for an unknown one."""
    return _format(path.suffix.lower())


def kind_of(path: Path) -> Format | None:
    """Return the format that a file is read as, or None if it is not read.

    The suffix decides. A file without one is opened, and its first bytes decide: text, or a format with its own start.
    """
    if _suffix_of(path):
        return format_of(path)
    found = (_format(suffix) for suffix in suffixes_by_content(path))
    return next((item for item in found if item is not None), None)


def type_of(path: Path) -> str:
    """Return the type in the name of a file, such as `odt`, or `WITHOUT_SUFFIX`."""
    return _suffix_of(path)[1:] or WITHOUT_SUFFIX


def is_known(path: Path) -> bool:
    """Return whether a file is of a format that can be read."""
    return kind_of(path) is not None


def unknown_type(path: Path) -> str:
    """Return the reason why a file of an unknown format is not read."""
    suffix = _suffix_of(path)
    kind = f"unknown file type {suffix!r}" if suffix else "no file type in its name, and its content is of none"
    return f"{kind}; {TYPES_LISTED}"


def _format(suffix: str) -> Format | None:
    return next((item for item in FORMATS if suffix in item.suffixes), None)


def _suffix_of(path: Path) -> str:
    """Return the suffix in small letters, or "" for a name such as `Mr. Smith` or `letter.1850`."""
    suffix = path.suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def read_file(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the documents of one file. Never raises: anything that cannot be read becomes a Failure."""
    is_empty = not options.preview
    try:
        for item in () if _is_empty_file(path) else _reader(path)(path, options):
            is_empty = False
            yield _with_real_properties(item, path) if isinstance(item, Extract) else item
    except UnreadableError as error:
        yield Failure(str(error))
    except OSError as error:
        yield Failure(error.strerror or str(error))
    except MemoryError:
        yield Failure("needs more memory than there is; split it")
    except RecursionError:
        yield Failure("damaged: nested too deeply")
    except Exception as error:  # a library's fault in one file must not end the run
        yield Failure(f"damaged: {type(error).__name__}: {error}")
    else:
        if is_empty:  # such as a table that is nothing but a header
            yield Failure("no text in it")


def _is_empty_file(path: Path) -> bool:
    state = path.stat()
    return stat.S_ISREG(state.st_mode) and not state.st_size


def _with_real_properties(item: Extract, path: Path) -> Extract:
    """Return the document without a title that its program wrote, and with several authors as a list.

    A table, or a writer's own header, is believed.
    """
    if item.row or _is_written_by_hand(path):
        return item
    changed = dict(item.metadata)
    if isinstance(title := changed.get("title"), str) and title and real_title(title) != title:
        changed["title"] = real_title(title)
        if not changed["title"]:
            del changed["title"]
    if isinstance(author := changed.get("author"), str) and ";" in author:
        changed["author"] = several_authors(author)
    return item if changed == item.metadata else replace(item, metadata=changed)


def _is_written_by_hand(path: Path) -> bool:
    found = kind_of(path)
    if found is None or found.function == "read_saved_page":
        return False
    return found.module in ("plain", "markdown", "tei", "mail")


def _reader(path: Path) -> Reader:
    found = kind_of(path)
    if found is None:
        raise UnreadableError(unknown_type(path))
    return cast(Reader, getattr(import_module(f".{found.module}", __package__), found.function))
