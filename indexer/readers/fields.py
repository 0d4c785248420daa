"""Turn the fields of a row, or of a JSON object, into a document: its text, its id, and the rest as metadata.

A field inside another one has a path, such as `user.screen_name`. On its way through a list, a path reads every item.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import cast

from .records import Extract, Failure, ReadOptions, UnreadableError, plain_newlines

MAX_FIELDS = 10_000
"""Maximum number of fields of a document."""
MAX_DEPTH = 8
"""Maximum depth of objects whose fields become fields of the document. Deeper ones stay JSON text."""
MAX_NAME = 200
"""Maximum length of the name of a field whose parts become fields of the document."""
_NAMED = 20  # number of fields that a message names
_INDEX = re.compile(r"(.*)\[(\d{0,6})\]", re.DOTALL)


def row_document(
    fields: Mapping[str, object], options: ReadOptions, number: int, where: str, *, text: str | None = None
) -> Extract | Failure:
    """Return the document of a row.

    Args:
        number: Number of the row, from 1.
        where: Place of the row in its file.
        text: Path of the text, or None for `options.text_column`.
    """
    path = text or options.text_column
    try:
        if options.preview:
            return Extract("", flat(fields), "", number, where)
        found, rest = take(fields, path)
        content = as_text(found)
        if not content.strip():
            return Failure(_no_text(fields, path, found), where, number)
        name, rest = take(rest, options.id_column)
        if isinstance(name, dict | list | bool):
            return Failure(f"{options.id_column!r} is neither text nor a number", where, number)
        translation = ""
        if options.translation_column:
            found, rest = take(rest, options.translation_column)
            translation = as_text(found)
        if options.metadata_columns is not None:
            rest = {name: value for column in options.metadata_columns for name, value in _taken(rest, column)}
        metadata: dict[str, object] = {"translation": plain_newlines(translation)} if translation.strip() else {}
        return Extract(
            plain_newlines(content),
            flat(rest, metadata),
            "" if name is None else str(name).strip(),
            number,
            where,
        )
    except UnreadableError as error:
        return Failure(str(error), where, number)


def as_text(value: object) -> str:
    """Return a text, or the paragraphs of a list of texts. Other values have no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n\n".join(item for item in value if isinstance(item, str))
    return ""


def take(fields: Mapping[str, object], path: str) -> tuple[object, Mapping[str, object]]:
    """Return what is at a path, or None, and the fields without it.

    A key that has periods is found too. On the way through a list, the values of all its items are a list.
    """
    if path in fields:
        return fields[path], {key: value for key, value in fields.items() if key != path}
    for key, index, rest in _steps(path):
        if key not in fields:
            continue
        found, left = _take_inside(fields[key], index, rest)
        if found is not None:
            changed = {name: left if name == key else value for name, value in fields.items()}
            return found, {name: value for name, value in changed.items() if name != key or value not in (None, {}, [])}
    return None, fields


def _taken(fields: Mapping[str, object], path: str) -> Iterator[tuple[str, object]]:
    """Yield what is at a path, under the name of its column or field, if there is something."""
    name = same_name(path, fields) or path
    found, _ = take(fields, name)
    if found is not None:
        yield name, found


def flat(fields: Mapping[str, object], into: dict[str, object] | None = None) -> dict[str, object]:
    """Return the fields with those of inner objects beside them, as `user.screen_name`. Lists stay.

    Args:
        into: Fields that are there already.

    Raises:
        UnreadableError: There are more than `MAX_FIELDS`.
    """
    found: dict[str, object] = {} if into is None else into
    _add(found, "", fields, 1)
    return found


def free_name(name: str, used: Mapping[str, object]) -> str:
    """Return the name, or `name.2` and so on if it is in use."""
    number = 1
    free = name
    while free in used:
        number += 1
        free = f"{name}.{number}"
    return free


def distinct_names(names: Sequence[str]) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """Return names of columns of which no two are equal, and the new names of the second and further ones.

    A column without a name is called `column 3` after its place.
    """
    used, counts = set(names), Counter[str]()
    columns: list[str] = []
    doubled: dict[str, list[str]] = {}
    for number, given in enumerate(names, start=1):
        name = given or f"column {number}"
        is_free = given != "" or name not in used
        counts[name] += 1
        if counts[name] > 1 or not is_free:
            counts[name] = max(counts[name], 2)
            while f"{name}.{counts[name]}" in used:
                counts[name] += 1
            doubled.setdefault(name, []).append(f"{name}.{counts[name]}")
            name = doubled[name][-1]
        used.add(name)
        columns.append(name)
    return tuple(columns), doubled


