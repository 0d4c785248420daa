"""Search your own documents by meaning: `polyseme.build(...)` indexes them, `polyseme.open(...)` searches them.

The code lives in the folders `indexer`, `search` and `ui`, installed as `polyseme.indexer`, `polyseme.search` and
`polyseme.ui`. In a checkout those folders are beside this one, so the parent folder is added to the package's
search path.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .indexer.build import BuildConfig, BuildReport, build
    from .indexer.collection.collection import Collection
    from .indexer.documents import Document, GivenSentence, GivenToken
    from .indexer.elmo import load_encoder
    from .indexer.errors import PolysemeError
    from .search.searcher import Searcher

    open = Searcher.open

__all__ = [
    "BuildConfig",
    "BuildReport",
    "Collection",
    "Document",
    "GivenSentence",
    "GivenToken",
    "PolysemeError",
    "Searcher",
    "build",
    "load_encoder",
    "open",
]

_HERE = Path(__file__).parent
if not (_HERE / "indexer").is_dir():
    __path__.append(str(_HERE.parent))

_HOMES = {
    "BuildConfig": ".indexer.build",
    "BuildReport": ".indexer.build",
    "Collection": ".indexer.collection.collection",
    "Document": ".indexer.documents",
    "GivenSentence": ".indexer.documents",
    "GivenToken": ".indexer.documents",
    "PolysemeError": ".indexer.errors",
    "Searcher": ".search.searcher",
    "build": ".indexer.build",
    "load_encoder": ".indexer.elmo",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import polyseme` stays quick."""
    if name == "open":
        value = __getattr__("Searcher").open  # type: ignore[attr-defined]
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
