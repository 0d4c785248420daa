"""Mail, saved pages and zip archives: each message and each member is a document."""

import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from effort import grows_linearly
from polyseme.indexer.documents import Document, Skipped, read_documents
from polyseme.indexer.readers.records import ReadOptions
from samples import docx_bytes, zip_bytes

TEXT = "The ferry left the eastern bank at noon.\n\n> Did it leave?\n\nYes.\n\n-- \nAnn"


def mail(text: str = TEXT, subject: str = "The ferry – löst") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Zoë Müller <zoe@example.org>"
    message["To"] = "b@example.org"
    message["Subject"] = subject
    message["Date"] = "Tue, 4 Mar 2014 10:00:00 +0100"
    message.set_content(text)
    return message


def read(path: Path, data: bytes | EmailMessage | str) -> dict[str, Document | str]:
    path.write_bytes(data.encode() if isinstance(data, str) else data if isinstance(data, bytes) else data.as_bytes())
    found: dict[str, Document | str] = {}
    for item in read_documents([path]):
        if isinstance(item, Skipped):
            found[item.document_id] = item.reason
        else:
            found[item.id] = item
    return found


def texts(found: dict[str, Document | str]) -> dict[str, str]:
    return {name: item.text if isinstance(item, Document) else f"! {item}" for name, item in found.items()}


def test_a_message_is_a_document(tmp_path: Path) -> None:
    [(name, found)] = read(tmp_path / "a.eml", mail()).items()
    assert isinstance(found, Document)
    assert (name, found.text, found.title) == ("a.eml", TEXT, "The ferry – löst")
    assert dict(found.metadata) == {
        "title": "The ferry – löst",
        "from": "Zoë Müller <zoe@example.org>",
        "to": "b@example.org",
        "date": "2014-03-04",
        "year": 2014,
    }


def test_the_plain_text_is_read_or_else_the_html(tmp_path: Path) -> None:
    both = mail("Plain bank.")
    both.add_alternative("<p>Rich <b>bank</b>.</p>", subtype="html")
    assert texts(read(tmp_path / "a.eml", both)) == {"a.eml": "Plain bank."}
    rich = mail()
    rich.set_content("<p>Rich <b>bank</b>.</p><p>Two.</p>", subtype="html")
    assert texts(read(tmp_path / "a.eml", rich)) == {"a.eml": "Rich bank.\n\nTwo."}


@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "mac-roman", "cp850"])
def test_a_wrong_charset_is_noticed(tmp_path: Path, charset: str) -> None:
    text = "Der Fährmann saß müde am Ufer und zählte fünf Münzen."
    head = b"Subject: x\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n"
    assert texts(read(tmp_path / "a.eml", head + text.encode(charset))) == {"a.eml": text}


def test_flowed_lines_are_joined(tmp_path: Path) -> None:
    head = "Subject: x\nContent-Type: text/plain; format=flowed\n\n"
    body = "The ferry \nleft.\n> It \n> left.\n\nNext.\n-- \nAnn\n"
    assert texts(read(tmp_path / "a.eml", head + body)) == {
        "a.eml": "The ferry left.\n> It \n> left.\n\nNext.\n-- \nAnn"
    }


def test_one_long_flowed_paragraph_takes_linear_time(tmp_path: Path) -> None:
    def work(lines: int) -> None:
        data = "Subject: x\nContent-Type: text/plain; format=flowed\n\n" + "a \n" * lines
        assert len(texts(read(tmp_path / "a.eml", data))["a.eml"]) > 2 * lines - 10

    assert grows_linearly(work, 250_000)


@pytest.mark.parametrize("field", ["Content-Type: text/plain", "Content-Disposition: inline"])
def test_a_part_with_endless_parameters_is_read_without_them(tmp_path: Path, field: str) -> None:
    def work(count: int) -> None:
        data = f"Subject: x\n{field}{';a=b' * count}\n\nMail."
        assert texts(read(tmp_path / "a.eml", data)) == {"a.eml": "Mail."}

    assert grows_linearly(work, 60_000)


def test_attachments_are_documents_or_named(tmp_path: Path) -> None:
    message = mail("See below.")
    message.add_attachment(docx_bytes(["A river."]), maintype="application", subtype="x", filename="r.docx")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    message.add_attachment(b"?", maintype="application", subtype="x", filename="../../odd.xyz")
    message.add_attachment(zip_bytes({"a.txt": "x"}), maintype="application", subtype="zip", filename="z.zip")
    assert texts(read(tmp_path / "a.eml", message)) == {
        "a.eml": "See below.",
        "a.eml/r.docx": "A river.",
        "a.eml/odd.xyz": "! unknown file type '.xyz'",
        "a.eml/z.zip": "! an archive inside another file is not read; unpack it",
    }


