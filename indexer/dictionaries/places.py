"""Find WordNet where Debian and NLTK install it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ..errors import DocumentError
from .wordnet import is_wordnet

WORDNET = "wordnet"
"""Name that asks for an installed WordNet in place of a path."""


def find_wordnet() -> Path:
    """Return the folder of an installed WordNet.

    Raises:
        DocumentError: There is none at the usual places.
    """
    found = next((place for place in usual_places() if is_wordnet(place)), None)
    if found is None:
        raise DocumentError(
            "WordNet is not at its usual places; install it with `apt install wordnet-base`, or with"
            " `python -m nltk.downloader wordnet` and unzip it, or give its folder"
        )
    return found


def usual_places() -> Iterator[Path]:
    """Yield the folders where WordNet may be: those of WNSEARCHDIR and WNHOME first, then Debian's, then NLTK's."""
    if named := os.environ.get("WNSEARCHDIR"):
        yield Path(named)
    if named := os.environ.get("WNHOME"):
        yield Path(named) / "dict"
    yield Path("/usr/share/wordnet")
    yield Path("/usr/local/WordNet-3.0/dict")
    nltk = [Path(part) for part in os.environ.get("NLTK_DATA", "").split(os.pathsep) if part]
    for prefix in dict.fromkeys((Path(sys.prefix), Path("/usr"), Path("/usr/local"))):
        nltk += [prefix / "nltk_data", prefix / "share" / "nltk_data", prefix / "lib" / "nltk_data"]
    for folder in (*nltk, Path("~/nltk_data").expanduser()):
        yield folder / "corpora" / "wordnet"
