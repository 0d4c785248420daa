"""Hold a query of the page, and read and write it as an address such as `/?q=the river [bank]&match=form`.

All functions are pure, except that the problems of an address are in the visitor's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ...indexer.collection.dictionaries import LONGEST_DICTIONARY_NAME
from ...indexer.collection.records import Layer
from ...indexer.collection.selections import NAME
from ...search.hits import By, Match, Order
from ...search.query.parts_of_speech import POS
from . import tab as tabs
from .language import numeral, say
from .tab import Tab, tab_address

K = 20
"""Default number of lines per page."""
MAX_K = 1000
"""Maximum number of lines per page."""
MATCHES = (Match.LEMMA, Match.FORM, Match.ANY)
MAX_IDS = 5000
"""Maximum number of lines of one list, whether the address names them one by one or by the name of a selection."""
MAX_LISTS = 500
"""Maximum length of the lists of a query in an address, and of the lists of marks, in characters each.

Longer ones are kept in the collection, and the address has their name (`selections.py`). An address of at most 2,000
characters passes every mail program, browser, server and proxy. Both lists take half of it. The other half is left for
the host, the question and its filters. Shorter lists stay in the address, so that most links need no row anywhere.
"""
MAX_TEXT = 20_000
"""Maximum length of the text of a query, in characters."""
MAX_FILTERS = 100
"""Maximum number of filters in an address."""
MAX_FILTER = 5000
"""Maximum length of one filter, in characters."""
MAX_COLLECTION = 255
"""Maximum length of the name of a collection, in characters."""
MAX_SENSES = 100
"""Maximum number of senses into which an address divides a word."""
MAX_KNOWN = 100
"""Maximum number of named senses that an address holds fixed."""
MAX_NAME = 100
"""Maximum length of the name of a named sense, in characters."""
NO_SENSE = 0
"""The sense of a query that keeps the lines which fit no sense. Senses count from 1."""


MAX_CONTEXT = 600
"""Maximum length of the context on each side of a node that an address asks for, in characters."""
MAX_SAMPLE = 10_000
"""Maximum number of lines of a random sample."""
MAX_SEED = 999_999
"""Largest seed of a random order."""
LEVELS = ("1L", "2L", "3L", "1R", "2R", "3R", "node", "document", "date")
"""What lines can be sorted by, one after the other: words left (L) and right (R) of the node, counted from it."""


class Sort(StrEnum):
    """The order of the lines.

    ODD puts lines first that are far from the centre of their sense. TEXT is the order of the documents. RANDOM follows
    from a seed. LEVELS sorts by several words and fields, one after the other. EXAMPLES puts good examples first.
    """

    SCORE = "score"
    TEXT = "text"
    LEVELS = "levels"
    RANDOM = "random"
    LEFT = "left"
    RIGHT = "right"
    DATE = "date"
    DOCUMENT = "document"
    ODD = "odd"
    EXAMPLES = "examples"


class Listing(StrEnum):
    """The kind of list: the hits of the query, or other words in the chosen sense."""

    HITS = "hits"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Everything that decides what the page shows.

    Args:
        text: The text as typed. With a part in brackets it asks for that word, without it for sentences.
        k: Number of lines per page.
        by: What a question by sentence compares.
        order: What ranks its hits. None is the default of the search.
        group: Show the sentences of a page under their documents.
        where: Filters as the command line writes them.
        page: Number of the page, from 1.
        sense: Keep only the lines of this induced sense, from 1. `NO_SENSE` keeps those that fit no sense.
        picked: Keep only these occurrence ids.
        like: Ids of the lines marked +, to search again from: occurrences, or sentences.
        unlike: Ids of the lines marked -.
        collection: A name in the library. "" is the collection that the page was opened on.
        senses: Number of senses of the word. None for the usual number.
        known: Names of the word's named senses that are held fixed.
        dictionary: Name of the dictionary whose senses the lines get. "" for induced senses. `sense` is one of these.
        any_pos: Also show lines in which the word has another part of speech than in its sentence.
        levels: What `Sort.LEVELS` sorts by, of `LEVELS`, the most important first.
        seed: Seed of `Sort.RANDOM` and of a sample.
        sample: Number of lines of a random sample. 0 for all lines.
        context: Length of the context on each side of a node, in characters. 0 for the usual one.
        whole: Show whole sentences instead of aligned nodes.
        marked: Keep only the marked lines.
        selection: Name of a selection of the address that is not read yet. Its lists become `picked`, `like` and
            `unlike` once the collection is open. Then this is "".
        tab: The open tab of the senses panel, with its settings. It does not decide which lines are shown.
    """

    text: str = ""
    match: Match = Match.LEMMA
    k: int = K
    by: By = By.SENTENCE
    order: Order | None = None
    group: bool = False
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
    senses: int | None = None
    known: tuple[str, ...] = ()
    dictionary: str = ""
    any_pos: bool = False
    levels: tuple[str, ...] = ()
    seed: int = 0
    sample: int = 0
    context: int = 0
    whole: bool = False
    marked: bool = False
    selection: str = ""
    tab: Tab = field(default_factory=Tab)


