"""Hold which tab of the senses panel is open, with its settings, as the address has them."""

from __future__ import annotations

from dataclasses import dataclass

from .language import to_translate

TABS = {
    "": to_translate("Lines only"),
    "map": to_translate("Map"),
    "time": to_translate("Over time"),
    "counts": to_translate("Counts"),
    "words": to_translate("Collocates"),
    "keywords": to_translate("Keywords"),
}
"""The tabs of the senses panel, by their names in the address."""
MEASURES = {
    "share": to_translate("share"),
    "count": to_translate("number"),
    "per-million": to_translate("per million tokens"),
}
"""What timelines and frequencies show. A frequency has no share."""
SMOOTHING = (1, 3, 5, 7, 9)
"""Numbers of periods of a moving window."""
PROJECTIONS = ("pca", "umap")
COUNTED = {"frequency": to_translate("Frequency"), "dispersion": to_translate("Dispersion")}
"""What the tab Counts shows."""
ORDERS = {
    "log_dice": to_translate("logDice"),
    "log_likelihood": to_translate("log-likelihood"),
    "mutual_information": to_translate("mutual information"),
    "count": to_translate("number of lines"),
    "log_ratio": to_translate("log ratio"),
}
"""What orders collocates and keywords."""
VIEWS = {"table": to_translate("Table"), "graph": to_translate("Graph")}
"""How the tab Collocates shows them."""
MAX_FIELD = 1000
"""Maximum length of the name of a metadata field in an address, in characters."""
MAX_PERIOD = 1000
"""Maximum length of a period in an address, in years."""
MAX_WINDOW = 50
"""Maximum number of tokens on each side of a collocate's window."""
WINDOW = 5


@dataclass(frozen=True, slots=True)
class Tab:
    """The open tab and its settings. Settings that have no effect in a tab stay for another one.

    Args:
        name: One of `TABS`.
        figure: Show the figure on the page.
        field: Metadata field of periods or parts. "" for the usual one.
        period: Length of a period in years. 0 for the usual one, and in frequencies for each value alone.
        measure: One of `MEASURES`. "" for the usual one.
        smoothing: Number of periods of the moving window.
        projection: Method of the map.
        colour: What colours its points: "" for the sense, "marks", or `field:` and the name of a metadata field.
        counted: One of `COUNTED`.
        other: Another word to compare with. "" for none.
        against: Filters of the documents to compare with. Empty for none.
        left: Number of tokens of a collocate's window on the left.
        right: The same on the right.
        pos: Parts of speech of collocates and keywords. Empty for all.
        order: One of `ORDERS`. "" for the usual one.
        view: One of `VIEWS`.
    """

    name: str = ""
    figure: bool = False
    field: str = ""
    period: int = 0
    measure: str = ""
    smoothing: int = 1
    projection: str = "pca"
    colour: str = ""
    counted: str = "frequency"
    other: str = ""
    against: tuple[str, ...] = ()
    left: int = WINDOW
    right: int = WINDOW
    pos: tuple[str, ...] = ()
    order: str = ""
    view: str = "table"


def tab_address(tab: Tab) -> dict[str, str | list[str]]:
    """Return the parameters of an address. Usual values are left out."""
    usual = Tab()
    values = {
        "tab": tab.name,
        "figure": "1" if tab.figure else "",
        "field": tab.field,
        "period": str(tab.period),
        "measure": tab.measure,
        "smooth": str(tab.smoothing),
        "projection": tab.projection,
        "colour": tab.colour,
        "counted": tab.counted,
        "with": tab.other,
        "against": list(tab.against),
        "left": str(tab.left),
        "right": str(tab.right),
        "near": list(tab.pos),
        "rank": tab.order,
        "view": tab.view,
    }
    names = dict(zip(values, Tab.__dataclass_fields__, strict=True))
    return {name: value for name, value in values.items() if getattr(tab, names[name]) != getattr(usual, names[name])}
