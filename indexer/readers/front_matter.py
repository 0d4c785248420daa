"""Read the metadata at the beginning of a text: YAML between `---`, or TOML between `+++`.

Malformed front matter is text, because a letter may well begin with a ruled line. Every value of YAML stays the string
in the file (`007`, `yes`). Aliases are refused, because a few lines of them can expand to gigabytes. So are names of a
hundred parts and lists inside a hundred lists, because the parsers take quadratic memory and time for them.
"""

import re
import tomllib
from datetime import date, datetime, time

import yaml

_YAML = re.compile(r"---[ \t]*\n(.{0,65536}?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\+\+\+[ \t]*\n(.{0,65536}?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)

_DEEPEST = 100  # number of lists and mappings inside each other, and of parts of a name
_BRACKET = re.compile(r"[\[\]{}]")
_LONG_NAME = re.compile(rf"(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{_DEEPEST}}}")


def front_matter(text: str) -> tuple[dict[str, object], str]:
    """Return the fields of the front matter and the text after it."""
    if match := _YAML.match(text):
        fields = _yaml_fields(match[1])
    elif match := _TOML.match(text):
        fields = _toml_fields(match[1])
    else:
        return {}, text
    return ({}, text) if fields is None else (fields, text[match.end() :])


def _nests_deep(block: str) -> bool:
    depth = 0
    for bracket in _BRACKET.findall(block):
        depth += 1 if bracket in "[{" else -1
        if depth > _DEEPEST:
            return True
    return False


def _yaml_fields(block: str) -> dict[str, object] | None:
    if _nests_deep(block):
        return None
    try:
        fields = yaml.load(block, Loader=_PlainLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    is_mapping = isinstance(fields, dict) and all(isinstance(key, str) for key in fields)
    return fields if is_mapping else None


def _toml_fields(block: str) -> dict[str, object] | None:
    if _nests_deep(block) or _LONG_NAME.search(block):
        return None
    try:
        return {key: _plain(value) for key, value in tomllib.loads(block).items()}
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None


def _plain(value: object) -> object:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


class _PlainLoader(yaml.BaseLoader):
    """YAML loader for strings, lists and mappings only. It refuses aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)
