r"""Read LaTeX with pandoc, an extra.

Pandoc knows the commands of LaTeX, expands those that the file defines, and opens no other file in its sandbox. A
command that it does not know is read again as its arguments, so that \lex{bank} keeps its word.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..text.marks import note_mark
from .encodings import decode
from .html import html_blocks
from .markup import names
from .raised import raised
from .records import Extract, Failure, ReadOptions, UnreadableError, joined, whole_file, with_year
from .tools import Output, run

MAX_SIZE = 4 * 2**20
"""Maximum size in bytes of a LaTeX file. A book has one or two MiB."""
SECONDS = 30
"""Maximum time in seconds that pandoc may take, and the same again for each MiB."""
_MEMORY = "-M768m"  # of pandoc's heap, which grows to 400 MiB for 1 MiB of LaTeX
_INPUT = re.compile(r"\\usepackage\[([^\]]{1,40})\]\{inputenc\}|%\s*!TEX\s+encoding\s*=\s*(\S{1,40})", re.I)
_ENCODINGS = {
    **{"ansinew": "cp1252", "applemac": "mac_roman", "latin9": "iso8859-15", "latin10": "iso8859-16"},
    **{"utf8x": "utf-8", "utf8": "utf-8", "macce": "mac_latin2", "decmulti": "cp1252", "next": "cp1252"},
}
_BODY = re.compile(r"(?<!\\)\\begin\s*\{document\}")
_MESSAGE = re.compile(r"\n(?=\[(?:INFO|WARNING)\] )")
_SKIPPED = re.compile(r"\[INFO\] Skipped '\\([A-Za-z]+)\*?\s*([\[{].*)' at (?:\S+ )?line (\d+).*", re.DOTALL)
_MISSING = re.compile(r"\[WARNING\] Could not load include file (.+?) at ")
# Commands whose arguments are no text: places, lengths, names of files and styles.
_LAYOUT = names(
    "addcontentsline addtocontents addtocounter addtolength addvspace begin bibitem bibliography bibliographystyle"
    " captionsetup cite citep citet cline color cmidrule colorbox end enlargethispage eqref fancyfoot fancyhead"
    " fontfamily fontsize foreignlanguage geometry glossary graphicspath hskip hspace hyphenation hypersetup"
    " include includegraphics includeonly index input kern label linespread lstinputlisting lstset markboth markright"
    " multicolumn newacronym newcommand newcounter newenvironment newglossaryentry newlength newtheorem nocite"
    " numberwithin pagecolor pagenumbering pageref pagestyle printbibliography printindex raisebox ref refstepcounter"
    " renewcommand resizebox rule selectlanguage setcounter setlength setmainfont sisetup stepcounter tabcolsep"
    " theoremstyle thispagestyle tikzset todo usepackage usetikzlibrary vadjust vskip vspace"
)
_META = re.compile(r'<meta name="(author|dcterms\.date|keywords)" content="([^"]*)" />')
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_MARK = re.compile(r'<a href="#fn[0-9]+"\s+class="footnote-ref"[^>]*><sup>([0-9]+)</sup></a>')
_BACK = re.compile(r'<a href="#fnref[0-9]+"\s+class="footnote-back"[^>]*>[^<]*</a>')
_SUPERSCRIPT = re.compile(r"<sup>([^<]*)</sup>")
_CITATION = re.compile(r'<span\s+class="citation"\s+data-cites="([^"]*)">\s*</span>')
_DOTLESS = re.compile("[ıȷ](?=[\u0300-\u036f])")
_FORMULA = re.compile(r'<span\s+class="math (?:inline|display)">(?:\\\(|\\\[|\$)[^<]*</span>')


def read_latex(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the text of a LaTeX file, with title, authors and date. Other files that it names are not opened."""
    data = whole_file(path)
    if len(data) > MAX_SIZE:
        raise UnreadableError(f"larger than {MAX_SIZE // 2**20} MiB; split it")
    head = data[: 2**16].decode("latin-1")
    declared = _INPUT.search(head)
    named = (declared[1] or declared[2]).lower() if declared else ""
    text = decode(data, options.encoding, _ENCODINGS.get(named, named) or None)
    if not text.strip():
        raise UnreadableError("empty")
    command = [_pandoc(), "--from=latex", "--to=html", "--standalone", "--wrap=none", "--sandbox", "--verbose"]
    command += ["+RTS", _MEMORY, "-RTS"]
    done = _converted(command, text)
    if unknown := _unknown(done.messages, text):
        with suppress(UnreadableError):  # definitions may not fit the rest of the file
            done = _converted(command, _defined(unknown, text))
    page = done.text.decode("utf-8", "replace")
    blocks = html_blocks(_readable(page))
    missing = list(dict.fromkeys(_MISSING.findall(done.messages)))
    if not blocks and missing:
        raise UnreadableError(f"no text of its own; it includes {', '.join(missing[:5])}, read as files of their own")
    yield Extract("\n\n".join(blocks), _metadata(page))
    for name in missing:
        if not _is_beside(name, path.parent):
            yield Failure(f"{name[:80]} is included, but is not a file beside it", "include")