def new_question(query: PageQuery, text: str) -> PageQuery:
    """Return a query for another text with the same settings. Choices among the old lines are dropped.

    A part of speech is one of them. Another word may not have it.
    """
    sort = query.sort if query.sort is not Sort.ODD else Sort.SCORE
    dropped = PageQuery()
    return replace(
        query,
        text=text,
        where=without_pos(query.where),
        sort=sort,
        page=dropped.page,
        senses=dropped.senses,
        known=dropped.known,
        sense=dropped.sense,
        listing=dropped.listing,
        picked=dropped.picked,
        like=dropped.like,
        unlike=dropped.unlike,
        selection=dropped.selection,
        sample=dropped.sample,
        marked=dropped.marked,
    )


def id_lists(query: PageQuery) -> dict[str, tuple[int, ...]]:
    """Return the ids that a query names one by one, by their names in its address."""
    named = {"lines": query.picked, "like": query.like, "unlike": query.unlike}
    return {name: keys for name, keys in named.items() if keys}


def with_lists(query: PageQuery, lists: Mapping[str, Sequence[int]]) -> PageQuery:
    """Return a query with the lists of its selection. What it names one by one itself stays.

    Args:
        lists: Ids, by their names in an address.
    """
    found = {name: tuple(lists.get(name, ()))[:MAX_IDS] for name in ("lines", "like", "unlike")} | id_lists(query)
    return replace(query, picked=found["lines"], like=found["like"], unlike=found["unlike"], selection="")


def ids_text(keys: Iterable[int], most: int = MAX_IDS) -> str:
    """Return ids as an address has them, ascending."""
    return "-".join(map(str, sorted(set(keys))[:most]))


def is_long(lists: Mapping[str, Iterable[int]]) -> bool:
    """Return whether lists are too long for an address, so that they are kept in the collection."""
    return sum(len(ids_text(keys)) for keys in lists.values()) > MAX_LISTS


def of_pos(where: Sequence[str]) -> list[str]:
    """Return the filters on the part of speech."""
    return [text for text in where if text.partition("=")[0].rstrip("!").strip() == POS]


def without_pos(where: Sequence[str]) -> tuple[str, ...]:
    """Return the filters but those on the part of speech."""
    return tuple(text for text in where if text not in of_pos(where))


def narrowed(query: PageQuery, where: tuple[str, ...]) -> PageQuery:
    """Return the same query with other filters, at its first page."""
    return replace(query, where=where, page=1, picked=())


