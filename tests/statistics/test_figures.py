"""Figures are readable with words of any kind: no text covers another one or leaves the figure, and files are sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Text
from polyseme.indexer.errors import DocumentError, QueryError
from polyseme.search.citation import Citation, citation, question_text
from polyseme.search.figures import style
from polyseme.search.figures.bars import Bar, Bars, draw_bars
from polyseme.search.figures.graph import draw_graph
from polyseme.search.figures.points import draw_points
from polyseme.search.figures.radial import GraphLink, GraphWord
from polyseme.search.figures.strips import Strip, draw_strips
from polyseme.search.figures.style import (
    SUFFIXES,
    check_figure_file,
    figure_bytes,
    house_style,
    label,
    missing_signs,
    width,
    write_figure,
)
from polyseme.search.senses.timeline import Timeline, make_timeline

CITED = citation("my.pol (84 documents)", "senses of bank (lemma), where genre=letter", "0.1.0", "2026-11-30")
WORDS = {
    "plain": "bank",
    "long": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "Cyrillic": "берег, река, вода",
    "Arabic": "ضفة النهر",
    "Chinese": "河岸、银行、岸边、銀行",
    "mathematics": "$x_1^$ and \\frac{1 $$",
    "controls": "a\nb\x1b[31m\u202ec\t\x00",
}


def texts(figure: Figure) -> list[Text]:
    """Return the texts that are drawn. Ticks outside the limits of an axis are not."""
    found = list(figure.texts)
    for axes in figure.axes:
        legend = axes.get_legend()
        found += [axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title, *axes.texts]  # type: ignore[attr-defined]
        found += legend.get_texts() if legend else []
        for axis in filter(Artist.get_visible, (axes.xaxis, axes.yaxis)):
            found += [text for tick in axis._update_ticks() for text in (tick.label1, tick.label2)]  # type: ignore[attr-defined]
    return [text for text in found if text.get_text().strip() and text.get_visible()]


def check_layout(figure: Figure) -> None:
    """Check that no text covers another one, and that all are inside the figure."""
    with house_style():
        figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    shown = []
    for text in texts(figure):
        box = text.get_window_extent(renderer)
        for low, high, first, last in (
            (box.x0, box.x1, figure.bbox.x0, figure.bbox.x1),
            (box.y0, box.y1, figure.bbox.y0, figure.bbox.y1),
        ):
            assert first - 1 <= low < high <= last + 1, text.get_text()
        shown.append((text, box))
    for number, (text, box) in enumerate(shown):
        for other, second in shown[number + 1 :]:
            apart = box.x1 <= second.x0 + 1 or second.x1 <= box.x0 + 1
            apart = apart or box.y1 <= second.y0 + 1 or second.y1 <= box.y0 + 1
            assert apart, (text.get_text(), other.get_text())


def timeline(senses: int, periods: int, name: str = "sense", undated: int = 0) -> Timeline:
    chance = np.random.default_rng(senses * 100 + periods)
    numbers: dict[int, int | None] = {}
    values: dict[int, str] = {}
    for key in range(1, 40 * senses + 1):
        numbers[key] = int(chance.integers(1, senses + 1))
        if key > undated:
            values[key] = str(1900 + 10 * int(chance.integers(periods)))
    made = make_timeline("year", 10, senses, numbers, values)
    names = tuple(f"{number}: {name}" for number in range(1, senses + 1))
    return Timeline(made.field, made.periods, made.undated, made.undated_ids, name, names, CITED)


@pytest.mark.parametrize(("word", "senses"), [("plain", 2), ("long", 3), ("Chinese", 10), ("mathematics", 4)])
def test_timelines_of_any_word_are_readable(word: str, senses: int) -> None:
    figure = timeline(senses, 8, WORDS[word], undated=3).plot()
    check_layout(figure)
    title = figure.get_suptitle()
    assert title.startswith("senses of")
    assert "my.pol" in title.replace("\n", " ") or word == "long"
    caption = figure.get_supxlabel()
    assert "Wilson" in caption
    assert "3 occurrences without a date are left out" in caption
    assert "2026-11-30" in caption


@pytest.mark.parametrize(("senses", "periods"), [(1, 1), (3, 30), (4, 60), (14, 3)])
def test_timelines_of_any_length_are_readable(senses: int, periods: int) -> None:
    check_layout(timeline(senses, periods).plot("count" if periods == 30 else "share"))


def test_an_empty_timeline_is_a_figure_that_says_so() -> None:
    figure = timeline(2, 1, undated=80).plot()
    check_layout(figure)
    assert "80 occurrences without a date" in figure.get_supxlabel()


def test_smoothing_is_the_weighted_mean_of_the_window_and_is_said() -> None:
    found = timeline(2, 9)
    wide = found.smoothed(3)
    for place, span in enumerate(wide.periods):
        near = found.periods[max(0, place - 1) : place + 2]
        counts = [sum(each.counts[sense] for each in near) for sense in range(2)]
        assert span.counts == tuple(counts)
        assert span.shares == pytest.approx([count / sum(counts) for count in counts])
    assert "weighted moving averages over 3 periods" in found.plot(smoothing=3).get_supxlabel()
    with pytest.raises(QueryError, match="odd number"):
        found.smoothed(2)
    with pytest.raises(QueryError, match="measure is 'x'"):
        found.plot("x")
    with pytest.raises(QueryError, match="were not counted"):
        found.plot("per-million")


def bars(names: list[str], groups: int = 1) -> Figure:
    made = [
        Bars(f"{names[0]} {n}", [Bar(i + n, i + n - 0.5, i + n + 2.0) for i in range(len(names))])
        for n in range(groups)
    ]
    return draw_bars(names, made, "occurrences per million tokens", names[0], ["bars are 95 % intervals"], CITED)


def strips(names: list[str]) -> Figure:
    made = [Strip(name, 10**place, [place / len(names), 1.0, 0.0]) for place, name in enumerate(names)]
    return draw_strips(made, names[0], ["in 3 of 9 documents"], CITED)


def points(names: list[str]) -> Figure:
    chance = np.random.default_rng(1)
    places = chance.normal(size=(300, 2)).astype(np.float32)
    groups = chance.integers(0, len(names) + 1, 300)
    return draw_points(places, groups, names, names[0], ["300 occurrences"], CITED)


def graph(names: list[str]) -> Figure:
    words = [
        GraphWord(name, -float(n), (-1) ** n * (n % 5) / 4, 3 + n, [None, 1, 2][n % 3]) for n, name in enumerate(names)
    ]
    links = [GraphLink(n, n + 2, 0.2 + 0.5 * (n % 2)) for n in range(len(names) - 2)]
    return draw_graph(names[0], words, links, names[:2], 50, names[0], ["300 occurrences"], CITED)


@pytest.mark.parametrize(
    "draw", [lambda names: bars(names, 2), strips, points, graph], ids=["bars", "strips", "points", "graph"]
)
def test_figures_of_any_names_are_readable(draw: Callable[[list[str]], Figure]) -> None:
    check_layout(draw([f"{word} {number}" for word in WORDS.values() for number in range(2)]))
    check_layout(draw([WORDS["long"]]))


@pytest.mark.parametrize("number", [0, 1, 7, 40])
def test_graphs_of_any_number_of_words_are_readable(number: int) -> None:
    names = [f"{word}{place}" for place in range(10) for word in ("river", "loan", "w", "international")][:number]
    words = [GraphWord(name, -float(n), 1.0 if n % 2 else -0.5, 50 - n) for n, name in enumerate(names)]
    figure = draw_graph("bank", words, [], [], number, "bank", ["300 occurrences"], CITED)
    check_layout(figure)
    shown = {text.get_text() for text in figure.axes[0].texts}
    assert shown == {"bank", *names}
    assert ("have room" in figure.get_supxlabel()) is False


def test_signs_without_a_font_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_signs(bars(["берег", "bank"])) == ""
    monkeypatch.setattr(style, "_fonts_for", lambda signs: ())
    assert missing_signs(bars(["河岸 bank"])) == "岸河"


def test_files_are_sound_and_equal_figures_give_equal_files(tmp_path: Path) -> None:
    starts = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}
    for suffix in SUFFIXES:
        path = tmp_path / f"figure{suffix.upper()}"
        write_figure(bars(list(WORDS.values())), path)
        assert path.read_bytes().startswith(starts[suffix])
        assert path.read_bytes() == figure_bytes(bars(list(WORDS.values())), suffix[1:])
    tree = ElementTree.parse(tmp_path / "figure.SVG")
    written = " ".join("".join(node.itertext()) for node in tree.iter("{http://www.w3.org/2000/svg}text"))
    for word in ("берег, река, вода", "$x_1^$ and \\frac{1 $$", "Collection my.pol (84 documents)"):
        assert word in written


def test_a_file_that_cannot_be_a_figure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"x\.gif has no suffix of a figure; use \.svg, \.png, \.pdf"):
        check_figure_file(tmp_path / "x.gif")
    with pytest.raises(DocumentError, match="is not a folder"):
        check_figure_file(tmp_path / "no" / "x.svg")
    (tmp_path / "x.svg").mkdir()
    with pytest.raises(DocumentError, match="cannot be written"):
        write_figure(bars(["a"]), tmp_path / "x.svg")


def test_notebooks_show_figures_and_users_settings_do_not_matter() -> None:
    import matplotlib

    expected = figure_bytes(bars(["a", "b"]), "png")
    with matplotlib.rc_context({"font.size": 20, "figure.dpi": 30, "axes.grid": False}):
        figure = bars(["a", "b"])
    assert figure_bytes(figure, "png") == expected
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


@pytest.mark.parametrize("word", WORDS.values())
def test_labels_are_one_line_of_bounded_width(word: str) -> None:
    short = label(word, 12)
    assert width(short) <= 12
    assert short.isprintable()


def test_a_citation_names_question_collection_version_and_date() -> None:
    assert str(CITED) == (
        "Senses of bank (lemma), where genre=letter. Collection my.pol (84 documents). Polyseme 0.1.0, 2026-11-30."
    )
    assert CITED.name == "my.pol"
    question = question_text("frequency of bank (lemma)", {"year": "1950..", "genre": ["a", "b"]}, "by year", None)
    assert question == "frequency of bank (lemma), by year, where year=1950.. and genre=a|b"
    odd = citation("a\nb\x1b", "x\u202ey")
    assert isinstance(odd, Citation)
    assert str(odd).isprintable()
    assert odd.date[4] == odd.date[7] == "-"
