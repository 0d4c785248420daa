"""Annotated corpora: their own sentences, tokens, lemmas and tags are read, stored and read back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

import pytest
from fakes import FakeEncoder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.documents import Document, ReadOptions
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.text.folding import Folding
from polyseme.indexer.text.marks import is_mark
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher
from stored import change

from polyseme import GivenSentence, GivenToken

ENCODER = FakeEncoder()
FOLDING = Folding("en")


class Word(NamedTuple):
    form: str
    lemma: str | None
    pos: str | None
    tag: str | None
    space: bool


# English lists the apostrophe as a function word, and an underscore alone is an empty column.
_SIGNS = st.characters(categories=("L", "N", "P", "S"), exclude_characters="_'‘’‛ʼʻ＇`´′")
_LETTERS = st.characters(categories=("Lu", "Ll"))
_NAMES = st.text(_LETTERS, min_size=1, max_size=6)
_WORDS = st.builds(
    Word,
    form=st.text(_SIGNS, min_size=1, max_size=8).filter(lambda form: not form.startswith("#")),
    lemma=st.none() | _NAMES,
    pos=st.none() | st.sampled_from(["NOUN", "VERB", "PUNCT"]),
    tag=st.none() | st.sampled_from(["NN", "VBZ", "$,"]),
    space=st.booleans(),
)
_SENTENCES = st.lists(_WORDS, min_size=1, max_size=6).map(lambda words: [*words[:-1], words[-1]._replace(space=True)])
_TEXTS = st.lists(st.lists(_SENTENCES, min_size=1, max_size=3), min_size=1, max_size=3)
Text = list[list[list[Word]]]


def sentence_text(words: list[Word]) -> str:
    return "".join(word.form + " " * word.space for word in words).rstrip(" ")


def plain_text(text: Text) -> str:
    return "\n\n".join(" ".join(map(sentence_text, paragraph)) for paragraph in text)


def annotation(text: Text) -> list[tuple[str, list[tuple[str, str | None, str | None, str | None]]]]:
    return [(sentence_text(words), [word[:4] for word in words]) for paragraph in text for words in paragraph]


def as_conllu(text: Text) -> str:
    lines = ["# newdoc id = conllu"]
    for paragraph in text:
        lines.append("# newpar")
        for words in paragraph:
            lines.append(f"# text = {sentence_text(words)}")
            for number, word in enumerate(words, start=1):
                cells = [str(number), word.form, *(value or "_" for value in word[1:4]), "_", "0", "root", "_"]
                lines.append("\t".join([*cells, "_" if word.space else "SpaceAfter=No"]))
            lines.append("")
    return "\n".join(lines) + "\n"


def as_vertical(text: Text) -> str:
    lines = ['<doc id="vertical">']
    for paragraph in text:
        lines.append("<p>")
        for words in paragraph:
            lines.append("<s>")
            for word in words:
                lines.append("\t".join(escape(value or "") for value in word[:4]))
                lines += [] if word.space else ["<g/>"]
            lines.append("</s>")
        lines.append("</p>")
    return "\n".join([*lines, "</doc>"]) + "\n"


def as_tei(text: Text) -> str:
    def one(word: Word) -> str:
        named = zip(("lemma", "pos", "msd"), word[1:4], strict=True)
        about = "".join(f" {name}={quoteattr(value)}" for name, value in named if value)
        # Where a part of speech is missing, the only tag that TEI has would be taken for it.
        about += ' pos=""' if word.pos is None and word.tag else ""
        about += "" if word.space else ' join="right"'
        return f"<w{about}>{escape(word.form)}</w>" + "<c> </c>" * word.space

    paragraphs = (
        "<p>" + " ".join(f"<s>{''.join(map(one, words))}</s>" for words in paragraph) + "</p>" for paragraph in text
    )
    return (
        '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader/><text><body>'
        + "".join(paragraphs)
        + "</body></text></TEI>"
    )


def stored_annotation(
    collection: Collection, document: str
) -> list[tuple[str, list[tuple[str, str | None, str | None, str | None]]]]:
    stored, text = collection.document(document)
    return [
        (text[one.start : one.end], [(text[token.start : token.end], *token[2:]) for token in one.tokens])
        for one in collection.annotation(stored.key)
    ]


def occurrences(path: Path, document: str) -> list[tuple[int, str, str]]:
    """Return (sentence number, form, lemma) of what is indexed."""
    sql = (
        "SELECT s.position, t.form, t.lemma FROM documents d JOIN sentences s ON s.document = d.id"
        " JOIN occurrences o ON o.sentence = s.id JOIN types t ON t.id = o.type WHERE d.document_id = ?"
        " ORDER BY s.position, o.position"
    )
    with closing(sqlite3.connect(path / DATABASE_NAME)) as db:
        return db.execute(sql, (document,)).fetchall()


def has_word(form: str) -> bool:
    return any(c.isalpha() or c.isnumeric() for c in form) and not is_mark(form)


@given(_TEXTS.filter(lambda text: any(has_word(w.form) for paragraph in text for words in paragraph for w in words)))
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_an_annotated_text_is_read_back_identical_from_every_format(text: Text) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file, data in (("a.conllu", as_conllu(text)), ("b.vrt", as_vertical(text)), ("c.tei", as_tei(text))):
            (folder / file).write_text(data, encoding="utf-8")
        config = BuildConfig(function_words=True, reading=ReadOptions(columns=("word", "lemma", "pos", "tag")))
        report = build(folder / "c.pol", [folder / name for name in ("a.conllu", "b.vrt", "c.tei")], config, ENCODER)
        assert report.skipped == ()
        indexed = []
        for number, words in enumerate(
            sentence
            for sentence in (words for paragraph in text for words in paragraph)
            if any(has_word(word.form) for word in sentence)
        ):
            indexed += [(number, word) for word in words if has_word(word.form)]
        with Collection.open(folder / "c.pol") as collection:
            for document in ("conllu", "vertical", "c.tei"):
                assert collection.document(document)[1] == plain_text(text)
                found = stored_annotation(collection, document)
                assert [one[0] for one in found] == [one[0] for one in annotation(text)]
                if document != "c.tei":
                    assert found == annotation(text)
                for (number, word), row in zip(indexed, occurrences(folder / "c.pol", document), strict=True):
                    assert row[:2] == (number, FOLDING.form(word.form))
                    if word.lemma:
                        assert row[2] == FOLDING.lemma(word.lemma)
            assert stored_annotation(collection, "c.tei") == [
                (sentence, [(form, lemma, pos or tag, tag if pos else None) for form, lemma, pos, tag in words])
                for sentence, words in annotation(text)
            ]
            assert verify(collection, ENCODER).problems == ()


TEXT = "She left New York for the isle. It's cold there"
GIVEN = (
    GivenSentence(
        0,
        31,
        (
            GivenToken(0, 3, "she", "PRON"),
            GivenToken(4, 8, "leave", "VERB", "VBD"),
            GivenToken(9, 17, "New York", "PROPN"),
            GivenToken(18, 21),
            GivenToken(26, 30, "ISLAND", "NOUN"),
        ),
    ),
)


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    build(tmp_path / "c.pol", [Document("a", TEXT, sentences=GIVEN), Document("b", TEXT)], model=ENCODER)
    return tmp_path / "c.pol"


def test_given_tokens_are_used_and_the_rest_is_cut(annotated: Path) -> None:
    assert occurrences(annotated, "a") == [
        (0, "left", "leave"),
        (0, "new york", "new york"),
        (0, "isle", "island"),
        (1, "cold", "cold"),
    ]
    assert (0, "york", "york") in occurrences(annotated, "b")


def test_searches_use_the_given_tokens_of_a_sentence(annotated: Path) -> None:
    with Searcher.open(annotated, ENCODER) as searcher:
        (hit,) = searcher.occurrences("They reached the [island].", k=5)
        assert (hit.token, hit.lemma, hit.position, hit.document_id) == ("isle", "island", 5, "a")
        words = [word.token for word in searcher.explain(hit).words]
        assert "New York" in words
        assert "York" not in words
        assert searcher.occurrences("They reached the [island].", k=5, layer="2")[0].token == "isle"
        assert searcher.more_like([hit], match="any")
        assert searcher.senses("cold").senses is not None


def test_a_collection_with_given_tokens_is_sound_and_is_encoded_again_the_same_way(annotated: Path) -> None:
    with Collection.open(annotated) as collection:
        before = stored_annotation(collection, "a")
        assert verify(collection, ENCODER).problems == ()
    was = [occurrences(annotated, document) for document in "ab"]
    reencode(annotated, model=ENCODER)
    assert [occurrences(annotated, document) for document in "ab"] == was
    with Collection.open(annotated) as collection:
        assert stored_annotation(collection, "a") == before
    report = build(annotated, [Document("a", TEXT, sentences=GIVEN), Document("b", TEXT)], model=ENCODER)
    assert report.unchanged == 2


def test_a_changed_annotation_is_indexed_again_and_the_old_one_goes(annotated: Path) -> None:
    other = (GivenSentence(0, 31), GIVEN[0].__class__(32, 47, (GivenToken(32, 36, "it"),)))
    assert build(annotated, [Document("a", TEXT, sentences=other)], model=ENCODER).updated == 1
    assert build(annotated, [Document("a", TEXT)], model=ENCODER).updated == 1
    with Collection.open(annotated) as collection:
        collection.compact()
        assert collection.annotation(collection.document("a")[0].key) == ()
    with closing(sqlite3.connect(annotated / DATABASE_NAME)) as db:
        assert db.execute("SELECT count(*) FROM annotations").fetchone() == (0,)


def test_damage_to_an_annotation_is_named(annotated: Path) -> None:
    for sql, problem in (
        ("UPDATE annotations SET tokens = replace(tokens, 'leave', 'leaf')", "does not have the recorded hash"),
        ("UPDATE annotations SET tokens = '[[9'", "cannot be read"),
        ("UPDATE annotations SET document = 77", "1 annotated sentences of no document"),
    ):
        change(annotated, sql)
        with Collection.open(annotated, is_checked=False) as collection:
            assert any(problem in line for line in verify(collection).problems), sql


def test_a_collection_without_the_table_opens_and_gets_it_when_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    build(path, [Document("b", TEXT)], model=ENCODER)
    change(path, "DROP TABLE annotations")
    change(path, "DELETE FROM _sqlite_migrations WHERE name = 'annotation_table'")
    with Searcher.open(path, ENCODER) as searcher:
        hit = searcher.occurrences("a [cold] day", k=1)[0]
        assert searcher.explain(hit).words
    build(path, [Document("a", TEXT, sentences=GIVEN)], model=ENCODER)
    assert (0, "isle", "island") in occurrences(path, "a")


@pytest.mark.parametrize(
    ("sentences", "problem"),
    [
        ((GivenSentence(3, 3),), "sentence 0 is empty"),
        ((GivenSentence(-1, 3),), "sentence 0 starts at -1"),
        ((GivenSentence(0, 99),), "sentence 0 ends at 99, after 47"),
        ((GivenSentence(0, 8), GivenSentence(7, 9)), "sentence 1 starts at 7, before 8"),
        ((GivenSentence(0, 8, (GivenToken(4, 9),)),), "sentence 0, token 0 ends at 9, after 8"),
        ((GivenSentence(0, 8, (GivenToken(0, 3), GivenToken(2, 8))),), "token 1 starts at 2, before 3"),
        ((GivenSentence(0, 8, (GivenToken(0, 3, 7),)),), "a lemma or a tag that is not text"),  # type: ignore[arg-type]
        ((GivenSentence(True, 8),), "offsets that are not integers"),
        ((GivenSentence(0, 8, ((0, 3),)),), "token 0 is tuple, not GivenToken"),  # type: ignore[arg-type]
        (((0, 8),), "sentence 0 is tuple, not GivenSentence"),
    ],
)
def test_an_annotation_that_does_not_fit_its_text_is_one_line(sentences: tuple[GivenSentence], problem: str) -> None:
    with pytest.raises(DocumentError) as error:
        Document("a", TEXT, sentences=sentences)
    assert problem in str(error.value)
    assert "\n" not in str(error.value)
    assert "; correct its annotation" in str(error.value)


def test_sentences_may_be_any_sequence_or_iterator() -> None:
    one = GivenSentence(0, 8, [GivenToken(0, 3)])  # type: ignore[arg-type]
    document = Document("a", TEXT, sentences=iter([one]))  # type: ignore[arg-type]
    assert document.sentences == (GivenSentence(0, 8, (GivenToken(0, 3),)),)
    assert document.content_hash != Document("a", TEXT).content_hash
    with pytest.raises(DocumentError, match="are not a sequence; pass GivenSentence"):
        Document("a", TEXT, sentences=3)  # type: ignore[arg-type]


def test_what_cannot_be_stored_is_replaced_without_moving_a_token(tmp_path: Path) -> None:
    given_sentence = GivenSentence(0, 9, (GivenToken(0, 4, "ba\ud800"), GivenToken(5, 9, "w\0")))
    build(tmp_path / "c.pol", [Document("a", "ba\0k wet.", sentences=(given_sentence,))], model=ENCODER)
    assert [row[2] for row in occurrences(tmp_path / "c.pol", "a")] == ["ba\ufffd", "w\ufffd"]


def test_a_long_stretch_of_tokens_is_cut_into_sentences_around_them(tmp_path: Path) -> None:
    text = "The bank was wet.\nMr. Fox sat. " * 400
    tokens = tuple(
        GivenToken(start + first, start + last, lemma)
        for start in range(0, len(text) - 1, 31)
        for first, last, lemma in ((4, 8, "shore"), (18, 25, "mr fox"))
    )
    stretch = GivenSentence(0, len(text), tokens, loose=True)
    build(tmp_path / "c.pol", [Document("a", text, sentences=(stretch,))], model=ENCODER)
    found = occurrences(tmp_path / "c.pol", "a")
    assert [row[1:] for row in found[:5]] == [
        ("bank", "shore"),
        ("wet", "wet"),
        ("mr. fox", "mr fox"),
        ("sat", "sit"),
        ("bank", "shore"),
    ]
    assert max(row[0] for row in found) == 799
    with Collection.open(tmp_path / "c.pol") as collection:
        assert len(collection.annotation(1)) == 2
        assert verify(collection, ENCODER).problems == ()
        sentence = collection.document_sentences(1)[499]
        assert len(collection.given_tokens(sentence[0])) == 1