def read_address(parameters: Mapping[str, Sequence[str]]) -> tuple[PageQuery, tuple[str, ...]]:
    """Return the query of an address, and one line for each part of it that cannot be understood."""
    last = {key: values[-1] for key, values in parameters.items() if values}
    problems: list[str] = []

    def text(name: str, longest: int) -> str:
        if len(given := last.get(name, "")) <= longest:
            return given
        problem = say(
            "{name} in the address has {count} characters, more than {limit}; it is ignored",
            name=name,
            count=numeral(len(given)),
            limit=numeral(longest),
        )
        problems.append(problem)
        return ""

    def names(name: str, longest: int) -> tuple[str, ...]:
        given = tuple(dict.fromkeys(parameters.get(name, ())))
        if len(given) <= MAX_KNOWN and all(len(each) <= longest for each in given):
            return tuple(filter(None, given))
        problems.append(say("{name} in the address has too many or too long names; it is ignored", name=name))
        return ()

    def filters(name: str) -> tuple[str, ...]:
        given = tuple(parameters.get(name, ()))
        if len(given) > MAX_FILTERS:
            problem = say(
                "the address has {count} filters, more than {limit}; they are ignored",
                count=numeral(len(given)),
                limit=numeral(MAX_FILTERS),
            )
            problems.append(problem)
            return ()
        if any(len(filter_text) > MAX_FILTER for filter_text in given):
            limit = numeral(MAX_FILTER)
            problems.append(say("a filter in the address has more than {limit} characters; it is ignored", limit=limit))
        return tuple(filter_text for filter_text in given if len(filter_text) <= MAX_FILTER)

    def choice(name: str, allowed: Sequence[str], usual: str) -> str:
        if (given := last.get(name, usual)) in allowed:
            return given
        known = ", ".join(filter(None, allowed))
        part = f"{name}={_short(given)}"
        if usual:
            problems.append(
                say("{part} in the address is not one of {known}; {usual} is used", part=part, known=known, usual=usual)
            )
        else:
            problems.append(say("{part} in the address is not one of {known}; none is used", part=part, known=known))
        return usual

    def number(name: str, low: int, high: int, usual: int) -> int:
        given = last.get(name, str(usual))
        if re.fullmatch(r"-?[0-9]{1,9}", given) and low <= int(given) <= high:
            return int(given)
        problem = say(
            "{part} in the address is not a number from {low} to {high}; {usual} is used",
            part=f"{name}={_short(given)}",
            low=low,
            high=high,
            usual=usual,
        )
        problems.append(problem)
        return usual

    def sense() -> int | None:
        given = last["sense"]
        if given == "none" or re.fullmatch(r"[1-9][0-9]{0,3}", given):
            return NO_SENSE if given == "none" else int(given)
        problem = say(
            "{part} in the address is neither a number from 1 nor none; it is ignored", part=f"sense={_short(given)}"
        )
        problems.append(problem)
        return None

    def ids(name: str) -> tuple[int, ...]:
        given = last.get(name, "")
        if given.count("-") >= MAX_IDS:
            limit = numeral(MAX_IDS)
            problems.append(
                say("{name} in the address names more than {limit} lines; it is ignored", name=name, limit=limit)
            )
            return ()
        if not given or re.fullmatch(r"[0-9]{1,18}(-[0-9]{1,18})*", given):
            return tuple(sorted({int(part) for part in given.split("-") if part}))
        part = f"{name}={_short(given)}"
        problems.append(say("{part} in the address is not a list of lines; it is ignored", part=part))
        return ()

    def selection() -> str:
        given = last.get("selection", "")
        if not given or NAME.fullmatch(given):
            return given
        problems.append(no_selection(f"selection={_short(given)}"))
        return ""

    def order() -> Order | None:
        if "order" in last:
            given = choice("order", ["", *Order], "")
            return Order(given) if given else None
        return Order.HYBRID if flag("hybrid") else None  # links of before

    def levels() -> tuple[str, ...]:
        given = tuple(dict.fromkeys(part for part in last.get("levels", "").split("-") if part))
        if set(given) <= set(LEVELS):
            return given
        problem = say(
            "{part} in the address is not of {known}; it is ignored",
            part=f"levels={_short(last['levels'])}",
            known=", ".join(LEVELS),
        )
        problems.append(problem)
        return ()

    def flag(name: str) -> bool:
        return last.get(name, "") not in ("", "0", "false")

    def tab() -> Tab:
        return Tab(
            name=choice("tab", list(tabs.TABS), ""),
            figure=flag("figure"),
            field=text("field", tabs.MAX_FIELD),
            period=number("period", 0, tabs.MAX_PERIOD, 0),
            measure=choice("measure", ["", *tabs.MEASURES], ""),
            smoothing=int(choice("smooth", [str(each) for each in tabs.SMOOTHING], "1")),
            projection=choice("projection", tabs.PROJECTIONS, "pca"),
            colour=text("colour", tabs.MAX_FIELD),
            counted=choice("counted", list(tabs.COUNTED), "frequency"),
            other=text("with", MAX_TEXT),
            against=filters("against"),
            left=number("left", 0, tabs.MAX_WINDOW, tabs.WINDOW),
            right=number("right", 0, tabs.MAX_WINDOW, tabs.WINDOW),
            pos=names("near", MAX_NAME),
            order=choice("rank", ["", *tabs.ORDERS], ""),
            view=choice("view", list(tabs.VIEWS), "table"),
        )

    layer = choice("layer", ["", *Layer], "")
    query = PageQuery(
        text=text("q", MAX_TEXT),
        match=Match(choice("match", MATCHES, Match.LEMMA)),
        k=number("k", 1, MAX_K, K),
        by=By(choice("by", list(By), By.SENTENCE)),
        order=order(),
        group=flag("group"),
        where=filters("where"),
        layer=Layer(layer) if layer else None,
        sort=Sort(choice("sort", list(Sort), Sort.SCORE)),
        page=number("page", 1, 10**8, 1),
        senses=number("senses", 0, MAX_SENSES, 0) or None,
        known=names("known", MAX_NAME),
        sense=sense() if "sense" in last else None,
        listing=Listing(choice("list", list(Listing), Listing.HITS)),
        picked=ids("lines"),
        like=ids("like"),
        unlike=ids("unlike"),
        selection=selection(),
        collection=text("collection", MAX_COLLECTION),
        dictionary=text("dictionary", LONGEST_DICTIONARY_NAME),
        any_pos=flag("any_pos"),
        levels=levels(),
        seed=number("seed", 0, MAX_SEED, 0),
        sample=number("sample", 0, MAX_SAMPLE, 0),
        context=number("context", 0, MAX_CONTEXT, 0),
        whole=flag("whole"),
        marked=flag("marked"),
        tab=tab(),
    )
    return query, tuple(problems)


