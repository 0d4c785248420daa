"""What stays for good is kept out of the search for garbage.

Streamlit looks for garbage among all objects after each run of the page, a look at the progress of indexing included,
and no other thread runs Python meanwhile: half a second each time once TensorFlow, which is 400,000 objects, is there.
"""

from __future__ import annotations

import gc


def spare() -> None:
    """Spare all objects that are here now: they are no longer looked through, and still end when nobody needs them."""
    gc.collect()
    gc.freeze()
