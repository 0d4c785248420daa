"""Prepare the text that the bundled model is trained on: tokenised sentences without the evaluation data.

    python -m benchmarks.training.prepare_text CORPUS OUT [--leave-out FOLDER] [--share PART]

CORPUS holds texts `NAME.txt.xz` with one paragraph, turn or sentence a line. The command writes `NAME.txt` into OUT,
one sentence a line, for `polyseme train OUT --tokenized`. It leaves out sentences of fewer than 4 or more than 80
tokens, sentences that are mostly punctuation, and repeated sentences. It also leaves out every sentence that occurs in
a file of FOLDER, comparing only letters and digits. With PART below 1 it reads that part of the lines, the same at
every run. Two sources are read at a time.
"""

from __future__ import annotations

import lzma
import re
import tarfile
from collections.abc import Iterator, Set
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from zlib import crc32

import click
from polyseme.indexer.elmo.characters import normalise_token
from polyseme.indexer.elmo.config import Normalise
from polyseme.indexer.text import Sentence, TextAnalyser, TokenKind

SHORTEST, LONGEST = 4, 80
"""Minimum and maximum number of tokens in a sentence."""
_SIGNS = 20
"""Minimum number of letters and digits that identify a sentence."""
_TAG = re.compile(r"<[^>]*>")
_OTHER = re.compile(r"[^a-z0-9]+")


def key(text: str) -> str:
    """Return the letters and digits of a text in lower case."""
    return _OTHER.sub("", text.lower())


def evaluation_keys(folder: Path) -> set[str]:
    """Return the keys of all lines, of their tab-separated cells, and of SemCor's sentences in a folder."""
    found: set[str] = set()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        for text in _texts(path):
            found |= {key(part) for part in (text, *text.split("\t"))}
    return {each for each in found if len(each) >= _SIGNS}


def _texts(path: Path) -> Iterator[str]:
    if ".tar" not in path.name:
        yield from path.read_text(encoding="utf-8", errors="replace").splitlines()
        return
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            markup = file.read().decode("utf-8", "replace") if file else ""
            for sentence in re.findall(r"<s .*?</s>", markup, re.DOTALL):
                yield _TAG.sub(" ", sentence).replace("_", " ")


def is_text(sentence: Sentence) -> bool:
    """Return whether a sentence has a usual length and is not mostly punctuation."""
    tokens = sentence.tokens
    words = sum(token.kind is not TokenKind.PUNCTUATION for token in tokens)
    return SHORTEST <= len(tokens) <= LONGEST and 2 * words >= len(tokens)


def write_text(path: Path, out: Path, forbidden: Set[str], share: float) -> str:
    """Write the sentences of one source. Return a line with the number of kept tokens and of left out sentences."""
    analyser, seen = TextAnalyser("en"), set[int]()
    kept = repeated = measured = 0
    with lzma.open(path, "rt", encoding="utf-8") as lines, (out / path.stem).open("w", encoding="utf-8") as file:
        taken = (line.strip() for line in lines if is_drawn(line, share))
        for sentence in (found for line in taken for found in analyser.sentences(line)):
            tokens = [normalise_token(token.text, (Normalise.STRAIGHT_QUOTES,)) for token in sentence.tokens]
            if not is_text(sentence):
                continue
            signs = key("".join(tokens))
            if hash(signs) in seen or signs in forbidden:
                repeated, measured = repeated + (hash(signs) in seen), measured + (signs in forbidden)
                continue
            seen.add(hash(signs))
            file.write(" ".join(tokens) + "\n")
            kept += len(tokens)
    return f"{path.stem}: {kept:,} tokens; left out: {repeated:,} repeated, {measured:,} measured on"


def is_drawn(line: str, share: float) -> bool:
    """Return whether a line belongs to the drawn share."""
    return crc32(line.encode()) < share * 2**32


@click.command()
@click.argument("corpus", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--leave-out",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="Leave out sentences that occur in a file of FOLDER.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    metavar="PART",
    help="Share of the lines to read.",
)
def main(corpus: Path, out: Path, leave_out: Path | None, share: float) -> None:
    """Write the training text from CORPUS into OUT, and print how much of each source was kept."""
    forbidden = evaluation_keys(leave_out) if leave_out else set[str]()
    out.mkdir(parents=True, exist_ok=True)
    largest_first = sorted(corpus.glob("*.txt.xz"), key=lambda path: (-path.stat().st_size, path.name))
    with ProcessPoolExecutor(2) as pool:
        for line in pool.map(partial(write_text, out=out, forbidden=forbidden, share=share), largest_first):
            print(line, flush=True)


if __name__ == "__main__":
    main()
