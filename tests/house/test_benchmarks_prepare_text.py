"""The training text has one tokenised sentence a line, without repetitions and evaluation data."""

import lzma
from pathlib import Path

from click.testing import CliRunner

from benchmarks.training import prepare_text


def test_training_text_has_no_repetitions_and_no_evaluation_data(tmp_path: Path) -> None:
    corpus, held = tmp_path / "corpus", tmp_path / "held"
    corpus.mkdir()
    held.mkdir()
    with lzma.open(corpus / "mill.txt.xz", "wt", encoding="utf-8") as file:
        file.write("Mr. Harle didn’t sell the old mill. Too short.\n")
        file.write("The river rose over its bank in March.\nMr. Harle didn't sell the old mill.\n")
        file.write("She charged him twice for a pair of oars.\n( ) ( ) [ ] a\n")
    (held / "pairs.txt").write_text("charge\tV\tshe charged him twice , for a pair of oars\t1\n", encoding="utf-8")
    done = CliRunner().invoke(prepare_text.main, [str(corpus), str(tmp_path / "out"), "--leave-out", str(held)])
    assert done.output == "mill.txt: 18 tokens; left out: 1 repeated, 1 measured on\n"
    assert (tmp_path / "out" / "mill.txt").read_text(encoding="utf-8").splitlines() == [
        "Mr. Harle did n't sell the old mill .",
        "The river rose over its bank in March .",
    ]
    lines = [f"line {number}\n" for number in range(2000)]
    drawn = [line for line in lines if prepare_text.is_drawn(line, 0.3)]
    assert 500 < len(drawn) < 700
    assert set(drawn) < {line for line in lines if prepare_text.is_drawn(line, 0.6)}
    assert all(prepare_text.is_drawn(line, 1) for line in lines)
