"""How good vectors are: measures, readers of the published gold formats, tasks, and a user's own gold."""

from .datasets.pairs import read_sts, read_usim, read_wic
from .measures import (
    accuracy,
    average_precision,
    best_threshold,
    mean_average_precision,
    precision_at,
    ranks,
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
    "ranks",
    "read_sts",
    "read_usim",
    "read_wic",
    "spearman",
]
