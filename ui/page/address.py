r"""What the page is asked, and how its address says it: ``/?q=She sat on the river [bank].&match=form&k=20``. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ...indexer.collection.records import Layer
from ...search.hits import Match

K = 20
MOST = 1000
"""Lines that one page shows at most."""
MATCHES = (Match.LEMMA, Match.FORM, Match.ANY)
MOST_IDS = 5000
"""Lines that an address names one by one at most."""
NO_SENSE = 0
"""Lines that fit no sense, where a query keeps one sense only. Senses count from 1."""


class Sort(StrEnum):
    """The order of the lines."""

    SCORE = "score"
    LEFT = "left"
    RIGHT = "right"
    DATE = "date"
    DOCUMENT = "document"
    ODD = "odd"


class Listing(StrEnum):
    """Which lines there are: those that the query finds, or other words in the sense that is picked."""

    HITS = "hits"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Everything that decides which list the page shows.

    text: as typed; with one stretch in brackets it asks for a word, without for sentences. k: lines a page; page: from
    1; where: filters as the command line writes them. sense: only lines of that induced sense (`NO_SENSE`: of none);
    picked: only these occurrences; like, unlike: search again from what is marked + and -, ids of occurrences or
    sentences. collection: its name on the shelf; "": the one that the page was opened on.
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


def asked_anew(query: PageQuery, text: str) -> PageQuery:
    """Another question asked the same way: what belongs to the old question's lines is left behind."""
    kept = PageQuery(text, query.match, query.k, query.hybrid, query.where, query.layer)
    sort = query.sort if query.sort is not Sort.ODD else Sort.SCORE
    return replace(kept, sort=sort, collection=query.collection)


def narrowed(query: PageQuery, where: tuple[str, ...]) -> PageQuery:
    """The same question within other filters, from its first page."""
    return replace(query, where=where, page=1, picked=())


def read_address(parameters: Mapping[str, Sequence[str]]) -> tuple[PageQuery, tuple[str, ...]]:
    """The query that an address asks, and one line for each part of it that cannot be understood."""
    last = {key: values[-1] for key, values in parameters.items() if values}
    problems: list[str] = []

    def choice(name: str, allowed: Sequence[str], usual: str) -> str:
        if (asked := last.get(name, usual)) in allowed:
            return asked
        problems.append(f"{name}={asked} in the address is none of {', '.join(allowed)}; {usual or 'none'} is used")
        return usual

    def number(name: str, low: int, high: int, usual: int) -> int:
        asked = last.get(name, str(usual))
        if re.fullmatch(r"-?[0-9]{1,9}", asked) and low <= int(asked) <= high:
            return int(asked)
        problems.append(f"{name}={asked} in the address is no number from {low} to {high}; {usual} is used")
        return usual

    def sense() -> int | None:
        asked = last["sense"]
        if asked == "none" or re.fullmatch(r"[1-9][0-9]{0,3}", asked):
            return NO_SENSE if asked == "none" else int(asked)
        problems.append(f"sense={asked[:40]} in the address is neither a number from 1 nor none; it is left out")
        return None

    def ids(name: str) -> tuple[int, ...]:
        asked = last.get(name, "")
        if not asked or re.fullmatch(r"[0-9]{1,18}(-[0-9]{1,18})*", asked):
            return tuple(sorted({int(part) for part in asked.split("-") if part}))[:MOST_IDS]
        problems.append(f"{name}={asked[:40]} in the address is no list of lines; it is left out")
        return ()

    layer = choice("layer", ["", *Layer], "")
    query = PageQuery(
        text=last.get("q", ""),
        match=Match(choice("match", MATCHES, Match.LEMMA)),
        k=number("k", 1, MOST, K),
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
    """The parameters that `read_address` reads back; nothing for the page as it first opens."""
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
            address[name] = "-".join(map(str, sorted(set(keys))[:MOST_IDS]))
    return address
