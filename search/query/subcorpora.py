"""Filters under a name: `in=letters` means the filters that the collection keeps as the subcorpus `letters`."""

from __future__ import annotations

from collections.abc import Sequence

from ...indexer.collection.collection import Collection
from ...indexer.collection.subcorpora import LONGEST_NAME, MAX_BYTES, MAX_FILTERS, REPLACE
from ...indexer.errors import QueryError
from .filters import Condition, Operator, Where, parse_where, where_texts

IN = "in"
"""Filter field for subcorpora. A metadata field of that name is stored as `meta.in`."""
_NAMES_SHOWN = 10


def expanded(collection: Collection, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return conditions with the filters of subcorpora in the place of their names.

    Raises:
        QueryError: There is no subcorpus of that name, or the filter is not of the form `in=NAME`.
    """
    # Documents that were indexed by earlier versions may have a metadata field of this name.
    if not any(condition.field == IN for condition in conditions) or IN in collection.fields():
        return tuple(conditions)
    found: list[Condition] = []
    for condition in conditions:
        if condition.field != IN:
            found.append(condition)
        elif condition.operator is not Operator.ONE_OF or len(condition.values) != 1:
            raise QueryError("a subcorpus is one name; write in=NAME")
        else:
            found += parse_where(filters_of(collection, condition.values[0]))
    return tuple(found)


def filters_of(collection: Collection, name: str) -> tuple[str, ...]:
    """Return the filters of a subcorpus.

    Raises:
        QueryError: There is no subcorpus of that name, or it is damaged.
    """
    found = collection.subcorpora()
    kept = found.filters
    if name.strip() not in kept:
        if name.strip() in found.damaged:
            raise QueryError(f"the subcorpus {name.strip()!r} of {collection.path} is damaged; {REPLACE}")
        known = ", ".join(list(kept)[:_NAMES_SHOWN]) or "none"
        raise QueryError(f"{collection.path} has no subcorpus {name[:LONGEST_NAME]!r}; it has {known}")
    return kept[name.strip()]


def check_subcorpus_name(name: str) -> str:
    """Return a name without surrounding white space.

    Raises:
        QueryError: No filter could be written with this name.
    """
    stripped = name.strip()
    if not stripped or len(stripped) > LONGEST_NAME or not stripped.isprintable():
        raise QueryError(
            f"{name[:40]!r} cannot name a subcorpus; give a name of 1 to {LONGEST_NAME} printable characters"
        )
    if parse_where(f"{IN}={stripped}") != (Condition(IN, Operator.ONE_OF, (stripped,)),):
        raise QueryError(f"{stripped!r} cannot be written in a filter; leave out | and ..")
    return stripped


def save_subcorpus(collection: Collection, name: str, where: Where, replace: bool = False) -> tuple[str, ...]:
    """Keep filters under a name in the collection, and return them. Subcorpora among them are written out.

    Raises:
        QueryError: There are no filters, the name cannot be used, or it is taken and `replace` is False.
        CollectionError: Another process is writing.
    """
    chosen = check_subcorpus_name(name)
    filters = tuple(where_texts(expanded(collection, parse_where(where))))
    if not filters:
        raise QueryError("a subcorpus needs at least one filter; give it with --where FIELD=VALUE")
    if len(filters) > MAX_FILTERS or sum(map(len, filters)) > MAX_BYTES // 12:  # JSON has up to 12 bytes for a sign
        raise QueryError(f"a subcorpus has at most {MAX_FILTERS} filters of a moderate length; leave some out")
    found = collection.subcorpora()
    if (chosen in found.filters or chosen in found.damaged) and not replace:
        raise QueryError(
            f"{collection.path} has a subcorpus {chosen!r} already; choose another name, or pass --replace"
        )
    with collection.writing() as writer:
        writer.set_subcorpus(chosen, filters)
    return filters


def remove_subcorpus(collection: Collection, name: str) -> None:
    """Remove a subcorpus. Its documents stay.

    Raises:
        QueryError: There is no subcorpus of that name.
    """
    with collection.writing() as writer:
        is_removed = writer.remove_subcorpus(name.strip())
    if not is_removed:
        filters_of(collection, name)
