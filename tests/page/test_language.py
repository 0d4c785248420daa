"""Tests of the page's languages: every text goes through a catalogue, and every catalogue has every text."""

from __future__ import annotations

import gettext
import re
import string
from collections import Counter
from pathlib import Path

import page_texts
import pytest
from polyseme.ui.page import app, language
from polyseme.ui.page.html import base

from tools import catalogues

CODES = sorted(set(language.LANGUAGES) - {language.ENGLISH})
TO_PROGRAMS = {
    "export.py": "files are the same in every language, so that programs can read them",
    "guard.py": "its answers and headers are for programs",
    "hosts.py": "its message is for the terminal",
    "server.py": "its messages are for the terminal",
}
"""Modules without texts of the page, with the reason."""
ALLOWED = {
    # Keys, which nobody sees.
    "shown timeline", "shown collocates", "annotation counts", "chosen documents", "page of documents", "watched run",
    "language of the page", "chosen language", "parts of speech", "as examples", "logged in", "kind of the lines",
    "answered query", "adopted marks", "last message", "columns of tables", "annotation.", "language of this run",
    # Names of type variables, and classes of elements.
    "Found", "Value", "Row", "Hit", "Option", f"pol-lines pol-kwic{page_texts.VALUE}", "pol-lines pol-whole",
    # Names of products and formats.
    "Polyseme", '<header class="pol-top"><h1>Polyseme</h1><p>{0}</p>{0}</header>', "CSV", "Excel (XLSX)", "Markdown",
    "TEI Lex-0", "Word (DOCX)",
    # What people type: commands, options, patterns, paths, filters and codes of levels.
    "polyseme ui my.pol", "polyseme index {0}.pol {0}", '[lemma="bank"] []{0,3} "loan"', "/home/me/letters",
    "<code>--where sense=NAME</code>", "<code>--where in=NAME</code>", "author!=Anon\ndocument=letters/12.txt",
    "1R, 2R, 1L …", "{0}-entry.{0}",
    # A sentence for the model, and a step in an English line of the engine.
    "A first sentence.", "read the log where `polyseme ui` was started",
    # Citations and names of methods are part of files, which are the same in every language.
    "other words in the sense", "of no sense", "of sense {0}", "of {0} picked", "a sample of {0} with seed {0}",
    "map of {0} ({0})",
}  # fmt: skip
"""Literals with several words, capitals or letters in HTML that are no text of the page, by their reason."""


