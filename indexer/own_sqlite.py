"""Python's own SQLite, whatever was imported before.

TensorFlow's library carries an SQLite without full-text search and lends its functions to each library loaded later:
a program that imports TensorFlow first would get that one behind ``import sqlite3``.
"""

import os
import sys


def import_sqlite3() -> None:
    """Import sqlite3 bound to the library that it was built for, even after TensorFlow."""
    if "_sqlite3" in sys.modules or not hasattr(os, "RTLD_DEEPBIND"):
        import sqlite3

        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | os.RTLD_DEEPBIND)
    try:
        import sqlite3  # noqa: F401
    finally:
        sys.setdlopenflags(flags)
