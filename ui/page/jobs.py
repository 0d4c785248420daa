"""Indexing from the page: one run at a time a collection, in a thread that can be watched, cancelled and resumed."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...indexer.build import BuildConfig, BuildReport, build
from ...indexer.errors import PolysemeError
from ...indexer.progress import Progress
from ...indexer.runtime import freezing_gc

BATCH = 128
"""Sentences encoded together: few, so that a run soon hears that it is cancelled."""


class Cancelled(Exception):  # noqa: N818
    """The visitor asked the run to end."""


@dataclass(slots=True)
class Job:
    """One run: what it indexes, how far it is, and how it ended. Written by its thread, read by the page."""

    collection: Path
    sources: tuple[Path, ...]
    model: str
    progress: Progress | None = None
    report: BuildReport | None = None
    problem: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the run goes on."""
        return self.thread is not None and self.thread.is_alive()

    @property
    def cancelled(self) -> bool:
        """Whether the run was ended by the visitor before it was done."""
        return self.stop.is_set() and not self.running and self.report is None

    def cancel(self) -> None:
        """Ask the run to end at the next sentence; what was committed stays."""
        self.stop.set()


class Jobs:
    """The runs of all sessions, the last one of each collection."""

    def __init__(self) -> None:
        self._jobs: dict[Path, Job] = {}
        self._lock = threading.Lock()

    def of(self, collection: Path) -> Job | None:
        """The last run of a collection."""
        return self._jobs.get(collection)

    def running_in(self, folder: Path) -> Job | None:
        """A run that goes on for a collection in a folder."""
        return next((job for path, job in list(self._jobs.items()) if path.parent == folder and job.running), None)

    def start(self, collection: Path, sources: Sequence[Path], model: str = "default") -> Job:
        """Begin a run, or go on with one that was cut off; PolysemeError while another one writes."""
        with self._lock:
            before = self._jobs.get(collection)
            if before is not None and before.running:
                raise PolysemeError(f"{collection.name} is being indexed; wait until it is done, or cancel it")
            job = Job(collection, tuple(sources), model)
            job.thread = threading.Thread(target=_run, args=(job,), name=f"index {collection.name}", daemon=True)
            self._jobs[collection] = job
            job.thread.start()
            return job


def _run(job: Job) -> None:
    def watch(progress: Progress) -> None:
        job.progress = progress
        if job.stop.is_set():
            raise Cancelled

    try:
        config = BuildConfig(batch_sentences=BATCH)
        job.report = build(job.collection, job.sources, config, job.model, freezing_gc(watch))
    except Cancelled:
        pass
    except PolysemeError as error:
        job.problem = str(error)
    except Exception as error:
        traceback.print_exc()
        job.problem = f"the run ended with {type(error).__name__}: {error}; what was committed stays, start it again"
