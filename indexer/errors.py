"""Errors that a user can cause. Each message is one line: what is wrong, where, and the next step."""


class PolysemeError(Exception):
    """Base class of all errors of Polyseme. The command line prints the message and exits with status 1."""


class ModelError(PolysemeError):
    """A model cannot be found, read or used."""


class DocumentError(PolysemeError):
    """A document cannot be read, or two documents have the same id."""


class CollectionError(PolysemeError):
    """A collection is missing, damaged, locked, in another format, or built with another model."""


class UnnamedModelError(CollectionError):
    """A collection needs a model that the user has not named on this machine."""


class DamageError(CollectionError):
    """A file of a collection is missing, cut short or changed, or does not fit the other files."""


class QueryError(PolysemeError):
    """A query is not valid. For example, it has no target, two targets, or an unknown field or word."""
