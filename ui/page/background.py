"""Compute values in threads of their own, so that visitors need not wait. This module does not import Streamlit."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Background(Generic[Found]):
    """A value that a thread computes from the start. Any thread may ask for it.

    Args:
        find: Computes it.
        otherwise: The value after an error.
    """

    def __init__(self, find: Callable[[], Found], otherwise: Found) -> None:
        self._found = otherwise
        self._ended = threading.Event()
        # The program may end before the thread does.
        threading.Thread(target=self._run, args=(find,), daemon=True).start()

    def _run(self, find: Callable[[], Found]) -> None:
        try:
            self._found = find()
        except Exception:  # the page works without this value, so the error is only logged
            traceback.print_exc()
        finally:
            self._ended.set()

    def result(self, wait: float = 0) -> Found | None:
        """Return the value, or None if it is not there after `wait` seconds."""
        return self._found if self._ended.wait(wait) else None
