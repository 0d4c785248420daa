"""Replace signs that hide the end of a sentence by plainer ones of the same length, so that offsets stay.

- A note mark becomes closing brackets: "bank.[2] Later" is read as "bank.))) Later".
- A closing quote after a space, as in French and in tokenised text, is joined to its sentence: "vous ? »".
- A dash between two sentences becomes a space: "sea.—She" is read as "sea. She". It begins the second one.
- A period after a space changes places with it: "sea . She" is read as "sea.) She".

Nothing else sees the changed text.
"""

from __future__ import annotations

import re

from .marks import mark_spans, may_have_marks

_STOPS = ".!?…"
_CLOSERS = "\"'”’»›)\\]}"
_OPENERS = "\"'`“‘«‹„(\\[{¿¡"

# Each pattern begins with a sign that is rare, because that is found fast.
_DASH = re.compile(f"[-—–―](?<=[{_STOPS}{_CLOSERS}].)[-—–―]*(?=[{_OPENERS}]*([^\\W\\d_]))")
# A closing sign after a space, before a space, a sign or the end: French "! »", tokenised ". ”".
_SPACED_CLOSER = re.compile(f"[{_STOPS}][{_CLOSERS}]*(\\s+[»›”)\\]])(?=[\\s.,;:!?»›”)\\]–—―]|--|$)")
_SPACED_QUOTE = re.compile(f'[{_STOPS}][{_CLOSERS}]*(\\s+")(?=[\\s.,;:!?]|$)')
# An opening sign directly after a stop and before a space closes: German "Komm!« Er", „Komm!“ Er.
_REVERSED_CLOSER = re.compile(f"[«‹“‘](?<=[{_STOPS}].)[«‹“‘]*(?=[\\s.,;:!?]|$)")
# A note mark whose raised digits were lost when the text was copied: "bank.1 Later".
_LOST_MARK = re.compile('\\d(?:(?<=[^\\W\\d_]{4}[.!?].)|(?<=[^\\W\\d_]{3}[.!?]["”’)].))\\d?(?=\\s+["“‘(]?[A-Z])')
# A number in round brackets directly after a stop is a note mark too: "bank.(1) Later".
_ROUND_MARK = re.compile(
    '\\((?:(?<=[^\\W\\d_]{2}[.!?].)|(?<=[^\\W\\d_][.!?]["”’].))\\d{1,3}\\)(?=\\s+["“‘(]?[A-Z]|\\s*$)'
)
_SPACED_PERIOD = re.compile(f"[^\\S\\n]\\.(?<=[\\w{_CLOSERS}]..)(?=\\s[{_OPENERS}\\s]*([^\\W\\d_])|\\s*$)")


def plain_signs(text: str) -> str:
    """Return a stretch of text with plainer signs at the ends of its sentences. Its length stays."""
    text = _LOST_MARK.sub(_closers, _without_marks(text))
    if "(" in text:
        text = _ROUND_MARK.sub(_closers, text)
    if " ." in text or "\u00a0." in text:
        text = _SPACED_PERIOD.sub(lambda match: match[0] if _goes_on(match) else ".)", text)
    if " )" in text or " ]" in text or not text.isascii():
        text = _SPACED_CLOSER.sub(_close, text)
        text = _REVERSED_CLOSER.sub(_close, text)
    if (' " ' in text or ' ",' in text or text.endswith(' "')) and text.count('"') % 2 == 0:
        text = _close_quotes(text)
    if "--" in text or not text.isascii():
        text = _DASH.sub(_separate, text)
    return text


def _closers(match: re.Match[str]) -> str:
    return ")" * len(match[0])


def _without_marks(text: str) -> str:
    if not may_have_marks(text):
        return text
    pieces: list[str] = []
    position = 0
    is_list = text.startswith("[")
    for start, end in mark_spans(text, loose_numbers=True):
        before = text[start - 1 : start] if start else ""
        sign = ")" * (end - start)
        if before.isspace() and _ends_sentence(text, start) and not _is_between_marks(text, position, start):
            # "bank. [2] Later": the mark belongs to the sentence before it, except in a list of references.
            if is_list or text[start] != "[" or not _new_sentence_or_end(text, end):
                continue
            stripped = start
            while stripped > position and text[stripped - 1].isspace():
                stripped -= 1
            pieces += [text[position:stripped], ")" * (start - stripped), sign]
        elif position and _is_between_marks(text, position, start):  # "bank.[2], [3] Later"
            pieces += [")" * (start - position), sign]
        elif not before or before.isspace():
            continue
        else:
            # "bank.[2]Later": a space was lost.
            glued = text[end : end + 1].isupper() and before in ".!?…"
            pieces += [text[position:start], sign[:-1] + " " if glued and len(sign) > 1 else sign]
        position = end
    return "".join([*pieces, text[position:]])


def _is_between_marks(text: str, end: int, start: int) -> bool:
    """Return whether only a comma or a dash is between two marks."""
    return 0 < start - end <= 2 and text[end:start].rstrip() in (",", ";", "–", "-")


def _ends_sentence(text: str, position: int) -> bool:
    before = text[max(0, position - 20) : position].rstrip().rstrip("\"'”’»›)]}")
    return before[-1:] in (".", "!", "?", "…")


def _new_sentence_or_end(text: str, position: int) -> bool:
    after = text[position : position + 20].lstrip().lstrip("\"'“‘«‹„([{¿¡")
    return not after or (text[position].isspace() and after[0].isupper())


def _close(match: re.Match[str]) -> str:
    """Return a match with closing brackets in the place of its group, or of the whole."""
    changed = match[1] if match.re.groups else match[0]
    return match[0][: len(match[0]) - len(changed)] + ")" * len(changed)


def _separate(match: re.Match[str]) -> str:
    is_hyphen = match[0] == "-"
    ends = not is_hyphen and not _goes_on(match) and _ends_sentence(match.string, match.start())
    return " " * len(match[0]) if ends else match[0]


def _goes_on(match: re.Match[str]) -> bool:
    return match[1] is not None and not match[1].isupper()


def _close_quotes(text: str) -> str:
    """Join each second quote of a text to the sentence before it. The others open."""
    counted = quotes = 0

    def joined(match: re.Match[str]) -> str:
        nonlocal counted, quotes
        quotes += text.count('"', counted, match.end() - 1)
        counted = match.end() - 1
        return _close(match) if quotes % 2 == 1 else match[0]

    return _SPACED_QUOTE.sub(joined, text)
