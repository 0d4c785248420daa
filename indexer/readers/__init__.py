"""File formats -> text and metadata: one function per format behind one door, libraries imported when first needed."""

from collections.abc import Callable, Iterator
from pathlib import Path

from .records import Extract, Failure, ReadOptions, UnreadableError

Reader = Callable[[Path, ReadOptions], Iterator[Extract | Failure] | Iterator[Extract]]

SUFFIXES = (
    *(".txt", ".md", ".markdown", ".html", ".htm", ".xhtml", ".pdf", ".docx", ".epub"),
    *(".csv", ".tsv", ".jsonl", ".ndjson", ".json"),
)


def is_known(path: Path) -> bool:
    """Tell whether a file's name ends like a format that can be read."""
    return path.suffix.lower() in SUFFIXES


def unknown_type(path: Path) -> str:
    """Return why a file that `is_known` denies is not read."""
    kind = f"unknown file type {path.suffix!r}" if path.suffix else "no file type in its name"
    return f"{kind}; read are {' '.join(suffix[1:] for suffix in SUFFIXES)}"


def read_file(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the documents of one file, whatever is wrong with it: what cannot be read becomes a Failure."""
    try:
        yield from _reader(path)(path, options)
    except UnreadableError as error:
        yield Failure(str(error))
    except OSError as error:
        yield Failure(error.strerror or str(error))
    except Exception as error:  # a library that chokes on one file must not end the run
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
        case ".docx" | ".epub" as suffix:
            from . import zipped

            return zipped.read_docx if suffix == ".docx" else zipped.read_epub
        case ".csv" | ".tsv" | ".jsonl" | ".ndjson" | ".json" as suffix:
            from . import rows

            return {".json": rows.read_json, ".csv": rows.read_table, ".tsv": rows.read_table}.get(
                suffix, rows.read_json_lines
            )
    raise UnreadableError(unknown_type(path))
