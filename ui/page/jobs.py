"""Index in background threads, one run per collection at a time. A run can be watched, cancelled and resumed."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...indexer.build import BuildConfig, BuildReport, build
from ...indexer.documents import ReadOptions
from ...indexer.errors import PolysemeError
from ...indexer.progress import Progress
from ...indexer.runtime import freezing_gc
from ..messages import is_expected, problem
from .language import say

BATCH = 128
"""Number of sentences encoded together. A run checks for cancellation between batches, so the number is small."""
_DEFAULTS = ReadOptions()


class Cancelled(Exception):  # noqa: N818
    """The visitor cancelled the run."""


@dataclass(slots=True)
class Job:
    """One run: its sources, its progress, and how it ended. Its thread writes the record, and the page reads it."""

    collection: Path
    sources: tuple[Path, ...]
    model: str
    reading: ReadOptions = field(default_factory=ReadOptions)
    progress: Progress | None = None
    report: BuildReport | None = None
    problem: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the run is in progress."""
        return self.thread is not None and self.thread.is_alive()

    def cancel(self) -> None:
        """Ask the run to end after the current sentences. Committed documents stay."""
        self.stop.set()


class Jobs:
    """The runs of all sessions: the last one of each collection."""

    def __init__(self) -> None:
        self._jobs: dict[Path, Job] = {}
        self._lock = threading.Lock()

    def of(self, collection: Path) -> Job | None:
        """Return the last run of a collection."""
        return self._jobs.get(collection)

    def running_in(self, folder: Path) -> Job | None:
        """Return a run in progress for any collection of a folder."""
        return next((job for path, job in list(self._jobs.items()) if path.parent == folder and job.running), None)

    def start(
        self,
        collection: Path,
        sources: Sequence[Path],
        model: str = "default",
        reading: ReadOptions = _DEFAULTS,
    ) -> Job:
        """Start a run, or resume an interrupted one.

        Raises:
            PolysemeError: The collection is already being indexed.
        """
        with self._lock:
            before = self._jobs.get(collection)
            if before is not None and before.running:
                text = say("{name} is being indexed; wait until it is done, or cancel it", name=collection.name)
                raise PolysemeError(text)
            job = Job(collection, tuple(sources), model, reading)
            job.thread = threading.Thread(target=_run, args=(job,), name=f"index {collection.name}", daemon=True)
            self._jobs[collection] = job
            job.thread.start()
            return job


def _run(job: Job) -> None:
    def on_progress(progress: Progress) -> None:
        job.progress = progress
        if job.stop.is_set():
            raise Cancelled

    try:
        config = BuildConfig(batch_sentences=BATCH, reading=job.reading)
        job.report = build(job.collection, job.sources, config, job.model, freezing_gc(on_progress))
    except Cancelled:
        pass
    except Exception as error:
        if not is_expected(error):
            traceback.print_exc()
        job.problem = problem(error, "read the log where `polyseme ui` was started")
