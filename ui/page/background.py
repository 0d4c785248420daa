"""Compute texts in a thread of their own, so that no visitor waits for them. This module does not import Streamlit."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable


class Background:
    """Texts that a thread computes from the start. Any thread may ask for them."""

    def __init__(self, find: Callable[[], tuple[str, ...]]) -> None:
        self._found: tuple[str, ...] = ()
        self._ended = threading.Event()
        # The program may end before the thread does.
        threading.Thread(target=self._run, args=(find,), daemon=True).start()

    def _run(self, find: Callable[[], tuple[str, ...]]) -> None:
        try:
            self._found = find()
        except Exception:  # the page works without these texts, so the error is only logged
            traceback.print_exc()
        finally:
            self._ended.set()

    def result(self, wait: float = 0) -> tuple[str, ...] | None:
        """Return the texts. None if they are not there after `wait` seconds, and none at all after an error."""
        return self._found if self._ended.wait(wait) else None
