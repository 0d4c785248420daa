"""Counts of words equal those that one gets by reading the stored sentences one by one."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build, new_settings
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.stored_tokens import StoredTokens
from polyseme.indexer.collection.stream import Word
from polyseme.indexer.errors import QueryError
from polyseme.indexer.text import TextAnalyser, TokenKind
from polyseme.search.searcher import Searcher
from polyseme.search.statistics import links
from polyseme.search.statistics.frequency import compare_frequencies
from polyseme.search.statistics.measures import (
    deviation_of_proportions,
    juilland,
    log_ratio,
    mutual_information,
    p_value,
    poisson,
)
from scipy.stats import chi2, chi2_contingency

from polyseme import Document

WORDS = ["bank", "Bank", "banks", "the", "river", "of", "loan", "loans", "saw", "left", "—", "it's", "3rd", "Straße"]
GENRES = ["letter", "news", "story"]
Sentence = tuple[int, list[Word]]
"""Key of the document, and the words of a sentence."""


def documents() -> list[Document]:
    chance = random.Random(7)
    found = []
    for n in range(36):
        paragraphs = (" ".join(chance.choices(WORDS, k=chance.randint(1, 12))) + "." for _ in range(4))
        metadata: dict[str, str | int | float | list[str | int | float]] = {"genre": GENRES[n % 3]}
        if n % 9:
            metadata["date"] = f"{1900 + n}-03-04" if n % 2 else str(1900 + n)
        if n % 4 == 0:
            metadata["tags"] = ["a", "b"] if n % 8 else ["b"]
        found.append(Document(f"d{n:03}", "\n\n".join(paragraphs), metadata))
    return found


def encoder() -> FakeEncoder:
    return FakeEncoder(tagger="first")


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("statistics") / "c.pol"
    sources = documents()
    for first in range(0, len(sources), 14):
        config = BuildConfig(sample_sentences=16, segment_sentences=30)
        build(path, sources[first : first + 14], config, encoder())
    with Searcher.open(path, encoder()) as found:
        found.collection.remove(["d003", "d017"])
        yield found


@pytest.fixture(scope="module")
def texts(searcher: Searcher) -> dict[str, list[list[Word]]]:
    """Return the words of the sentences of each live document by its id."""
    collection, found = searcher.collection, {}
    with collection.reading() as snapshot:
        tokens = StoredTokens(snapshot.segments.values(), collection.words())
        for document in collection.documents():
            rows = [tokens.of_sentence(key) or [] for key, _, _ in collection.document_sentences(document.key)]
            found[document.document_id] = [[word for _, word in row] for row in rows]
    assert len(found) == 34
    return found


METADATA = {document.id: document.metadata for document in documents()}


def count(sentences: list[list[Word]], fits: Callable[[Word], bool]) -> int:
    return sum(fits(word) for sentence in sentences for word in sentence)


def size(sentences: list[list[Word]]) -> int:
    return sum(map(len, sentences))


Texts = dict[str, list[list[Word]]]


@pytest.mark.parametrize(
    ("word", "match", "fits"),
    [
        ("bank", "lemma", lambda word: word.lemma == "bank"),
        ("Banks", "lemma", lambda word: word.lemma == "bank"),
        ("bank", "form", lambda word: word.form.casefold() == "bank"),
        ("STRAßE", "form", lambda word: word.form == "Straße"),
        ("the", "lemma", lambda word: word.lemma == "the"),
        ('[pos="NOUN"]', "pattern", lambda word: word.pos == "NOUN"),
    ],
)
def test_frequencies_by_field_equal_a_count_by_hand(
    searcher: Searcher, texts: Texts, word: str, match: str, fits: Callable[[Word], bool]
) -> None:
    found = searcher.frequency(word, by="genre", match=match)
    assert [part.value for part in found.parts] == GENRES
    for part in found.parts:
        inside = [texts[key] for key in texts if METADATA[key]["genre"] == part.value]
        counts = [count(text, fits) for text in inside]
        assert (part.count, part.tokens) == (sum(counts), sum(map(size, inside)))
        assert (part.documents, part.documents_with) == (len(inside), sum(each > 0 for each in counts))
        assert part.per_million == pytest.approx(1e6 * part.count / part.tokens)
        low, high = chi2.ppf(0.025, 2 * part.count) / 2, chi2.ppf(0.975, 2 * part.count + 2) / 2
        assert part.low == pytest.approx(1e6 * (0 if math.isnan(low) else low) / part.tokens)
        assert part.high == pytest.approx(1e6 * high / part.tokens)
    assert found.total.count == sum(count(text, fits) for text in texts.values()) > 0


def test_frequencies_by_document_sum_to_the_total(searcher: Searcher, texts: Texts) -> None:
    found = searcher.frequency("loan", by="document")
    expected = {key: count(text, lambda word: word.lemma == "loan") for key, text in texts.items()}
    assert {part.value: part.count for part in found.parts} == expected


def test_periods_follow_one_another_and_equal_a_count_by_hand(searcher: Searcher, texts: Texts) -> None:
    found = searcher.frequency("bank", by="date", period=7)
    years = {key: int(str(METADATA[key]["date"])[:4]) for key in texts if "date" in METADATA[key]}
    assert found.parts[-1].start is None
    *dated, undated = found.parts
    starts = [part.start for part in dated]
    assert starts == list(range(min(years.values()) // 7 * 7, max(years.values()) + 1, 7))
    for part in dated:
        inside = [texts[key] for key, year in years.items() if part.start is not None and 0 <= year - part.start < 7]
        assert part.tokens == sum(map(size, inside))
        assert part.count == sum(count(text, lambda word: word.lemma == "bank") for text in inside)
    without = [text for key, text in texts.items() if key not in years]
    assert undated.tokens == sum(map(size, without))


def test_periods_agree_with_the_timeline_of_the_senses(searcher: Searcher) -> None:
    inventory = searcher.senses("bank")
    found = searcher.timeline(inventory, "date", 5)
    frequency = {part.start: part for part in searcher.frequency("bank", by="date", period=5).parts}
    unassigned = [key for key, number in inventory.assignments.items() if number is None]
    assert unassigned == []
    for span in found.periods:
        assert (sum(span.counts), span.tokens) == (frequency[span.start].count, frequency[span.start].tokens)


def test_a_document_with_a_list_is_in_each_of_its_parts(searcher: Searcher, texts: Texts) -> None:
    found = searcher.frequency("bank", by="tags")
    parts = {part.value: part for part in found.parts}
    assert list(parts) == ["a", "b", None]
    for value in ("a", "b"):
        inside = [text for key, text in texts.items() if value in METADATA[key].get("tags", [])]  # type: ignore[operator]
        assert parts[value].tokens == sum(map(size, inside))


def test_several_words_in_a_row_are_counted(searcher: Searcher, texts: Texts) -> None:
    found = searcher.frequency("river bank")
    pairs = [(one.lemma, two.lemma) for text in texts.values() for sentence in text for one, two in pairwise(sentence)]
    assert found.total.count == pairs.count(("river", "bank")) > 0
    assert found.word == "river bank"


def test_filters_narrow_documents_and_chosen_occurrences(searcher: Searcher, texts: Texts) -> None:
    letters = [text for key, text in texts.items() if METADATA[key]["genre"] == "letter"]
    found = searcher.frequency("bank", where="genre=letter")
    assert (found.total.count, found.total.tokens) == (
        sum(count(text, lambda word: word.lemma == "bank") for text in letters),
        sum(map(size, letters)),
    )
    nouns = searcher.frequency("bank", where=["genre=letter", "pos=NOUN"])
    assert nouns.total.count == sum(
        count(text, lambda word: word.lemma == "bank" and word.pos == "NOUN") for text in letters
    )
    assert nouns.total.tokens == found.total.tokens
    chosen = sorted(searcher.senses("bank").assignments)[::3]
    assert searcher.frequency("bank", within=chosen).total.count == len(chosen)


def test_comparisons_equal_published_formulas(searcher: Searcher) -> None:
    first, second = searcher.frequency("bank", by="genre"), searcher.frequency("loan", by="genre")
    found = first.compare(second)
    assert [part.value for part in found.parts] == GENRES
    for part in (*found.parts, found.total):
        a, n, b, m = part.first.count, part.first.tokens, part.second.count, part.second.tokens
        assert part.log_ratio == pytest.approx(math.log2(a / n / (b / m)))
        assert part.ratio == pytest.approx(a / n / (b / m))
        assert part.low < part.ratio < part.high
        assert part.p_value == pytest.approx(float(chi2.sf(abs(part.log_likelihood), 1)))
    filters = compare_frequencies(
        searcher.frequency("bank", by="tags", where="genre=letter"),
        searcher.frequency("bank", by="tags", where="genre=news"),
        ("genre=letter", "genre=news"),
    )
    assert filters.to_dicts()[-1]["value"] == "(all)"
    assert {part.value for part in filters.parts} == {"a", "b", None}
    with pytest.raises(QueryError, match="divided by different fields"):
        first.compare(searcher.frequency("bank"))


def test_dispersion_equals_a_computation_by_hand(searcher: Searcher, texts: Texts) -> None:
    found = searcher.dispersion("loan")
    counts = [count(text, lambda word: word.lemma == "loan") for text in texts.values()]
    sizes = [size(text) for text in texts.values()]
    assert (found.count, found.tokens, found.number, found.range) == (
        sum(counts),
        sum(sizes),
        len(counts),
        sum(each > 0 for each in counts),
    )
    shares = [(each / sum(counts), of / sum(sizes)) for each, of in zip(counts, sizes, strict=True)]
    assert found.dp == pytest.approx(sum(abs(one - two) for one, two in shares) / 2)
    assert found.dp_norm == pytest.approx(found.dp / (1 - min(two for _, two in shares)))
    rates = [each / of for each, of in zip(counts, sizes, strict=True)]
    mean = sum(rates) / len(rates)
    deviation = math.sqrt(sum((each - mean) ** 2 for each in rates) / len(rates))
    assert found.juilland_d == pytest.approx(1 - deviation / mean / math.sqrt(len(rates) - 1))
    for part in found.parts:
        words = [word for sentence in texts[str(part.value)] for word in sentence]
        places = [place / len(words) for place, word in enumerate(words) if word.lemma == "loan"]
        assert part.places == pytest.approx(places, abs=1e-6)
    by_genre = searcher.dispersion("loan", by="genre")
    assert sum(part.count for part in by_genre.parts) == found.count


ANALYSER = TextAnalyser("en")


@pytest.mark.parametrize("unit", ["lemma", "form"])
@pytest.mark.parametrize("function_words", [False, True])
def test_keywords_equal_a_comparison_by_hand(searcher: Searcher, texts: Texts, unit: str, function_words: bool) -> None:
    def counted(inside: bool) -> tuple[Counter[str], int]:
        words = [
            word
            for key, text in texts.items()
            if (METADATA[key]["genre"] == "news") is inside
            for sentence in text
            for word in sentence
        ]
        wanted = {TokenKind.WORD, TokenKind.FUNCTION, TokenKind.NUMBER} if function_words else {TokenKind.WORD}
        kept = [word for word in words if ANALYSER.kind(word.form) in wanted]
        return Counter(word.lemma if unit == "lemma" else ANALYSER.folding.form(word.form) for word in kept), len(words)

    (here, tokens), (there, rest) = counted(True), counted(False)
    found = searcher.keywords("genre=news", unit=unit, fewest=3, function_words=function_words)
    assert (found.tokens, found.rest_tokens) == (tokens, rest)
    expected = {word: (n, there[word]) for word, n in here.items() if n >= 3 and n * rest > there[word] * tokens}
    assert {word.word: (word.count, word.rest) for word in found.words} == expected
    assert found.compared == sum(n >= 3 for n in here.values())
    scores = [word.log_likelihood for word in found.words]
    assert scores == sorted(scores, reverse=True)
    for word in found.words:
        ids = [key for key in texts if METADATA[key]["genre"] == "news"]
        name = (lambda w: w.lemma) if unit == "lemma" else (lambda w: ANALYSER.folding.form(w.form))
        assert word.documents == sum(any(name(w) == word.word for s in texts[key] for w in s) for key in ids)
    rarer = searcher.keywords("genre=news", unit=unit, fewest=3, function_words=function_words, rarer=True)
    assert {word.word for word in rarer.words} == {
        word for word, n in there.items() if n >= 3 and here[word] * rest < n * tokens
    }
    by_ratio = searcher.keywords("genre=news", unit=unit, fewest=3, order="log_ratio")
    ratios = [word.log_ratio for word in by_ratio.words]
    assert ratios == sorted(ratios, reverse=True)


def test_keywords_against_a_filter_compare_these_documents(searcher: Searcher, texts: Texts) -> None:
    found = searcher.keywords("genre=news", "genre=story", fewest=1)
    assert found.rest_tokens == sum(size(text) for key, text in texts.items() if METADATA[key]["genre"] == "story")
    nouns = searcher.keywords("genre=news", fewest=1, pos=["NOUN"])
    assert all(
        word.count
        == sum(
            count(text, lambda w, name=word.word: w.lemma == name and w.pos == "NOUN")  # type: ignore[misc]
            for key, text in texts.items()
            if METADATA[key]["genre"] == "news"
        )
        for word in nouns.words
    )
    for where, against, message in (
        ("genre=letter|news|story", None, "no documents to compare with"),
        ("sense=x", None, "no sense"),
        ("pos=NOUN", None, "filter by metadata"),
    ):
        with pytest.raises(QueryError, match=message):
            searcher.keywords(where, against)


NOWHERE = "date=1700..1750"


@pytest.mark.parametrize(
    "ask",
    [
        lambda searcher, where: searcher.frequency("bank", where=where),
        lambda searcher, where: searcher.frequency("bank", "genre", where=where),
        lambda searcher, where: searcher.frequency("bank", "date", 10, where=where),
        lambda searcher, where: searcher.frequency("the river", match="form", where=where),
        lambda searcher, where: searcher.dispersion("bank", where=where),
        lambda searcher, where: searcher.dispersion("bank", "genre", where=where),
        lambda searcher, where: searcher.dispersion('[lemma="bank"]', match="pattern", where=where),
        lambda searcher, where: searcher.collocates("bank", where=where),
        lambda searcher, where: searcher.keywords(where),
        lambda searcher, where: searcher.keywords("genre=news", where),
    ],
)
def test_a_filter_that_matches_no_document_is_an_error(
    searcher: Searcher, ask: Callable[[Searcher, object], object]
) -> None:
    removed = ["document=d003", NOWHERE, ["genre=news", "genre=letter"]]
    for where in removed:
        with pytest.raises(QueryError, match=r"no document matches the filter .(document|date|genre)=.*.; widen it"):
            ask(searcher, where)
    assert searcher.dispersion("bank", where=["genre=news", "document=d001"]).number == 1


def test_a_filter_that_matches_no_document_is_an_error_without_streams(version_2: Searcher) -> None:
    with pytest.raises(QueryError, match=f"no document matches the filter '{NOWHERE}'"):
        version_2.dispersion("bank", where=NOWHERE)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(left=st.integers(0, 4), right=st.integers(0, 4), function_words=st.booleans())
@pytest.mark.parametrize("where", [None, "genre=letter"])
def test_collocates_equal_a_count_of_windows_by_hand(
    searcher: Searcher, texts: Texts, where: str | None, left: int, right: int, function_words: bool
) -> None:
    if not left + right:
        return
    wanted = {TokenKind.WORD, TokenKind.FUNCTION, TokenKind.NUMBER} if function_words else {TokenKind.WORD}
    counts: Counter[tuple[str, str]] = Counter()
    tokens: Counter[tuple[str, str]] = Counter()
    frequency: Counter[tuple[str, str]] = Counter()
    positions: Counter[tuple[str, str, int]] = Counter()
    window, total, nodes = 0, 0, 0
    for key, text in texts.items():
        if where is not None and METADATA[key]["genre"] != "letter":
            continue
        for sentence in text:
            total += len(sentence)
            near: set[int] = set()
            for place, node in enumerate(sentence):
                frequency[node.lemma, node.pos] += 1
                if node.lemma != "bank":
                    continue
                nodes += 1
                around = [n for n in range(max(0, place - left), min(len(sentence), place + right + 1)) if n != place]
                near |= set(around)
                kept = [n for n in around if ANALYSER.kind(sentence[n].form) in wanted and sentence[n].lemma != "bank"]
                counts.update({(sentence[n].lemma, sentence[n].pos) for n in kept})
                positions.update((sentence[n].lemma, sentence[n].pos, n - place) for n in kept)
            window += len(near)
            for n in near:
                word = sentence[n]
                if ANALYSER.kind(word.form) in wanted and word.lemma != "bank":
                    tokens[word.lemma, word.pos] += 1
    found = searcher.collocates(
        "bank", where=where, left=left, right=right, k=1000, fewest=1, function_words=function_words, examples=0
    )
    assert found.occurrences == nodes
    assert {(each.lemma, each.pos): each.count for each in found.words} == counts
    for each in found.words:
        pair = each.lemma, each.pos
        assert (each.tokens, each.frequency) == (tokens[pair], frequency[pair])
        assert {(*pair, place): n for place, n in each.positions} == {
            key: n for key, n in positions.items() if key[:2] == pair
        }
        assert each.log_dice == pytest.approx(
            14 + math.log2(2 * min(each.count, each.frequency) / (nodes + each.frequency))
        )
        expected = window * each.frequency / total
        assert each.mutual_information == pytest.approx(math.log2(each.tokens / expected))
        assert len(each.occurrence_ids) == each.count


@pytest.mark.parametrize("where", [None, "genre=letter"])
@pytest.mark.parametrize(("left", "right"), [(5, 5), (0, 3), (2, 0)])
def test_links_and_sides_equal_a_count_of_windows_by_hand(
    searcher: Searcher, texts: Texts, where: str | None, left: int, right: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "LINKED", -math.inf)  # every pair that is together is a link
    monkeypatch.setattr(links, "FEWEST", 1)
    pairs: Counter[frozenset[tuple[str, str]]] = Counter()
    alone: Counter[tuple[str, str]] = Counter()
    positions: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    nodes = 0
    for key, text in texts.items():
        if where is not None and METADATA[key]["genre"] != "letter":
            continue
        for sentence in text:
            for place, node in enumerate(sentence):
                if node.lemma != "bank":
                    continue
                nodes += 1
                near = set()
                for n in range(max(0, place - left), min(len(sentence), place + right + 1)):
                    word = sentence[n]
                    if word.lemma != "bank" and ANALYSER.kind(word.form) is TokenKind.WORD:
                        near.add((word.lemma, word.pos))
                        positions[word.lemma, word.pos].append(n - place)
                alone.update(near)
                pairs.update(frozenset(pair) for pair in combinations(near, 2))
    found = searcher.collocates("bank", where=where, left=left, right=right, k=1000, fewest=1, examples=0)
    assert found.links.compared == len(found.words) == len(alone)
    shown = [(word.lemma, word.pos) for word in found.words]
    assert {frozenset((shown[each.first], shown[each.second])): each.together for each in found.links.links} == pairs
    for link in found.links.links:
        one, other = alone[shown[link.first]], alone[shown[link.second]]
        both = link.together
        assert link.expected == pytest.approx(one * other / nodes)
        assert link.log_dice == pytest.approx(14 + math.log2(2 * both / (one + other)))
        if max(one, other) < nodes:
            table = [[both, one - both], [other - both, nodes - one - other + both]]
            g2 = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
            assert abs(link.log_likelihood) == pytest.approx(g2, abs=1e-9)
            assert (link.log_likelihood > 0) == (both > link.expected) or g2 == pytest.approx(0, abs=1e-9)
    for each in found.words:
        places = positions[each.lemma, each.pos]
        assert each.balance == pytest.approx(sum(places) / sum(map(abs, places)))
    ids = sorted(key for key in searcher.within(searcher.senses("bank"), where)) if where else None
    assert ids is None or list(found.occurrence_ids) == ids
    assert len(found.occurrence_ids) == nodes


def test_an_unknown_figure_of_collocates_is_refused(searcher: Searcher) -> None:
    found = searcher.collocates("bank")
    with pytest.raises(QueryError, match="figure is 'x'; choose one of bars, graph"):
        found.plot(figure="x")
    assert "collocates of bank" in found.plot().get_suptitle()
    assert "own title" in found.plot("own title", "graph").get_suptitle()
    assert found.links.to_pandas().columns.tolist()[1:5] == ["source", "target", "type", "weight"]


def test_collocates_show_the_first_lines_and_follow_a_sense(searcher: Searcher) -> None:
    found = searcher.collocates("bank", k=5, examples=2)
    for word in found.words:
        assert [hit.token.casefold()[:4] for hit in word.examples] == ["bank"] * min(2, word.count)
        assert [hit.occurrence_id for hit in word.examples] == [
            hit.occurrence_id for hit in searcher.hits(word.occurrence_ids[:2])
        ] or len(word.occurrence_ids) > 1
    chosen = frozenset(sorted(searcher.senses("bank").assignments)[:9])
    sense = searcher.collocates("bank", within=chosen, fewest=1, k=1000)
    assert sense.occurrences == 9
    assert {key for word in sense.words for key in word.occurrence_ids} <= chosen
    pattern = searcher.collocates('[lemma="river"] [lemma="bank"]', match="pattern", fewest=1)
    phrase = searcher.collocates("river bank", fewest=1)
    assert pattern.occurrences == phrase.occurrences > 0
    assert {word.lemma for word in phrase.words} == {word.lemma for word in pattern.words} - {"river", "bank"}


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.frequency("zebra"), "does not hold 'zebra'"),
        (lambda s: s.frequency(" "), "no word to count"),
        (lambda s: s.frequency("bank", by="nothing"), "no document has a field 'nothing'"),
        (lambda s: s.frequency("bank", by="genre", period=10), "has no years"),
        (lambda s: s.frequency("bank", period=10), "needs the field"),
        (lambda s: s.frequency("bank", match="any"), "match is 'any'"),
        (lambda s: s.collocates("bank", left=0, right=0), "window is empty"),
        (lambda s: s.collocates("bank", left=99), "window is 99 tokens"),
        (lambda s: s.collocates("bank", measure="x"), "measure is 'x'"),
        (lambda s: s.keywords("genre=news", k=0), "k is 0"),
        (lambda s: s.keywords("genre=news", order="x"), "order is 'x'"),
    ],
)
def test_questions_that_cannot_be_answered_are_refused_in_one_line(
    searcher: Searcher, ask: Callable[[Searcher], object], message: str
) -> None:
    with pytest.raises(QueryError, match=message) as error:
        ask(searcher)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("word", "match"), [("loan", "lemma"), ("loan", "form"), ('[lemma="loan"]', "pattern")])
def test_a_word_without_a_chosen_occurrence_counts_0(searcher: Searcher, word: str, match: str) -> None:
    """An address may name a sense that the word does not have. The collection has the word all the same."""
    other = frozenset(searcher.senses("bank").assignments)
    for chosen in (frozenset[int](), other):
        assert searcher.frequency(word, match=match, within=chosen).total.count == 0
        found = searcher.collocates(word, match, within=chosen)
        assert (found.occurrences, found.words) == (0, ())
        with pytest.raises(QueryError, match="does not hold 'zebra'"):
            searcher.frequency("zebra", within=chosen)


def test_a_word_outside_the_filter_counts_0(searcher: Searcher, texts: Texts) -> None:
    only = next(key for key, text in texts.items() if not count(text, lambda word: word.lemma == "loan"))
    found = searcher.frequency("loan", where=f"document={only}")
    assert (found.total.count, found.total.low, found.total.tokens) == (0, 0.0, size(texts[only]))
    assert found.total.high == pytest.approx(1e6 * chi2.ppf(0.975, 2) / 2 / found.total.tokens)


# Measures


@given(st.integers(0, 500))
def test_poisson_intervals_equal_those_by_chi_squared(number: int) -> None:
    low = float(chi2.ppf(0.025, 2 * number)) / 2 if number else 0.0
    assert poisson(number) == pytest.approx((low, float(chi2.ppf(0.975, 2 * number + 2)) / 2), rel=1e-9)


def test_measures_equal_worked_examples() -> None:
    even = np.array([9, 9, 9]), np.array([100, 100, 100])
    assert deviation_of_proportions(*even) == (0.0, 0.0)
    assert juilland(*even) == pytest.approx(1)
    one = np.array([9, 0, 0]), np.array([100, 100, 100])
    dp, norm = deviation_of_proportions(*one)
    assert dp == pytest.approx(2 / 3)
    assert norm == pytest.approx(1)
    assert juilland(*one) == pytest.approx(0, abs=1e-9)
    assert log_ratio(8, 1000, 2, 1000)[0] == pytest.approx(2)
    assert log_ratio(8, 1000, 0, 1000)[0] == pytest.approx(4)
    assert mutual_information(8, 2.0) == 2
    assert p_value(3.841458820694124) == pytest.approx(0.05)


# Collections without streams


@pytest.fixture(scope="module")
def version_2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("statistics_2") / "c.pol"
    config = BuildConfig(sample_sentences=16)
    Collection.create(path, replace(new_settings(config, FakeEncoder()), tagger_id=None)).close()
    build(path, documents()[:12], config, FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as found:
        yield found


def test_without_streams_indexed_words_are_counted(version_2: Searcher) -> None:
    assert version_2.collection.info().format_version == 2
    found = version_2.frequency("bank", by="genre")
    expected: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    of_document: Counter[str] = Counter()
    for document in documents()[:12]:
        for sentence in ANALYSER.sentences(document.text):
            kept = [token for token in sentence.tokens if token.kind in (TokenKind.WORD, TokenKind.NUMBER)]
            banks = sum(token.lemma == "bank" for token in kept)
            expected[str(document.metadata["genre"])] += banks
            tokens[str(document.metadata["genre"])] += len(kept)
            of_document[document.id] += banks
    assert {part.value: (part.count, part.tokens) for part in found.parts} == {
        genre: (expected[genre], tokens[genre]) for genre in GENRES
    }
    assert "only indexed words" in str(found.notice)
    spread = version_2.dispersion("bank")
    assert {part.value: part.count for part in spread.parts} == {key: n for key, n in of_document.items() if n}
    for part in spread.parts:
        assert all(0 <= place < 1 for place in part.places)


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.frequency("river bank"),
        lambda s: s.frequency("bank", match="pattern"),
        lambda s: s.keywords("genre=news"),
        lambda s: s.collocates("bank"),
    ],
)
def test_without_streams_other_questions_name_reencode(version_2: Searcher, ask: Callable[[Searcher], object]) -> None:
    with pytest.raises(QueryError, match="run `polyseme reencode"):
        ask(version_2)
