"""Documents -> a collection on disk."""

from indexer.own_sqlite import import_sqlite3

import_sqlite3()
