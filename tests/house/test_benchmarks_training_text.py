"""The training text: own tokens, one sentence a line, nothing twice and nothing that is measured on."""

import importlib.util
import lzma
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "training_text.py"


def test_sentences_are_kept_once_and_without_what_is_measured_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("training_text", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, script)  # its processes look for its functions there
    spec.loader.exec_module(script)
    corpus, held = tmp_path / "corpus", tmp_path / "held"
    corpus.mkdir()
    held.mkdir()
    with lzma.open(corpus / "mill.txt.xz", "wt", encoding="utf-8") as file:
        file.write("Mr. Harle didn’t sell the old mill. Too short.\n")
        file.write("The river rose over its bank in March.\nMr. Harle didn't sell the old mill.\n")
        file.write("She charged him twice for a pair of oars.\n( ) ( ) [ ] a\n")
    (held / "pairs.txt").write_text("charge\tV\tshe charged him twice , for a pair of oars\t1\n", encoding="utf-8")
    done = CliRunner().invoke(script.main, [str(corpus), str(tmp_path / "out"), "--leave-out", str(held)])
    assert done.output == "mill.txt: 18 tokens; left out: 1 repeated, 1 measured on\n"
    assert (tmp_path / "out" / "mill.txt").read_text(encoding="utf-8").splitlines() == [
        "Mr. Harle did n't sell the old mill .",
        "The river rose over its bank in March .",
    ]
    lines = [f"line {number}\n" for number in range(2000)]
    drawn = [line for line in lines if script.is_drawn(line, 0.3)]
    assert 500 < len(drawn) < 700
    assert set(drawn) < {line for line in lines if script.is_drawn(line, 0.6)}
    assert all(script.is_drawn(line, 1) for line in lines)
