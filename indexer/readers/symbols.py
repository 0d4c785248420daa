"""Read characters of symbol fonts as Unicode.

Such a font draws its own signs at the places of Latin letters. Word notes a sign by its font and place, mostly moved to
the private use area from U+F000 on.
"""

UNKNOWN = "\ufffd"
"""What is written for a sign that no table has, so that the reader sees that there is one."""
_PRIVATE = 0xF000

_SYMBOL = dict(
    zip(
        (*range(0x20, 0x7F), *range(0xA0, 0xF0), *range(0xF1, 0xFF)),
        " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
        "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
        strict=True,
    )
)
_WINGDINGS = {
    **dict(zip(range(0x41, 0x4D), "✌👌👍👎☜☞☝☟🖐☺😐☹", strict=True)),
    **dict(zip(range(0x5E, 0x6A), "♈♉♊♋♌♍♎♏♐♑♒♓", strict=True)),
    **dict(zip(range(0x80, 0x96), "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿", strict=True)),
    **dict(zip(range(0xDF, 0xE7), "←→↑↓↖↗↙↘", strict=True)),
    **dict(zip(range(0xEF, 0xF5), "⇦⇨⇧⇩⬄⇳", strict=True)),
    **{0x20: " ", 0x21: "✏", 0x22: "✂", 0x23: "✁", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x36: "⌛", 0x37: "⌨"},
    **{0x4E: "☠", 0x51: "✈", 0x52: "☼", 0x54: "❄", 0x56: "✞", 0x58: "✠", 0x59: "✡", 0x5A: "☪", 0x5B: "☯"},
    **{0x6A: "&", 0x6B: "&", 0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□", 0x71: "❑", 0x72: "❒", 0x73: "⬧", 0x74: "⧫"},
    **{0x75: "◆", 0x76: "❖", 0x77: "⬥", 0x78: "⌧", 0x7A: "⌘", 0x7B: "❀", 0x7C: "✿", 0x7D: "❝", 0x7E: "❞"},
    **{0x9E: "·", 0x9F: "•", 0xA1: "○", 0xA4: "◉", 0xA5: "◎", 0xA7: "▪", 0xA8: "◻", 0xAA: "✦", 0xAB: "★", 0xAC: "✶"},
    **{0xB6: "✰", 0xD8: "➢", 0xDC: "➲", 0xE8: "➔", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"},
}
_WINGDINGS_2 = {0x20: " ", 0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐"}
_TABLES: dict[str, dict[int, str]] = {
    "symbol": _SYMBOL,
    "symbol mt": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": {},
    "webdings": {0x20: " ", 0x61: "✔"},
    "zapf dingbats": {},
}


def symbol(font: str, code: int) -> str:
    """Return a sign of a font as Unicode.

    Args:
        font: Name of the font. Any other than a symbol font has its signs at their Unicode places.
        code: Place of the sign, with or without the private use area.
    """
    table = _TABLES.get(font.strip().lower())
    place = code - _PRIVATE if _PRIVATE <= code < _PRIVATE + 0x100 else code
    if table is not None and place < 0x100:
        return table.get(place, UNKNOWN)
    if place != code or not 0x20 <= code < 0x110000 or 0xD800 <= code < 0xE000:
        return UNKNOWN
    return chr(code)


def as_symbols(font: str, text: str) -> str:
    """Return a text set in a symbol font, with what is in the private use area as Unicode."""
    if font.strip().lower() not in _TABLES:
        return text
    return "".join(symbol(font, ord(sign)) if 0 <= ord(sign) - _PRIVATE < 0x100 else sign for sign in text)
