"""Write sentences of our own that differ in small ways, for `polyseme train --sentence-space`.

    python -m benchmarks.training.sentence_text OUT [--captions N] [--headlines N] [--forum N] [--leave-out FOLDER]

Sentences of books are seldom near to each other, so fine differences are not learned from them. The patterns and words
in `sentence_words.txt` make captions of pictures, headlines and sentences of forums that share most of their words.
OUT gets one sentence a line, the same for the same options. No sentence is repeated. Those that occur in a file of
FOLDER are left out, comparing only letters and digits.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.training.prepare_text import evaluation_keys, key

WORDS = Path(__file__).with_name("sentence_words.txt")
TRIES = 6
"""Maximum number of attempts for each wanted sentence."""
_PART = re.compile(r"\[([^\]]*)\]")
_SLOT = re.compile(r"\{(?:(\d+)-(\d+)|(\w+))\}")
_PERIODS = 0.75  # share of the captions that end in a full stop


@dataclass(frozen=True, slots=True)
class Grammar:
    """Patterns of each kind of sentence, and the lists of words that fill their slots."""

    patterns: Mapping[str, Sequence[str]]
    words: Mapping[str, Sequence[str]]

    def sentence(self, kind: str, rng: random.Random) -> str:
        """Return a random sentence of a kind, with a capital at its beginning."""
        pattern = rng.choice(self.patterns[kind])
        chosen = _PART.sub(lambda part: part[1] if rng.random() < 0.5 else "", pattern)
        text = _SLOT.sub(lambda slot: self._filler(slot, rng), chosen)
        stop = "." if kind == "caption" and rng.random() < _PERIODS else ""
        return text[0].upper() + text[1:] + stop

    def _filler(self, slot: re.Match[str], rng: random.Random) -> str:
        if slot[3]:
            return rng.choice(self.words[slot[3]])
        return str(rng.randint(int(slot[1]), int(slot[2])))


def read_grammar(path: Path = WORDS) -> Grammar:
    """Read patterns and words. The head of the file describes its form."""
    patterns: dict[str, list[str]] = {}
    words: dict[str, list[str]] = {}
    target: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            target = patterns[line[2:]] = []
        elif re.fullmatch(r"\w+:", line):
            target = words[line[:-1]] = []
        elif line.startswith("    "):
            target += [word for word in (part.strip() for part in line.split(",")) if word]
        elif line and not line.startswith("#"):
            target.append(line)
    return Grammar(patterns, words)


def sentences(grammar: Grammar, kind: str, number: int, seed: int, left_out: Set[str]) -> Iterator[str]:
    """Yield at most `number` distinct sentences of a kind. Equal calls yield equal sentences.

    Args:
        left_out: Keys of sentences that are not yielded (see `evaluation_keys`).
    """
    rng, seen = random.Random(f"{kind} {seed}"), set[str]()
    for _ in range(TRIES * number):
        if len(seen) == number:
            return
        text = grammar.sentence(kind, rng)
        if key(text) not in seen and key(text) not in left_out:
            seen.add(key(text))
            yield text


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--captions", type=click.IntRange(0), default=75_000, metavar="N", help="Number of captions.")
@click.option("--headlines", type=click.IntRange(0), default=26_000, metavar="N", help="Number of headlines.")
@click.option("--forum", type=click.IntRange(0), default=12_000, metavar="N", help="Number of sentences of forums.")
@click.option("--seed", type=click.IntRange(0), default=1, metavar="N", help="Random seed.")
@click.option(
    "--leave-out",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="Leave out sentences that occur in a file of FOLDER.",
)
def main(out: Path, captions: int, headlines: int, forum: int, seed: int, leave_out: Path | None) -> None:
    """Write the sentences into OUT, and print how many there are of each kind."""
    grammar, left_out = read_grammar(), evaluation_keys(leave_out) if leave_out else set[str]()
    with out.open("w", encoding="utf-8") as file:
        for kind, number in (("caption", captions), ("headline", headlines), ("forum", forum)):
            found = list(sentences(grammar, kind, number, seed, left_out))
            file.writelines(f"{text}\n" for text in found)
            click.echo(f"{kind}: {len(found):,} sentences")


if __name__ == "__main__":
    main()
