"""Keep `indexer`, `search` and `ui` importable beside `polyseme.indexer`, `polyseme.search` and `polyseme.ui`.

Both names give the same module object, so that a class is never defined twice. Version 0.2 removes the short names
from installations. In a checkout they keep working, because the folders have these names.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ROOMS = ("indexer", "search", "ui")


class _OldNames(MetaPathFinder, Loader):
    """Find `indexer.x` as `polyseme.indexer.x`."""

    def __init__(self) -> None:
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Claim every module of a room. Return None for all others."""
        room, _, rest = fullname.partition(".")
        return ModuleSpec(fullname, self) if rest and room in ROOMS else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module of the full name. The import system then replaces the module's spec."""
        module = import_module(f"polyseme.{spec.name}")
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Restore the module's own spec. Its code has run already."""
        assert module.__spec__ is not None
        module.__spec__ = self._specs.pop(module.__spec__.name)


def take_over(room: str) -> None:
    """Make the top-level name `room` an alias of `polyseme.room` and all its modules."""
    if not any(isinstance(finder, _OldNames) for finder in sys.meta_path):
        sys.meta_path.insert(0, _OldNames())
    sys.modules[room] = import_module(f"polyseme.{room}")
