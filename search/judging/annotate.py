"""Annotate lines: give them a sense, a label, a mark or a note, and undo that. Edit the senses that lines were given.

Everything is an event in the log of the collection (`indexer.collection.judgements`), by an author. `Searcher` calls
these functions.
"""

from __future__ import annotations

import getpass
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...indexer.collection.collection import Collection
from ...indexer.collection.judgements import (
    DEFINITION,
    LONGEST_AUTHOR,
    LONGEST_NOTE,
    MERGED,
    NAME,
    WORD,
    Change,
    Event,
    Field,
    JudgedLine,
    JudgedSense,
    Mark,
    add_event,
    line_numbers,
    new_sense,
    present_senses,
    read_event,
    read_lines,
    read_senses,
    sense_fields,
    values_of,
)
from ...indexer.collection.queries import occurrences_by_id
from ...indexer.errors import QueryError
from ..context import View, parse_option
from ..hits import Match, OccurrenceHit
from ..query.target import SURROGATE
from ..senses.named_sense_file import check_name

WAIT = 3.0
"""Maximum time that a judgement waits for another process that writes, in seconds."""
MOST_LINES = 100_000
"""Maximum number of lines of one judgement."""
Lines = Sequence[OccurrenceHit | int]
"""Lines as callers give them: hits, or the ids of their occurrences."""


def default_author() -> str:
    """Return the name of the user of this machine, or "me" if it has none."""
    try:
        return check_author(getpass.getuser())
    except (OSError, KeyError, ImportError, QueryError):
        return "me"


def check_author(author: str) -> str:
    """Return the name of an author without surrounding white space.

    Raises:
        QueryError: It is empty or too long, or no filter could be written with it.
    """
    return check_name(author, "an author", LONGEST_AUTHOR)


def check_said(said: Mapping[Field, str | None]) -> dict[Field, str]:
    """Return what is said about lines, checked. None leaves a field unchanged, and an empty text removes it.

    Raises:
        QueryError: Nothing is said, a mark is unknown, or a text is too long or cannot be written in a filter.
    """
    found = {field: value.strip() for field, value in said.items() if value is not None}
    if not found:
        raise QueryError("nothing is said about the lines; give a sense, a label, a mark or a note")
    for field, value in found.items():
        if not value:
            continue
        if field is Field.MARK:
            parse_option(Mark, value, "mark", tuple(Mark))
        elif field is Field.NOTE:
            check_note(value, "a note")
        else:
            check_name(value, "a sense" if field is Field.SENSE else "a label")
    return found


def check_note(text: str, what: str) -> str:
    """Return a text of several lines.

    Raises:
        QueryError: It is too long, or has signs that are not text.
    """
    if len(text) > LONGEST_NOTE:
        raise QueryError(f"{what} has {len(text):,} characters; shorten it to at most {LONGEST_NOTE:,}")
    if SURROGATE.search(text) or any(not sign.isprintable() and not sign.isspace() for sign in text):
        raise QueryError(f"{what} has signs that are not text; type it again")
    return text


def annotate(collection: Collection, lines: Lines, author: str, said: Mapping[Field, str | None]) -> Event | None:
    """Say something about lines, in one event. See `Searcher.annotate`."""
    by, wanted = check_author(author), check_said(said)
    ids = [hit.occurrence_id if isinstance(hit, OccurrenceHit) else int(hit) for hit in lines]
    if not ids:
        raise QueryError("no line is given; give hits, or ids of occurrences")
    if len(ids) > MOST_LINES:
        raise QueryError(f"there are {len(ids):,} lines; judge at most {MOST_LINES:,} at once")
    if not all(0 < key < 2**63 for key in ids):
        raise QueryError("some of these hits are no occurrence, as punctuation is none; leave them out")

    def change(db: sqlite3.Connection) -> Event | None:
        numbers = line_numbers(db, ids)
        changes: list[Change] = []
        values: dict[int, dict[Field, str | None]] = {
            line: {field: value or None for field, value in wanted.items()} for line in numbers.values()
        }
        if wanted.get(Field.SENSE):
            made, senses = _senses_for(db, list(numbers), wanted[Field.SENSE])
            changes += made
            for key, line in numbers.items():
                values[line][Field.SENSE] = str(senses[key])
        before = values_of(db, by, list(values))
        changes += [
            Change(field, value, line=line)
            for line, each in values.items()
            for field, value in each.items()
            if before.get((line, field)) != value
        ]
        return read_event(db, add_event(db, by, changes)) if changes else None

    with collection.writing(WAIT) as writer:
        return writer.judge(change)


