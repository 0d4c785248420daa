"""Measure vectors against gold data: measures, readers of published sets, tasks, and a user's own gold senses."""

from .datasets.pairs import read_sts, read_usim, read_wic
from .measures import (
    accuracy,
    average_precision,
    best_threshold,
    mean_average_precision,
    precision_at,
    spearman,
)
from .records import Score, SentencePair, Span, TokenPair, Usage

__all__ = [
    "Score",
    "SentencePair",
    "Span",
    "TokenPair",
    "Usage",
    "accuracy",
    "average_precision",
    "best_threshold",
    "mean_average_precision",
    "precision_at",
    "read_sts",
    "read_usim",
    "read_wic",
    "spearman",
]
