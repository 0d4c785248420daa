"""Word usage graphs (DWUG): usages of a word over time, clustered by human judgements of their meaning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ....indexer.errors import DocumentError
from ..datasets.usage_graphs import read_dwug
from ..records import Score
from ..vectors import OnProgress, represent
from .words import retrieval_scores

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder


def evaluate_dwug(
    encoder: Encoder, folder: Path, language: str = "en", on_progress: OnProgress | None = None
) -> list[Score]:
    """Return the mean average precision of retrieving usages of the same cluster, mean over words. Baseline: chance.

    Raises:
        DocumentError: No word has two clusters that can be distinguished.
    """
    words = read_dwug(folder, language)
    found = represent(encoder, (usage.span for usages in words.values() for usage in usages), on_progress)
    scores = retrieval_scores("dwug", found, words)
    if not scores:
        raise DocumentError(f"{folder}: no word has uses in two clusters, and two in one of them; give more words")
    return scores
