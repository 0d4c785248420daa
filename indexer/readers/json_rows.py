"""Read JSON and JSON Lines, one document per object.

A JSON file is a list of documents, one document, an object that holds lists or objects of documents, or JSON Lines.
Where the text is shows which of them it is. An object is therefore read twice, each time value by value.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO, cast

from .encodings import file_encoding
from .fields import MAX_DEPTH, as_text, flat, listed, row_document, take
from .json_list import MAX_ITEM, Window, loads
from .records import Extract, Failure, ReadOptions, UnreadableError, open_file, plain_newlines

_STEP = 2**24  # number of characters of a line that are read at once
_REMEMBERED = 1000  # maximum number of places in an object that are remembered
_AROUND = 50  # maximum number of values around a list that become metadata of its documents
_Keys = tuple[str, ...]


def read_json_lines(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the objects of a file with a JSON object on each line. Empty lines are skipped."""
    codec = file_encoding(path, options.encoding)
    if _begins_a_value(_first_line(path, codec)):
        yield from read_json(path, options)
    else:
        yield from _line_documents(path, codec, options)


def read_json(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the documents of a JSON file: of a list, of an object, or of JSON Lines."""
    codec = file_encoding(path, options.encoding)
    with _opened(path, codec) as file:
        window = Window(file)
        first = window.next()
        if not first:
            raise UnreadableError("broken JSON: it is empty")
        if first == "[":
            for number in window.elements():
                yield item_document(window.item(number), options, number, f"row {number}")
            if window.next():
                raise UnreadableError("broken JSON: more text after the list")
            return
        if first not in '{"':
            raise UnreadableError("neither a list nor an object")
        shape = _shape(window, options)
    if shape.has_more and _is_value(_first_line(path, codec).removesuffix(",")):
        yield from _line_documents(path, codec, options)
    elif shape.has_more:
        yield from _values(path, codec, options)
    else:
        yield from _from_object(path, codec, options, shape)


def item_document(
    item: object, options: ReadOptions, number: int, where: str, path: str | None = None
) -> Extract | Failure:
    """Return the document of an object, or of a text.

    Args:
        path: Path of the text in the object, or None for that of the options.
    """
    if isinstance(item, str) and item.strip():
        return Extract("" if options.preview else plain_newlines(item), _shown(item, options), "", number, where)
    if not isinstance(item, dict):
        return Failure("neither an object nor a text", where, number)
    return row_document(cast(Mapping[str, object], item), options, number, where, text=path or _text_path(options))


def _shown(item: str, options: ReadOptions) -> dict[str, object]:
    return {"text": item} if options.preview else {}


def _text_path(options: ReadOptions) -> str:
    """Return the path of the text in an object. In other tools a path begins with `$.` or `[].`."""
    return (options.text_path or options.text_column).removeprefix("$.").removeprefix("[].")


# ---- lines


def _opened(path: Path, codec: str) -> TextIO:
    return io.TextIOWrapper(open_file(path), encoding=codec, errors="replace", newline=None)


def _first_line(path: Path, codec: str) -> str:
    """Return the first line that is not blank, without the space around it."""
    with _opened(path, codec) as file:
        while line := file.readline(_STEP):
            if stripped := line.strip().removeprefix("\ufeff").strip():
                return stripped
    return ""


def _begins_a_value(line: str) -> bool:
    """Return whether a first line is a list, or the beginning of a value of several lines."""
    if _is_value(line) or (line.startswith("{") and _is_value(line.removesuffix(","))):
        return line.startswith("[")
    return line.startswith("[") or (line.startswith("{") and line.endswith(("{", "[", ",")))


def _is_value(line: str) -> bool:
    try:
        loads(line)
    except (ValueError, RecursionError, UnreadableError):
        return False
    return True


def _line_documents(path: Path, codec: str, options: ReadOptions) -> Iterator[Extract | Failure]:
    with _opened(path, codec) as file:
        for number, line in enumerate(_lines(file), start=1):
            if line is None:
                yield Failure(f"longer than {MAX_ITEM // 2**20} MiB", f"line {number}", number)
            elif line.strip():
                yield _line_document(line.removeprefix("\ufeff"), options, number)


def _lines(file: TextIO) -> Iterator[str | None]:
    """Yield the lines of a file, and None for a line that is too long."""
    while line := file.readline(_STEP):
        yield line if len(line) < _STEP else _long_line(line, file)


def _long_line(start: str, file: TextIO) -> str | None:
    pieces, size = [start], len(start)
    while not pieces[-1].endswith("\n") and (piece := file.readline(_STEP)):
        size += piece.__sizeof__()
        if size > MAX_ITEM:
            pieces = [piece]  # the rest is read over
        else:
            pieces.append(piece)
    return None if size > MAX_ITEM else "".join(pieces)


def _line_document(line: str, options: ReadOptions, number: int) -> Extract | Failure:
    where = f"line {number}"
    try:
        try:
            item = loads(line)
        except ValueError:
            shorter = line.rstrip().removesuffix(",")  # the lines of a list
            if len(shorter) == len(line.rstrip()):
                raise
            item = loads(shorter)
    except (ValueError, RecursionError) as error:
        return Failure(f"broken JSON: {error}", where, number)
    except UnreadableError as error:
        return Failure(str(error), where, number)
    return item_document(item, options, number, where)


def _values(path: Path, codec: str, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the documents of values that follow each other in a file, each in any number of lines."""
    with _opened(path, codec) as file:
        window, number = Window(file), 0
        while window.next():
            number += 1
            yield item_document(window.item(number), options, number, f"row {number}")


# ---- an object


@dataclass(slots=True)
class _Shape:
    """What an object holds.

    Attributes:
        is_document: Whether the text is directly in it.
        lists: Keys that lead to a list of documents -> path of the text in each. An empty path is the item itself.
        owners: Number of inner objects that have a text.
        owner: Keys that lead to the first of them.
        depth: Smallest number of keys that lead to one of them.
        objects: Keys that lead to a list of objects -> number of these.
        around: Single values outside of lists, with their paths.
        texts: Paths of some texts.
        inside: Whether there is something inside the field that should be the text.
        has_more: Whether there is more in the file after it.
        problem: Why the rest cannot be read, or None.
    """

    is_document: bool = False
    lists: dict[_Keys, str] = field(default_factory=dict)
    owners: int = 0
    owner: _Keys = ()
    depth: int = MAX_DEPTH
    objects: Counter[_Keys] = field(default_factory=Counter)
    around: dict[_Keys, object] = field(default_factory=dict)
    texts: dict[str, None] = field(default_factory=dict)
    inside: bool = False
    has_more: bool = False
    problem: UnreadableError | None = None


def _walk(window: Window, is_whole: Callable[[_Keys], bool], keys: _Keys = ()) -> Iterator[tuple[_Keys, int, object]]:
    """Yield the values of an object, with the keys that lead to each and its number in a list, or 0.

    Args:
        is_whole: Whether a value is yielded as one. Else objects are walked through.
    """
    sign = window.next()
    if sign == "{" and len(keys) < MAX_DEPTH and not is_whole(keys):
        for key in window.members():
            yield from _walk(window, is_whole, (*keys, key))
    elif sign == "[" and not is_whole(keys):
        for number in window.elements():
            yield keys, number, window.item(number)
    else:
        yield keys, 0, window.item(0)


def _never(_keys: _Keys) -> bool:
    return False


def _shape(window: Window, options: ReadOptions) -> _Shape:
    """Return what the object at the beginning of a file holds."""
    shape = _Shape()
    path = _text_path(options)
    wanted = tuple(part.removesuffix("[]") for part in path.split("."))
    try:
        for keys, number, value in _walk(window, _never):
            if keys not in shape.lists:
                _note(shape, keys, number, value, path, wanted)
        shape.has_more = bool(window.next())
    except UnreadableError as error:
        shape.problem = error
    return shape


def _note(shape: _Shape, keys: _Keys, number: int, value: object, path: str, wanted: _Keys) -> None:
    name = ".".join(keys)
    shape.inside |= len(keys) > len(wanted) and keys[: len(wanted)] == wanted
    if not number and not isinstance(value, dict | list) and len(shape.around) < _AROUND:
        shape.around[keys] = value
    if isinstance(value, str) and value.strip():
        _remember(shape, name)
        if number and keys == wanted and path.endswith("[]"):
            shape.lists[keys] = ""
        elif keys and (keys[-1] == path or keys[-len(wanted) :] == wanted):
            owner = keys[:-1] if keys[-1] == path else keys[: -len(wanted)]
            shape.is_document |= not owner
            if owner and number < 2:
                shape.owners += 1
                shape.owner = shape.owner or owner
                shape.depth = min(shape.depth, len(owner))
    elif isinstance(value, dict) and number and len(shape.lists) < _REMEMBERED:
        fields = cast(Mapping[str, object], value)
        if keys in shape.objects or len(shape.objects) < _REMEMBERED:
            shape.objects[keys] += 1
        rest = ".".join(wanted[len(keys) :]) if keys == wanted[: len(keys)] else ""
        for inner in filter(None, (path, rest)):
            if as_text(take(fields, inner)[0]).strip():
                shape.lists[keys] = inner
                return
        if len(shape.texts) < _REMEMBERED:
            for field_name, each in flat(fields).items():
                if isinstance(each, str) and each.strip():
                    _remember(shape, f"{name}[].{field_name}")


def _remember(shape: _Shape, name: str) -> None:
    if len(shape.texts) < _REMEMBERED:
        shape.texts[name] = None


def _from_object(path: Path, codec: str, options: ReadOptions, shape: _Shape) -> Iterator[Extract | Failure]:
    with _opened(path, codec) as file:
        window = Window(file)
        if shape.is_document:
            yield from _from_whole(window.item(0), options)
        elif shape.lists:
            yield from _from_lists(window, options, shape.lists, shape.around)
        elif shape.owners == 1 and shape.problem is None:
            yield _from_owner(window.item(0), options, shape.owner)
        elif shape.owners:
            yield from _from_members(window, options, shape.depth)
        elif options.preview and shape.objects:
            yield from _from_lists(window, options, {shape.objects.most_common(1)[0][0]: ""}, {})
        elif options.preview or (shape.inside and shape.problem is None):
            yield from _from_whole(window.item(0), options)
        elif shape.problem is not None:
            raise shape.problem
        else:
            raise UnreadableError(_no_text(_text_path(options), list(shape.texts)))


def _no_text(path: str, texts: list[str]) -> str:
    if not texts:
        return f"no text in {path!r}"
    return f"no text in {path!r}; there is text in {listed(texts)}; name it with --text-path"


def _from_whole(item: object, options: ReadOptions) -> Iterator[Extract | Failure]:
    rows = _as_rows(item)
    if rows is None:
        yield item_document(item, options, 0, "")
    for number, row in enumerate(rows or (), start=1):
        yield item_document(row, options, number, f"row {number}")


def _as_rows(item: object) -> list[dict[str, object]] | None:
    """Return the rows of an object that is a table, column by column, or None."""
    if not isinstance(item, dict) or len(item) < 2:
        return None
    first, *others = item.values()
    if isinstance(first, list) and len(first) > 1 and all(_is_beside(first, other) for other in others):
        return [dict(zip(item, cells, strict=True)) for cells in zip(*item.values(), strict=True)]
    if isinstance(first, dict) and first and all(_is_beside(first, other) for other in others):
        return [{name: column[key] for name, column in item.items()} for key in first]
    return None


def _is_beside(first: list[object] | dict[str, object], other: object) -> bool:
    """Return whether two values are columns of one table: as long as each other, or numbered by the same keys."""
    if isinstance(first, list):
        return isinstance(other, list) and len(other) == len(first)
    return isinstance(other, dict) and other.keys() == first.keys() and all(map(str.isdigit, first))


def _from_lists(
    window: Window, options: ReadOptions, lists: Mapping[_Keys, str], around: Mapping[_Keys, object]
) -> Iterator[Extract | Failure]:
    """Yield the documents of lists. What is beside the lists describes all of them."""
    common = {".".join(keys): value for keys, value in around.items()}
    row = 0
    for keys, number, value in _walk(window, _never):
        if number and keys in lists:
            row += 1
            place = f"row {row}" if len(lists) == 1 else f"{'.'.join(keys)}, row {number}"
            found = item_document(value, options, row, place, lists[keys] or None)
            if isinstance(found, Extract) and not options.preview:
                names = {"list": ".".join(keys)} if len(lists) > 1 else {}
                found = replace(found, metadata={**common, **names, **found.metadata})
            yield found


def _from_owner(item: object, options: ReadOptions, owner: _Keys) -> Extract | Failure:
    """Return the document of an object with a text in one inner object. What is around that object describes it."""
    fields, name = cast(dict[str, object], item), ".".join(owner)
    if options.preview:
        return item_document(item, options, 0, "")
    if take(fields, options.id_column)[0] is None:
        options = replace(options, id_column=f"{name}.{options.id_column}")
    return item_document(item, options, 0, "", f"{name}.{_text_path(options)}")


def _from_members(window: Window, options: ReadOptions, depth: int) -> Iterator[Extract | Failure]:
    """Yield the documents of an object of objects. Their keys are their ids.

    Args:
        depth: Number of keys that lead to a document.
    """
    row = 0
    for keys, _, value in _walk(window, lambda keys: len(keys) >= depth):
        if len(keys) == depth and isinstance(value, dict):
            row += 1
            found = item_document(value, options, row, f"row {row}")
            yield replace(found, id=found.id or "/".join(keys).strip()) if isinstance(found, Extract) else found
