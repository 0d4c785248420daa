"""Texts for tests of whole tasks on the page: *charge*, *cell* and *network* in several senses, with years."""

from __future__ import annotations

import json
from collections.abc import Sequence

from polyseme.indexer.documents import Document
from samples import docx_bytes

FEE = (
    "The hotel made no charge for the second night.",
    "There is a small charge for parking behind the museum.",
    "Admission is free of charge for pupils and students.",
    "The plumber added a charge for the visit to his bill.",
    "Customers pay a monthly charge for the telephone line.",
    "The airline dropped its charge for heavy luggage.",
    "A charge of two pounds is made for each copy.",
    "The bank explained every charge on my account.",
)
CRIME = (
    "The police dropped the charge of theft against him.",
    "She was acquitted of the charge of murder after a long trial.",
    "He pleaded guilty to a charge of fraud in the county court.",
    "The judge dismissed the charge because a witness had lied.",
    "The prosecutor read the charge of burglary to the jury.",
    "He was arrested on a charge of bribery and kept in prison.",
    "Her lawyer called the charge of arson absurd.",
    "The court heard a second charge of perjury.",
)
POWER = (
    "The battery lost its charge during the cold night.",
    "An electron carries a negative electric charge.",
    "The electric charge on the sphere leaked into the damp air.",
    "This phone holds its charge for two days.",
    "A positive charge attracts a negative charge across the gap.",
    "The engineer measured the charge in the capacitor.",
    "Rubbing the glass rod gives it a static charge.",
    "The charge of the battery is shown by a green lamp.",
)
ATTACK = (
    "The cavalry made a charge against the guns on the hill.",
    "The general ordered a charge across the open field.",
    "The bugle sounded the charge and the horsemen rode forward.",
    "Two hundred soldiers fell in the charge at the bridge.",
    "The infantry met the charge with fixed bayonets.",
    "A last charge of the lancers broke the enemy line.",
)
PRISON = (
    "The prisoner sat alone in his cell and counted the bricks.",
    "A guard locked the cell and hung the key on his belt.",
    "He spent the night in a police cell after the fight.",
    "Three prisoners shared a cell that was built for one.",
    "The window of the cell looked out on the prison yard.",
    "The warder opened the cell at six in the morning.",
    "She wrote letters in her cell until the light was put out.",
    "The thief was led down to a cell under the court.",
)
LIFE = (
    "The nucleus of the cell holds its genes.",
    "The virus enters the cell and copies itself.",
    "Under the microscope each cell of the leaf was green.",
    "A nerve cell carries signals along its fibres.",
    "The membrane keeps the fluid of the cell inside.",
    "Each cell divides into two daughters with the same genes.",
    "The biologist stained the cell to see its nucleus.",
    "A blood cell carries oxygen to the tissue.",
)
PHONE = (
    "He lost the signal when his cell phone left the last cell of the mast.",
    "She called her mother from a cell phone on the train.",
    "A cell phone rang during the concert.",
    "My cell phone was stolen with the wallet in my coat.",
    "The company sold its first cell phone that took pictures.",
    "He typed a message on his cell phone at the bus stop.",
    "The cell phone in her bag played a tune.",
    "Please turn off your cell phone before the film begins.",
)
NETWORK = (
    "The railway network was nationalised after the war.",
    "A network of canals joined the mills to the harbour.",
    "The new motorway completed the road network of the county.",
    "The radio network broadcast the speech at noon.",
    "The computer network failed and nobody could print.",
    "A worm spread through the network of the university in one night.",
    "The office network has forty computers and one printer.",
    "She shared the pictures with friends on a social network.",
)
_YEARS = {
    1930: (PRISON[:4],),
    1950: (PRISON, NETWORK[:3]),
    1970: (PRISON, LIFE, NETWORK[3:4]),
    1990: (LIFE, PHONE, NETWORK[4:6]),
}
_YEARS |= {2005: (LIFE, PHONE, NETWORK[6:])}

BROKEN = {
    "minutes.docx": docx_bytes(["The charge was dropped."])[:900],
    "report.pdf": b"%PDF-1.7\nnot a document",
    "figures.json": b'{"text": "The charge of theft',
}
"""Files that cannot be read: a part of one, one that is something else, and one with a mistake."""


def charges() -> list[Document]:
    """Return documents with *charge* in four senses, from 1890 to 1998."""
    kinds = {"invoice": FEE, "trial": CRIME, "physics": POWER, "war": ATTACK}
    return [
        Document(f"{kind}-{n}.txt", " ".join(pair), {"title": f"{kind.title()} {n}", "year": 1890 + 36 * n})
        for kind, lines in kinds.items()
        for n, pair in enumerate(zip(lines[::2], lines[1::2], strict=True))
    ]


def cells() -> list[Document]:
    """Return documents with *cell* and *network*, one for each of many years from 1930 to 2023."""
    found = []
    for decade, groups in _YEARS.items():
        lines = [line for group in groups for line in group]
        for n in range(10):
            text = " ".join(lines[n::10])
            if text:
                year = decade + 2 * n
                found.append(Document(f"{year}.txt", text, {"title": f"Yearbook of {year}", "year": year}))
    return found


def sentences() -> Sequence[str]:
    """Return all sentences, those of one sense together."""
    groups = (FEE, CRIME, POWER, ATTACK, PRISON, LIFE, PHONE, NETWORK)
    return [line for group in groups for line in group]


def files() -> dict[str, bytes]:
    """Return forty files of eight kinds, of which three cannot be read."""
    lines = list(sentences())
    made: dict[str, bytes] = {}
    for n in range(37):
        text = " ".join(lines[n::37])
        page = f"<!DOCTYPE html><html><head><title>Page {n}</title></head><body><p>{text}</p></body></html>"
        mail = f"From: a@example.org\nSubject: Letter {n}\nDate: Thu, 1 Jan 2015 10:00:00 +0000\n\n{text}\n"
        subtitles = f"1\n00:00:01,000 --> 00:00:09,000\n{text}\n"
        kinds: list[tuple[str, bytes]] = [
            ("txt", text.encode()),
            ("md", f"# Note {n}\n\n{text}\n".encode()),
            ("html", page.encode()),
            ("csv", f"id,text\nrow-{n},{json.dumps(text)}\n".encode()),
            ("json", json.dumps([{"id": f"item-{n}", "text": text}]).encode()),
            ("eml", mail.encode()),
            ("srt", subtitles.encode()),
            ("docx", docx_bytes([text])),
        ]
        suffix, content = kinds[n % len(kinds)]
        made[f"file-{n:02}.{suffix}"] = content
    return made | BROKEN
