"""What stays for good is kept out of the search for garbage.

Streamlit looks for garbage among all objects after each run of the page, a look at the progress of indexing included,
and no other thread runs Python meanwhile: half a second each time once TensorFlow, which is 400,000 objects, is there.
Indexing makes Python itself look as often as it commits.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from ..indexer.progress import Progress


def spare() -> None:
    """Spare all objects that are here now: not looked through again, they end when nobody refers to them any more.

    Those that refer to each other in a circle stay for good; models, collections and searchers do not.
    """
    gc.freeze()


def sparing(watch: Callable[[Progress], None] | None = None) -> Callable[[Progress], None]:
    """Watch a run, and spare what is here once it has encoded sentences: the model and its libraries."""
    spared = False

    def watching(progress: Progress) -> None:
        nonlocal spared
        if progress.sentences and not spared:
            spare()
            spared = True
        if watch is not None:
            watch(progress)

    return watching
