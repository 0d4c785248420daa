"""The present state of the annotations: what each author says about a line now, and the senses that lines were given.

It is the last row of the log for each line, author and field, and for each sense and field.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from .judgement_records import (
    DEFINITION,
    FOUND,
    LONGEST_AUTHOR,
    LONGEST_CONTEXT,
    LONGEST_NOTE,
    MERGED,
    MOST_ROWS,
    NAME,
    SENSE_FIELDS,
    SEPARATOR,
    WORD,
    Annotation,
    Field,
    JudgedLine,
    JudgedSense,
    has_judgements,
    longest_of,
    number_in,
    short_sql,
    text_in,
)
from .schema import in_batches


def annotations_of(db: sqlite3.Connection, occurrences: Sequence[int]) -> dict[int, tuple[Annotation, ...]]:
    """Return what people say about some occurrences. Those without an annotation are left out.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_judgements(db):
        return {}
    lines = {
        number_in(line): number_in(key)
        for key, line in in_batches(db, f"SELECT o.id, l.id FROM {FOUND} WHERE o.id IN ({{}})", occurrences)
    }
    found = _annotations(db, list(lines)) if lines else {}
    return {lines[line]: said for line, said in found.items() if said}


def _annotations(db: sqlite3.Connection, lines: Sequence[int] | None) -> dict[int, tuple[Annotation, ...]]:
    """Return what people say about lines, by number. None for all lines.

    Raises:
        ValueError: A row is damaged.
    """
    values: dict[tuple[int, str], dict[str, str]] = {}
    times: dict[tuple[int, str], str] = {}
    names: dict[int, str] | None = None
    for line, author, time, field, value, _ in _last_values(db, lines):
        key = line, author
        times[key] = max(times.get(key, ""), time)
        if value is None:
            continue
        if field == Field.SENSE:
            names = _names(db) if names is None else names
            value = names.get(int(value), "")
        values.setdefault(key, {})[field] = value
    found: dict[int, list[Annotation]] = {}
    for line, author in sorted(times):
        said = values.get((line, author), {})
        if any(said.values()):
            found.setdefault(line, []).append(Annotation(author, times[line, author], **said))
    return {line: tuple(said) for line, said in found.items()}


def _names(db: sqlite3.Connection) -> dict[int, str]:
    """Return the name that the lines of each sense have now."""
    senses = sense_fields(db)
    return {number: senses.get(now, {}).get(NAME, "") for number, now in present_senses(senses).items()}


_Last = tuple[int, str, str, str, str | None, int]


def _last_values(db: sqlite3.Connection, lines: Sequence[int] | None, field: str | None = None) -> Iterator[_Last]:
    """Yield the last row of the log for each line, author and field: these, time, value and number of the row.

    Args:
        lines: Numbers of the lines. None for all.
        field: The only field to read. None for all.

    Raises:
        ValueError: A row is damaged.
    """
    author, time, value = (
        short_sql("e.author", LONGEST_AUTHOR),
        short_sql("e.time", 40),
        short_sql("j.value", LONGEST_NOTE),
    )
    sql = (
        f"SELECT j.line, {author}, {time}, {short_sql('j.field', 40)}, {value}, max(j.id) FROM judgements j"
        " JOIN judgement_events e ON e.id = j.event WHERE {}"
        f" GROUP BY j.line, e.author, j.field LIMIT {MOST_ROWS}"
    )
    if lines is None:
        rows: Iterable[Sequence[object]] = db.execute(sql.format("j.line IS NOT NULL"))
    else:
        rows = in_batches(db, sql.replace("{}", "j.line IN ({})"), lines)
    for line, by, when, name, stored, last in rows:
        kind = Field(text_in(name, 40))
        if field is not None and kind != field:
            continue
        said = None if stored is None else text_in(stored, longest_of(kind))
        if said is not None and kind is Field.SENSE and not (said.isdecimal() and len(said) < 16):
            raise ValueError("a judgement has a sense that is not a number")
        yield number_in(line), text_in(by, LONGEST_AUTHOR), text_in(when, 40), kind, said, number_in(last)


def sense_fields(db: sqlite3.Connection) -> dict[int, dict[str, str]]:
    """Return the fields of every edited sense, by its number. A sense without a name was removed, or its making undone.

    Raises:
        ValueError: A row is damaged.
    """
    sql = (
        f"SELECT sense, {short_sql('field', 40)}, {short_sql('value', LONGEST_NOTE)}, max(id) FROM judgements"
        f" WHERE sense IS NOT NULL GROUP BY sense, field LIMIT {MOST_ROWS}"
    )
    found: dict[int, dict[str, str]] = {}
    for sense, field, value, _ in db.execute(sql) if has_judgements(db) else ():
        name = text_in(field, 40)
        fields = found.setdefault(number_in(sense), {})
        if name not in SENSE_FIELDS:
            raise ValueError(f"an edited sense has the field {name!r}")
        if value is None:
            continue
        fields[name] = text_in(value, longest_of(name))
        if name == MERGED and not (fields[name].isdecimal() and len(fields[name]) < 16):
            raise ValueError("an edited sense is merged into something that is not a number")
    return found


