"""The section of a model's card about its sentence vectors: the formula, the teacher, the text and the quality."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...elmo.limits import MAX_TEXT_BYTES, read_bytes
from ...elmo.sentence_space import SentenceSpace
from ..text import TextFile, file_rows
from .config import SentenceConfig, SentenceReport

TITLE = "## Sentence vectors"
_CARDS = ("README.md", "MODEL_CARD.md")
_LICENCE = re.compile(r"^\W*licen[cs]e\W*:\W*([A-Za-z0-9][\w.+ -]{0,60})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, eq=False)
class SentenceFacts:
    """Content of the section."""

    space: SentenceSpace
    config: SentenceConfig
    report: SentenceReport
    held_out: int  # sentences that the correlations were measured on
    teacher: str  # name of its folder
    licence: str | None  # of the teacher, as its card names it
    command: str | None
    files: Sequence[TextFile]


def sentence_section(facts: SentenceFacts) -> str:
    """Return the section in Markdown."""
    space, report, config = facts.space, facts.report, facts.config
    parts = ["half of layer 0" if layer == 0 else f"layer {layer}" for layer in space.layers]
    parts += ["the sense vector"] if space.reads_sense else []
    command = f"    {facts.command}\n\n" if facts.command else ""
    epochs = "one epoch" if config.epochs == 1 else f"{config.epochs} epochs"
    licence = f"Its card names the licence {facts.licence}." if facts.licence else "Its folder names no licence."
    return f"""{TITLE}
A sentence vector is a weighted mean over the tokens, minus `centre`. A token gives a row of the table of \
{report.words:,} words, plus its states @ `map` {space.map.shape}, plus `shift`. Its states are {_list_of(parts)}. Its \
weight is a / (a + relative frequency of the word), a = {space.rarity:g}, times the exponential of states @ \
`state_factors` + `bias` + the word's `word_factors`.

The teacher was the sentence transformer `{facts.teacher}`. {licence} State the licences of the teacher and of the \
texts here before you pass the model on.

The map was fitted to the teacher's vectors of {report.texts:,} texts in {epochs}: sentences, pieces of \
them, and variants with a word replaced or left out. Language: {config.language}. Seed: {config.seed}.

Held-out quality is the rank correlation (Spearman) of the cosines of all pairs of {facts.held_out} sentences with the \
teacher's cosines. It is {report.correlation:.3f}. For the pooled vectors of the model without this map it is \
{report.before:.3f}.

{command}| file | bytes | sha256 |
|---|---|---|
{file_rows(facts.files)}
"""


def teacher_licence(folder: Path) -> str | None:
    """Return the licence that a teacher's card names, None if it names none."""
    for name in _CARDS:
        try:
            text = read_bytes(folder / name, MAX_TEXT_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        if found := _LICENCE.search(text):
            return found[1].strip()
    return None


def _list_of(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
