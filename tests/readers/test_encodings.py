"""Encodings: what a page declares, what its bytes are, and old code pages in short texts."""

from pathlib import Path

import pytest
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.encodings import decode, decoded, detect
from polyseme.indexer.readers.html import declared_encoding
from polyseme.indexer.readers.records import Extract, ReadOptions

GERMAN = "Der Fährmann saß müde am Ufer und zählte fünf Münzen für die Brücke."
ENGLISH = "The fiancée left the café; “it’s only a façade,” she said – and paid £5 in Málaga."
POLISH = "Późnym wieczorem łódka wróciła, a gęś była już na łące."
RUSSIAN = "Он сидел на берегу реки и долго смотрел на воду."
UKRAINIAN = "Човен повернувся ввечері, і гуси вже були на луці біля річки."
GREEK = "Η βάρκα γύρισε αργά το βράδυ και ο ψαράς κάθισε στην όχθη."
FRENCH = "L’élève a oublié où était la forêt, près du vieux chêne. Ça suffit."
DANISH = "Færgemanden gik på land ved åen og købte brød på øen."


def page(text: str, meta: str, codec: str, before: str = "") -> bytes:
    return f"<html><head>{before}{meta}<title>t</title></head><body><p>{text}</p></body></html>".encode(codec)


@pytest.mark.parametrize(
    ("meta", "text", "codec"),
    [
        ('<meta charset="iso-8859-1">', GERMAN, "utf-8"),  # a wrong declaration
        ('<meta charset="windows-1252">', POLISH, "utf-8"),
        ('<meta charset="shift_jis">', GERMAN, "utf-8"),
        ('<meta charset="windows-1251">', RUSSIAN, "utf-8"),
        ('<meta charset="utf-8">', GERMAN, "cp1252"),
        ('<meta charset="utf-8">', POLISH, "cp1250"),
        ('<meta charset="iso-8859-1">', RUSSIAN, "cp1251"),
        ('<meta charset="iso-8859-1">', GERMAN, "cp850"),
        ('<meta charset="iso-8859-1">', ENGLISH, "mac_roman"),
        ('<meta charset="iso-8859-1">', ENGLISH, "cp1252"),  # what people mean by it
        ('<meta charset="utf-16">', GERMAN, "utf-8"),
        ('<meta charset="utf-16le">', GERMAN, "cp1252"),
        ('<meta charset="x-user-defined">', GERMAN, "cp1252"),
        ('<meta charset="unknown-8bit">', GERMAN, "utf-8"),
        ('<meta charset="utf8mb4">', GERMAN, "utf-8"),
        ("<meta charset=''>", GERMAN, "utf-8"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1250">', POLISH, "cp1250"),
        ("<META HTTP-EQUIV=content-type CONTENT='text/html;charset=koi8-r'>", RUSSIAN, "koi8-r"),
        ('<meta charset="x-sjis">', "彼は川の岸に座っていた。", "cp932"),
        ('<meta charset="iso-2022-jp">', "彼は川の岸に座っていた。", "iso2022_jp"),
        ('<meta charset="gb2312">', "他坐在河岸上看书。", "gb18030"),
        ('<meta charset="windows-1257">', "Upė teka per miestą, o žmonės eina į banką.", "cp1257"),
        ('<meta name="keywords" content="charset=koi8-r"><meta charset="windows-1251">', RUSSIAN, "cp1251"),
        ('<!-- <meta charset="koi8-r"> --><meta charset="windows-1251">', RUSSIAN, "cp1251"),
        ("<script>'<meta charset=koi8-r>'</script><meta charset='windows-1251'>", RUSSIAN, "cp1251"),
    ],
)
@pytest.mark.parametrize("before", ["", f"<style>{'p { color: red } ' * 600}</style>"])
def test_a_page_is_read_though_its_declaration_is_wrong_or_late(
    tmp_path: Path, meta: str, text: str, codec: str, before: str
) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(page(text, meta, codec, before))
    [extract] = read_file(path, ReadOptions())
    assert isinstance(extract, Extract)
    assert extract.text == text
    assert extract.warning == ""


def test_a_byte_order_mark_outweighs_a_declaration() -> None:
    for codec in ("utf-8-sig", "utf-16"):
        assert GERMAN in decode(page(GERMAN, "", codec), declared="iso-8859-1")


def test_the_xml_declaration_is_used_and_may_be_wrong() -> None:
    for codec, declared in (("cp1251", "windows-1251"), ("utf-8", "iso-8859-1")):
        data = f'<?xml version="1.0" encoding="{declared}"?><p>{RUSSIAN}</p>'.encode(codec)
        assert RUSSIAN in decode(data, declared=declared_encoding(data))


def test_a_few_broken_bytes_do_not_change_the_encoding_of_a_whole_text() -> None:
    data = (GERMAN * 5).encode() + b" caf\xe9 " + (GERMAN * 5).encode()
    for declared in ("utf-8", None):
        found = decoded(data, declared=declared)
        assert found.text == f"{GERMAN * 5} café {GERMAN * 5}"
        assert found.warning == "some bytes are not UTF-8 and were read as Windows-1252; give --encoding"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        *((ENGLISH, codec) for codec in ("cp1252", "mac_roman")),
        *((GERMAN, codec) for codec in ("cp1252", "mac_roman", "cp850", "cp437", "cp852", "cp1250", "mac_latin2")),
        *((POLISH, codec) for codec in ("cp1250", "iso8859-2", "cp852", "mac_latin2")),
        *((FRENCH.replace("’", "'"), codec) for codec in ("cp1252", "iso8859-15", "mac_roman", "cp850", "cp863")),
        *((DANISH, codec) for codec in ("cp1252", "mac_roman", "cp850", "cp865")),
        *((RUSSIAN, codec) for codec in ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")),
        *((RUSSIAN.upper(), codec) for codec in ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")),
        *((RUSSIAN.lower(), codec) for codec in ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")),
        *((UKRAINIAN, codec) for codec in ("cp1251", "koi8-u", "iso8859-5", "mac-cyrillic")),
        *((GREEK, codec) for codec in ("cp1253", "iso8859-7")),
        ("שלום לכולם, הנהר זרם לאורך הגדה.", "cp1255"),
        ("Ağaçlar yeşil, ırmak akıyor ve bir köprü var.", "cp857"),
        ("Það er gott að búa við ána og þeir eru góðir menn.", "cp861"),
        ("El niño comió piña; ¿dónde está el señor?", "cp850"),
    ],
)
def test_code_pages_are_detected_from_one_sentence(text: str, codec: str) -> None:
    assert text.encode(codec).decode(detect([text.encode(codec)])) == text


@pytest.mark.parametrize("data", ["Straße".encode("cp850"), "Bibliothèque".encode("cp850")])
def test_a_doubtful_guess_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    [extract] = read_file(path, ReadOptions())
    assert isinstance(extract, Extract)
    assert extract.warning.startswith("encoding doubtful: guessed ")
    assert extract.warning.endswith("; give --encoding")
    [extract] = read_file(path, ReadOptions(encoding="cp850"))
    assert isinstance(extract, Extract)
    assert (extract.text, extract.warning) == (data.decode("cp850"), "")


def test_text_in_a_certain_encoding_has_no_warning() -> None:
    for text in (ENGLISH, GERMAN, POLISH, RUSSIAN, "Plain text.", "It cost £5.", "the café"):
        for codec in ("utf-8", "utf-16", "cp1250", "cp1251", "cp1252"):
            try:
                data = text.encode(codec)
            except UnicodeEncodeError:
                continue
            assert decoded(data).warning == "", (text, codec)
