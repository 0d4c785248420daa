"""Change the database of a collection as another program does, without the checks of Polyseme."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from polyseme.indexer.collection.database_sums import SUMS_NAME
from polyseme.indexer.collection.schema import DATABASE_NAME


def change(collection: Path, sql: str, *parameters: Any, keep_sums: bool = False) -> None:
    """Run a statement on the database of a collection.

    Args:
        keep_sums: Keep the checksums of the database, so that the change counts as damage.
    """
    with closing(sqlite3.connect(collection / DATABASE_NAME)) as db:
        db.execute(sql, parameters)
        db.commit()
    if not keep_sums:
        (collection / SUMS_NAME).unlink(missing_ok=True)
