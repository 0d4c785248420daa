"""Show the progress of indexing as a bar: in notebooks as a widget, or as a line of text where there are no widgets."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .values import count

if TYPE_CHECKING:
    from .progress import Progress

_PARTS = 1000
"""Number of steps of a bar whose end is known."""


def progress_or_bar(progress: Callable[[Progress], None] | bool | None) -> Callable[[Progress], None] | None:
    """Return what receives progress events: a callback as it was given, a new bar, or None.

    Args:
        progress: True for a bar, False for none. None for a bar in a notebook, and none elsewhere.
    """
    if callable(progress):
        return progress
    return ProgressBar() if progress or (progress is None and in_notebook()) else None


def in_notebook() -> bool:
    """Return whether the program runs in the kernel of a notebook. IPython is only asked if it is running."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and "IPKernelApp" in getattr(shell, "config", {})


class ProgressBar:
    """A bar of tqdm, which is a widget in a notebook. It is shown from the first event to the last one."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, event: Progress) -> None:
        """Show an event."""
        from .progress import Stage

        if self._bar is None:
            self._bar = _new_bar()
        self._bar.set_description_str(event.stage.value, refresh=False)
        if event.fraction is not None:
            self._bar.n = round(event.fraction * _PARTS)
        counts = f"{count(event.documents, 'document')}, {count(event.sentences, 'sentence')}"
        self._bar.set_postfix_str(f"{counts}, {event.skipped:,} skipped" if event.skipped else counts)
        if event.stage is Stage.DONE:
            self._bar.close()
            self._bar = None


def _new_bar() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm advises to install widgets
        from tqdm.auto import tqdm

    return tqdm(total=_PARTS, bar_format="{desc}: {percentage:3.0f}% |{bar}| {postfix} [{elapsed}]", leave=True)