def no_selection(part: str) -> str:
    """Return the line about a part of an address that can be no name of a selection."""
    return say("{part} in the address is not the name of a selection; it is ignored", part=part)


def _short(given: str) -> str:
    """Return the beginning of a value, in one line."""
    return " ".join(given[:40].split())


def write_address(query: PageQuery, selection: str = "") -> dict[str, str | list[str]]:
    """Return the address of a query as parameters. The initial page has none. `read_address` reads them back.

    Args:
        selection: Name under which the collection keeps the lists of the query. "" to write them out.
    """
    if query == PageQuery():
        return {}
    address: dict[str, str | list[str]] = {"q": query.text, "match": str(query.match), "k": str(query.k)}
    if query.collection:
        address["collection"] = query.collection
    if query.by is not By.SENTENCE:
        address["by"] = str(query.by)
    if query.order is not None:
        address["order"] = str(query.order)
    if query.group:
        address["group"] = "1"
    if query.where:
        address["where"] = list(query.where)
    if query.layer is not None:
        address["layer"] = str(query.layer)
    if query.sort is not Sort.SCORE:
        address["sort"] = str(query.sort)
    if query.page != 1:
        address["page"] = str(query.page)
    if query.senses is not None:
        address["senses"] = str(query.senses)
    if query.known:
        address["known"] = list(query.known)
    if query.dictionary:
        address["dictionary"] = query.dictionary
    if query.sense is not None:
        address["sense"] = "none" if query.sense == NO_SENSE else str(query.sense)
    if query.listing is not Listing.HITS:
        address["list"] = str(query.listing)
    if query.levels:
        address["levels"] = "-".join(query.levels)
    for name in ("seed", "sample", "context"):
        if value := getattr(query, name):
            address[name] = str(value)
    for name in ("any_pos", "whole", "marked"):
        if getattr(query, name):
            address[name] = "1"
    if name := selection or query.selection:
        address["selection"] = name
    if not selection:
        address |= {name: ids_text(keys) for name, keys in id_lists(query).items()}
    return address | tab_address(query.tab)
