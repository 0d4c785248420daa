"""Draw what surrounds the lines: the headline, the choices of match, order and layer, the marks, the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from ...indexer.text import fold
from ...search.confidence import DOUBT, VERDICT
from ...search.hits import By, Match, OccurrenceHit, Order
from ...search.query.parts_of_speech import POS, PosCounts, alike
from ...search.query.target import write_query
from ...search.retrieval.sentences import parse_order
from ...search.searcher import Searcher
from ...search.sentence_confidence import VERDICT as SENTENCE_VERDICT
from . import annotate as annotate_lines
from . import display, download
from . import marks as kept_marks
from .address import Listing, PageQuery, Sort, of_pos, without_pos
from .html import base
from .html.concordance import key_of
from .language import keyed, numeral, plural, plural_html, say, say_html, to_translate
from .lines import CANDIDATES, DOCUMENT_SORTS
from .listing import Answer, nearest_sense, ranks_by_text
from .session import ask, change, current, marks, show

DEFAULT_LEVELS = ("1R", "2R", "1L")
"""The first levels of `Sort.LEVELS`."""
MAX_WORDS = 3
"""Maximum number of words that the headline names. It names none if there are more."""
Option = TypeVar("Option", bound=str)
_MATCHES = {
    Match.LEMMA: to_translate("Same lemma"),
    Match.FORM: to_translate("Same form"),
    Match.ANY: to_translate("Any word"),
}
_COMPARED = {
    By.SENTENCE: to_translate("Sentences"),
    By.DOCUMENT: to_translate("Documents"),
    By.DEFAULT: to_translate("ELMo vectors"),
}
_ORDERS = {
    Order.HYBRID: to_translate("both together"),
    Order.MEANING: to_translate("meaning"),
    Order.KEYWORDS: to_translate("keywords"),
    Order.WORDS: to_translate("words in their sense"),
}
_HELP = {
    Order.HYBRID: to_translate("A similar meaning and your own words count together."),
    Order.MEANING: to_translate("A similar meaning counts, also in other words."),
    Order.KEYWORDS: to_translate("Your own words count, rare words more than common ones."),
    Order.WORDS: to_translate("Words in the same sense as yours count, such as shore for the bank of a river."),
}
_NEAREST = {
    Order.HYBRID: to_translate("nearest in meaning and words first"),
    Order.MEANING: to_translate("nearest in meaning first"),
    Order.KEYWORDS: to_translate("most of the keywords first"),
    Order.WORDS: to_translate("most words in the same sense first"),
}
_SORTS = {
    Sort.SCORE: to_translate("nearest first"),
    Sort.TEXT: to_translate("text order"),
    Sort.LEFT: to_translate("left context"),
    Sort.RIGHT: to_translate("right context"),
    Sort.DATE: to_translate("date"),
    Sort.DOCUMENT: to_translate("document"),
    Sort.ODD: to_translate("least typical first"),
    Sort.EXAMPLES: to_translate("good examples first"),
    Sort.LEVELS: to_translate("several levels"),
    Sort.RANDOM: to_translate("shuffled"),
}
_VERDICTS = {
    VERDICT: to_translate("nothing here means that"),
    DOUBT: to_translate("perhaps none of these has that sense"),
    SENTENCE_VERDICT: to_translate("nothing here says that"),
}
_AS_FOUND = to_translate("text order")
"""The first order of a pattern, whose lines have no scores."""


def headline(found: Answer) -> str:
    """Return the line above the list: the number of lines, their word, their order, and the filters."""
    of_sentences, some = found.match is Match.SENTENCE, numeral(found.size)
    if found.question.of_documents:
        number = say("Documents")
        if found.complete:
            number = plural("{number} document", "{number} documents", len(found.documents))
    elif found.complete and found.found != found.size:
        number = plural("{some} of {number} occurrence", "{some} of {number} occurrences", found.found, some=some)
        if of_sentences:
            number = plural("{some} of {number} sentence", "{some} of {number} sentences", found.found, some=some)
    elif found.complete:
        number = plural("{number} occurrence", "{number} occurrences", found.size)
        if of_sentences:
            number = plural("{number} sentence", "{number} sentences", found.size)
    elif found.total is not None:
        number = plural("The nearest of {number} occurrence", "The nearest of {number} occurrences", found.total)
        if of_sentences:
            number = plural("The nearest of {number} sentence", "The nearest of {number} sentences", found.total)
    else:
        number = say("Sentences") if of_sentences else say("Occurrences")
    return base.headline(number, head_word(found), order_text(found), found.question.within)


def head_word(found: Answer) -> str | None:
    """Return the word of all lines: the target, or the words of the lines if these are few."""
    if found.question.of_pattern:
        return found.query.text
    if found.target is None or found.match is Match.ANY:
        return None
    if found.query.text and not found.query.like:
        return found.target.sentence[found.target.start : found.target.end]
    occurrences = [hit for hit in found.lines if isinstance(hit, OccurrenceHit)]
    words = {fold(hit.token) if found.match is Match.FORM else hit.lemma for hit in occurrences}
    return ", ".join(sorted(words)) if 0 < len(words) <= MAX_WORDS else None


def order_text(found: Answer) -> str:
    """Return the order of the lines in words."""
    query = found.query
    others = query.listing is Listing.OTHERS
    sampled = say("a random sample, seed {seed}", seed=query.seed)
    if query.sort is Sort.SCORE and query.sample:
        return sampled
    if query.sort is Sort.SCORE and found.question.is_window and found.question.is_bare:
        return say("in the order of the documents")
    if query.sort is Sort.SCORE:
        if others:
            return say("other words, nearest to the sense first")
        if found.question.of_pattern:
            return say("in the order of the documents")
        if query.like:
            return say("nearest to the lines marked + first")
        if found.match is Match.SENTENCE and ranks_by_text(query):
            return say(_NEAREST[order_of(query)])
        return say("nearest in meaning first") if found.match is Match.SENTENCE else say("nearest in sense first")
    order = {
        Sort.LEFT: say("by the words to the left"),
        Sort.RIGHT: say("by the words to the right"),
        Sort.DATE: say("the oldest first"),
        Sort.DOCUMENT: say("by document"),
        Sort.ODD: say("the least typical of their sense first"),
        Sort.EXAMPLES: say("good examples first"),
        Sort.TEXT: say("in the order of the documents"),
        Sort.RANDOM: say("in a random order, seed {seed}", seed=query.seed),
        Sort.LEVELS: say("by {levels}", levels=", ".join(query.levels)),
    }[query.sort]
    if query.sample and query.sort is not Sort.RANDOM:
        order = f"{sampled}, {order}"
    if found.match not in (Match.ANY, Match.SENTENCE):
        return order
    if found.question.of_documents:
        return say("the {count} best, {order}", count=numeral(max(CANDIDATES, query.k)), order=order)
    values = {"count": numeral(max(CANDIDATES, query.k)), "order": order}
    if others:
        return say("other words, the {count} nearest, {order}", **values)
    return say("the {count} nearest, {order}", **values)


def verdict_text(found: Answer) -> str:
    """Return the verdict on a list with its reason. Each kind of list has its own calibration."""
    given = found.verdict or ""
    verdict = say(_VERDICTS[given]) if given in _VERDICTS else given
    if found.match is Match.SENTENCE:
        return say("{verdict}: even the nearest line is unlikely to mean the same", verdict=verdict)
    return say("{verdict}: the nearest lines are no nearer than chance", verdict=verdict)


def match_choice(offered: Sequence[Match], searcher: Searcher, found: Answer) -> None:
    """Draw the choice of which words may match, the default first, and beside it other words in the same sense."""
    now = current().match if current().match in offered else offered[0]
    names = {match: say(_MATCHES[match]) for match in offered}
    key = keyed("match")
    show(key, now)

    def changed() -> None:
        match = st.session_state[key] or now
        change(replace(current(), match=match, sense=None, picked=(), listing=Listing.HITS))

    st.segmented_control(
        say("Words that match"),
        list(offered),
        format_func=names.__getitem__,
        key=key,
        on_change=changed,
        label_visibility="collapsed",
    )
    if found.question.has_senses and found.match is not Match.ANY:
        st.button(
            say("Other words in this sense"),
            key="synonyms",
            on_click=_other_words,
            args=(searcher, found),
            disabled=found.question.is_bare and current().sense is None,
            help=say("Choose a sense first") if found.question.is_bare and current().sense is None else None,
        )


def _other_words(searcher: Searcher, found: Answer) -> None:
    """List other words in the chosen sense, or in that of the line nearest to the word in its sentence."""
    sense = current().sense or nearest_sense(searcher, found.question)
    if sense is not None:
        query = replace(current(), sense=sense, listing=Listing.OTHERS, sort=Sort.SCORE, picked=(), marked=False)
        change(replace(query, sample=0))


def pos_choice(counts: PosCounts, found: Answer) -> None:
    """Draw the parts of speech of a word with their numbers of lines, to show only one of them.

    It also says whether the list keeps the part of speech that the word has in its sentence. A word with one part of
    speech has no choice, so nothing is drawn for it.
    """
    query = current()
    only = of_pos(query.where)
    if len(counts.counts) < 2 and not only:
        return
    kept = kept_pos(counts, found)
    total = sum(counts.counts.values())
    options = {"": say("any {count}", count=numeral(total))}
    options |= {pos: f"{base.pos_name(pos)} {numeral(n)}" for pos, n in counts.counts.items()}
    chosen = only[0].partition("=")[2].strip() if len(only) == 1 and "!" not in only[0] else None
    value = min(kept, key=lambda pos: (pos != counts.target, pos)) if kept else "" if not only else chosen
    key = keyed("pos")
    show(key, value if value in options else None, options.values())

    def changed() -> None:
        pos = st.session_state[key]
        where = without_pos(query.where) + ((f"{POS}={pos}",) if pos else ())
        change(replace(query, text=_without_pos_mark(found, query.text), where=where, any_pos=not pos, picked=()))

    with st.container(horizontal=True, key="pos-row", vertical_alignment="center", gap="small"):
        st.html(base.remark(say("Part of speech:")), width="content")
        st.segmented_control(
            say("Part of speech"),
            list(options),
            format_func=lambda pos: options[pos],
            key=key,
            on_change=changed,
            label_visibility="collapsed",
        )
        if kept:
            st.html(base.kept_pos(counts.target, is_named=bool(found.target and found.target.pos)), width="content")


def kept_pos(counts: PosCounts, found: Answer) -> frozenset[str]:
    """Return the parts of speech that the list keeps since the query has one. Empty if no line is left out."""
    if found.question.any_pos or found.target is None or found.match is not Match.LEMMA or not counts.target:
        return frozenset()
    wanted = frozenset([counts.target]) if found.target.pos else alike(counts.target)
    kept = wanted & counts.counts.keys()
    return kept if len(kept) < len(counts.counts) else frozenset()


def _without_pos_mark(found: Answer, text: str) -> str:
    """Return the text of a query without the part of speech of its target, as in `[charge/VERB]`."""
    target = found.target
    return text if target is None or not target.pos else write_query(target.sentence, target.start, target.end)


def order_of(query: PageQuery) -> Order:
    """Return what ranks the hits of a question by sentence."""
    return query.order or parse_order(None, None, query.by)


def sentence_choices(query: PageQuery, only_default: bool) -> None:
    """Draw the choices of what a question by sentence compares, and of what ranks the hits.

    Args:
        only_default: Whether the collection has ELMo's default vectors alone, so that they are no choice.
    """
    key = keyed("by")
    show(key, query.by)
    names = {by: say(text) for by, text in _COMPARED.items()}
    offered = [by for by in _COMPARED if by is not By.DEFAULT or by is query.by or not only_default]

    def compared() -> None:
        by = st.session_state[key] or query.by
        change(replace(current(), by=by, order=None if By.DEFAULT in (by, query.by) else query.order))

    st.segmented_control(
        say("What is compared"),
        offered,
        format_func=names.__getitem__,
        key=key,
        on_change=compared,
        label_visibility="collapsed",
    )
    choose("order", say("Ranked by"), _ORDERS, order_of(query), lambda order: change(replace(current(), order=order)))


def choice_help(query: PageQuery) -> str:
    """Return in one line what the choices of a question by sentence mean."""
    of = {
        By.SENTENCE: "",
        By.DOCUMENT: say("Documents are ranked by their best passages."),
        By.DEFAULT: say("ELMo's default sentence vectors are compared, as its authors published them."),
    }[query.by]
    return base.remark(f"{of} {say(_HELP[order_of(query)])}".strip())


def choices(searcher: Searcher, found: Answer) -> None:
    """Draw the row above the lines: order, display, lines per page, export, address and keys."""
    query = current()
    with st.container(horizontal=True, key="choices", vertical_alignment="center", gap="small"):
        choose("sort", say("Order"), _sorts(found), query.sort, _by_order)
        if found.match is Match.SENTENCE and found.lines and not found.question.of_documents:
            _group_choice(found.query)
        _page_size(found.question.of_documents)
        if not found.question.of_documents:
            has_layers = found.target is not None and ranks_by_text(found.query)
            display.draw(found, can_be_sampled(found), searcher.settings.layer if has_layers else None)
        download.draw(searcher, query, found)
        annotate_lines.draw_list(searcher, found)
        st.html(base.copy_button(), width="content")
        st.html(base.keys(), width="content")


def _by_order(sort: Sort) -> None:
    levels = current().levels or (DEFAULT_LEVELS if sort is Sort.LEVELS else ())
    change(replace(current(), sort=sort, levels=levels))


def _group_choice(query: PageQuery) -> None:
    show("group", query.group)
    st.toggle(
        say("Group by document"),
        key="group",
        help=say("Shows the lines of this page under their documents."),
        on_change=lambda: change(replace(current(), group=st.session_state["group"])),
    )


def _sorts(found: Answer) -> dict[Sort, str]:
    """Return the orders that have a meaning for a list, the usual one first."""
    question = found.question
    if question.of_documents:
        return {sort: _SORTS[sort] for sort in DOCUMENT_SORTS}
    offered = dict(_SORTS)
    if question.of_pattern or (question.is_bare and found.match is not Match.ANY):
        offered[Sort.SCORE] = _AS_FOUND  # it is the order of the texts, which is offered once
        del offered[Sort.TEXT]
    if not question.has_senses or found.query.listing is not Listing.HITS:
        del offered[Sort.ODD]
    if not can_be_sampled(found):
        offered.pop(Sort.TEXT, None)
        del offered[Sort.RANDOM]
    if found.question.of_pattern or found.match is Match.ANY or not can_be_sampled(found):
        del offered[Sort.EXAMPLES]
    return offered


def can_be_sampled(found: Answer) -> bool:
    """Return whether a list has lines of one word or pattern, which can be shuffled and sampled."""
    return (found.question.is_window or found.question.of_pattern or found.question.same_word) and ranks_by_text(
        found.query
    )


def choose(key: str, name: str, options: Mapping[Option, str], value: Option, act: Callable[[Option], None]) -> None:
    """Draw a small drop-down list of texts to translate. `act` receives the chosen option."""
    key = keyed(key)
    texts = [say(text) for text in options.values()]
    names = {
        option: say("{name}: {option}", name=name, option=text) for option, text in zip(options, texts, strict=True)
    }
    longest = len(name) + max(map(len, texts))
    show(key, value if value in options else next(iter(options)), names.values())

    def changed() -> None:
        # The browser may still hold an option that is no longer offered. Streamlit then gives its text.
        if (chosen := st.session_state[key]) in options:
            act(chosen)

    st.selectbox(
        name,
        list(options),
        format_func=names.__getitem__,
        key=key,
        on_change=changed,
        width=210 if longest <= 24 else max(245, 8 * longest),  # the longest option is not cut
        filter_mode=None,
        label_visibility="collapsed",
    )


def _page_size(of_documents: bool) -> None:
    sizes = sorted({20, 50, 100, 200, current().k})

    def named(size: int) -> str:
        if of_documents:
            return plural("{number} document per page", "{number} documents per page", size)
        return plural("{number} line per page", "{number} lines per page", size)

    names = {size: named(size) for size in sizes}
    # The browser holds the text of its choice, which differs between lines and documents. So each has its own key.
    key = keyed("k-documents" if of_documents else "k")
    show(key, current().k)
    st.selectbox(
        say("Documents per page") if of_documents else say("Lines per page"),
        sizes,
        format_func=names.__getitem__,
        key=key,
        on_change=lambda: change(replace(current(), k=st.session_state[key])),
        width=max(205 if of_documents else 170, 8 * max(map(len, names.values())) + 26),
        filter_mode=None,
        label_visibility="collapsed",
    )


def marked_here(found: Answer) -> dict[int, int]:
    """Return the marks of lines that belong to this list. Marks of other words are not counted."""
    query, marked = found.query, marks()
    if not marked:
        return {}
    here = {key_of(hit) for hit in found.lines} | {*query.like, *query.unlike}
    if found.match is not Match.SENTENCE and found.inventory is not None:
        here |= found.inventory.assignments.keys()
    return {key: sign for key, sign in marked.items() if key in here}


def marked_lines(
    found: Answer, name_sense: Callable[[], None], annotate: Callable[[tuple[int, ...]], None] = lambda keys: None
) -> None:
    """Draw what can be done with the marked lines of this list, if there are any.

    The bar is fixed at the bottom of the window, so a mark never moves the lines.

    Args:
        name_sense: Draws the form that names the sense of the lines marked +.
        annotate: Draws the form that annotates some lines.
    """
    query, here = current(), marked_here(found)
    plus = tuple(sorted(key for key, sign in here.items() if sign > 0))
    minus = tuple(sorted(key for key, sign in here.items() if sign < 0))
    if not (plus or minus or query.marked):
        return
    with st.container(horizontal=True, key="marked", vertical_alignment="center", gap="small"):
        status = plural_html(
            "{number} line marked +, {minus} marked \N{MINUS SIGN}",
            "{number} lines marked +, {minus} marked \N{MINUS SIGN}",
            len(plus),
            minus=numeral(len(minus)),
        )
        st.html(f'<p class="pol-status" role="status">{status}</p>', width="content")
        again = replace(query, like=plus, unlike=minus, page=1, picked=(), marked=False, sample=0)
        if query.listing is Listing.OTHERS:
            # The marked lines are of other words, so the next list is not limited to a sense of this word.
            again = replace(again, listing=Listing.HITS, match=Match.ANY, sense=None)
        st.button(
            say("Search again from these"),
            key="again",
            type="primary",
            disabled=not plus or (plus, minus) == (query.like, query.unlike),
            help=None if plus else say("Mark at least one line +"),
            on_click=ask,
            args=(again,),
        )
        show("only-marked", query.marked)
        st.toggle(
            say("Only marked"),
            key="only-marked",
            width="content",
            on_change=lambda: change(replace(current(), marked=st.session_state["only-marked"])),
        )
        annotate(plus)
        if plus and found.target is not None:
            name_sense()
        st.button(say("Clear marks"), key="unmark", on_click=_unmark, args=(frozenset(here),))


def _unmark(keys: frozenset[int]) -> None:
    kept_marks.remove(current().collection, kept_marks.shown(), keys)
    query = current()
    if query.like or query.unlike or query.marked:
        change(replace(query, like=(), unlike=(), marked=False))


def pages(found: Answer) -> None:
    """Draw the number of the page, a field to choose another one, and buttons to its neighbours and to both ends."""
    page, query = found.page, current()
    if page.number == 1 and not page.more:
        return
    known = max(1, -(-found.size // query.k))
    last = known if found.complete else max(known, page.number + 1)
    with st.container(horizontal=True, key="pages", vertical_alignment="center", horizontal_alignment="center"):
        for key, name, number, icon, usable in (
            ("first", say("First"), 1, "first_page", page.number > 1),
            ("previous", say("Previous"), page.number - 1, "chevron_left", page.number > 1),
            ("next", say("Next"), page.number + 1, "chevron_right", page.more),
            ("last", say("Last"), last, "last_page", found.complete and page.more),
        ):
            if key == "next":
                _page_field(page.number, known if found.complete else None)
            st.button(
                name,
                key=f"page-{key}",
                icon=f":material/{icon}:",
                type="tertiary",
                disabled=not usable,
                on_click=ask,
                args=(replace(query, page=max(1, number)),),
            )


def _page_field(number: int, last: int | None) -> None:
    """Draw a field with the number of the page.

    Each page has a field of its own. A field whose value the server changes would ask again when it loses the focus.
    """
    key = f"page-{number}-{last}"
    st.html(f'<p class="pol-page">{say_html("Page")}</p>', width="content")
    st.number_input(
        say("Page"),
        1,
        last,
        value=number,
        key=key,
        step=1,
        width=110,
        label_visibility="collapsed",
        on_change=lambda: ask(replace(current(), page=int(st.session_state[key] or 1))),
    )
    of = "" if last is None else say_html("of {pages}", pages=numeral(last))
    st.html(f'<p class="pol-page">{of}</p>', width="content")
