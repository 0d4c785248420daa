"""Commands about senses print what the Python interface returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from polyseme.indexer.build import build
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.search.searcher import Searcher
from polyseme.ui.cli.main import run_command
from sense_texts import documents


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: ElmoEncoder) -> str:
    path = tmp_path_factory.mktemp("cli_senses") / "c.pol"
    build(path, documents(), model=tiny_encoder)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *command: str) -> list[dict[str, object]]:
    assert run_command([*command, "--format", "jsonl"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_senses_prints_the_inventory_and_the_occurrences_that_match_a_filter(
    collection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = run(capsys, "senses", collection, "bank")
    with Searcher.open(collection) as searcher:
        inventory = searcher.senses("bank")
        expected = [(s.number, s.size, s.stability, [w.lemma for w in s.collocates]) for s in inventory.senses]
    assert [(row["sense"], row["size"], row["stability"], row["collocates"]) for row in rows] == expected
    lines = run(capsys, "senses", collection, "bank", "--occurrences")
    assert {row["occurrence_id"]: row["sense"] for row in lines} == inventory.assignments
    assert list(lines[0])[-1] == "sense"
    inside = run(capsys, "senses", collection, "bank", "--occurrences", "--where", "kind=river")
    assert len(inside) == 20
    assert run_command(["senses", collection, "bank"]) == 0
    assert "collocates:" in capsys.readouterr().out


def test_senses_are_cut_at_a_grain_or_number_around_known_senses(
    collection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Searcher.open(collection) as searcher:
        for options, inventory in (
            (("--number", "3"), searcher.senses("bank", number=3)),
            (("--grain", "0.9"), searcher.senses("bank", grain=0.9)),
        ):
            rows = run(capsys, "senses", collection, "bank", *options)
            assert [row["size"] for row in rows] == [sense.size for sense in inventory.senses]
        sense = searcher.senses("bank", number=3).senses[2]
    save = ("named-sense", "save", collection, "third", "--word", "bank", "--sense", "3", "--number", "3", "--replace")
    (saved,) = run(capsys, *save)
    assert saved["size"] == sense.size
    rows = run(capsys, "senses", collection, "bank", "--known", "third")
    assert [row["name"] for row in rows].count("third") == 1
    assert run_command(["senses", collection, "bank", "--number", "2", "--grain", "0"]) == 2
    assert "give --grain or --number, not both" in capsys.readouterr().err
    assert run_command(["named-sense", "remove", collection, "third"]) == 0


def test_named_sense_can_be_saved_listed_shown_applied_exported_imported_and_removed(
    collection: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "mine.json")
    (saved,) = run(capsys, "named-sense", "save", collection, "mine", "--word", "bank", "--sense", "1")
    assert (saved["name"], saved["word"], saved["match"]) == ("mine", "bank", "lemma")
    assert run(capsys, "named-sense", "list", collection) == [saved]
    (shown,) = run(capsys, "named-sense", "show", collection, "mine")
    assert isinstance(shown["examples"], list)
    assert "[bank]" in shown["examples"][0]
    hits = run(capsys, "named-sense", "apply", collection, "mine", "-k", "99")
    filtered = run(capsys, "sense", collection, "the [bank]", "-k", "99", "--where", "sense=mine")
    assert {row["occurrence_id"] for row in hits} == {row["occurrence_id"] for row in filtered}
    assert len(hits) == saved["size"]
    assert run_command(["named-sense", "export", collection, "mine", file]) == 0
    assert run_command(["named-sense", "remove", collection, "mine"]) == 0
    assert run(capsys, "named-sense", "list", collection) == []
    assert run(capsys, "named-sense", "import", collection, file) == [saved]
    capsys.readouterr()
    assert run_command(["named-sense", "import", collection, file]) == 1
    assert "a sense named 'mine' already" in capsys.readouterr().err
    assert run(capsys, "named-sense", "import", collection, file, "--replace") == [saved]
    assert run_command(["named-sense", "list", collection]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("mine  bank  lemma")


def test_more_like_and_named_sense_save_take_example_occurrences(
    collection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hits = run(capsys, "sense", collection, "the [bank]", "-k", "5")
    first, second = (str(row["occurrence_id"]) for row in hits[:2])
    last = str(hits[-1]["occurrence_id"])
    like = run(capsys, "more-like", collection, first, second, "--minus", last, "-k", "7")
    with Searcher.open(collection) as searcher:
        plus, minus = searcher.hits([int(first), int(second)]), searcher.hits([int(last)])
        assert like == searcher.more_like(plus, minus, k=7).to_dicts()
        form = run(capsys, "more-like", collection, first, second, "--match", "form", "-k", "7")
        assert form == searcher.more_like(plus, k=7, match="form").to_dicts()
    command = ["named-sense", "save", collection, "marked", "--plus", first, "--plus", second, "--minus", last]
    (saved,) = run(capsys, *command)
    assert (saved["size"], saved["rivals"]) == (2, 1)
    assert run_command(["named-sense", "save", collection, "marked", "--word", "bank"]) == 2
    assert run_command(["more-like", collection, "999999"]) == 1
    assert "has no occurrence 999999" in capsys.readouterr().err


def test_explain_prints_what_python_returns(collection: str, capsys: pytest.CaptureFixture[str]) -> None:
    query = "A heron on the river [bank]."
    (hit,) = run(capsys, "sense", collection, query, "-k", "1")
    (row,) = run(capsys, "explain", collection, str(hit["occurrence_id"]), "--query", query)
    with Searcher.open(collection) as searcher:
        found = searcher.explain(searcher.occurrences(query, k=1)[0], query)
    assert row["score"] == pytest.approx(found.score)
    assert isinstance(row["words"], list)
    assert [word["token"] for word in row["words"]] == [word.token for word in found.words]
    assert run_command(["explain", collection, str(hit["occurrence_id"])]) == 0
    assert "by layer: sense 1.000" in capsys.readouterr().out


def test_change_and_timeline_print_estimates_with_intervals(
    collection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = run(capsys, "change", collection, "bank", "--before", "year=..1918", "--after", "year=1919..")
    assert (row["n_before"], row["n_after"]) == (19, 19)
    low, middle, high = (row[name] for name in ("apd_low", "apd", "apd_high"))
    assert isinstance(low, float)
    assert isinstance(middle, float)
    assert isinstance(high, float)
    assert low <= middle <= high
    rows = run(capsys, "timeline", collection, "bank", "--period", "20")
    assert {(r["from"], r["to"]) for r in rows} == {(1900, 1919), (1920, 1939), (None, None)}
    counts = [r["count"] for r in rows]
    assert all(isinstance(count, int) for count in counts)
    ids = [r["occurrence_ids"] for r in rows]
    assert counts == [len(found) for found in ids if isinstance(found, list)]
    assert sum(len(found) for r, found in zip(rows, ids, strict=True) if r["from"] is None and isinstance(found, list))
    assert run_command(["change", collection, "bank", "--before", "year=..1918", "--after", "year=1919.."]) == 0
    assert "average pairwise distance" in capsys.readouterr().out
    assert run_command(["timeline", collection, "bank"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["from", "to", "sense", "count", "share", "low", "high"]
    assert run_command(["change", collection, "bank", "--before", "year=..1918"]) == 2


def test_timeline_counts_the_senses_of_a_finer_cut(collection: str, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (("--number", "3"), ("--grain", "0.9")):
        senses = run(capsys, "senses", collection, "bank", *option)
        rows = run(capsys, "timeline", collection, "bank", "--period", "20", *option)
        for sense in senses:
            counts = [row["count"] for row in rows if row["sense"] == sense["sense"]]
            assert sum(count for count in counts if isinstance(count, int)) == sense["size"]
        assert {row["sense"] for row in rows} == {sense["sense"] for sense in senses}
    assert run_command(["timeline", collection, "bank", "--number", "2", "--grain", "0"]) == 2
    assert run_command(["timeline", collection, "bank", "--number", "2", "--dictionary", "none"]) == 2
    assert "without --dictionary, whose senses are fixed" in capsys.readouterr().err


def test_old_command_is_a_hidden_deprecated_alias_of_named_sense(
    collection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["named-sense", "list", collection, "--format", "csv"]) == 0
    expected = capsys.readouterr()
    assert run_command(["prototype", "list", collection, "--format", "csv"]) == 0
    found = capsys.readouterr()
    assert found.out == expected.out
    (line,) = found.err.splitlines()
    assert "deprecated and will be removed in version 0.2; use `polyseme named-sense`" in line
    assert run_command(["--help"]) == 0
    assert "prototype" not in capsys.readouterr().out


def test_commands_that_count_print_what_python_returns_and_draw_it(
    collection: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def plotted(*command: str) -> list[dict[str, object]]:
        path = tmp_path / f"{command[0]}.svg"
        rows = run(capsys, *command, "--plot", str(path), "--cite")
        text = path.read_text(encoding="utf-8")
        assert "c.pol" in text
        for row in rows:
            cited = str(row.pop("citation"))
            assert "Collection c.pol (40 documents). Polyseme" in cited
        return rows

    with Searcher.open(collection) as searcher:
        inventory = searcher.senses("bank")
        of_first = {key for key, number in inventory.assignments.items() if number == 1}
        compared = searcher.frequency("bank", "kind").compare(searcher.frequency("boat", "kind"))
        expected = {
            ("frequency", collection, "bank", "--by", "year", "--period", "20"): searcher.frequency(
                "bank", "year", 20
            ).to_dicts(),
            ("frequency", collection, "bank", "--by", "kind", "--with", "boat"): compared.to_dicts(),
            ("keywords", collection, "--where", "kind=river", "--min-count", "2"): searcher.keywords(
                "kind=river", fewest=2
            ).to_dicts(),
            ("timeline", collection, "bank", "--period", "20", "--smooth", "3"): searcher.timeline(
                inventory, "year", 20
            ).rows(3),
            ("map", collection, "bank"): searcher.map(inventory).to_dicts(),
            ("collocates", collection, "bank", "--sense", "1", "--left", "2"): searcher.collocates(
                "bank", within=of_first, left=2
            ).to_dicts(),
        }
        spread = searcher.dispersion("bank")
    for command, rows in expected.items():
        assert plotted(*command) == json.loads(json.dumps(rows))
    found = plotted("dispersion", collection, "bank")
    assert [(row["value"], row["count"], row["dp"]) for row in found] == [
        (part.value, part.count, pytest.approx(spread.dp)) for part in spread.parts
    ]
    (one,) = run(capsys, "frequency", collection, "bank", "--where", "kind=river", "--against", "kind=money")
    assert (one["value"], one["first"], one["second"]) == ("(all)", "kind=river", "kind=money")


def test_collocates_are_drawn_as_a_graph_with_senses_and_links(
    collection: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bars, graph = tmp_path / "bars.svg", tmp_path / "graph.svg"
    rows = run(capsys, "collocates", collection, "bank", "--plot", str(bars))
    assert "sense" not in rows[0]
    rows = run(capsys, "collocates", collection, "bank", "--by-sense", "--figure", "graph", "--plot", str(graph))
    with Searcher.open(collection) as searcher:
        inventory = searcher.senses("bank")
        found = searcher.collocates("bank").with_senses(inventory.assignments, inventory.sense_names())
    assert rows == json.loads(json.dumps(found.to_dicts()))
    assert "sense" in rows[0]
    assert "occurrences with the collocate" in bars.read_text(encoding="utf-8")
    content = graph.read_text(encoding="utf-8")
    for text in (
        "the higher the logDice",
        "over-represented",
        "Polyseme",
        *(f">{each.lemma}<" for each in found.words[:9]),
    ):
        assert text in content
    links = run(capsys, "collocates", collection, "bank", "--links")
    assert links == json.loads(json.dumps(found.links.to_dicts()))
    assert links
    assert run_command(["collocates", collection, "bank", "--links", "--cite"]) == 0
    out, err = capsys.readouterr()
    assert out.split()[:3] == ["source", "target", "weight"]
    assert out.splitlines()[-1].startswith("Collocates of bank (lemma)")
    assert f"{len(links)} links between the first {found.links.compared} collocates of bank" in err
    assert run_command(["collocates", collection, "bank", "--links", "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("word,source,target,type,weight,")
    for options, message in (
        (["--sense", "1", "--by-sense"], "give --sense N or --by-sense, not both"),
        (["--number", "2"], "--number requires --sense N or --by-sense"),
        (["--by-sense", "--match", "pattern"], "--by-sense requires --match lemma or form"),
    ):
        assert run_command(["collocates", collection, "bank", *options]) == 2
        assert message in capsys.readouterr().err


def test_counts_are_tables_that_cite_and_refuse_other_figures_at_once(
    collection: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (("frequency", "bank", "--by", "kind"), ("dispersion", "bank"), ("collocates", "bank")):
        assert run_command([command[0], collection, *command[1:], "--cite"]) == 0
        assert capsys.readouterr().out.splitlines()[-1].startswith(f"{command[0].capitalize()} of bank (lemma)")
    assert run_command(["keywords", collection]) == 2
    assert "--where FIELD=VALUE is required" in capsys.readouterr().err
    assert run_command(["frequency", collection, "bank", "--plot", str(tmp_path / "x.gif")]) == 1
    assert "x.gif has no suffix of a figure; use .svg, .png, .pdf" in capsys.readouterr().err
    assert run_command(["timeline", collection, "bank", "--smooth", "2"]) == 2
    assert "--smooth takes an odd number" in capsys.readouterr().err