def test_a_forwarded_message_is_read(tmp_path: Path) -> None:
    message = mail("See below.")
    message.add_attachment(mail("The inner bank.", "Inner"))
    assert texts(read(tmp_path / "a.eml", message)) == {"a.eml": "See below.\n\nInner\n\nThe inner bank."}


def test_each_message_of_a_mailbox_is_a_document(tmp_path: Path) -> None:
    box = (
        "From a@example.org Tue Mar  4 10:00:00 2014\nSubject: One\n\nFirst bank.\n\nFrom the bank we went.\n\n"
        ">From here on.\n\nFrom b Wed Mar  5 11:00:00 2014\nSubject: Two\n\nSecond bank.\n"
    )
    found = read(tmp_path / "a.mbox", box)
    assert texts(found) == {
        "a.mbox#1": "First bank.\n\nFrom the bank we went.\n\nFrom here on.",
        "a.mbox#2": "Second bank.",
    }
    assert [item.title for item in found.values() if isinstance(item, Document)] == ["One", "Two"]


@pytest.mark.parametrize("data", [b"no mailbox\n", b"\x00\x01\x02"])
def test_what_is_no_mailbox_is_named(tmp_path: Path, data: bytes) -> None:
    [reason] = texts(read(tmp_path / "a.mbox", data)).values()
    assert reason == "! not a mailbox: it does not begin with a line 'From '"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"Subject: x\n\n"])
def test_an_empty_message_is_named(tmp_path: Path, data: bytes) -> None:
    assert texts(read(tmp_path / "a.eml", data)) == {"a.eml": "! no text in it"}


def test_a_saved_page_is_read_without_its_menus(tmp_path: Path) -> None:
    story = "<p>The ferry left the eastern bank at noon, and nobody on the pier had slept in the storm.</p>"
    menu = "<nav><a href='/'>Home</a></nav>"
    page = EmailMessage()
    page["Subject"] = "The ferry"
    page["Snapshot-Content-Location"] = "https://example.org/f"
    page.set_content(f"<html><body>{menu}<main>{story}</main></body></html>", subtype="html")
    page.add_related(b"\x89PNG", maintype="image", subtype="png")
    page.replace_header("Content-Type", 'multipart/related; type="text/html"; boundary="x"')
    [(name, found)] = read(tmp_path / "a.mhtml", page).items()
    assert isinstance(found, Document)
    assert (name, found.text) == ("a.mhtml", story.removeprefix("<p>").removesuffix("</p>"))
    assert dict(found.metadata) == {"title": "The ferry", "url": "https://example.org/f"}


def test_each_member_of_an_archive_is_a_document(tmp_path: Path) -> None:
    data = zip_bytes(
        {
            "a.txt": b"The bank.",
            "sub/b.html": b"<p>The river.</p>",
            "sub/c.docx": docx_bytes(["The sea."]),
            "rows.csv": b"id,text\nx,One\n,Two\n",
            "d.eml": b"Subject: s\n\nMail.",
            "e.xyz": b"?",
            "f.xyz": b"?",
            "g": b"\0\1\2\3?",
            "README": b"A text.",
            "letter.1850": b"<html><p>A letter.",
            "packed": zip_bytes({"x.txt": "x"}),
            "picture.jpg": b"?",
            "inner.zip": zip_bytes({"x.txt": "x"}),
            "__MACOSX/a.txt": b"no",
            ".hidden.txt": b"no",
            "../../up.txt": b"Up.",
            "bad.pdf": b"%PDF-1.4 broken",
        }
    )
    found = texts(read(tmp_path / "a.zip", data))
    assert found.pop("a.zip/bad.pdf").startswith("! ")
    assert found == {
        "a.zip/a.txt": "The bank.",
        "a.zip/sub/b.html": "The river.",
        "a.zip/sub/c.docx": "The sea.",
        "x": "One",
        "a.zip/rows.csv#2": "Two",
        "a.zip/d.eml": "Mail.",
        "a.zip/README": "A text.",
        "a.zip/letter.1850": "A letter.",
        "a.zip/inner.zip": "! an archive inside another file is not read; unpack it",
        "a.zip/packed": "! an archive inside another file is not read; unpack it",
        "a.zip/../../up.txt": "Up.",
        "a.zip": "! 3 members of types that are not read: 2 xyz, 1 without suffix",
    }


