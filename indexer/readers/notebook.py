"""Read Jupyter notebooks: the text of their Markdown cells. Code and its output are left out and counted."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .encodings import decode
from .front_matter import front_matter
from .json_list import loads
from .markdown import markdown_blocks
from .records import Extract, ReadOptions, UnreadableError, joined, plain_newlines, whole_file


def read_notebook(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the Markdown cells of a notebook with its title and authors, and the numbers of the cells left out."""
    text = decode(whole_file(path), options.encoding)
    if not text.strip():
        raise UnreadableError("empty")
    try:
        notebook = loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"broken JSON: {error}") from None
    cells = _cells(notebook)
    if cells is None:
        raise UnreadableError("not a notebook: no cells in it")
    fields: dict[str, object] = {}
    blocks: list[str] = []
    title, code, raw = "", 0, 0
    for cell in cells:
        kind, source = cell.get("cell_type"), plain_newlines(_source(cell))
        code += kind == "code"
        if kind == "raw":
            head = {} if blocks else front_matter(source)[0]
            fields |= head
            raw += not head and bool(source.strip())
        elif kind == "heading":  # of older notebooks
            source = f"# {source}"
        if kind in ("markdown", "heading"):
            found = markdown_blocks(source)
            if not title and found and source.lstrip().startswith("# "):
                title = found[0]
            blocks += found
    if not blocks:
        raise UnreadableError(f"no text in it: {code} cells of code are left out" if code else "no text in it")
    fields = {**({"title": title} if title else {}), **fields, **_metadata(notebook)}
    name = fields.pop("id", "")
    left_out = {key: count for key, count in (("code_cells", code), ("raw_cells", raw)) if count}
    yield Extract("\n\n".join(blocks), fields | left_out, str(name))


def _cells(notebook: Any) -> list[Mapping[str, Any]] | None:
    """Return the cells of a notebook of any version, or None for other JSON."""
    if not isinstance(notebook, dict):
        return None
    found = notebook.get("cells")
    if found is None and isinstance(sheets := notebook.get("worksheets"), list):
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        found = [cell for cells in lists if isinstance(cells, list) for cell in cells]
    return [cell for cell in found if isinstance(cell, dict)] if isinstance(found, list) else None


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _metadata(notebook: object) -> dict[str, object]:
    about = notebook.get("metadata") if isinstance(notebook, dict) else None
    if not isinstance(about, dict):
        return {}
    found: dict[str, object] = {}
    if isinstance(title := about.get("title"), str) and title.strip():
        found["title"] = title.strip()
    if isinstance(people := about.get("authors"), list):
        names = [person.get("name") if isinstance(person, dict) else person for person in people]
        if given := [name.strip() for name in names if isinstance(name, str) and name.strip()]:
            found["author"] = joined(given)
    return found
