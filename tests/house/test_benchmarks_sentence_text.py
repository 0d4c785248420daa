"""Generated sentences are distinct, reproducible, filled completely, and none of an evaluation set."""

import random
from pathlib import Path

from click.testing import CliRunner

from benchmarks.training import sentence_text
from benchmarks.training.prepare_text import key
from benchmarks.training.sentence_text import _SLOT, read_grammar


def run(out: Path, *options: str) -> list[str]:
    done = CliRunner().invoke(
        sentence_text.main, [str(out), "--captions", "300", "--headlines", "200", "--forum", "100", *options]
    )
    assert done.exit_code == 0, done.output
    return out.read_text(encoding="utf-8").splitlines()


def test_sentences_are_distinct_reproducible_and_not_those_of_an_evaluation(tmp_path: Path) -> None:
    lines = run(tmp_path / "one.txt")
    assert len({key(line) for line in lines}) == len(lines) == 600
    assert not any(set("[]{}") & set(line) for line in lines)
    assert all(not line[0].islower() and len(line.split()) > 1 for line in lines)
    assert run(tmp_path / "two.txt") == lines
    assert run(tmp_path / "three.txt", "--seed", "2") != lines
    held = tmp_path / "held"
    held.mkdir()
    left_out = [line for line in lines if len(key(line)) >= 20][:50]
    (held / "pairs.txt").write_text("".join(f"3.2\t{line.lower()}\n" for line in left_out), encoding="utf-8")
    others = run(tmp_path / "four.txt", "--leave-out", str(held))
    assert not {key(line) for line in left_out} & {key(line) for line in others}
    assert set(lines) - set(others) >= set(left_out)


def test_a_small_list_ends_before_the_number_is_reached() -> None:
    grammar = sentence_text.Grammar({"caption": ["{animal}[ {deed}]"]}, {"animal": ["a cat"], "deed": ["sleeps"]})
    found = list(sentence_text.sentences(grammar, "caption", 50, 1, set()))
    assert {key(text) for text in found} == {"acat", "acatsleeps"}
    assert len(found) == 2
    assert {grammar.sentence("caption", random.Random(seed)) for seed in range(99)} == {
        "A cat",
        "A cat.",
        "A cat sleeps",
        "A cat sleeps.",
    }


def test_each_slot_has_a_list_and_each_list_a_slot() -> None:
    grammar = read_grammar()
    named = {slot[3] for patterns in grammar.patterns.values() for text in patterns for slot in _SLOT.finditer(text)}
    assert named - {None} == set(grammar.words)
    for words in grammar.words.values():
        assert len(set(words)) == len(words) > 1