@pytest.mark.parametrize("codec", ["cp437", "cp850", "cp866", "cp1251", "utf-8", "cp932"])
def test_old_names_of_members_are_decoded(tmp_path: Path, codec: str) -> None:
    names = {
        "cp437": ["Brücke über den Fluß.txt", "Mädchen.txt"],
        "cp850": ["Été à la forêt.txt", "Où est la clé.txt"],
        "cp866": ["Река и берег.txt", "Письма из деревни.txt"],
        "cp1251": ["Река и берег.txt", "Письма из деревни.txt"],
        "utf-8": ["Brücke über.txt", "Река.txt"],
        "cp932": ["川の岸に座っていた.txt", "銀行と手紙.txt"],
    }[codec]
    # zipfile sets the flag for UTF-8, so that the names are exchanged afterwards for others of the same length
    raw = [name.encode(codec) for name in names]
    data = zip_bytes({f"{n}".rjust(len(name) - 4, "_") + ".txt": f"Text {n}." for n, name in enumerate(raw)})
    for n, name in enumerate(raw):
        data = data.replace(f"{n}".rjust(len(name) - 4, "_").encode() + b".txt", name)
    assert texts(read(tmp_path / "a.zip", data)) == {f"a.zip/{name}": f"Text {n}." for n, name in enumerate(names)}


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"a.txt": "one", "b.txt": "two"}, zipfile.ZIP_STORED))
    for start in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[start] |= 1
    assert texts(read(tmp_path / "a.zip", bytes(data))) == {"a.zip/a.txt": "! encrypted", "a.zip/b.txt": "two"}


def test_a_link_in_an_archive_is_named_and_not_followed(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        archive.writestr(link, "/etc/hostname")
        archive.writestr("a.txt", "The bank.")
    found = texts(read(tmp_path / "a.zip", (tmp_path / "made.zip").read_bytes()))
    assert found == {"a.zip/link.txt": "! a link, which is not followed", "a.zip/a.txt": "The bank."}


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zip_bytes({"a.txt": b"x" * (65 * 2**20), "b.txt": b"The bank."})
    found = texts(read(tmp_path / "a.zip", bomb))
    assert found == {"a.zip/a.txt": "! a.txt unpacks to more than 64 MiB", "a.zip/b.txt": "The bank."}


def test_words_cut_at_line_ends_of_a_mail_are_joined(tmp_path: Path) -> None:
    text = "She was won-\ndering at his self-\ncontrol.\n\n> won-\n> dering\n\n-- \nAnn"
    found = texts(read(tmp_path / "a.eml", mail(text)))
    joined = "She was\nwondering at his\nself-control.\n\n> won-\n> dering\n\n-- \nAnn"
    assert found == {"a.eml": joined}


def test_a_line_of_text_begins_no_message(tmp_path: Path) -> None:
    data = "From a Mon Mar  2 10:00:00 1998\nSubject: a\n\nOne.\n\nFrom here on, at 10:00 they said so.\n"
    assert texts(read(tmp_path / "a.mbox", data)) == {"a.mbox#1": "One.\n\nFrom here on, at 10:00 they said so."}


def test_a_saved_page_of_frames_alone_is_read(tmp_path: Path) -> None:
    page = EmailMessage()
    page.make_mixed()
    for text in ("<frameset><frame src='a'></frameset>", "<p>The bank.</p>"):
        part = EmailMessage()
        part.set_content(f"<html>{text}</html>", subtype="html")
        page.attach(part)
    assert texts(read(tmp_path / "a.mhtml", page)) == {"a.mhtml": "The bank."}


def test_frames_of_a_saved_page_are_counted_or_read(tmp_path: Path) -> None:
    page = EmailMessage()
    page["Date"] = "Tue, 4 Mar 2014 10:00:00 +0100"
    page.make_mixed()
    for text in ("The page is about the bank.", "The frame is about the sea.", ""):
        part = EmailMessage()
        part.set_content(f"<html><body><p>{text}</p></body></html>", subtype="html")
        page.attach(part)
    path = tmp_path / "a.mhtml"
    path.write_bytes(page.as_bytes())
    (found,) = read_documents([path])
    assert isinstance(found, Document)
    assert (found.text, dict(found.metadata)) == (
        "The page is about the bank.",
        {"file_date": "2014-03-04", "file_year": 2014},
    )
    assert found.warning == "1 frame of the page not read; read all with --whole-page"
    (whole,) = read_documents([path], ReadOptions(whole_page=True))
    assert isinstance(whole, Document)
    assert (whole.text, whole.warning) == ("The page is about the bank.\n\nThe frame is about the sea.", "")