def _is_beside(name: str, folder: Path) -> bool:
    """Return whether a file that is included is in the folder, where it is read as a file of its own."""
    # A name from a stranger must not lead out of the folder, nor to another machine.
    if not re.fullmatch(r"[\w .+-]+(?:/[\w .+-]+){0,8}", name) or ".." in name:
        return False
    return (folder / name).exists() or (folder / f"{name}.tex").exists()


def _pandoc() -> str:
    try:
        import pypandoc
    except ImportError:
        raise UnreadableError("install polyseme[office] to read LaTeX") from None
    try:
        return str(Path(pypandoc.get_pandoc_path()).absolute())
    except OSError:
        raise UnreadableError("install polyseme[office] to read LaTeX") from None


def _converted(command: list[str], text: str) -> Output:
    data = text.encode("utf-8", "replace")
    done = run(command, seconds=SECONDS + SECONDS * len(data) // 2**20, given=data)
    if done.status:
        lines = [line.strip() for line in done.messages.splitlines() if line.strip()]
        reason = next((line for line in lines if not line.startswith("[")), "pandoc cannot read it")
        if "heap" in done.messages.lower() or done.status in (-9, 251):
            reason = "pandoc needs too much memory for it; split it"
        raise UnreadableError(f"damaged: {reason[:200]}")
    return done


def _unknown(messages: str, text: str) -> dict[str, tuple[int, bool]]:
    """Return the commands that pandoc has left out with their text: number of arguments, and whether one is optional.

    Commands before the document's body set things up, and have no text.
    """
    body = _BODY.search(text)
    first = text.count("\n", 0, body.start()) + 1 if body else 0
    found: dict[str, tuple[int, bool]] = {}
    for match in filter(None, map(_SKIPPED.fullmatch, _MESSAGE.split(messages))):
        name, arguments, line = match.groups()
        count = len(re.findall(r"(?<!\\)\}\{", arguments)) + 1 if "{" in arguments else 0
        if int(line) >= first and count and name.lower() not in _LAYOUT and re.search(r"[^\W\d_]", arguments):
            most, is_optional = found.get(name, (0, False))
            found[name] = (max(most, min(count, 8)), is_optional or arguments.startswith("["))
    return found


def _defined(unknown: dict[str, tuple[int, bool]], text: str) -> str:
    """Return a LaTeX text in which some commands are defined as their arguments, without the optional ones."""
    definitions = []
    for name, (count, is_optional) in unknown.items():
        numbers = range(1 + is_optional, count + 1 + is_optional)
        head = f"[{count + is_optional}]" + "[]" * is_optional
        definitions.append(rf"\newcommand{{\{name}}}{head}{{{' '.join(f'#{number}' for number in numbers)}}}")
    starred = re.compile(rf"(\\(?:{'|'.join(unknown)}))\*(?=[\[{{])")
    return "".join(definitions) + starred.sub(r"\1", text)  # in one line, so that the numbers of lines stay


def _readable(page: str) -> str:
    """Return pandoc's page with marks of notes and citations, and without formulas that it leaves in LaTeX."""
    page = page.partition("<body>")[2]
    page = _MARK.sub(lambda match: note_mark(match[1]), page)
    page = _BACK.sub("", page)
    page = _SUPERSCRIPT.sub(lambda match: raised(match[1]), page)
    page = _CITATION.sub(lambda match: f"[{'; '.join(match[1].split())}]", page)
    page = _FORMULA.sub("", page)
    return unicodedata.normalize("NFC", _DOTLESS.sub(lambda match: "i" if match[0] == "ı" else "j", page))


def _metadata(page: str) -> dict[str, object]:
    found: dict[str, list[str]] = {}
    for name, value in _META.findall(page):
        found.setdefault(name, []).append(" ".join(html.unescape(value).split()))
    fields: dict[str, object] = {}
    title = _TITLE.search(page)
    if title and (text := " ".join(html.unescape(title[1]).split())) not in ("", "-"):  # pandoc's for one without
        fields["title"] = text
    if authors := [author for author in found.get("author", []) if author]:
        fields["author"] = joined(authors)
    if dates := found.get("dcterms.date"):
        fields["date"] = dates[0]
    return with_year(fields)