def _senses_for(db: sqlite3.Connection, ids: Sequence[int], name: str) -> tuple[list[Change], dict[int, int]]:
    """Return the number of the sense of a name for each occurrence, and what makes those that are new.

    A sense belongs to a lemma, so lines of several lemmas get several senses.
    """
    known = {(fields.get(WORD), fields.get(NAME)): number for number, fields in _present(db).items()}
    lemmas = {key: row[4] for key, row in occurrences_by_id(db, ids).items()}
    changes: list[Change] = []
    number = new_sense(db)
    for lemma in dict.fromkeys(lemmas.values()):
        if (lemma, name) not in known:
            known[lemma, name] = number
            changes += [Change(WORD, lemma, sense=number), Change(NAME, name, sense=number)]
            number += 1
    return changes, {key: known[lemma, name] for key, lemma in lemmas.items()}


def _present(db: sqlite3.Connection) -> dict[int, dict[str, str]]:
    """Return the fields of the senses that have a name and lines of their own."""
    senses = sense_fields(db)
    return {
        key: senses[key] for key, now in present_senses(senses).items() if key == now and NAME in senses.get(key, {})
    }


def judged_lines(view: View, what: str | Lines | None) -> list[JudgedLine]:
    """Return lines with an annotation. See `Searcher.annotations`."""
    db = view.collection.db
    if what is None:
        return read_lines(db)
    if isinstance(what, str):
        return read_lines(db, word=stored_word(view, what))
    return read_lines(db, occurrences=[hit.occurrence_id if isinstance(hit, OccurrenceHit) else hit for hit in what])


def counts(lines: Iterable[JudgedLine]) -> dict[str, dict[str, int]]:
    """Count lines by what was said about them. See `Searcher.annotation_counts`."""
    found: dict[str, Counter[str]] = {name: Counter() for name in ("sense", "label", "mark", "author")}
    for line in lines:
        for name, counter in found.items():
            counter.update({getattr(said, name) for said in line.annotations} - {""})
    return {name: dict(sorted(each.items(), key=lambda item: (-item[1], item[0]))) for name, each in found.items()}


def stored_word(view: View, word: str) -> str:
    """Return the lemma of a word as stored, whether the collection has it or not."""
    return view.find_word(word, Match.LEMMA)[0]


# Edited senses


SenseChange = Callable[[Mapping[str, int]], Sequence[Change]]
"""Function from the names of a word's edited senses with their numbers to the changes of one event."""


def change_sense(collection: Collection, word: str, author: str, change: SenseChange) -> Event:
    """Change an edited sense of a lemma, in one event.

    Args:
        word: The lemma as stored.
        change: What is to be changed.
    """
    by = check_author(author)

    def run(db: sqlite3.Connection) -> Event:
        names = {fields[NAME]: key for key, fields in _present(db).items() if fields.get(WORD) == word}
        return read_event(db, add_event(db, by, change(names)))

    with collection.writing(WAIT) as writer:
        return writer.judge(run)


def _number_of(names: Mapping[str, int], word: str, name: str) -> int:
    if name not in names:
        known = ", ".join(names) or "none yet; `polyseme annotate add` gives lines a sense"
        raise QueryError(f"{word!r} has no edited sense {name[:60]!r}; there are: {known}")
    return names[name]


def edited(word: str, name: str, new_name: str | None, definition: str | None) -> SenseChange:
    """Return a change that gives a sense another name or definition. See `Searcher.edit_sense`."""
    if new_name is None and definition is None:
        raise QueryError("nothing is changed; give a new name or a definition")

    def change(names: Mapping[str, int]) -> Sequence[Change]:
        number, changes = _number_of(names, word, name), []
        if new_name is not None:
            wanted = check_name(new_name)
            if names.get(wanted, number) != number:
                raise QueryError(f"{word!r} has a sense {wanted!r} already; merge the two, or choose another name")
            changes.append(Change(NAME, wanted, sense=number))
        if definition is not None:
            changes.append(Change(DEFINITION, check_note(definition.strip(), "a definition") or None, sense=number))
        return changes

    return change


def merged_into(word: str, name: str, into: str) -> SenseChange:
    """Return a change that gives all lines of a sense to another one. See `Searcher.merge_senses`."""

    def change(names: Mapping[str, int]) -> Sequence[Change]:
        number, other = _number_of(names, word, name), _number_of(names, word, into)
        if number == other:
            raise QueryError(f"{name!r} cannot be merged into itself; name two senses")
        return [Change(MERGED, str(other), sense=number)]

    return change


def forgotten(word: str, name: str) -> SenseChange:
    """Return a change that removes a sense, so that its lines have none. See `Searcher.forget_sense`."""
    return lambda names: [Change(NAME, None, sense=_number_of(names, word, name))]


def undo(collection: Collection, author: str, again: bool = False) -> Event | None:
    """Undo the last event of an author, or do the last undone one again. Return the event that did so, or None."""
    by = check_author(author)
    with collection.writing(WAIT) as writer:
        return writer.undo(by, again)


def edited_senses(view: View, word: str | None, author: str | None = None) -> tuple[JudgedSense, ...]:
    """Return the edited senses of a word, or of all words. See `Searcher.judged_senses`."""
    lemma = None if word is None else stored_word(view, word)
    return tuple(read_senses(view.collection.db, lemma, author))
