"""Tests of the page in its languages without a browser: no label stays English, and each session has its own language.

Most run the page in an odd language, whose every text has letters that no document and no English text here has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from pages import MONEY, RIVER, address, app, html, navigate_history
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.text import TextAnalyser
from polyseme.search.searcher import Searcher
from polyseme.ui.page import language
from streamlit.testing.v1 import AppTest

from tools import catalogues

ODD = "xx"
SHOWN = frozenset({"label", "help", "placeholder", "options", "content", "body", "text", "title", "json"})
"""Fields of Streamlit's elements that people read."""
QUESTION = "She sat on the river [bank] and fished."
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")
_SAID = re.compile(r'\b(?:title|aria-label|alt|placeholder|data-met)="([^"]*)"')
NAMES = frozenset(
    # Names of the page, of formats and of languages, the facts of the collection, fields, and what people type.
    re.split(
        r"\s+",
        """Polyseme Markdown Word DOCX HTML JSON LMF TEI Lex CSV Excel XLSX JSONL SVG PDF PNG English Deutsch Español
        Français banks pol other default sense en lemma loan code where in NAME genre year title letter news author Anon
        document letters txt node date id pca umap elmo home me xx""",
    )
)
ENGINE = {
    "levels": "the nearest by sense in the order of layer",
    "no hit inside": "does not occur within the filter",
    "wrong": "lemma form any map time counts words keywords none is used document node date",
}
"""Words of the notices of the engine, which stay English, and of values in an address."""
WORDS = frozenset(part for token in TextAnalyser("en").tokens(f"{RIVER} {MONEY}") for part in (token.text, token.lemma))


class Odd:
    """A catalogue that writes every letter of a text as a wide letter. Names of values stay."""

    def gettext(self, message: str) -> str:
        parts = re.split(r"(\{\w+\})", message)
        return "".join(part if part.startswith("{") else _wide(part) for part in parts)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)


def _wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() and sign.isalpha() else sign for sign in text)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    path = tmp_path_factory.mktemp("languages") / "banks.pol"
    documents = [
        Document(f"{genre}/{year}.txt", text, {"title": f"{genre} {year}", "year": year, "genre": genre})
        for year, genre, text in [
            *((1950 + n, "letter", RIVER) for n in range(6)),
            *((1990 + n, "news", MONEY) for n in range(6)),
        ]
    ]
    build(path, documents, model=str(tiny_folder))
    build(path.with_name("other.pol"), [Document("other", MONEY, {})], model=str(tiny_folder))
    return path


