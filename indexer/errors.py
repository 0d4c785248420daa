"""Errors a user can cause. Each message is one line: what is wrong, where, and the next step."""


class PolysemeError(Exception):
    """Base of every error that Polyseme raises on purpose; the command line prints it and exits with status 1."""


class ModelError(PolysemeError):
    """A model cannot be found, read, or used."""


class DocumentError(PolysemeError):
    """A document cannot be read, or two documents claim one id."""


class CollectionError(PolysemeError):
    """A collection is missing, damaged, locked, of another format, or built with another model."""


class QueryError(PolysemeError):
    """A query cannot be understood: no target, two targets, an unknown field or word."""
