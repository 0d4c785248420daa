"""Rebuild the command line of this run for publication, for example on the card of a model."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from urllib.parse import urlsplit, urlunsplit

import click


def shareable_command(context: click.Context, leave_out: Collection[str] = ()) -> str:
    """Return the command line of this run without private details.

    Arguments come first, then the given options in the order of the help. Paths are reduced to their last part, and
    URLs lose passwords and query strings.

    Args:
        context: Context of the command that runs.
        leave_out: Names of parameters that do not affect the outcome, such as `quiet`.
    """
    words = context.command_path.split()
    for parameter in sorted(context.command.params, key=lambda parameter: isinstance(parameter, click.Option)):
        name = parameter.name or ""
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and name not in leave_out:
            words += _words(parameter, context.params[name])
    return shlex.join(words)


def _words(parameter: click.Parameter, value: object) -> list[str]:
    values = [redact(str(one)) for one in (value if isinstance(value, tuple) else (value,))]
    if not isinstance(parameter, click.Option):
        return values
    if parameter.is_flag:
        return [(parameter.opts if value else parameter.secondary_opts)[0]]
    return [word for text in values for word in (parameter.opts[0], text)]


def redact(text: str) -> str:
    """Return a value without private details. Numbers, names and handles are returned unchanged.

    A path keeps its last part, also in `NAME=PATH`. A URL loses its password and its query string.
    """
    from ...indexer.elmo.formats.card import last_part

    name, equals, path = text.partition("=")
    if equals and name.isidentifier():
        return f"{name}={redact(path)}"
    if "://" in text:
        parts = urlsplit(text)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    is_path = "/" in text or "\\" in text or text.startswith("~") or text in (".", "..")
    return last_part(text) if is_path else text
