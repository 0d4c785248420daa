"""The indexer's progress as a line on standard error."""

from __future__ import annotations

import sys
import time

from ...indexer.progress import Progress, Stage
from ..formats import duration

WIDTH = 24


def size(count: int) -> str:
    """Bytes for people: 512 B, 3.2 MB."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def progress_text(event: Progress) -> str:
    """One line that says how far the indexer is."""
    if event.stage is not Stage.INDEXING:
        return event.stage.value
    bar = ""
    if event.fraction is not None:
        filled = round(event.fraction * WIDTH)
        bar = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {event.fraction:4.0%}  "
    left = "" if event.seconds_left is None else f", {duration(event.seconds_left)} left"
    skipped = f", {event.skipped} skipped" if event.skipped else ""
    speed = f"{event.sentences_per_second:.0f}/s"
    return f"{bar}{event.documents} documents, {event.sentences} sentences, {speed}{left}{skipped}"


class ProgressLine:
    """Shows events: a line that is overwritten on a terminal, else a line every ten seconds."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.every = 0.2 if self.terminal else 10.0
        self.last = 0.0
        self.estimated = False
        self.width = 0

    def __call__(self, event: Progress) -> None:
        """Show an event, if it is time to."""
        if event.estimate is not None and not self.estimated:
            self.estimated = True
            ahead = event.estimate
            self._line(
                f"{ahead.files} files, {size(ahead.bytes)}: about {ahead.sentences} sentences if it is all plain text,"
                f" {size(ahead.bytes_on_disk)} on disk"
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
            sys.stderr.write("\r" + text.ljust(self.width))
            sys.stderr.flush()
        elif event.stage is Stage.INDEXING:
            self._line(progress_text(event))

    def finish(self) -> None:
        """Leave the line."""
        if self.terminal and self.width:
            sys.stderr.write("\r" + " " * self.width + "\r")
            self.width = 0

    def _line(self, text: str) -> None:
        self.finish()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