def test_no_text_is_hard_coded() -> None:
    allowed = {text.format(page_texts.VALUE) if "{0}" in text else text for text in ALLOWED}
    allowed |= {each.name for each in language.LANGUAGES.values()}
    seen: set[str] = set()
    found = []
    for path in page_texts.modules():
        if path.name not in TO_PROGRAMS:
            for line, text in page_texts.unspoken(path):
                seen.add(text)
                found += [f"{path.name}:{line}: {text!r}"] * (text not in allowed)
    assert not found, "use `say` of ui/page/language.py"
    assert allowed <= seen, "the list names literals that are gone"


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ('st.button("Save", key="save")', True),
        ('st.button("save", key="save")', True),
        ('st.button("save" if ready else say("wait"))', True),
        ('st.text_input(say("Name"), placeholder="letters")', True),
        ('st.text_input(say("Name"), help=f"up to {most}")', True),
        ('show("no line is left")', True),
        ('title = f"{n} lines of {word}"', True),
        ("html = f'<p class=\"pol-quiet\">none</p>'", True),
        ("html = f'<i title=\"sense {n}\">{n}</i>'", True),
        ("part = f' aria-label=\"line {n}\"'", True),
        ('names = {"share": "Share"}', True),
        ('st.button(say("Save"), key="save")', False),
        ('st.container(key="save", vertical_alignment="center")', False),
        ('plural("{number} line", "{number} lines", n)', False),
        ('html = f\'<p class="pol-quiet" role="status">{say_html("none")}</p>\'', False),
        ('def f():\n    """Return the sentence of a line."""', False),
    ],
)
def test_rule_finds_texts_and_nothing_else(code: str, is_found: bool, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(code, encoding="utf-8")
    assert bool(list(page_texts.unspoken(tmp_path / "module.py"))) is is_found


def test_text_that_is_made_in_its_call_is_refused(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text('say(f"{n} lines")', encoding="utf-8")
    with pytest.raises(ValueError, match=r"module\.py:1: say needs a text"):
        catalogues.messages(tmp_path / "module.py")


def test_scripts_and_styles_have_no_text() -> None:
    static = catalogues.PAGE / "static"
    for path in static.glob("*.js"):
        assert not list(filter(page_texts.is_read_in_script, page_texts.script_literals(path)))
        shown = re.findall(
            r"\b(?:textContent|innerText|innerHTML|title|ariaLabel|placeholder|alt) = ([^=].*?);", path.read_text()
        )
        assert not [each for each in shown if re.search(r"""["'`]\w""", each)]
    styles = (static / "page.css").read_text(encoding="utf-8")
    assert not re.search(r'content: "[^"]*\w', styles)


def test_script_has_the_texts_that_it_shows() -> None:
    script = (catalogues.PAGE / "static" / "page.js").read_text(encoding="utf-8")
    assert set(re.findall(r"\blabels\.(\w+)", script)) == {"documents", *app.browser_texts()}


def test_every_call_gives_the_values_of_its_text() -> None:
    for each in catalogues.page_messages():
        for text in each.texts:
            assert _values(text) - {"number"} == each.values - {"**"} or "**" in each.values or not each.values, (
                each.place
            )


@pytest.mark.parametrize("code", CODES)
def test_catalogue_has_every_text_and_no_other(code: str) -> None:
    wanted = {each.texts for each in catalogues.page_messages()}
    entries = _entries(code)
    assert set(entries) == wanted, "run `make catalogues`, then translate the new texts"
    assert [ids for ids, said in entries.items() if not all(said)] == []
    assert (catalogues.FOLDER / f"{code}.po").read_text(encoding="utf-8").count("#, fuzzy") == 0


@pytest.mark.parametrize("code", CODES)
def test_translations_keep_values_and_marks(code: str) -> None:
    for ids, said in _entries(code).items():
        for form, text in enumerate(said):
            like = ids[min(form, len(ids) - 1)]
            assert _values(text) == _values(like), text
            assert _signs(text) == _signs(like), text
            assert not re.search(r"[<>]|&\w+;|:[a-z_]+:|\*\*|\$.*\$", text), text
            assert text[:1].isspace() == like[:1].isspace(), text
            assert (text[-1:] in ".:?") == (like[-1:] in ".:?"), text


def _entries(code: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    entries = language.read_catalogue((catalogues.FOLDER / f"{code}.po").read_text(encoding="utf-8"))
    del entries[("",)]
    return entries


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _signs(text: str) -> Counter[str]:
    """Count the signs that have a meaning in Markdown or in what people type."""
    return Counter(sign for sign in text if sign in "*`[]=|+\N{MINUS SIGN}_")


@pytest.mark.parametrize(
    ("header", "locale", "expected"),
    [
        ("", "", "en"),
        ("", "de-AT", "de"),
        ("", "nl-NL", "en"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "en-US", "fr"),
        ("ca,es;q=0.9,en;q=0.8", "ca", "es"),
        ("en;q=0.5,de;q=0.9", "", "de"),
        ("de; q=0.9 , en ;q=0.5", "", "de"),
        ("nl,de;q=0,en;q=0.3", "de", "en"),
        ("DE-de", "", "de"),
        ("*", "fr", "fr"),
        ("de;q=nan,fr;q=1e9,es;q=-1", "", "en"),
        (",;q=,<script>;q=1," + "x" * 100_000, "../../etc/passwd", "en"),
    ],
)
def test_browser_chooses_the_language(header: str, locale: str, expected: str) -> None:
    assert language.preferred(header, locale) == expected


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("en", ["1,234,567", "0.80", "45%"]),
        ("de", ["1.234.567", "0,80", "45\u00a0%"]),
        ("es", ["1\u202f234\u202f567", "0,80", "45\u00a0%"]),
        ("fr", ["1\u202f234\u202f567", "0,80", "45\u202f%"]),
    ],
)
def test_numbers_follow_the_language(code: str, numbers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "current", lambda: code)
    assert [language.numeral(1234567), language.numeral(0.8, ".2f"), language.numeral(0.45, ".0%")] == numbers


def test_numbers_choose_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(code: str) -> list[str]:
        monkeypatch.setattr(language, "current", lambda: code)
        return [language.plural("{number} line", "{number} lines", number) for number in (0, 1, 2)]

    assert said("en") == ["0 lines", "1 line", "2 lines"]
    assert said("de") == ["0 Zeilen", "1 Zeile", "2 Zeilen"]
    assert said("fr") == ["0 ligne", "1 ligne", "2 lignes"]


def test_catalogue_reader_reads_what_its_tool_writes_and_what_editors_write() -> None:
    entries = {
        ("",): ("Plural-Forms: nplurals=2; plural=n != 1;\n",),
        ('a "b"\\\n\t',): ("ü",),
        ("one", "two"): ("x", "y"),
    }
    assert language.read_catalogue(catalogues.written(entries, [ids for ids in entries if ids != ("",)])) == entries
    edited = '# note\n#: app.py:3\nmsgid ""\n"two "\n"lines"\nmsgstr ""\n"zwei "\n"Zeilen"\n\n#~ msgid "old"\n'
    assert language.read_catalogue(edited) == {("two lines",): ("zwei Zeilen",)}


def test_missing_translation_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "current", lambda: "de")
    assert language.say("a text that no catalogue has") == "a text that no catalogue has"
    assert language.plural("{number} odd thing", "{number} odd things", 2) == "2 odd things"


def test_markup_in_a_translation_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    evil = gettext.NullTranslations()
    monkeypatch.setattr(evil, "gettext", lambda message: f"<script>'\"{message}")
    monkeypatch.setattr(evil, "ngettext", lambda one, many, number: f"<img src=x>{many}")
    monkeypatch.setattr(language, "_catalogue", lambda code: evil)
    for shown in (
        base.keys(),
        base.copy_button(),
        base.sense_sign(1),
        base.headline("2", "w", "o", ["a=b"]),
        base.notice(""),
    ):
        assert "<script" not in shown
        assert "<img" not in shown
        assert not re.search(r'title="[^"]*<', shown)
    assert language.say_html("in {word}", word="<b>w</b>") == "&lt;script&gt;&#x27;&quot;in <b>w</b>"
    assert language.plural_html("{number} of {word}", "{number} of {word}", 2, word="<b>w</b>").endswith(
        "&gt;2 of <b>w</b>"
    )
