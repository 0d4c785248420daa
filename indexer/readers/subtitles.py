"""Read subtitles (SRT, VTT) as running text.

The text of one cue goes on in the next one, so that a sentence that several cues show is one sentence. Numbers, times,
names of cues, tags, notes and styles are left out. Descriptions of sounds stay, such as [door slams].
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from .encodings import decode
from .records import Extract, ReadOptions, UnreadableError, plain_newlines, whole_file

PAUSE = 3.0
"""Number of seconds without a cue after which a finished sentence ends its paragraph."""
_CLOCK = r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2})(?:[.,:]([0-9]{1,6}))?"
_TIMES = re.compile(rf"\s*{_CLOCK}\s*-{{1,2}}>\s*{_CLOCK}(?:\s.*)?")
_BLOCK = re.compile(r"(WEBVTT|NOTE|STYLE|REGION)(?:[ \t:].*)?$")
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^<>]*)>")
_GLOSS = re.compile(r"<rt>[^<]*(?:</rt>)?")
_VTT_TAG = re.compile(r"</?(?:[a-z][^<>]*|[0-9:.]+)?>", re.I)
_SRT_TAG = re.compile(r"</?(?:[biuscv]|font|span|ruby|lang|[0-9:.]++)(?:[\s.=][^<>]*+)?+/?>", re.I)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}|\{/?[bius]\}|\{[ycfsph]:[^{}]*\}", re.I)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
_INVISIBLE = re.compile("[\u200b\ufeff]")
_FINISHED = re.compile(r"[.!?…。！？♪♫:\])][\"'”’»)\]]*$")
_SOUND = re.compile(r"[\[(♪♫].*[\])♪♫]")
_DIALOGUE = re.compile(r"[-–—‐]\s*\S")
_LANGUAGE = re.compile(r"language:\s*([a-z]{2,3}(?:-[a-z0-9]+)*)\s*$", re.I)


@dataclass(slots=True)
class _Cue:
    """The lines that are shown together. `speaker` is empty if the file names none."""

    start: float = 0.0
    end: float = 0.0
    lines: list[tuple[str, str]] = field(default_factory=list)  # speaker and text


def read_subtitles(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the text of a file of subtitles."""
    lines = plain_newlines(decode(whole_file(path), options.encoding)).split("\n")
    is_vtt = path.suffix.lower() == ".vtt" or lines[0].startswith("WEBVTT")
    language = _language(lines) if is_vtt else ""
    cues = _vtt_cues(lines) if is_vtt else _srt_cues(lines)
    if not cues:
        raise UnreadableError("no subtitles in it: no line with two times" if any(map(str.strip, lines)) else "empty")
    yield Extract("\n\n".join(_paragraphs(_without_repetitions(cues))), {"language": language} if language else {})


def _language(lines: list[str]) -> str:
    for line in lines[:20]:
        if "-->" in line:
            break
        if match := _LANGUAGE.match(line):
            return match[1]
    return ""


def _srt_cues(lines: list[str]) -> list[_Cue]:
    cues: list[_Cue] = []
    for number, line in enumerate(lines):
        if times := _TIMES.fullmatch(line):
            cues.append(_cue(times))
        elif cues and not (line.strip().isdigit() and _are_times(lines, number + 1)):
            _add(cues[-1], line, _SRT_TAG)
    return cues


def _vtt_cues(lines: list[str]) -> list[_Cue]:
    cues: list[_Cue] = []
    in_note, after_blank = False, True
    for number, line in enumerate(lines):
        if times := _TIMES.fullmatch(line):
            cues.append(_cue(times))
            in_note = False
        elif not line:
            in_note = False
        elif after_blank and _BLOCK.match(line):
            in_note = True
        elif cues and not in_note and not _are_times(lines, number + 1):
            _add(cues[-1], line, _VTT_TAG)
        after_blank = not line
    return cues


def _are_times(lines: list[str], number: int) -> bool:
    return number < len(lines) and _TIMES.fullmatch(lines[number]) is not None


def _cue(times: re.Match[str]) -> _Cue:
    parts = [float(part or 0) for part in times.groups()]
    start, end = (
        hours * 3600 + minutes * 60 + seconds + fraction / 10 ** len(digits or "")
        for (hours, minutes, seconds, fraction), digits in ((parts[:4], times[4]), (parts[4:], times[8]))
    )
    return _Cue(start, end)


def _add(cue: _Cue, line: str, tag: re.Pattern[str]) -> None:
    speaker = ""
    if names := _SPEAKER.findall(line):
        speaker = names[0].strip()
    elif cue.lines:
        speaker = cue.lines[-1][0]
    text = tag.sub("", _OVERRIDE.sub("", _GLOSS.sub("", line))).replace("\\N", " ").replace("\\h", " ")
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = " ".join(_INVISIBLE.sub("", text).split())
    if text:
        cue.lines.append((speaker, text))


def _without_repetitions(cues: list[_Cue]) -> list[_Cue]:
    """Return the cues without lines that captions of live speech show again above each new line."""
    cues = [cue for cue in cues if cue.lines]
    repeated = sum(cue.lines[0] == before.lines[-1] for before, cue in pairwise(cues))
    if len(cues) < 4 or repeated * 2 < len(cues):
        return cues
    kept = cues[:1]
    shown = cues[0].lines
    for cue in cues[1:]:
        again = next((n for n in range(min(len(shown), len(cue.lines)), 0, -1) if shown[-n:] == cue.lines[:n]), 0)
        shown = cue.lines
        if cue.lines[again:]:
            kept.append(_Cue(cue.start, cue.end, cue.lines[again:]))
    return kept


def _paragraphs(cues: list[_Cue]) -> list[str]:
    paragraphs: list[list[str]] = []
    last_speaker, last_end = "", 0.0
    for cue in cues:
        for number, (speaker, text) in enumerate(cue.lines):
            finished = not paragraphs or _is_finished(paragraphs[-1])
            paused = number == 0 and cue.start - last_end >= PAUSE
            sounds = _SOUND.fullmatch(text) or (paragraphs and _SOUND.fullmatch(paragraphs[-1][-1]))
            begins = not paragraphs or speaker != last_speaker or _DIALOGUE.match(text)
            if begins or (finished and (paused or sounds)):
                paragraphs.append([text])
            else:
                paragraphs[-1].append(text)
            last_speaker = speaker
        last_end = cue.end
    return [" ".join(lines) for lines in paragraphs]


def _is_finished(lines: list[str]) -> bool:
    """Return whether the sentence of the last line ends there. A description of a sound may interrupt it."""
    spoken = next((line for line in reversed(lines) if not _SOUND.fullmatch(line)), "")
    return not spoken or _FINISHED.search(spoken[-20:]) is not None
