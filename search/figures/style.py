"""The house style of figures: readable in print, with every kind of colour vision, and in grey."""

from __future__ import annotations

import io
import textwrap
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...indexer.errors import DocumentError
from ..citation import Citation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png", ".pdf")
"""File formats of a figure."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Palette of Okabe & Ito (2008), distinguishable with every kind of colour vision."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Markers of series, which distinguish them in grey. There is another number of them than of colours."""
DASHES = ("-", "--", "-.", ":")
"""Line styles of series."""
HATCHES = ("", "////", "....")
"""Fillings of bars, which distinguish them in grey."""
GREY = "#767676"
"""Colour of what fits no sense, and of notes."""
WIDTH = 6.5
"""Width of a figure in inches, that of the text of a page with usual margins."""
DPI = 300
"""Dots per inch of a PNG file, as journals ask for."""
LONGEST_LABEL = 42
"""Maximum width of the label of a bar or document, in columns of text."""
_TITLE_COLUMNS = 64
_NOTE_COLUMNS = 124
_HOUSE: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "figure.dpi": 110,
    "savefig.dpi": DPI,
    "text.parse_math": False,  # a word may have dollar signs
    "text.usetex": False,
    "svg.fonttype": "none",  # text stays text, so that an editor can change it
    "svg.hashsalt": "polyseme",  # equal figures give equal files
    "pdf.fonttype": 42,  # fonts that editors can read
}
_MORE_FONTS = (
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Arial Unicode MS",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Unifont",
)
"""Fonts for signs that DejaVu Sans lacks, where they are installed."""


def check_figure_file(path: Path) -> None:
    """Check that a figure can be written, before long work starts.

    Raises:
        DocumentError: The suffix is not one of `SUFFIXES`, the folder does not exist, or matplotlib is missing.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DocumentError(f"{path} has no suffix of a figure; use {', '.join(SUFFIXES)}")
    if not path.absolute().parent.is_dir():
        raise DocumentError(f"{path.parent} is not a folder; create it, or choose another path")
    if find_spec("matplotlib") is None:
        raise DocumentError("figures need matplotlib, which is not installed; run `pip install matplotlib`")


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, PNG or PDF, by the suffix of the file.

    Raises:
        DocumentError: The file cannot be written.
    """
    check_figure_file(path)
    content = figure_bytes(figure, path.suffix.lower().removeprefix("."))
    try:
        path.write_bytes(content)
    except OSError as error:
        raise DocumentError(f"{path} cannot be written ({error.strerror}); choose another path") from error


def figure_bytes(figure: Figure, file_format: str) -> bytes:
    """Return the content of a figure's file. Equal figures give equal files.

    Args:
        file_format: `svg`, `png` or `pdf`.
    """
    out = io.BytesIO()
    metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(file_format, {})
    with house_style():
        figure.savefig(out, format=file_format, dpi=DPI, metadata=metadata)
    return out.getvalue()


@contextmanager
def house_style(*texts: str) -> Iterator[None]:
    """Draw in the house style, without regard to the user's own settings of matplotlib.

    Args:
        texts: Texts of the figure. Fonts for their signs are added.
    """
    from matplotlib import style

    fonts = {"font.family": ["DejaVu Sans", *_fonts_for(frozenset("".join(texts)))]}
    with warnings.catch_warnings(), style.context(["default", _HOUSE | fonts]):
        # A sign that no installed font has is drawn as a box.
        warnings.filterwarnings("ignore", message=r"(?s).*[Gg]lyph")
        warnings.filterwarnings("ignore", message=r"(?s).*[Mm]atplotlib currently does not support")
        yield


def missing_signs(figure: Figure) -> str:
    """Return the signs of a figure that no font of this machine has, in their order. A PNG file shows boxes."""
    from matplotlib.text import Text

    signs = frozenset("".join(text.get_text() for text in figure.findobj(Text)))
    missing = {ord(sign) for sign in signs if sign.isprintable()}
    for name in ("DejaVu Sans", *_fonts_for(signs)):
        missing -= _charmap(name)
    return "".join(map(chr, sorted(missing)))


@lru_cache(maxsize=64)
def _fonts_for(signs: frozenset[str]) -> tuple[str, ...]:
    """Return installed fonts that have the signs which DejaVu Sans lacks."""
    from matplotlib import font_manager

    missing = {ord(sign) for sign in signs if sign.isprintable()} - _charmap("DejaVu Sans")
    if not missing:
        return ()
    installed = {font.name for font in font_manager.fontManager.ttflist}
    found = []
    for name in _MORE_FONTS:
        if missing and name in installed and missing & _charmap(name):
            found.append(name)
            missing -= _charmap(name)
    return tuple(found)


@lru_cache(maxsize=len(_MORE_FONTS) + 1)
def _charmap(name: str) -> frozenset[int]:
    """Return the code points that an installed font has."""
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(font_manager.findfont(name)).get_charmap())


def new_figure(height: float) -> Figure:
    """Make an empty figure that a notebook shows.

    Args:
        height: Height in inches.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        """A figure that is saved in the house style, and shows itself in a notebook, also without pyplot."""

        def savefig(self, *args: Any, **settings: Any) -> None:
            """Save the figure. See `matplotlib.figure.Figure.savefig`."""
            with house_style():
                super().savefig(*args, **settings)

        def _repr_png_(self) -> bytes:
            out = io.BytesIO()
            self.savefig(out, format="png", dpi=110)
            return out.getvalue()

    figure = ShownFigure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def finish(figure: Figure, title: str, notes: Sequence[str], cited: Citation | None) -> Figure:
    """Add the title, and the notes with the citation below, and return the figure."""
    from matplotlib.text import Text

    figure.suptitle(wrapped(title, _TITLE_COLUMNS), x=0.012, ha="left", fontsize=11, fontweight="bold")
    lines = [wrapped(text, _NOTE_COLUMNS) for text in (_sentence(notes), str(cited or "")) if text]
    if lines:
        figure.supxlabel("\n".join(lines), x=0.012, ha="left", fontsize=6.5, color="#404040")
    figure.canvas.draw()  # makes the texts of the ticks
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    return figure


def _sentence(notes: Sequence[str]) -> str:
    return " ".join(f"{note[:1].upper()}{note[1:]}." for note in notes if note)


def label(text: str, columns: int = LONGEST_LABEL) -> str:
    """Return a text as one harmless line that is no wider than some columns. Wide signs count two."""
    clean = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if width(clean) <= columns:
        return clean
    while width(clean) > columns - 1:
        clean = clean[:-1]
    return clean.rstrip() + "…"


def wrapped(text: str, columns: int) -> str:
    """Break a text into lines of at most some columns."""
    clean = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in clean)
    fitting = columns * len(clean) // (len(clean) + wide) if clean else columns
    return textwrap.fill(clean, max(20, fitting), max_lines=4, placeholder=" …")


def width(text: str) -> int:
    """Return the width of a text in columns. Wide signs count two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
