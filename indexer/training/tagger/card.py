"""The section of a model's card about its tagger: the network, the treebank, its licence and the quality."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...elmo.tagger import Tagger
from ..sentence_space.card import teacher_licence
from ..text import TextFile, file_rows
from .config import TaggerConfig, TaggerReport

TITLE = "## Parts of speech"


@dataclass(frozen=True, slots=True, eq=False)
class TaggerFacts:
    """Content of the section."""

    tagger: Tagger
    config: TaggerConfig
    report: TaggerReport
    licence: str | None  # of the treebank, as a README beside it names it
    command: str | None
    file: TextFile


def tagger_section(facts: TaggerFacts) -> str:
    """Return the section in Markdown."""
    tagger, report, config = facts.tagger, facts.report, facts.config
    command = f"    {facts.command}\n\n" if facts.command else ""
    licence = f"Its licence is {facts.licence}." if facts.licence else "No README beside it names its licence."
    shares = {"UPOS": report.accuracy.upos, "XPOS": report.accuracy.xpos, "lemmas": report.accuracy.lemma}
    quality = ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items() if share is not None)
    first, second = tagger.window_map.shape[0] // 3, tagger.window_map.shape[1]
    return f"""{TITLE}
`tagger.safetensors` tags tokens with {report.upos} universal parts of speech and {report.xpos} tags of the treebank. \
A network reads the states of the layers {", ".join(map(str, tagger.layers))} and the spelling. Its first hidden \
vectors have {first} numbers. Its second ones have {second} and read the first ones of the token and its two \
neighbours. The pair of tags with the highest score wins, of {len(tagger.pairs)} pairs that the treebank has. \
{report.rules:,} rules give lemmas by part of speech.

The network was trained on the treebank `{facts.file.path}`, {report.sentences:,} sentences. {licence} The tagger is \
derived from the treebank, so state that licence with the model that you pass on. Language: {config.language}. \
Epochs: {config.epochs}. Seed: {config.seed}. Each sentence was read as the treebank cuts it and as Polyseme does. \
Some were also read in small letters, with a capital at each word, or in capitals.

Accuracy on the words of {report.held_out} held-out sentences: {quality}.

{command}| file | bytes | sha256 |
|---|---|---|
{file_rows([facts.file])}
"""


def treebank_licence(treebank: Path) -> str | None:
    """Return the licence that the README beside a treebank names, None if there is none."""
    return teacher_licence(treebank.parent)
