"""Index documents: from files to a collection on disk."""

if __name__ == "indexer":  # imported from a checkout by its short name
    from polyseme.old_names import take_over

    take_over(__name__)
else:
    from .runtime import import_sqlite3

    import_sqlite3()