def same_name(name: str, columns: Collection[str]) -> str:
    """Return the column of this name, or the only one that differs from it in capitals alone, or an empty string."""
    if name in columns:
        return name
    found = [column for column in columns if column.casefold() == name.casefold()]
    return found[0] if len(found) == 1 else ""


def as_written(options: ReadOptions, columns: Collection[str]) -> ReadOptions:
    """Return the options with the names of columns as a table writes them."""
    translation = options.translation_column
    return replace(
        options,
        text_column=same_name(options.text_column, columns) or options.text_column,
        id_column=same_name(options.id_column, columns) or options.id_column,
        translation_column=translation and (same_name(translation, columns) or translation),
    )


def doubled_columns(options: ReadOptions, doubled: Mapping[str, list[str]]) -> Iterator[Failure]:
    """Yield a complaint about each column in use whose name other columns have too."""
    used = (options.text_column, options.id_column, options.translation_column or "")
    for name in () if options.preview else dict.fromkeys(used):
        if copies := doubled.get(name):
            yield Failure(
                f"{len(copies) + 1} columns are named {name!r}; the first is read as that, the other as metadata"
                f" {listed(copies)}; rename one",
                "header",
            )


def longest(columns: Sequence[Sequence[str]]) -> int | None:
    """Return the number of the column whose values have the most letters on average, from 0, or None without any."""
    means = [fmean(sum(map(str.isalpha, value)) for value in values) if values else 0.0 for values in columns]
    best = max(range(len(means)), key=means.__getitem__, default=None)
    return None if best is None or not means[best] else best


def column_advice(columns: Sequence[str], guess: int | None, option: str = "--text-column") -> str:
    """Return the columns of a table and the next step for a message.

    Args:
        guess: Number of the column that most likely is meant.
    """
    name = "NAME" if guess is None else columns[guess]
    shown = name if re.fullmatch(r"[\w.-]+", name) else f"'{name[:40]}'"
    return f"its columns are {listed(columns)}; name the right one: {option} {shown}"


def listed(names: Sequence[str]) -> str:
    """Return some names of columns or fields for a message."""
    shown = ", ".join(repr(name[:40]) for name in names[:_NAMED])
    return f"{shown}, ..." if len(names) > _NAMED else shown


def _steps(path: str) -> list[tuple[str, int | None, str]]:
    """Return each first key that a path may mean, with the number of an item and the rest. The longest key is first."""
    steps: list[tuple[str, int | None, str]] = []
    ends = [at for at, sign in enumerate(path) if sign == "."]
    for end in [len(path), *reversed(ends[: MAX_DEPTH * 4])]:
        key, index, rest = path[:end], None, path[end + 1 :]
        if match := _INDEX.fullmatch(key):
            steps.append((match[1], int(match[2]) if match[2] else None, rest))
        elif rest:
            steps.append((key, index, rest))
    return steps


def _take_inside(value: object, index: int | None, path: str) -> tuple[object, object]:
    """Return what is at a path inside a value, or None, and the value without it."""
    if index is not None:
        if not isinstance(value, list) or index >= len(value):
            return None, value
        found, left = _take_inside(value[index], None, path)
        return found, [*value[:index], *([left] if left else []), *value[index + 1 :]]
    if not path:
        return value, None
    if isinstance(value, dict):
        return take(cast(Mapping[str, object], value), path)
    if not isinstance(value, list):
        return None, value
    every: list[object] = []
    rest: list[object] = []
    for item in value:
        if not isinstance(item, dict):
            rest.append(item)
            continue
        found, left = take(item, path)
        every += found if isinstance(found, list) else [] if found is None else [found]
        rest += [left] if left else []
    return every or None, rest


def _add(found: dict[str, object], prefix: str, fields: Mapping[str, object], depth: int) -> None:
    for key, value in fields.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < MAX_DEPTH and len(name) <= MAX_NAME:
            _add(found, f"{name}.", value, depth + 1)
        else:
            found[free_name(name, found)] = value
        if len(found) > MAX_FIELDS:
            raise UnreadableError(f"more than {MAX_FIELDS:,} fields")


def _no_text(fields: Mapping[str, object], path: str, found: object) -> str:
    if found is not None:
        return f"no text in {path!r}"
    names = [name for name, value in flat(fields).items() if isinstance(value, str) and value.strip()]
    if path in fields or not names:
        return f"no text in {path!r}"
    return f"no text in {path!r}; there is text in {listed(names)}; name it with --text-path or --text-column"
