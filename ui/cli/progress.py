"""Progress of indexing as a line on standard error."""

from __future__ import annotations

import sys
import time

from ...indexer.progress import Progress, Stage
from ...indexer.values import count
from ..formats import duration
from .printing import say

BAR_WIDTH = 24
"""Width of the progress bar in characters."""


def size(count: int) -> str:
    """Return a number of bytes with a decimal unit, such as `512 B` or `3.2 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def progress_text(event: Progress) -> str:
    """Return the progress of indexing in one line."""
    if event.stage is not Stage.INDEXING:
        return event.stage.value
    bar = ""
    if event.fraction is not None:
        filled = round(event.fraction * BAR_WIDTH)
        bar = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {event.fraction:4.0%}  "
    left = "" if event.seconds_left is None else f", {duration(event.seconds_left)} left"
    skipped = f", {event.skipped} skipped" if event.skipped else ""
    speed = f"{event.sentences_per_second:.0f}/s"
    return f"{bar}{count(event.documents, 'document')}, {count(event.sentences, 'sentence')}, {speed}{left}{skipped}"


class ProgressLine:
    """Progress on standard error: one overwritten line on a terminal, else one line every 10 seconds.

    Args:
        with_estimate: Also print an estimate of the work, once it is known.
    """

    def __init__(self, with_estimate: bool = True) -> None:
        self.terminal = sys.stderr.isatty()
        self.every = 0.2 if self.terminal else 10.0  # seconds
        self.last = 0.0
        self.estimate_due = with_estimate
        self.width = 0

    def __call__(self, event: Progress) -> None:
        """Show an event, if a line is due."""
        if event.estimate is not None and self.estimate_due:
            self.estimate_due = False
            estimate = event.estimate
            files = count(estimate.files, "file")
            self._line(
                f"{files}, {size(estimate.bytes)}: about {count(estimate.sentences, 'sentence')} if all of it is"
                f" plain text, {size(estimate.bytes_on_disk)} on disk"
            )
        now = time.monotonic()
        if event.stage is Stage.INDEXING and now - self.last < self.every:
            return
        self.last = now
        if event.stage is Stage.DONE:
            self.finish()
        elif self.terminal:
            text = progress_text(event)
            self.width = max(self.width, len(text))
            say("\r" + text.ljust(self.width), end="")
        elif event.stage is Stage.INDEXING:
            self._line(progress_text(event))

    def finish(self) -> None:
        """Clear the line."""
        if self.terminal and self.width:
            say("\r" + " " * self.width + "\r", end="")
            self.width = 0

    def _line(self, text: str) -> None:
        self.finish()
        say(text)
