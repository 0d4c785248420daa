"""List the control words of RTF that matter for its text, and its character sets."""

from .encodings import python_codec
from .markup import names

CHARACTERS = {
    **{"tab": "\t", "line": "\n", "lbr": "\n", "page": "\n", "column": "\n"},
    **{"emdash": "—", "endash": "–", "emspace": "\u2003", "enspace": "\u2002", "qmspace": "\u2005", "bullet": "•"},
    **{"lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "zwj": "\u200d", "zwnj": "\u200c"},
    **{"~": "\u00a0", "_": "-", "{": "{", "}": "}", "\\": "\\", "\t": "\t", "ltrmark": "\u200e", "rtlmark": "\u200f"},
}
"""What control words and symbols write."""
ENDS = names("par sect cell nestcell row nestrow") | {"\n", "\r"}
"""Control words that end a paragraph or a cell."""
SKIPPED = names(
    "aftncn aftnsep aftnsepc annotation atnauthor atndate atnicn atnid atnparent atnref atntime atrfend atrfstart"
    " background bkmkend bkmkstart blipuid buptim category colorschememapping colortbl comment company ctrlPr"
    " datafield datastore doccomm docvar ebcend ebcstart factoidname falt fldtype fontemb fontfile footer"
    " footerf footerl footerr formfield ftncn ftnsep ftnsepc g generator gridtbl header headerf headerl headerr hlfr"
    " hlinkbase hlloc hlsrc htmltag latentstyles levelnumbers leveltext list listlevel listname listoverride"
    " listoverridetable listpicture liststylename listtable listtext manager mathPr mhtmltag mmathPict nesttableprops"
    " nextfile nonesttables nonshppict objalias objclass objdata objname objsect objtime oldcprops oldpprops"
    " oldsprops oldtprops oleclsid operator panose password passwordhash pgp pgptbl picprop pict pn pnseclvl pntext"
    " pntxta pntxtb printim private propname protend protstart protusertbl revtbl revtim rsidtbl rxe shppict shprslt"
    " sn sp staticval stylesheet sv svb tc template themedata txe userprops wgrffmtfilter windowcaption"
    " writereservation writereservhash xe xform xmlattrname xmlattrvalue xmlclose xmlname xmlnstbl"
)
"""Destinations without text of the document."""
STARRED = names("do fldinst footnote shpgrp shpinst ud moMath moMathPara")
"""Destinations that are read though a reader that does not know them may skip them."""
STORIES = names("shptxt dptxbxtext")
"""Destinations with paragraphs of their own inside a paragraph."""
INFO = {"title": "title", "subject": "subject", "author": "author", "keywords": "keywords"}
"""Destinations inside `info` that are metadata."""
_CHARSETS = {
    **{77: "mac_roman", 78: "cp932", 79: "cp949", 80: "gb18030", 81: "cp950", 83: "cp1255", 84: "mac_arabic"},
    **{85: "mac_greek", 86: "mac_turkish", 87: "cp874", 88: "mac_latin2", 89: "mac_cyrillic", 128: "cp932"},
    **{129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258"},
    **{177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437"},
    **{255: "cp850"},
}
SYMBOLS = 2
"""The character set of symbol fonts."""
_PAGES = {10000: "mac_roman", 10006: "mac_greek", 10007: "mac_cyrillic", 10029: "mac_latin2", 65001: "utf-8"}
_PAGES |= {10001: "cp932", 10002: "cp950", 10003: "cp949", 10008: "gb18030", 10081: "mac_turkish", 708: "iso8859-6"}


def charset_codec(charset: int) -> str | None:
    """Return the codec of a font's character set. Western fonts, and those without one, have the document's."""
    return _CHARSETS.get(charset)


def page_codec(page: int) -> str | None:
    """Return the codec of a code page, or None for an unknown one."""
    return _PAGES.get(page) or python_codec(f"cp{page}")
