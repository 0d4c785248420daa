"""Hold a query of the page, and read and write it as an address such as `/?q=the river [bank]&match=form`.

All functions are pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ...indexer.collection.records import Layer
from ...search.hits import Match

K = 20
"""Default number of lines per page."""
MAX_K = 1000
"""Maximum number of lines per page."""
MATCHES = (Match.LEMMA, Match.FORM, Match.ANY)
MAX_IDS = 5000
"""Maximum number of lines that an address names one by one."""
NO_SENSE = 0
"""The sense of a query that keeps the lines which fit no sense. Senses count from 1."""


class Sort(StrEnum):
    """The order of the lines. ODD puts lines first that are far from the centre of their sense."""

    SCORE = "score"
    LEFT = "left"
    RIGHT = "right"
    DATE = "date"
    DOCUMENT = "document"
    ODD = "odd"


class Listing(StrEnum):
    """The kind of list: the hits of the query, or other words in the chosen sense."""

    HITS = "hits"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Everything that decides which lines the page shows.

    Args:
        text: The text as typed. With a part in brackets it asks for that word, without it for sentences.
        k: Number of lines per page.
        where: Filters as the command line writes them.
        page: Number of the page, from 1.
        sense: Keep only the lines of this induced sense, from 1. `NO_SENSE` keeps those that fit no sense.
        picked: Keep only these occurrence ids.
        like: Ids of the lines marked +, to search again from: occurrences, or sentences.
        unlike: Ids of the lines marked -.
        collection: A name in the library. "" is the collection that the page was opened on.
    """

    text: str = ""
    match: Match = Match.LEMMA
    k: int = K
    hybrid: bool = False
    where: tuple[str, ...] = ()
    layer: Layer | None = None
    sort: Sort = Sort.SCORE
    page: int = 1
    sense: int | None = None
    listing: Listing = Listing.HITS
    picked: tuple[int, ...] = ()
    like: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()
    collection: str = ""


def new_question(query: PageQuery, text: str) -> PageQuery:
    """Return a query for another text with the same settings. Choices among the old lines are dropped."""
    kept = PageQuery(text, query.match, query.k, query.hybrid, query.where, query.layer)
    sort = query.sort if query.sort is not Sort.ODD else Sort.SCORE
    return replace(kept, sort=sort, collection=query.collection)


def narrowed(query: PageQuery, where: tuple[str, ...]) -> PageQuery:
    """Return the same query with other filters, at its first page."""
    return replace(query, where=where, page=1, picked=())


def read_address(parameters: Mapping[str, Sequence[str]]) -> tuple[PageQuery, tuple[str, ...]]:
    """Return the query of an address, and one line for each part of it that cannot be understood."""
    last = {key: values[-1] for key, values in parameters.items() if values}
    problems: list[str] = []

    def choice(name: str, allowed: Sequence[str], usual: str) -> str:
        if (given := last.get(name, usual)) in allowed:
            return given
        known = ", ".join(filter(None, allowed))
        problems.append(f"{name}={given} in the address is not one of {known}; {usual or 'none'} is used")
        return usual

    def number(name: str, low: int, high: int, usual: int) -> int:
        given = last.get(name, str(usual))
        if re.fullmatch(r"-?[0-9]{1,9}", given) and low <= int(given) <= high:
            return int(given)
        problems.append(f"{name}={given} in the address is not a number from {low} to {high}; {usual} is used")
        return usual

    def sense() -> int | None:
        given = last["sense"]
        if given == "none" or re.fullmatch(r"[1-9][0-9]{0,3}", given):
            return NO_SENSE if given == "none" else int(given)
        problems.append(f"sense={given[:40]} in the address is neither a number from 1 nor none; it is ignored")
        return None

    def ids(name: str) -> tuple[int, ...]:
        given = last.get(name, "")
        if not given or re.fullmatch(r"[0-9]{1,18}(-[0-9]{1,18})*", given):
            return tuple(sorted({int(part) for part in given.split("-") if part}))[:MAX_IDS]
        problems.append(f"{name}={given[:40]} in the address is not a list of lines; it is ignored")
        return ()

    layer = choice("layer", ["", *Layer], "")
    query = PageQuery(
        text=last.get("q", ""),
        match=Match(choice("match", MATCHES, Match.LEMMA)),
        k=number("k", 1, MAX_K, K),
        hybrid=last.get("hybrid", "") not in ("", "0", "false"),
        where=tuple(parameters.get("where", ())),
        layer=Layer(layer) if layer else None,
        sort=Sort(choice("sort", list(Sort), Sort.SCORE)),
        page=number("page", 1, 10**8, 1),
        sense=sense() if "sense" in last else None,
        listing=Listing(choice("list", list(Listing), Listing.HITS)),
        picked=ids("lines"),
        like=ids("like"),
        unlike=ids("unlike"),
        collection=last.get("collection", ""),
    )
    return query, tuple(problems)


def write_address(query: PageQuery) -> dict[str, str | list[str]]:
    """Return the address of a query as parameters. The initial page has none. `read_address` reads them back."""
    if query == PageQuery():
        return {}
    address: dict[str, str | list[str]] = {"q": query.text, "match": str(query.match), "k": str(query.k)}
    if query.collection:
        address["collection"] = query.collection
    if query.hybrid:
        address["hybrid"] = "1"
    if query.where:
        address["where"] = list(query.where)
    if query.layer is not None:
        address["layer"] = str(query.layer)
    if query.sort is not Sort.SCORE:
        address["sort"] = str(query.sort)
    if query.page != 1:
        address["page"] = str(query.page)
    if query.sense is not None:
        address["sense"] = "none" if query.sense == NO_SENSE else str(query.sense)
    if query.listing is not Listing.HITS:
        address["list"] = str(query.listing)
    for name, keys in (("lines", query.picked), ("like", query.like), ("unlike", query.unlike)):
        if keys:
            address[name] = "-".join(map(str, sorted(set(keys))[:MAX_IDS]))
    return address
