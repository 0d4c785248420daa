"""Choose the blocks of a page that belong to its article, and leave out menus, teasers and footers.

`resiliparse` proposes the article as plain text. The text is a guide only: our own blocks are kept or left out
unchanged. Everything from the first to the last block of the article is kept. Lists of links and parts that name
themselves as something else are left out. If the proposal looks wrong, the whole page is kept, because a lost text is
worse than a menu. The report `docs/results/reading.md` compares this with other libraries.
"""

import re
from collections.abc import Sequence

from .blocks import Block

MAX_GUIDED = 4 * 2**20
"""Maximum number of characters of a page in which an article is looked for. A longer page is a book or a table."""
_WORD = re.compile(r"\w+")
_SHINGLE = 3  # number of words that are compared at once
_MENU = 3  # number of links one below the other that are a menu
_PROSE = 10  # number of words from which a block is running text


def article(markup: str, blocks: Sequence[Block]) -> Sequence[Block]:
    """Return the blocks of the page's article, or all blocks if the page has none or it is doubtful."""
    if len(markup) > MAX_GUIDED or not _has_menus(blocks):
        return blocks
    is_kept = _filled(blocks, _proposed(blocks, _guide(markup)))
    return (
        blocks
        if _is_doubtful(blocks, is_kept)
        else [block for block, kept in zip(blocks, is_kept, strict=True) if kept]
    )


def _has_menus(blocks: Sequence[Block]) -> bool:
    links = 0
    for block in blocks:
        links = links + 1 if _is_link(block) else 0
        if block.side or links >= _MENU:
            return True
    return False


def _guide(markup: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(markup, main_content=True, alt_texts=False))


def _proposed(blocks: Sequence[Block], guide: str) -> list[bool]:
    """Return for each block whether its text is part of the guide."""
    lines = [_WORD.findall(line.lower()) for line in guide.split("\n")]
    short = {tuple(line) for line in lines if 0 < len(line) < _SHINGLE}
    long = set(_shingles([word for line in lines for word in line]))
    return [_is_proposed(_WORD.findall(block.text.lower()), short, long) for block in blocks]


def _is_proposed(words: list[str], short: set[tuple[str, ...]], long: set[tuple[str, ...]]) -> bool:
    if len(words) < _SHINGLE:
        return tuple(words) in short
    parts = _shingles(words)
    return 2 * sum(part in long for part in parts) >= len(parts)


def _shingles(words: list[str]) -> list[tuple[str, ...]]:
    return list(zip(*(words[start:] for start in range(_SHINGLE)), strict=False))


def _filled(blocks: Sequence[Block], is_proposed: list[bool]) -> list[bool]:
    """Return for each block whether it is kept. What is between blocks of the article belongs to it, menus apart."""
    inner = [at for at, block in enumerate(blocks) if is_proposed[at] and not _is_aside(block)]
    if not inner:
        return [True] * len(blocks)
    at, end = inner[0], inner[-1] + 1
    is_kept = [proposed and at <= place < end for place, proposed in enumerate(is_proposed)]
    while at > 0 and not blocks[at - 1].side and not _is_link(blocks[at - 1]):  # title, author and date
        at -= 1
    while end < len(blocks) and not blocks[end].side and not _is_link(blocks[end]):  # notes
        end += 1
    while at < end:
        start = at
        while at < end and not is_kept[at] and not blocks[at].side and _is_link(blocks[at]):
            at += 1
        if at - start < _MENU:
            is_kept[start:at] = [True] * (at - start)
        if at < end:
            is_kept[at] = is_kept[at] or not blocks[at].side
            at += 1
    return is_kept


def _is_aside(block: Block) -> bool:
    return block.side and (_is_link(block) or len(_WORD.findall(block.text)) < _PROSE)


def _is_link(block: Block) -> bool:
    return 2 * block.linked >= len(block.text)


def _is_doubtful(blocks: Sequence[Block], is_kept: list[bool]) -> bool:
    """Return whether a third of the running text would be left out. What is beside the article does not count."""
    kept = lost = 0
    for block, stays in zip(blocks, is_kept, strict=True):
        words = len(_WORD.findall(block.text))
        if words < _PROSE or _is_link(block):
            continue
        if stays:
            kept += words
        elif not block.side:
            lost += words
    return 2 * lost > kept
