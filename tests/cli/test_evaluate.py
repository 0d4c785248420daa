"""`polyseme eval` end to end: every task with a tiny model, and a collection on its owner's gold senses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from gold_data import USES, make_all, make_wic, make_wordnet, write
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import verify_model
from polyseme.indexer.vectors.transforms import Normalisation
from polyseme.indexer.verify import verify
from polyseme.search.evaluation import Score, measures
from polyseme.search.searcher import Searcher
from polyseme.ui.cli.main import run_command
from polyseme.ui.cli.score_plot import write_plot
from polyseme.ui.cli.score_table import score_table

KEYS = ["task", "metric", "representation", "value", "low", "high", "baseline"]
PLURALS = {"They fished from two muddy banks.": "river", "Banks lent money.": "money"}

KINDS = ("", ", no fall-back", ", where seen", ", by frequency too")


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the bootstrap. The tests of the measures check its accuracy."""
    monkeypatch.setattr(measures, "ROUNDS", 40)


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_all(tmp_path_factory.mktemp("gold"))


@pytest.mark.parametrize(
    ("task", "metrics"),
    [
        ("wic", {"accuracy dev", "accuracy dev, own threshold", "accuracy test", "accuracy test, own threshold"}),
        ("usim", {"Spearman"}),
        ("coarsewsd", {"1-NN accuracy", "MAP"}),
        ("dwug", {"MAP"}),
        ("wsd", {f"accuracy semcor by folds{kind}" for kind in KINDS}),
        ("sts", {f"Spearman {split}{on}" for split in ("dev", "train") for on in ("", ", fitted on itself")}),
        ("retrieval", {"nDCG@10", "nDCG@10, best sentence"}),
    ],
)
def test_every_task_prints_exactly_the_keys_for_every_representation(
    gold: dict[str, Path], tiny_folder: Path, capsys: pytest.CaptureFixture[str], task: str, metrics: set[str]
) -> None:
    command = ["eval", "--model", str(tiny_folder), "--task", f"{task}={gold[task]}", "--format", "jsonl"]
    assert run_command(command) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(list(row) == KEYS for row in rows)
    assert {row["task"] for row in rows} == {task}
    assert {row["metric"] for row in rows} == metrics
    for row in rows:
        assert all(isinstance(row[key], float) for key in KEYS[3:])
        assert row["low"] <= row["high"]
    shown = {row["representation"].partition(",")[0] for row in rows}
    assert shown - {"product", "default", "bm25"} == {"layer 0", "layer 1", "layer 2", "elmo", "sense"}
    # The names by which search by sentence is measured from outside.
    if task == "sts":
        assert [row["representation"] for row in rows][:2] == ["product", "default"]
    if task == "retrieval":
        whole = {row["representation"] for row in rows if row["metric"] == "nDCG@10"}
        assert {"product", "product, hybrid", "bm25", "default"} <= whole


