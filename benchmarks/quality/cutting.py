"""Score sentences and tokens on running text against treebanks in CoNLL-U, and time the cutting.

    python -m benchmarks.quality.cutting FILE.conllu[.xz] [FILE ...] --language CODE [--diff OUT.txt]

`# newdoc` begins a document and `# newpar` a paragraph. Paragraphs are joined with a blank line, as readers give them.
Sentences of a paragraph follow each other as `SpaceAfter` says. A file without `# newdoc` is one document.

A sentence or a token is right if it begins and ends at the same characters as in the gold. Conventions of Universal
Dependencies that differ from those of the Penn Treebank are normalised on both sides:

- Hyphenated words are cut at their hyphens, because the treebanks cut most of them.
- A word of several syntactic words is one token ("cannot", French "du"). Parts at an apostrophe stay ("do", "n't").
- Runs of one sign are one token. A note mark in brackets ("[1]") is cut at its brackets.

`--diff` writes the sentences and tokens that differ from the gold. Two commits are compared by the files that they
write.
"""

from __future__ import annotations

import lzma
import re
import time
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path

import click
from polyseme.indexer.text import TextAnalyser

from benchmarks.quality.segmentation import Gold, Span, Tally

_APOSTROPHE = re.compile("['’ʼ]")
_ALWAYS_CUT = re.compile(r"[-\[\]]|\s+")
_RUN = re.compile(r"([^\w\s])\1+")


def read_treebank(path: Path) -> Iterator[Gold]:
    """Yield the documents of a treebank with sentences and tokens.

    Raises:
        click.ClickException: The file has no sentence.
    """
    document = _Document()
    has_sentences = False
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        comments: list[str] = []
        rows: list[list[str]] = []
        for line in chain(lines, [""]):
            if line.startswith("#"):
                comments.append(line[1:].strip())
            elif line.strip():
                rows.append(line.rstrip("\n").split("\t"))
            elif rows:
                has_sentences = True
                if any(comment.startswith("newdoc") for comment in comments) and document.sentences:
                    yield document.gold()
                    document = _Document()
                document.add(rows, new_paragraph=any(comment.startswith("newpar") for comment in comments))
                comments, rows = [], []
    if not has_sentences:
        raise click.ClickException(f"{path} holds no sentence in CoNLL-U; give a treebank of Universal Dependencies")
    yield document.gold()


class _Document:
    """A document that grows by sentences."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.sentences: list[Span] = []
        self.tokens: list[Span] = []
        self.gap = ""

    def add(self, rows: list[list[str]], *, new_paragraph: bool) -> None:
        """Add a sentence."""
        self._write("\n\n" if new_paragraph and self.sentences else self.gap)
        start, end, covered = self.length, self.length, 0
        words = {row[0]: row[1] for row in rows}
        for number, form, *_, misc in rows:
            first, _, last = number.partition("-")
            if "." in number or (not last and int(first) <= covered):  # an empty node, or a word of a wider token
                continue
            begun = self.length
            self._write(form)
            if last:
                covered = int(last)
                parts = [words[str(n)] for n in range(int(first), covered + 1)]
                self.tokens += _parts_at_apostrophe(begun, form, parts)
            else:
                self.tokens.append((begun, self.length))
            end = self.length
            self.gap = "" if "SpaceAfter=No" in misc else " "
            self._write(self.gap)
        self.gap = ""
        self.sentences.append((start, end))

    def _write(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def gold(self) -> Gold:
        """Return the document as gold."""
        return Gold("".join(self.parts), tuple(self.sentences), tuple(self.tokens))


def _parts_at_apostrophe(start: int, form: str, parts: list[str]) -> list[Span]:
    if "".join(parts) != form or not _APOSTROPHE.search(form):
        return [(start, start + len(form))]
    spans = []
    for part in parts:
        spans.append((start, start + len(part)))
        start += len(part)
    return spans


def normalised(text: str, spans: Iterable[Span]) -> set[Span]:
    """Return the tokens cut at hyphens, square brackets and spaces, with a run of one sign as one token."""
    cuts = {place for span in spans for place in span}
    cuts.update(place for match in _ALWAYS_CUT.finditer(text) for place in match.span())
    for match in _RUN.finditer(text):
        cuts.difference_update(range(match.start() + 1, match.end()))
    return {span for span in pairwise(sorted(cuts)) if text[slice(*span)].strip()}


def differences(text: str, found: set[Span], wanted: set[Span]) -> Iterator[str]:
    """Yield a line for each span of one set that is not in the other, in the order of the text."""
    for start, end in sorted(found ^ wanted):
        sign = "+" if (start, end) in found else "-"
        yield f"{sign} {text[start:end]!r}  {text[max(0, start - 30) : end + 30]!r}"


@click.command()
@click.argument("treebanks", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--language", required=True, help="Language code of the treebanks.")
@click.option("--diff", type=click.Path(dir_okay=False, path_type=Path), help="File for what differs from the gold.")
def main(treebanks: tuple[Path, ...], language: str, diff: Path | None) -> None:
    """Print precision, recall and F1 of sentences and tokens, and the time."""
    analyser = TextAnalyser(language)
    list(analyser.sentences("The libraries' dictionaries are read now, aren't they?"))
    lines: list[str] = []
    click.echo(f"{'':24}sentences: P, R, F1     tokens: P, R, F1        sentences  tokens   us/token")
    for path in treebanks:
        sentences, tokens, seconds = Tally(), Tally(), 0.0
        for gold in read_treebank(path):
            begun = time.process_time()
            found = list(analyser.sentences(gold.text))
            seconds += time.process_time() - begun
            spans = {(sentence.start, sentence.end) for sentence in found}
            sentences.add(spans, set(gold.sentences))
            cut = normalised(gold.text, ((token.start, token.end) for one in found for token in one.tokens))
            wanted = normalised(gold.text, gold.tokens)
            tokens.add(cut, wanted)
            if diff is not None:
                lines += differences(gold.text, spans, set(gold.sentences))
                lines += differences(gold.text, cut, wanted)
        name = path.name.removesuffix(".xz").removesuffix(".conllu")
        speed = seconds / tokens.wanted * 1e6
        click.echo(f"{name:24}{sentences}    {tokens}    {sentences.wanted:9,} {tokens.wanted:9,} {speed:8.2f}")
    if diff is not None:
        diff.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
