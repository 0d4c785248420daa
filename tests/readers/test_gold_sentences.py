"""Tables of queries with the sentences that answer them: what is read, and which errors name the row."""

from __future__ import annotations

from pathlib import Path

import pytest
from gold_data import write
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.documents import Document, read_documents
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.gold import sentence_answers
from polyseme.indexer.gold.sentence_answers import (
    Answer,
    GoldQuery,
    has_sentence_columns,
    plain_sentence,
    read_sentence_gold,
)
from polyseme.indexer.text import TextAnalyser

DATA = Path(__file__).parents[2] / "data"
HEADER = "query\tdocument_id\tsentence\n"
CELL = st.text("abc xyz'-\"é", min_size=1, max_size=20).filter(str.strip)


def test_rows_of_one_query_are_one_query_with_several_answers(tmp_path: Path) -> None:
    header = "kind\tquery\tsentence\tnote\tdocument_id\n"
    rows = "q\tWho?\tHe  did.\tx\ta\n\nq\tWhy?\tSo.\t\tb\nq\tWho?\tShe did.\ty\tb\nq\tWho?\tHe did.\tx\ta\n"
    path = write(tmp_path / "g.tsv", header + rows)
    assert has_sentence_columns(path)
    assert read_sentence_gold(path) == [
        GoldQuery("Who?", (Answer("a", "He did."), Answer("b", "She did.")), "q"),
        GoldQuery("Why?", (Answer("b", "So."),), "q"),
    ]


@given(st.dictionaries(CELL.map(str.strip), st.lists(st.tuples(CELL, CELL), min_size=1, max_size=3), min_size=1))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, list[tuple[str, str]]]
) -> None:
    rows = [f"{query}\t{document}\t{sentence}\n" for query, some in wanted.items() for document, sentence in some]
    path = write(tmp_path_factory.mktemp("g") / "g.tsv", HEADER + "".join(rows))
    expected = {
        query: {(document.strip(), plain_sentence(sentence)) for document, sentence in some}
        for query, some in wanted.items()
    }
    found = {q.text: {(a.document_id, a.sentence) for a in q.answers} for q in read_sentence_gold(path)}
    assert found == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("query\tsentence\n", "no column 'document_id'; gold sentences are a tab-separated file"),
        (HEADER, "has no rows"),
        (HEADER + "Who?\ta\n", "row 2: not 3 filled columns"),
        (HEADER + "Who?\ta\tHe.\nWho?\t\tHe.\n", "row 3: not 3 filled columns"),
        (HEADER + "  \ta\tHe.\n", "row 2: not 3 filled columns"),
        ("", "no column 'query'"),
    ],
)
def test_wrong_gold_sentences_are_reported_with_their_row(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        read_sentence_gold(write(tmp_path / "g.tsv", text))


def test_a_table_of_judged_words_has_no_sentence_columns(tmp_path: Path) -> None:
    assert not has_sentence_columns(DATA / "senses.tsv")
    with pytest.raises(DocumentError, match="cannot be read"):
        has_sentence_columns(tmp_path / "none.tsv")


def test_a_table_with_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_answers, "MOST_ROWS", 2)
    with pytest.raises(DocumentError, match="has more than 2 rows"):
        read_sentence_gold(write(tmp_path / "g.tsv", HEADER + "Who?\ta\tHe.\n" * 3))


def test_every_answer_of_the_bundled_table_is_one_sentence_of_its_document() -> None:
    documents = {found.id: found for found in read_documents([DATA / "documents"]) if isinstance(found, Document)}
    analyser = TextAnalyser("en")
    for query in read_sentence_gold(DATA / "paraphrases.tsv"):
        for answer in query.answers:
            text = documents[answer.document_id].text
            cut = [plain_sentence(text[each.start : each.end]) for each in analyser.sentences(text)]
            assert cut.count(answer.sentence) == 1, answer


def test_the_bundled_table_has_60_distinct_queries_of_every_kind_none_of_which_is_in_the_documents() -> None:
    queries = read_sentence_gold(DATA / "paraphrases.tsv")
    kinds = [query.kind for query in queries]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    assert counts == {"paraphrase": 16, "question": 12, "headline": 8, "voice": 8, "hypernym": 8, "negation": 8}
    assert [len(query.answers) for query in queries].count(2) == 7
    texts = [found.text for found in read_documents([DATA / "documents"]) if isinstance(found, Document)]
    assert not [query.text for query in queries if any(query.text in text for text in texts)]


def test_full_paraphrases_share_no_content_word_with_their_answer() -> None:
    analyser = TextAnalyser("en")

    def content(text: str) -> set[str]:
        return {token.lemma for token in analyser.tokens(text) if token.kind == "word"}

    for query in read_sentence_gold(DATA / "paraphrases.tsv"):
        if query.kind == "paraphrase":
            for answer in query.answers:
                assert content(query.text) & content(answer.sentence) == set(), query.text
