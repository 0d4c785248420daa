"""Read the lines of a table of contents."""

import re

_PAGE_NUMBER = re.compile(r"[ .…·_]*\t[ \t]*(?:[0-9]{1,5}|[ivxlc]{1,8})\s*$", re.IGNORECASE)


def without_page_number(line: str) -> str:
    """Return a line of a table of contents without its page number, which is after a tab."""
    return _PAGE_NUMBER.sub("", line)