def present_senses(senses: Mapping[int, Mapping[str, str]]) -> dict[int, int]:
    """Return the number of the sense that has the lines of each sense now: itself, or the one it was merged into.

    Senses of a word that have the same name are the first of them. An undo can give a sense back a name that another
    one has meanwhile. Of senses that are merged in a circle, the first one has the lines.
    """
    ends: dict[int, int] = {}
    for number in senses:
        path: dict[int, None] = {}
        while number not in ends and number not in path and MERGED in senses.get(number, {}):
            path[number] = None
            number = int(senses[number][MERGED])
        end = min(list(path)[list(path).index(number) :]) if number in path else ends.get(number, number)
        ends |= dict.fromkeys([*path, end], end)
    first: dict[tuple[str | None, str], int] = {}
    for number in sorted(set(ends.values())):
        fields = senses.get(number, {})
        if NAME in fields:
            ends[number] = first.setdefault((fields.get(WORD), fields[NAME]), number)
    return {number: ends[end] for number, end in ends.items()}


def read_senses(db: sqlite3.Connection, word: str | None = None, author: str | None = None) -> list[JudgedSense]:
    """Return the edited senses of a lemma, in the order in which they were made.

    Args:
        word: The lemma. None for those of all words.
        author: The only author whose judgements of lines count. None for all, of whom the last one counts.

    Raises:
        ValueError: A row is damaged.
    """
    senses = sense_fields(db)
    now = present_senses(senses)
    kept = {
        number: fields
        for number, fields in senses.items()
        if fields.get(NAME) and now[number] == number and word in (None, fields.get(WORD))
    }
    if not kept:
        return []
    inside: dict[int, list[int]] = {number: [] for number in kept}
    for line, number in _sense_of_lines(db, author).items():
        if (into := now.get(number)) in inside:
            inside[into].append(line)
    places = _places(db, [line for lines in inside.values() for line in lines])
    return [
        JudgedSense(
            number,
            fields.get(WORD, ""),
            fields[NAME],
            fields.get(DEFINITION, ""),
            tuple(sorted(places[line] for line in inside[number] if line in places)),
        )
        for number, fields in sorted(kept.items())
    ]


def _sense_of_lines(db: sqlite3.Connection, author: str | None) -> dict[int, int]:
    """Return the number of the sense of each line, before merges. Of several authors, the last judgement counts."""
    newest: dict[int, tuple[int, int]] = {}
    for line, by, _, _, value, last in _last_values(db, None, Field.SENSE):
        if value is not None and author in (None, by) and last > newest.get(line, (-1, 0))[0]:
            newest[line] = last, int(value)
    return {line: number for line, (_, number) in newest.items()}


def _places(db: sqlite3.Connection, lines: Sequence[int]) -> dict[int, int]:
    """Return the occurrence of each line that is not lost."""
    rows = in_batches(db, f"SELECT l.id, o.id FROM {FOUND} WHERE l.id IN ({{}})", lines)
    return {number_in(line): number_in(key) for line, key in rows}


def read_lines(
    db: sqlite3.Connection, word: str | None = None, occurrences: Sequence[int] | None = None
) -> list[JudgedLine]:
    """Return the lines that have an annotation, also those that are lost, in the order of documents.

    Args:
        word: The only lemma to read. None for all words.
        occurrences: The only occurrences to read. None for all.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_judgements(db):
        return []
    parts = ", ".join(
        [short_sql("document", 10_000), short_sql("lemma", 1000), short_sql("context", 3 * LONGEST_CONTEXT + 1000)]
    )
    sql = f"SELECT id, {parts} FROM judged_lines"
    if occurrences is not None:
        keys = list(dict.fromkeys(occurrences))
        numbers = [line for (line,) in in_batches(db, f"SELECT l.id FROM {FOUND} WHERE o.id IN ({{}})", keys)]
        rows = list(in_batches(db, f"{sql} WHERE id IN ({{}})", numbers))
    elif word is not None:
        rows = db.execute(f"{sql} WHERE lemma = ? LIMIT {MOST_ROWS}", (word,)).fetchall()
    else:
        rows = db.execute(f"{sql} LIMIT {MOST_ROWS}").fetchall()
    numbers = [number_in(row[0]) for row in rows]
    said = _annotations(db, numbers)
    places = _places(db, numbers)
    found = []
    for number, document, lemma, context in rows:
        if number not in said:
            continue
        sides = text_in(context, 3 * LONGEST_CONTEXT + 1000).split(SEPARATOR)
        if len(sides) != 3:
            raise ValueError("a judged line has a damaged context")
        left, node, right = sides
        name, form = text_in(document, 10_000), text_in(lemma, 1000)
        found.append(JudgedLine(number, places.get(number), name, form, left, node, right, said[number]))
    return sorted(found, key=lambda line: (line.document_id, line.occurrence_id or 0, line.number))


def occurrences_with(db: sqlite3.Connection, fits: Callable[[Annotation], bool]) -> list[int]:
    """Return the occurrences with an annotation that fits, ascending.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_judgements(db):
        return []
    wanted = [line for line, said in _annotations(db, None).items() if any(map(fits, said))]
    return sorted(_places(db, wanted).values())


def sense_ratings(db: sqlite3.Connection, word: str) -> dict[tuple[int, str], int]:
    """Return (line, author) -> number of the sense, for all judged lines of a lemma.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_judgements(db):
        return {}
    now = present_senses(sense_fields(db))
    lines = [line for (line,) in db.execute(f"SELECT id FROM judged_lines WHERE lemma = ? LIMIT {MOST_ROWS}", (word,))]
    return {
        (line, author): now.get(int(value), int(value))
        for line, author, _, _, value, _ in _last_values(db, lines, Field.SENSE)
        if value is not None
    }


def values_of(db: sqlite3.Connection, author: str, lines: Sequence[int]) -> dict[tuple[int, str], str | None]:
    """Return (line, field) -> value, of one author's present judgements of some lines.

    Raises:
        ValueError: A row is damaged.
    """
    return {(line, field): value for line, by, _, field, value, _ in _last_values(db, lines) if by == author}
