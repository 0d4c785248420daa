"""A collection on disk: SQLite for everything but vectors, immutable segments for the vectors."""