@pytest.fixture
def odd(collection: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    known = language._catalogue
    monkeypatch.setattr(language, "LANGUAGES", {**language.LANGUAGES, ODD: language.Language(ODD, ",", ".", "%")})
    monkeypatch.setattr(language, "_catalogue", lambda code: Odd() if code == ODD else known(code))
    page = app(collection, monkeypatch)
    page.query_params["language"] = ODD
    return page


def pieces(page: AppTest) -> set[str]:
    """Return all texts of a page that people read or hear: labels, helps, choices, and the text of its HTML."""
    assert not page.exception
    found: set[str] = set()
    for node in page._tree:
        for text in _strings(getattr(node, "proto", None)):
            if "<" not in text:
                found.add(text)
                continue
            shown = re.sub(
                r"<style>.*?</style>|<p class=\"pol-quiet pol-cited\">.*?</p>|<pre>.*?</pre>", "", text, flags=re.DOTALL
            )
            found.update(unescape(each) for each in _SAID.findall(shown))
            found.update(unescape(each).strip() for each in re.split(r"<[^>]*>", shown))
    return found - {""}


def _strings(message: Any) -> Iterator[str]:
    for field, value in message.ListFields() if message is not None else ():
        for each in value if field.is_repeated else [value]:
            if isinstance(each, str) and field.name == "json":
                yield from json.loads(each).values() if each.startswith("{") else ()
            elif isinstance(each, str) and field.name in SHOWN:
                yield each.replace("\N{WORD JOINER}", "").replace("\\", "")
            elif field.type == field.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
                yield from _strings(each)


def english(page: AppTest, collection: Path) -> set[str]:
    """Return the words of a page that are neither of a document nor a name."""
    texts = (text.replace(str(collection.parent), "") for text in pieces(page))
    words = {word for text in texts if "/" not in text for word in _WORD.findall(text)}
    return {word for word in words if word not in NAMES | WORDS and not re.fullmatch("[0-9a-f]+", word)}


ADDRESSES = {
    "start": {},
    "word": {"q": QUESTION},
    "word alone": {"q": "[bank]", "sort": "random", "whole": "1"},
    "senses": {"q": QUESTION, "sense": "1", "senses": "3", "lines": "1-2-3"},
    "time": {"q": QUESTION, "tab": "time", "smooth": "3", "figure": "1"},
    "time by number": {"q": QUESTION, "tab": "time", "measure": "per-million", "where": "genre=letter"},
    "frequency": {"q": QUESTION, "tab": "counts", "where": "genre=letter"},
    "two words": {"q": QUESTION, "tab": "counts", "with": "river"},
    "two filters": {"q": QUESTION, "tab": "counts", "against": "genre=news"},
    "dispersion": {"q": QUESTION, "tab": "counts", "counted": "dispersion"},
    "collocates": {"q": QUESTION, "tab": "words"},
    "graph": {"q": QUESTION, "tab": "words", "view": "graph", "figure": "1"},
    "graph by log-likelihood": {"q": QUESTION, "tab": "words", "view": "graph", "rank": "log_likelihood"},
    "keywords": {"q": QUESTION, "tab": "keywords", "where": "genre=letter"},
    "map": {"q": QUESTION, "tab": "map", "where": "genre=letter"},
    "other words": {"q": QUESTION, "sense": "1", "list": "others"},
    "any word": {"q": QUESTION, "match": "any"},
    "marks": {"q": QUESTION, "plus": "1-2", "minus": "3", "marked": "1"},
    "levels": {"q": QUESTION, "sort": "levels", "levels": "1L-document", "sample": "5", "layer": "1"},
    "sentence": {"q": "They fished in the river.", "group": "1"},
    "required": {"q": 'The river "bank" -loan'},
    "documents": {"q": "They fished in the river.", "by": "document"},
    "default": {"q": "They fished in the river.", "by": "default", "order": "words"},
    "pattern": {"q": '[lemma="bank"]'},
    "no hit": {"q": '[lemma="bank"] [lemma="bank"]'},
    "no word": {"q": "[grew grew]"},
    "no hit inside": {"q": QUESTION, "where": "genre=odd", "k": "50"},
    "wrong": {"q": QUESTION, "k": "x", "match": "x", "sense": "x", "lines": "x", "tab": "x", "levels": "x"},
    "long": {"q": "b" * 20_001},
    "no collection": {"collection": "other-one.pol"},
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_text_of_an_answer_stays_english(odd: AppTest, collection: Path, name: str) -> None:
    for key, value in ADDRESSES[name].items():
        odd.query_params[key] = value
    odd.run()
    typed = " ".join([*ADDRESSES[name], *ADDRESSES[name].values(), ENGINE.get(name, "")])
    assert sorted(english(odd, collection) - set(_WORD.findall(typed))) == []
    assert any(re.search("[\uff21-\uff5a]", text) for text in pieces(odd))


@pytest.mark.parametrize("opened", ["1", "2"])
def test_no_text_of_a_dialog_stays_english(odd: AppTest, collection: Path, opened: str) -> None:
    odd.query_params["q"] = QUESTION
    odd.run().session_state["opened"] = int(opened)
    odd.run().toggle(key="why").set_value(True).run()
    assert any('class="pol-document"' in each.proto.body for each in odd.get("html"))
    assert sorted(english(odd, collection)) == []


def test_no_text_of_what_is_open_under_a_sentence_stays_english(odd: AppTest, collection: Path) -> None:
    odd.query_params["q"] = "They fished in the river."
    odd.run()
    keys = [int(key) for key in re.findall(r'data-around="(\d+)"', html(odd))]
    odd.session_state["expanded"] = {(what, key) for what in ("around", "alike") for key in keys}
    odd.run()
    assert "pol-around" in html(odd)
    assert "pol-copies" in html(odd)
    assert sorted(english(odd, collection)) == []


@pytest.mark.parametrize("panel", ["adding", "documents"])
def test_no_text_of_a_panel_stays_english(odd: AppTest, collection: Path, panel: str) -> None:
    odd.run().session_state[panel] = True
    odd.session_state["chosen documents"] = {1}
    odd.run()
    assert sorted(english(odd, collection) - {"metadata", "csv", "file", "FIELD", "VALUE"}) == []


def test_no_text_of_annotations_and_named_senses_stays_english(odd: AppTest, collection: Path) -> None:
    with Searcher.open(collection) as searcher:
        keys = list(searcher.senses("bank").assignments)
        searcher.annotate(keys[:3], "Ann", sense="grew", mark="good", note="grew")
        searcher.annotate(keys[:2], "Bob", sense="grew", mark="+", label="grew")
        searcher.save_named_sense("river", positive=searcher.occurrences(QUESTION, 2))
        searcher.save_subcorpus("news", ("genre=news",))
    odd.query_params["q"] = QUESTION
    odd.run()
    assert "pol-chip" in html(odd)
    assert "pol-agreement" in html(odd)
    assert sorted(english(odd, collection) - {"Ann", "Bob", "good"}) == []


def test_no_text_of_the_first_run_and_the_login_stays_english(
    odd: AppTest, collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = app(tmp_path / "other.pol", monkeypatch)
    first.query_params["language"] = ODD
    assert sorted(english(first.run(), tmp_path / "x") - {"metadata", "csv", "file"}) == []
    monkeypatch.setenv("POLYSEME_COLLECTION", str(collection))
    monkeypatch.setattr("polyseme.ui.page.login.is_served_beyond", lambda: True)
    monkeypatch.setattr("polyseme.ui.page.login.PAUSE", 0.0)
    odd.secrets["polyseme"] = {"password": "correct horse"}
    assert sorted(english(odd.run(), collection)) == []
    odd.text_input[0].set_value("wrong horse")
    odd.button[0].click().run()
    assert sorted(english(odd, collection)) == []


@pytest.mark.parametrize("code", sorted(set(language.LANGUAGES) - {language.ENGLISH}))
def test_each_language_speaks_its_own_texts(code: str, collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = app(collection, monkeypatch)
    page.query_params["language"] = code
    content = (catalogues.FOLDER / f"{code}.po").read_text(encoding="utf-8")
    said = {ids[0]: texts[0] for ids, texts in language.read_catalogue(content).items() if len(ids) == 1 and ids[0]}
    assert said["Type a word or a sentence and press Enter"] in pieces(page.run())
    page.text_input(key="text").set_value(QUESTION).run()
    page.session_state["opened"] = 1
    shown = pieces(page.run())
    for text in ("Same lemma", "Export", "In its document", "Previous hit", "Collocates", "Copy address", "Language"):
        assert said[text] in shown
    english_labels = {text for text in shown if said.get(text, text) != text and text not in said.values()}
    # Names of fields, of a layer and of levels are the same in every language.
    assert english_labels <= {"date", "document", "sense", "title"}


def test_session_without_a_language_is_english(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = app(collection, monkeypatch).run()
    assert page.selectbox(key="language-en").value == "en"
    assert "Type a word or a sentence and press Enter" in pieces(page)
    assert "language" not in address(page)


def test_chosen_language_stays_with_every_question_and_in_the_address(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = app(collection, monkeypatch).run()
    page.selectbox(key="language-en").set_value("de").run()
    assert address(page) == {"language": ["de"]}
    page.text_input(key="text").set_value(QUESTION).run()
    assert address(page)["language"] == ["de"]
    page.selectbox(key="sort-de").set_value("date").run()
    assert address(page) == {"q": [QUESTION], "match": ["lemma"], "k": ["20"], "sort": ["date"], "language": ["de"]}
    assert "die ältesten zuerst" in html(page)
    page.selectbox(key="collection").set_value("other.pol").run()
    assert address(page)["language"] == ["de"]
    page.selectbox(key="language-de").set_value("en").run()
    assert "language" not in address(page)
    assert "occurrences" in html(page)


def test_back_returns_to_the_language_of_that_address(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = app(collection, monkeypatch).run()
    navigate_history(page, monkeypatch, language="fr")
    assert "Mots" not in html(page)
    assert page.selectbox(key="language-fr").value == "fr"
    navigate_history(page, monkeypatch, language="klingon")
    assert page.selectbox(key="language-en").value == "en"
    assert "language=klingon in the address is not one of en, de, es, fr" in page.warning[0].value.replace(
        "\\", ""
    ).replace("\N{WORD JOINER}", "")


def test_sessions_at_the_same_time_have_their_own_languages(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one session has computed is in the cache of all, and holds no text of its language."""
    opened: list[Path] = []
    known = Searcher.open

    def counted(path: Path, model: str | None) -> Searcher:
        opened.append(path)
        return known(path, model)

    monkeypatch.setattr(Searcher, "open", counted)
    pages = {code: app(collection, monkeypatch) for code in ("de", "en", "fr", "de")}
    for code, page in pages.items():
        page.query_params["language"], page.query_params["q"] = code, QUESTION
        page.run()
    for code, word in (("de", "Vorkommen"), ("en", "occurrences"), ("fr", "occurrences"), ("de", "Zeilen")):
        assert word in html(pages[code].run())
    assert len(opened) <= 1
    assert "Gleiches Lemma" in pieces(pages["de"])
    assert "Même lemme" in pieces(pages["fr"])
    assert "Same lemma" in pieces(pages["en"])


def test_outside_of_a_session_texts_are_english() -> None:
    assert language.current() == "en"
    assert language.say("Save") == "Save"
