"""Read files of all formats as text and metadata. `read_file` is the way in.

A reader is a function of one module here. It takes a path and `ReadOptions`, and yields an `Extract` per document. A
part that cannot be read is a `Failure` among them. If the whole file cannot be read, the reader raises
`UnreadableError`. To add a format, write such a function, list its suffixes in `SUFFIXES`, and return the function from
`_reader`. A library that a format needs is imported inside `_reader` or the function, so that others do not pay for it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from .records import Extract, Failure, ReadOptions, UnreadableError

Reader = Callable[[Path, ReadOptions], Iterator[Extract | Failure] | Iterator[Extract]]

SUFFIXES = (
    *(".txt", ".md", ".markdown", ".html", ".htm", ".xhtml", ".pdf", ".docx", ".epub"),
    *(".csv", ".tsv", ".jsonl", ".ndjson", ".json"),
)


def is_known(path: Path) -> bool:
    """Return whether a file's suffix is that of a format that can be read."""
    return path.suffix.lower() in SUFFIXES


def unknown_type(path: Path) -> str:
    """Return the reason why a file of an unknown format is not read."""
    kind = f"unknown file type {path.suffix!r}" if path.suffix else "no file type in its name"
    return f"{kind}; known types: {' '.join(suffix[1:] for suffix in SUFFIXES)}"


def read_file(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the documents of one file. Never raises: anything that cannot be read becomes a Failure."""
    try:
        yield from _reader(path)(path, options)
    except UnreadableError as error:
        yield Failure(str(error))
    except OSError as error:
        yield Failure(error.strerror or str(error))
    except Exception as error:  # a library's fault in one file must not end the run
        yield Failure(f"damaged: {type(error).__name__}: {error}")


def _reader(path: Path) -> Reader:
    match path.suffix.lower():
        case ".txt" | ".md" | ".markdown" as suffix:
            from . import plain

            return plain.read_text if suffix == ".txt" else plain.read_markdown
        case ".html" | ".htm" | ".xhtml":
            from .html import read_html

            return read_html
        case ".pdf":
            from .pdf import read_pdf

            return read_pdf
        case ".docx":
            from .docx import read_docx

            return read_docx
        case ".epub":
            from .epub import read_epub

            return read_epub
        case ".csv" | ".tsv" | ".jsonl" | ".ndjson" | ".json" as suffix:
            from . import rows

            return {".json": rows.read_json, ".csv": rows.read_table, ".tsv": rows.read_table}.get(
                suffix, rows.read_json_lines
            )
    raise UnreadableError(unknown_type(path))
