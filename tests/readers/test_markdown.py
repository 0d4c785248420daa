"""Markdown as Obsidian, pandoc and site generators write it."""

from pathlib import Path

import pytest
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.markdown import markdown_blocks
from polyseme.indexer.readers.records import Extract, ReadOptions


def read(path: Path, text: str) -> Extract:
    path.write_text(text, encoding="utf-8")
    [extract] = read_file(path, ReadOptions())
    assert isinstance(extract, Extract)
    return extract


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("The [[river bank]] and [[bank|the shore]].", ["The river bank and the shore."]),
        ("[[Page#A head]] [[#A head]] [[Page#A head|there]] [[Page#^b1]]", ["Page A head there Page"]),
        ("See ![[photo.png]] and ![[Note#Part|300]]!", ["See and !"]),
        ("| a | b |\n|---|---|\n| [[x\\|the y]] | c |", ["a", "b", "the y", "c"]),
        ("`[[code]] ==x== %%y%%` stays", ["[[code]] ==x== %%y%% stays"]),
        ("```\n[[code]]\n%%\n::: x\n```", ["[[code]]\n%%\n::: x"]),
        ("One.%%hidden%% Two. %% more\nlines %% Three.", ["One. Two. Three."]),
        ("One.\n\n%%\n\nhidden\n\nhidden\n\n%%\n\nTwo.", ["One.", "Two."]),
        ("From 20%% to 30%% of it", ["From 20%% to 30%% of it"]),
        ("An open %% sign", ["An open %% sign"]),
        ("A ==marked *word*== here, a == b == c", ["A marked word here, a == b == c"]),
        ("It rose.[^1] It fell.[^old]\n\n[^1]: First note.\n[^old]: Second *note*.\n\nEnd.",
         ["It rose.¹ It fell.²", "First note.", "Second note.", "End."]),
        ("It rose.[^a]\n\n[^a]: One.\n\n    Two.\n", ["It rose.[a]", "One.", "Two."]),
        ("It rose.^[An *inline* note.] It fell.", ["It rose.¹ It fell.", "An inline note."]),
        ("Nothing refers here.\n\n[^9]: A lost note.", ["Nothing refers here.", "A lost note."]),
        ("No definition[^7] here, [^a-z] neither", ["No definition[^7] here, [^a-z] neither"]),
        ("# Head {#id .class}\n\nA [span]{.smallcaps} and [link](x){target=_blank}.", ["Head", "A span and link."]),
        ("A set {a, b} and {x} stay", ["A set {a, b} and {x} stay"]),
        ("One<!-- not --> two\n\n<!--\nnot\n\nnot\n-->\n\nthree", ["One two", "three"]),
        ("- [ ] to do\n- [x] done\n- [y] kept", ["to do", "done", "[y] kept"]),
        ("Let $a_1*b_2*c$ be it; it cost $5 and $6.", ["Let $a_1*b_2*c$ be it; it cost $5 and $6."]),
        ("$$\nx_1 < y_2\n$$", ["$$x_1 < y_2$$"]),
        ("Bank\n:   A *place*\n:   A slope", ["Bank", "A place", "A slope"]),
        ("::: {.note}\nInside.\n:::\n\nOutside.", ["Inside.", "Outside."]),
        (":::tip A title\nInside.\n:::", ["A title", "Inside."]),
        ("::: warning\nInside.\n:::", ["Inside."]),
        ("> [!note] Tip\n> The sea.", ["Tip", "The sea."]),
        ("> [!warning]-\n> The sea.\n> > [!tip] Deep\n> > Fish.", ["The sea.", "Deep", "Fish."]),
        ("> An [!important] word", ["An [!important] word"]),
        ("A paragraph. ^block-1\n\nNext.", ["A paragraph.", "Next."]),
        ("H~2~O is 2^10^ m^2^, ~~gone~~ kept^[1]^", ["H2O is 2¹⁰ m², gone kept[1]"]),
        ("| The bank was green\n| in May\n\n| and in June", ["The bank was green\nin May", "and in June"]),
        ('A {{< ref "x.md" >}} bank{{% note %}} and {{x}}', ["A bank and {{x}}"]),
        ("A #tag and #river/bank here", ["A #tag and #river/bank here"]),
    ],
)  # fmt: skip
def test_additions_to_markdown(markdown: str, blocks: list[str]) -> None:
    assert markdown_blocks(markdown) == blocks


def test_toml_front_matter_is_metadata(tmp_path: Path) -> None:
    found = read(
        tmp_path / "a.md",
        '+++\ntitle = "By the sea"\ndate = 2021-05-03\ntags = ["a", "b"]\ndraft = false\nweight = 3\n+++\nText.\n',
    )
    assert found.text == "Text."
    assert found.metadata == {
        "title": "By the sea",
        "date": "2021-05-03",
        "year": "2021",
        "tags": ["a", "b"],
        "draft": False,
        "weight": 3,
    }


def test_lists_of_yaml_front_matter_are_lists(tmp_path: Path) -> None:
    found = read(tmp_path / "a.md", "---\ntags:\n  - river\n  - bank\naliases: [Shore, Side]\n---\nText.\n")
    assert found.metadata == {"tags": ["river", "bank"], "aliases": ["Shore", "Side"]}


@pytest.mark.parametrize("text", ["+++\nno toml here\n+++\nText.\n", "+++\nx = 1\nText."])
def test_malformed_toml_is_text(tmp_path: Path, text: str) -> None:
    assert read(tmp_path / "a.txt", text).text == text


def test_a_title_block_of_pandoc_is_metadata(tmp_path: Path) -> None:
    found = read(tmp_path / "a.md", "% The bank\n% A. Writer\n% 1901\n\nText.\n")
    fields = {"title": "The bank", "author": "A. Writer", "date": "1901", "year": "1901"}
    assert (found.text, found.metadata) == ("Text.", fields)
    found = read(tmp_path / "a.md", "% The bank\n% A. Writer; B. Other;\n\nText.\n")
    assert found.metadata["author"] == ["A. Writer", "B. Other"]


@pytest.mark.parametrize(
    ("lines", "author"),
    [
        ("author:\n  - Ann\n  - name: Ben\n    affiliation: [Mill, Dam]", ["Ann", "Ben"]),
        ("author:\n  name: Ann\n  email: a@example.org", "Ann"),
        ("author: Ann", "Ann"),
        ("author:\n  - family: Ann", [{"family": "Ann"}]),
    ],
)
def test_authors_with_further_fields_are_names(tmp_path: Path, lines: str, author: object) -> None:
    assert read(tmp_path / "a.md", f"---\n{lines}\n---\nText.\n").metadata == {"author": author}


def test_the_date_of_a_header_gives_the_year_unless_it_has_one(tmp_path: Path) -> None:
    dated = read(tmp_path / "a.md", "---\ndate: 1850-03-04\n---\nText.\n")
    assert dated.metadata == {"date": "1850-03-04", "year": "1850"}
    own = read(tmp_path / "a.txt", "---\ndate: 1850-03-04\nyear: 1848\n---\nText.\n")
    assert own.metadata == {"date": "1850-03-04", "year": "1848"}


def test_notes_of_a_long_text_keep_their_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyseme.indexer.readers.markdown._PART", 20)
    text = "The first bank.[^1]\n\nThe second bank.[^2]\n\n[^1]: One.\n\n[^2]: Two.\n"
    assert markdown_blocks(text) == ["The first bank.¹", "The second bank.²", "One.", "Two."]