def test_several_tasks_make_one_table_and_one_plot(
    gold: dict[str, Path], tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = [f"--task={name}={gold[name]}" for name in ("wic", "usim", "retrieval")]
    wordnet = ["--wordnet", str(make_wordnet(tmp_path))]
    for name in ("p.svg", "p.png"):
        command = ["eval", "--model", str(tiny_folder), *tasks, *wordnet, "--plot", str(tmp_path / name)]
        assert run_command(command) == 0
    out = capsys.readouterr().out
    assert "wic, accuracy dev (baseline: majority 60.0)\n  layer 0 " in out
    assert "retrieval, nDCG@10 (baseline: bm25 " in out
    picture = (tmp_path / "p.svg").read_text(encoding="utf-8")
    for text in ("wic", "usim", "retrieval", "layer 2", "accuracy dev (dashed: majority)", "nDCG@10, best"):
        assert text in picture
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_card_replaces_earlier_scores_on_the_models_card(
    gold: dict[str, Path], tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(tiny_folder, folder)
    before = (folder / "MODEL_CARD.md").read_text()
    for name in ("usim", "dwug"):
        command = ["eval", "--model", str(folder), f"--task={name}={gold[name]}", "--format", "jsonl", "--card"]
        assert run_command(command) == 0
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    card = (folder / "MODEL_CARD.md").read_text()
    assert card.startswith(before.rstrip("\n"))
    assert card.count("## Figures") == 1
    assert f"polyseme eval --model mine --task dwug={gold['dwug'].name} --card" in card
    lines = [line for line in card.splitlines() if line.startswith("| dwug")]
    assert len(lines) == 5
    for row in (row for row in rows if row["task"] == "dwug"):
        assert any(
            f"| {row['representation']} | {100 * row['value']:.1f} | {100 * row['low']:.1f} to" in x for x in lines
        )
    assert "| usim" not in card
    verify_model(folder)


def test_csv_has_one_header_for_several_tasks(
    gold: dict[str, Path], tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = [f"--task={name}={gold[name]}" for name in ("usim", "dwug")]
    assert run_command(["eval", "--model", str(tiny_folder), *tasks, "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == ",".join(KEYS)
    assert [line.partition(",")[0] for line in lines[1:]] == ["usim"] * 5 + ["dwug"] * 5


def test_equal_scores_give_an_identical_plot(tmp_path: Path) -> None:
    scores = [Score("wic", "accuracy", name, 0.6, 0.5, 0.55, 0.5, "majority") for name in ("a", "b")]
    for name in ("one.svg", "two.svg"):
        write_plot(scores, tmp_path / name, "x")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert score_table(scores).splitlines()[1] == "  a   60.00    50.0 to 55.0  +10.0"


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ([], 2, "give COLLECTION --gold FILE, or --task NAME=PATH"),
        (["c.pol"], 2, "COLLECTION and --gold FILE must be given together"),
        (["c.pol", "--gold", "g.tsv", "--task", "wic=x"], 2, "give COLLECTION --gold FILE, or --task"),
        (["--task", "wic=x", "--write"], 2, "--write requires COLLECTION --gold FILE"),
        (["c.pol", "--gold", "g.tsv", "--card"], 2, "--card requires --task NAME=PATH"),
        (["--task", "wic=.", "--card", "--model", "none"], 1, "none is not a model folder and has no card"),
        (["--task", "wik=x"], 1, "'wik=x' is not a task; give NAME=PATH"),
        (["--task", "wic=none"], 1, "none does not exist; give the path of the gold data of wic"),
        (["--task", "wic=.", "--plot", "p.gif"], 1, "p.gif has no suffix of a figure; use .svg"),
        (["--task", "wic=.", "--plot", "none/p.svg"], 1, "none is not a folder"),
        (["c.pol", "--gold", "none.tsv"], 1, "gold senses are a tab-separated file"),
    ],
)
def test_eval_reports_wrong_options_in_one_line(
    options: list[str],
    status: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["eval", *options]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err.splitlines()[-1]


def test_wrong_data_layout_is_reported_with_the_expected_one(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_wic(tmp_path / "wic")
    for split in ("dev", "test"):
        shutil.rmtree(folder / split)
    for name in ("wic", "coarsewsd", "dwug", "wsd", "sts", "retrieval"):
        assert run_command(["eval", "--model", str(tiny_folder), "--task", f"{name}={folder}"]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"polyseme: {folder}")
        assert " is a " in line


def documents() -> dict[str, str]:
    texts = [text.replace(" .", ".").capitalize() for text, _ in USES]
    return {"river.txt": " ".join(texts[:3]), "money.txt": " ".join(texts[3:]), "more.txt": " ".join(PLURALS)}


@pytest.fixture
def collection(tmp_path: Path, tiny_encoder: ElmoEncoder) -> Path:
    for name, text in documents().items():
        write(tmp_path / "in" / name, text)
    build(tmp_path / "c.pol", [tmp_path / "in"], BuildConfig(layer=Layer.LAYER_0), tiny_encoder)
    return tmp_path / "c.pol"


@pytest.fixture
def senses(tmp_path: Path) -> Path:
    rows = ["document_id\tstart\tend\tlemma\tsense"]
    for name, text in documents().items():
        start = -1
        while (start := text.lower().find("bank", start + 1)) >= 0:
            end = start + (5 if text[start + 4 : start + 5] == "s" else 4)
            sense = "river" if name == "river.txt" or (text[start] == "b" and name == "more.txt") else "money"
            rows.append(f"{name}\t{start}\t{end}\tbank\t{sense}")
    rows.append("gone.txt\t0\t4\tbank\tmoney")
    return write(tmp_path / "senses.tsv", "\n".join(rows) + "\n")


def test_gold_scores_every_layer_and_normalisation_of_a_collection(
    collection: Path, senses: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (collection / "collection.db").read_bytes()
    command = ["eval", str(collection), "--gold", str(senses), "--model", str(tiny_folder), "--format", "jsonl"]
    assert run_command(command) == 0
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert all(list(row) == KEYS for row in rows)
    by_metric = {metric: [row for row in rows if row["metric"] == metric] for metric in {row["metric"] for row in rows}}
    values, gains = by_metric["MAP"], by_metric["MAP, gain over now"]
    layers = ("sense", "layer 0", "layer 1", "layer 2", "elmo")
    assert [row["representation"] for row in values] == [
        f"{layer}, {kind}" for layer in layers for kind in ("raw", "centred", "whitened")
    ]
    now = next(row["value"] for row in values if row["representation"] == "layer 0, centred")
    for row, gain in zip(values, gains, strict=True):
        assert gain["value"] == pytest.approx(row["value"] - now, abs=2e-6)
        assert gain["baseline"] == pytest.approx(now)
    assert "1 gold rows skipped: the collection has no word at their offsets" in captured.err
    assert "1 words, 8 occurrences ranked" in captured.err
    assert (collection / "collection.db").read_bytes() == before


def test_write_reencodes_with_the_best_setting_only_if_the_gain_is_certain(
    collection: Path, senses: Path, tiny_folder: Path, tiny_encoder: ElmoEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", str(collection), "--gold", str(senses), "--model", str(tiny_folder), "--format", "jsonl"]
    before = (collection / "collection.db").read_bytes()
    assert run_command([*command, "--write"]) == 0
    assert "not written, since the gain may be chance" in capsys.readouterr().err
    assert (collection / "collection.db").read_bytes() == before
    # A second word with the same judgements: the setting chosen on one is confirmed by the other.
    head, *judged = senses.read_text().splitlines()
    write(senses, "\n".join([head, *judged, *(row.replace("\tbank\t", "\tbench\t") for row in judged)]) + "\n")
    assert run_command([*command, "--write"]) == 0
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    best = max((row for row in rows if row["metric"] == "MAP"), key=lambda row: float(row["value"]))
    layer, _, kind = best["representation"].removeprefix("layer ").partition(", ")
    assert "encoded again and written" in captured.err
    with Collection.open(collection) as opened:
        settings = opened.settings
        assert verify(opened, tiny_encoder).problems == ()
    assert settings.layer == layer
    usual = "raw" if layer == "sense" else "centred"
    wanted = Normalisation.NONE if kind == "raw" else Normalisation(kind)
    assert settings.token_normalisation == (None if kind == usual else wanted)
    with Searcher.open(collection, tiny_encoder) as searcher:
        (hit, *_) = searcher.occurrences("The [bank] lent her money.", k=3)
        assert hit.sentence == "The bank lent her money."
        assert hit.score >= 0.999
    # The current setting is now the best.
    assert run_command([*command, "--write"]) == 0
    captured = capsys.readouterr()
    assert "the current setting is the best" in captured.err
    assert "nothing to write" in captured.err


def test_token_normalisation_survives_indexing_and_reencoding_but_not_a_new_layer(
    tmp_path: Path, tiny_encoder: ElmoEncoder, tiny_folder: Path
) -> None:
    for name, text in documents().items():
        write(tmp_path / "in" / name, text)
    path = tmp_path / "w.pol"
    config = BuildConfig(layer=Layer.LAYER_1, token_normalisation=Normalisation.WHITENED)
    build(path, [tmp_path / "in"], config, tiny_encoder)
    write(tmp_path / "in" / "new.txt", "A bank of clouds.")
    build(path, [tmp_path / "in"], BuildConfig(), tiny_encoder)
    assert run_command(["reencode", str(path), "--model", str(tiny_folder), "--normalisation", "centred"]) == 0
    with Collection.open(path) as opened:
        assert opened.settings.token_normalisation is Normalisation.WHITENED
        assert opened.settings.normalisation is Normalisation.CENTRED
        assert verify(opened, tiny_encoder).problems == ()
    assert run_command(["reencode", str(path), "--model", str(tiny_folder), "--layer", "2"]) == 0
    with Collection.open(path) as opened:
        assert opened.settings.token_normalisation is None


def test_gold_without_an_ambiguous_word_is_an_error(
    collection: Path, tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = write(tmp_path / "one.tsv", "document_id\tstart\tend\tlemma\tsense\nriver.txt\t21\t25\tbank\triver\n")
    assert run_command(["eval", str(collection), "--gold", str(one), "--model", str(tiny_folder)]) == 1
    assert "no word of the gold has two senses there" in capsys.readouterr().err


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    rows = [
        "query\tkind\tdocument_id\tsentence",
        "The bank lent her money.\tsame\tmoney.txt\tThe bank lent her money.",
        "Where did they fish?\tquestion\tmore.txt\tThey fished from two muddy banks.",
        "Where did they fish?\tquestion\tgone.txt\tThey fished there.",
    ]
    return write(tmp_path / "answers.tsv", "\n".join(rows) + "\n")


def test_gold_sentences_score_every_order_of_a_collection(
    collection: Path, answers: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", str(collection), "--gold", str(answers), "--model", str(tiny_folder), "--format", "jsonl"]
    assert run_command(command) == 0
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert all(list(row) == KEYS for row in rows)
    assert {row["task"] for row in rows} == {"sentences"}
    names = ["meaning", "keywords", "words", "hybrid", "default"]
    for metric in ("MRR", "recall@1", "recall@10"):
        assert [row["representation"] for row in rows if row["metric"] == metric] == names
    found = {(row["metric"], row["representation"]): row["value"] for row in rows}
    # The collection has eight sentences, so all answers are among the first ten by meaning.
    assert found["recall@10", "meaning"] == found["recall@10", "default"] == 1
    assert found["recall@1", "meaning"] >= 0.5
    assert "1 gold rows skipped: the collection has no such sentence" in captured.err
    assert "2 queries, 2 answers" in captured.err


def test_gold_sentences_choose_no_layer(
    collection: Path, answers: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["eval", str(collection), "--gold", str(answers), "--model", str(tiny_folder), "--write"]
    assert run_command(command) == 2
    assert "--write requires judged words; gold sentences choose no layer" in capsys.readouterr().err
