"""Search, compared with brute force over every vector of the collection in numpy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer import pipeline
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.indexer.pipeline import Work, batched
from polyseme.indexer.text import TextAnalyser, is_indexed
from polyseme.indexer.vectors.arrays import as_slice, unit
from polyseme.search.hits import Match, OccurrenceHit
from polyseme.search.query.target import Target
from polyseme.search.searcher import Searcher

WORDS = ["bank", "river", "loan", "spring", "boat", "heron", "mill", "money", "letter", "crane", "shore", "water"]


def documents() -> list[Document]:
    """Make 60 documents of random text with years and genres. Some words occur twice in a sentence."""
    rng = np.random.default_rng(7)
    out = []
    for n in range(60):
        sentences = []
        for _ in range(5):
            a, b, c, d = rng.choice(WORDS, 4)
            sentences.append(f"The {a} near the {b} saw {c} by the old {d}s.")
        metadata: dict[str, str | int | float] = {"year": 1950 + n, "genre": ["news", "letter", "story"][n % 3]}
        if n % 10 == 0:
            metadata["author"] = "Anon"
        out.append(Document(f"doc{n:02}", " ".join(sentences), metadata))
    out.append(Document("plain", "The ice cream van stood on the bank of the river. Ice creams are sold by the bank."))
    return out


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search") / "c.pol"
    build(folder, documents(), BuildConfig(segment_sentences=64, sample_sentences=50), model=FakeEncoder())
    return folder


@pytest.fixture
def searcher(path: Path) -> Iterator[Searcher]:
    with Searcher.open(path, FakeEncoder()) as opened:
        yield opened


def brute_force(searcher: Searcher, sentence: str, position: int) -> list[tuple[float, str, str, int, str, str]]:
    """Return (score, document, sentence, position, form, lemma) of every occurrence, encoded again, best first."""
    encoder, analyser = FakeEncoder(), searcher.analyser
    query = unit(encoder.sense([[t.text for t in analyser.tokens(sentence)]])[0][position])
    found = []
    for document in documents():
        for cut in analyser.sentences(document.text):
            vectors = unit(encoder.sense([[t.text for t in cut.tokens]])[0]).astype(np.float16).astype(np.float32)
            for n, token in enumerate(cut.tokens):
                if is_indexed(token, False):
                    text = document.text[cut.start : cut.end]
                    score = float(vectors[n] @ query)
                    found.append((score, document.id, text, n, token.text.casefold(), token.lemma))
    return sorted(found, key=lambda item: -item[0])


def keys(hits: list[OccurrenceHit]) -> set[tuple[str, str, int]]:
    return {(hit.document_id, hit.sentence, hit.position) for hit in hits}


@pytest.mark.parametrize("match", [Match.FORM, Match.LEMMA])
@pytest.mark.parametrize("target", ["bank", "cranes", "water"])
def test_same_word_search_equals_brute_force(searcher: Searcher, match: Match, target: str) -> None:
    query = f"An old man saw the [{target}] near the mill."
    hits = searcher.occurrences(query, k=25, match=match)
    token = searcher.analyser.tokens(target)[0]
    wanted = [
        item
        for item in brute_force(searcher, query.replace("[", "").replace("]", ""), 5)
        if (item[4] == target if match is Match.FORM else item[5] == token.lemma)
    ]
    assert [hit.score for hit in hits] == pytest.approx([item[0] for item in wanted[:25]], abs=1e-5)
    edge = wanted[min(25, len(wanted)) - 1][0] + 1e-6
    assert keys(hits) >= {(doc, text, n) for score, doc, text, n, *_ in wanted if score > edge}
    assert hits.match is match
    assert hits.notice is None


def test_any_word_search_finds_what_brute_force_finds(searcher: Searcher) -> None:
    """Measure recall@10 of the approximate index with exact reranking, over all forms and a score computed here."""
    encoder = FakeEncoder()
    weight = searcher.settings.word_weight
    with searcher.collection.reading() as snapshot:
        words = snapshot.transforms["word"]
    recalls = []
    for target in WORDS:
        sentence = f"They walked from the {target} to the boat."
        items = brute_force(searcher, sentence, 4)
        identity = words(encoder.word_vectors([target]))[0]
        joint = [
            ((score + weight * float(words(encoder.word_vectors([form]))[0] @ identity)) / (1 + weight), doc, text, n)
            for score, doc, text, n, form, _ in items
        ]
        joint.sort(key=lambda item: -item[0])
        hits = searcher.occurrences((sentence, 4), k=10, match="any")
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert hits[0].score == pytest.approx(joint[0][0], abs=2e-3)
        edge = joint[9][0] - 2e-3
        exact = {(doc, text, n) for score, doc, text, n in joint if score >= edge}
        recalls.append(len(keys(hits) & exact) / 10)
    assert np.mean(recalls) >= 0.95


def test_a_sentence_of_the_collection_ranks_first_for_itself(searcher: Searcher) -> None:
    for document in documents()[::12]:
        for cut in searcher.analyser.sentences(document.text):
            text = document.text[cut.start : cut.end]
            first = searcher.sentences(text, k=3)[0]
            assert (first.sentence, round(first.score, 3)) == (text, 1.0)
            position = next(n for n, t in enumerate(cut.tokens) if is_indexed(t, False))
            for match in ("form", "lemma", "any"):
                best = searcher.occurrences((text, position), k=1, match=match)[0]
                assert best.score >= 0.999
                assert (best.sentence, best.position) == (text, position)


def test_sentence_search_equals_brute_force_with_and_without_a_filter(searcher: Searcher) -> None:
    encoder = FakeEncoder()
    tokens = [t.text for t in searcher.analyser.tokens("a boat on the water")]
    with searcher.collection.reading() as snapshot:
        centred = snapshot.transforms["sentence"]
    query = centred(encoder.represent([tokens])[0].sentence)
    scored = []
    for document in documents():
        for cut in searcher.analyser.sentences(document.text):
            vector = centred(encoder.represent([[t.text for t in cut.tokens]])[0].sentence)
            scored.append((float(vector @ query), document, document.text[cut.start : cut.end]))
    scored.sort(key=lambda item: -item[0])
    for where, keep in (
        (None, lambda d: True),
        ({"year": "1990.."}, lambda d: d.metadata.get("year", 0) >= 1990),
        (
            ["genre=news|story", "year=..1960"],
            lambda d: d.metadata.get("genre") in ("news", "story") and d.metadata["year"] <= 1960,
        ),
        ({"author": "!Anon"}, lambda d: d.metadata.get("author") != "Anon"),
    ):
        hits = searcher.sentences("a boat on the water", k=15, where=where, order="meaning", alike=False)
        wanted = [score for score, document, _ in scored if keep(document)][:15]
        assert [hit.score for hit in hits] == pytest.approx(wanted, abs=1e-2)  # eight numbers in bytes
        assert all(keep(Document(hit.document_id, "x", hit.metadata)) for hit in hits)


def test_filters_apply_before_the_cut_to_k(searcher: Searcher) -> None:
    hits = searcher.occurrences("the [bank] of the river", k=3, where="document=doc33|doc34|doc35|plain", match="any")
    assert len(hits) == 3
    assert {hit.document_id for hit in hits} <= {"doc33", "doc34", "doc35", "plain"}


def test_equal_words_in_one_sentence_are_different_targets(searcher: Searcher) -> None:
    text = "The bank near the river saw loan by the bank."
    first = searcher.occurrences("The [bank] near the river saw loan by the bank.", k=5)
    second = searcher.occurrences("The bank near the river saw loan by the [bank].", k=5)
    assert [h.occurrence_id for h in first] == [h.occurrence_id for h in searcher.occurrences((text, 1), k=5)]
    assert [h.occurrence_id for h in second] == [h.occurrence_id for h in searcher.occurrences((text, 9), k=5)]
    assert [h.score for h in first] != [h.score for h in second]


def test_offsets_give_the_token_in_sentence_and_document(searcher: Searcher) -> None:
    for hit in searcher.occurrences("the old [cranes] saw", k=200):
        assert hit.sentence[hit.start : hit.end] == hit.token
        assert hit.token.casefold() in ("crane", "cranes")
        _, text = searcher.collection.document(hit.document_id)
        assert text[hit.sentence_start :].startswith(hit.sentence)
        assert searcher.analyser.tokens(hit.sentence)[hit.position].start == hit.start


def test_an_unknown_target_is_answered_with_any_word_and_a_notice(searcher: Searcher) -> None:
    hits = searcher.occurrences("the [embankment] of the river", k=5)
    assert (hits.match, len(hits)) == (Match.ANY, 5)
    assert hits.notice is not None
    assert "'embankment' does not occur" in hits.notice
    function = searcher.occurrences("[the] bank", k=5)
    assert function.match is Match.ANY
    assert "function words" in (function.notice or "")


@pytest.mark.parametrize(
    ("word", "lemma", "form"),
    [
        ("bank", True, True),
        ("Banks", True, True),
        ("vans", True, False),
        ("embankment", False, False),
        ("the", False, False),
        ("", False, False),
        (".", False, False),
        ("ice cream", True, True),
        ("ice creams", True, True),
        ("ices cream", True, False),
        ("bank of the river", True, True),
        ("bank in the river", False, False),
        ("river cream", False, False),
    ],
)
def test_holds_knows_the_words_of_the_collection(searcher: Searcher, word: str, lemma: bool, form: bool) -> None:
    assert (searcher.holds(word), searcher.holds(word, "form")) == (lemma, form)
    if word.strip(".") and word != "the":
        for match, held in ((Match.LEMMA, lemma), (Match.FORM, form)):
            assert (searcher.occurrences(f"[{word}]", k=1, match=match).match is match) is held


def test_holds_respects_filters(searcher: Searcher) -> None:
    assert searcher.holds("cream", where="document=plain")
    assert not searcher.holds("cream", where="genre=news")
    assert searcher.holds("ice cream", where="document=plain")
    assert not searcher.holds("ice cream", where="genre=news")
    with pytest.raises(QueryError, match="match is 'any'; choose one of form, lemma"):
        searcher.holds("cream", "any")


def test_brackets_position_and_target_are_equivalent_queries(searcher: Searcher) -> None:
    marked, sentence = "An old man saw the [bank] near the mill.", "An old man saw the bank near the mill."
    hits = searcher.occurrences(marked, k=5)
    target = Target(sentence, 19, 23)
    assert searcher.occurrences((sentence, 5), k=5) == searcher.occurrences(target, k=5) == hits
    assert searcher.explain(hits[1], target) == searcher.explain(hits[1], marked)


def test_cached_filters_follow_changes_of_the_collection(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    texts = {"a": "The river bank was green.", "b": "The bank of the mill was old."}

    def put(**years: int) -> None:
        build(path, [Document(key, texts[key], {"year": year}) for key, year in years.items()], model=FakeEncoder())

    put(a=1950, b=1990)
    with Searcher.open(path, FakeEncoder()) as opened:

        def asked(where: str) -> list[str]:
            return [hit.document_id for hit in opened.occurrences("an old [bank]", where=where)]

        for _ in range(2):
            assert asked("year=1990") == ["b"]
            assert asked("year=..1990") == asked("year=..1990") != ["b"]
        put(a=1990, b=1990)  # no text changed
        assert sorted(asked("year=1990")) == ["a", "b"]
        for year in range(40):  # more filters than are cached
            assert sorted(asked(f"year={1951 + year}..1999")) == ["a", "b"]
        opened.collection.remove(["a"])
        assert asked("year=1990") == ["b"]


@given(st.lists(st.integers(0, 30), max_size=12), st.booleans())
def test_consecutive_rows_are_read_as_a_slice(rows: list[int], in_order: bool) -> None:
    wanted = np.array(sorted(set(rows)) if in_order else rows, np.int64)
    vectors = np.arange(31)
    np.testing.assert_array_equal(vectors[as_slice(wanted)], vectors[wanted])
    follows = len(wanted) > 0 and wanted.tolist() == list(range(int(wanted[0]), int(wanted[0]) + len(wanted)))
    assert isinstance(as_slice(wanted), slice) is follows


def test_batches_are_limited_by_sentences_and_by_tokens() -> None:
    analyser = TextAnalyser("en")
    document = Document("d", "A short one. " * 7 + "A " + "very " * 40 + "long one. " + "A short one.")
    cuts = list(pipeline.split_sentences([Work(document)], analyser, lambda _: None))
    assert [len(batch) for batch in batched(cuts, 3, 30)] == [3, 3, 2, 1]
    assert [item for batch in batched(cuts, 3, 30) for item in batch] == cuts


def test_a_target_outside_the_filter_gives_no_hits_and_a_notice(searcher: Searcher) -> None:
    hits = searcher.occurrences("an ice [cream] van", where={"genre": "news"})
    assert (list(hits), hits.match, hits.notice) == ([], Match.LEMMA, "'cream' does not occur within the filter")


def test_a_phrase_is_found_as_consecutive_words(searcher: Searcher) -> None:
    lemma = searcher.occurrences("I like [ice cream] best.")
    assert [(h.token, h.lemma, h.position) for h in sorted(lemma, key=lambda h: h.sentence_start)] == [
        ("ice cream", "ice cream", 1),
        ("Ice creams", "ice cream", 0),
    ]
    form = searcher.occurrences("I like [ice cream] best.", match="form")
    assert [h.token for h in form] == ["ice cream"]
    assert all(h.sentence[h.start : h.end] == h.token for h in [*lemma, *form])
    with_function_word = searcher.occurrences("the [bank of the river] is wet")
    assert [h.token for h in with_function_word] == ["bank of the river"]
    absent = searcher.occurrences("the [river cream] is wet", k=3)
    assert (absent.match, len(absent)) == (Match.ANY, 3)


def test_the_score_of_a_phrase_is_the_cosine_of_means(searcher: Searcher) -> None:
    encoder = FakeEncoder()
    (hit,) = searcher.occurrences("I like [ice cream] best.", match="form")
    tokens = [[t.text for t in searcher.analyser.tokens(s)] for s in ("I like ice cream best.", hit.sentence)]
    a, b = (unit(found) for found in encoder.sense(tokens))
    stored = unit(b[1:3].astype(np.float16).astype(np.float32).mean(axis=0))
    assert hit.score == pytest.approx(float(unit(a[2:4].mean(axis=0)) @ stored), abs=1e-4)


def test_another_layer_reranks_and_adds_a_notice(searcher: Searcher) -> None:
    query = "An old man saw the [bank] near the mill."
    hits = searcher.occurrences(query, k=10, layer="2")
    encoder = FakeEncoder()

    def vector(sentence: str, position: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        tokens = [t.text for t in searcher.analyser.tokens(sentence)]
        return np.asarray(unit(encoder.represent([tokens])[0].layers[2][position]))

    target = vector("An old man saw the bank near the mill.", 5)
    everything = searcher.occurrences(query, k=200)
    exact = sorted((float(vector(h.sentence, h.position) @ target) for h in everything), reverse=True)
    assert [hit.score for hit in hits] == pytest.approx(exact[:10], abs=1e-5)
    assert "layer 2" in (hits.notice or "")
    assert [hit.rank for hit in hits] == list(range(1, 11))


def test_hybrid_search_finds_words_and_keeps_the_cosine(searcher: Searcher) -> None:
    plain = {hit.sentence_id: hit.score for hit in searcher.sentences("ice cream", k=400)}
    hybrid = searcher.sentences("ice cream", k=5, hybrid=True)
    assert {hit.sentence_id: pytest.approx(hit.score, abs=1e-3) for hit in hybrid} == {
        hit.sentence_id: plain[hit.sentence_id] for hit in hybrid
    }
    assert {"plain"} == {hit.document_id for hit in hybrid if "cream" in hit.sentence.lower()}
    assert "cream" in hybrid[0].sentence.lower()
    signs = searcher.sentences("ice OR NEAR( cream* ^x {y}: + z", k=2, hybrid=True)
    assert len(signs) == 2


def test_more_like_moves_towards_positive_and_away_from_negative_hits(searcher: Searcher) -> None:
    hits = searcher.occurrences("the [bank] of the river", k=50)
    plus, minus = hits[10], hits[30]
    near = searcher.more_like([plus], k=5)
    assert near[0].occurrence_id == plus.occurrence_id
    apart = {hit.occurrence_id: hit.rank for hit in searcher.more_like([plus], [minus], k=500)}
    before = {hit.occurrence_id: hit.rank for hit in searcher.more_like([plus], k=500)}
    assert apart.keys() == before.keys()
    assert apart[minus.occurrence_id] > before[minus.occurrence_id]
    sentence = searcher.sentences("boats", k=1)[0]
    assert searcher.more_like([sentence], k=1)[0].sentence_id == sentence.sentence_id


def test_more_like_keeps_to_the_match(searcher: Searcher) -> None:
    hits = searcher.occurrences("the [cranes] by the river", k=500)
    plural = next(hit for hit in hits if hit.token == "cranes")
    like = searcher.more_like([plural], k=500)
    assert (like.match, {hit.token for hit in like}) == (Match.LEMMA, {"crane", "cranes"})
    forms = searcher.more_like([plural], k=500, match="form")
    assert forms.match is Match.FORM
    assert [hit.occurrence_id for hit in forms] == [hit.occurrence_id for hit in like if hit.token == "cranes"]
    anything = searcher.more_like([plural], k=20, match="any")
    asked = searcher.occurrences((plural.sentence, plural.position), k=20, match="any")
    assert anything.match is Match.ANY
    assert [hit.score for hit in anything] == pytest.approx([hit.score for hit in asked], abs=1e-3)
    assert [hit.score for hit in anything] == sorted((hit.score for hit in anything), reverse=True)
    several = [plural, next(hit for hit in hits if hit.token == "crane")]
    assert len({hit.lemma for hit in searcher.more_like(several, k=500, match="any")}) > 1
    with pytest.raises(QueryError, match="match is 'sentence'; choose one of form, lemma, any"):
        searcher.more_like([plural], match="sentence")


def test_vector_is_the_stored_one(searcher: Searcher) -> None:
    hit = searcher.occurrences("An old man saw the [bank] near the mill.", k=1)[0]
    cut = searcher.analyser.tokens(hit.sentence)
    expected = unit(FakeEncoder().sense([[t.text for t in cut]])[0][hit.position])
    assert searcher.vector(hit) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.occurrences("no target"), r"no word is marked.*\[bank\]"),
        (lambda s: s.occurrences("[two] of [them]"), "2 words are marked"),
        (lambda s: s.occurrences("an [open one"), "brackets do not match"),
        (lambda s: s.occurrences("empty [ ] here"), "brackets are empty"),
        (lambda s: s.occurrences("a [.] stop"), "holds no word"),
        (lambda s: s.occurrences(("a bank", 5)), "position 5 is outside"),
        (lambda s: s.occurrences("the [bank]", match="stem"), "match is 'stem'; choose one of form, lemma, any"),
        (lambda s: s.occurrences("the [bank]", k=0), "k is 0"),
        (lambda s: s.sentences("  "), "empty"),
        (lambda s: s.sentences("x", where={"year": None}), "filter on 'year' is NoneType"),
        (lambda s: s.sentences("x", where="colour=red"), "no document has a field 'colour'; the fields are author"),
        (lambda s: s.senses("xylophone"), "does not hold 'xylophone'"),
        (lambda s: s.more_like([]), "nothing is marked"),
    ],
)
def test_unanswerable_queries_raise_one_line_errors(searcher: Searcher, call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(QueryError, match=message) as caught:
        call(searcher)
    assert "\n" not in str(caught.value)


def test_a_model_without_sense_space_gets_one_fitted_on_the_collection(tmp_path: Path) -> None:
    encoder = FakeEncoder("plain", has_sense_space=False)
    build(tmp_path / "c.pol", documents(), model=encoder)
    with Searcher.open(tmp_path / "c.pol", encoder) as searcher:
        assert searcher.collection.info().token_dim == 32
        text = documents()[3].text.split(".")[0] + "."
        assert searcher.occurrences((text, 1), k=1)[0].score >= 0.999


@pytest.mark.parametrize("layer", list(Layer))
def test_every_layer_can_be_indexed(tmp_path: Path, layer: Layer) -> None:
    build(tmp_path / "c.pol", documents()[:10], BuildConfig(layer=layer), model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        text = documents()[3].text.split(".")[0] + "."
        best = searcher.occurrences((text, 1), k=1)[0]
        assert best.score >= 0.999
        assert layer is Layer.LAYER_0 or best.sentence == text


def test_to_dicts_and_to_pandas_hold_the_same(searcher: Searcher) -> None:
    hits = searcher.occurrences("the [bank]", k=4, where="genre=news")
    rows = hits.to_dicts()
    assert list(rows[0]) == [
        *("rank", "score", "confidence", "document_id", "document", "sentence_id", "sentence", "sentence_start"),
        *("metadata", "token", "lemma", "position", "start", "end", "occurrence_id", "pos", "tag"),
        "annotations",
    ]
    frame = hits.to_pandas()
    assert frame["sentence"].tolist() == [row["sentence"] for row in rows]
    assert frame["metadata.year"].tolist()[0] == hits[0].metadata["year"]


def test_punctuation_and_clitics_around_the_target_are_ignored(tmp_path: Path) -> None:
    text = "The river's bank is old. A river runs there. The bank, they say, is far; the bank."
    build(tmp_path / "c.pol", [Document("a", text)], model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        for match in ("form", "lemma"):
            for query in ("the far [bank.]", "the far [bank,] they", "the far [(bank)] there"):
                assert [hit.token for hit in searcher.occurrences(query, match=match)] == ["bank"] * 3
        assert [hit.token for hit in searcher.occurrences("the [river's] end")] == ["river"] * 2
        assert [hit.token for hit in searcher.occurrences("the [river's] end", match="form")] == ["river's"]


def test_composed_and_decomposed_letters_are_one_form(tmp_path: Path) -> None:
    documents = [Document("a", "The caf\u00e9 is closed."), Document("b", "A cafe\u0301 by the mill.")]
    build(tmp_path / "c.pol", documents, model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        for word in ("caf\u00e9", "CAFE\u0301"):
            hits = searcher.occurrences(f"the [{word}] there", match="form")
            assert {hit.token for hit in hits} == {"caf\u00e9", "cafe\u0301"}
            assert searcher.senses(word, match="form").senses[0].size == 2


def test_a_target_with_too_many_words_is_an_error(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match="the target has 100 words; mark at most 32"):
        searcher.occurrences("[" + " ".join(["bank"] * 100) + "]")


def test_more_like_and_explain_accept_phrase_hits(searcher: Searcher) -> None:
    query = "the [bank of the river] is wet"
    (hit,) = searcher.occurrences(query)
    assert searcher.explain(hit, query).score == pytest.approx(hit.score, abs=1e-3)
    (again,) = searcher.more_like([hit])
    assert (again.token, round(again.score, 3)) == ("bank of the river", 1.0)
    assert [found.token for found in searcher.more_like([hit], match="form")] == ["bank of the river"]
    assert len(searcher.more_like([hit], k=30, match="any")) == 30
    with pytest.raises(QueryError, match="hits of one kind"):
        searcher.more_like([again, searcher.sentences("boats", k=1)[0]])


def test_sense_occurrences_leave_out_removed_documents(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    build(path, [Document("a", "The bank is old. " * 4), Document("b", "A river bank.")], model=FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as searcher:
        inventory = searcher.senses("bank")
        assert len(searcher.sense_occurrences(inventory)) == 5
        searcher.collection.remove(["a"])
        assert [hit.document_id for hit, _ in searcher.sense_occurrences(inventory)] == ["b"]
        searcher.collection.compact()
        assert [hit.document_id for hit, _ in searcher.sense_occurrences(inventory)] == ["b"]


def test_equal_sentences_have_equal_scores_in_the_order_of_ids(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    documents = [Document(f"d{n:03}", "The bank of the river. " + "A mill. " * (n % 3)) for n in range(101)]
    build(path, documents, BuildConfig(segment_sentences=37), model=FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as searcher:
        before = searcher.occurrences("the [bank] of gold", k=200).to_dicts()
        assert len({row["score"] for row in before}) == 1
        assert [row["document_id"] for row in before] == [document.id for document in documents]
        mills = searcher.sentences("mill", k=300, where="document!=d004").to_dicts()
        searcher.collection.compact()
        assert searcher.occurrences("the [bank] of gold", k=200).to_dicts() == before
        assert searcher.sentences("mill", k=300, where="document!=d004").to_dicts() == mills
