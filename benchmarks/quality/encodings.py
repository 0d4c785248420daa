"""Compare detectors of text encodings on short texts: the share of texts that are read without a wrong character.

    python -m benchmarks.quality.encodings [--wrong]

The texts are in this file: ten languages, four sentences each. Each is written in each old encoding that can hold it.
A detector gets a single sentence, or all four. Detectors that are not installed are left out.
"""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Callable

import click
from polyseme.indexer.readers.encodings import detect

TEXTS = {
    "en": [
        "The café by the river was closed, and Zoë cursed its “summer hours”.",
        "“I won’t pay £5 for a crêpe,” said the clerk — and he didn’t.",
        "His fiancée kept the résumé in a drawer for years.",
        "It was a naïve plan – the bank’s façade had no door.",
    ],
    "de": [
        "Die Brücke über den Fluß war für größere Wagen gesperrt.",
        "Am Abend hörte man die Mädchen schöne Lieder singen.",
        "Die Bank am Ufer war naß, und der Jäger ging müde nach Hause.",
        "Über den Dächern lag früher Nebel, später schien die Sonne.",
    ],
    "fr": [
        "Le garçon était assis sur la berge, près d’un vieux chêne.",
        "La crème brûlée coûte très cher à l’hôtel du marché.",
        "Où êtes-vous allés cet été ? À la forêt, dit l’élève.",
        "Les élèves ont reçu leur leçon de français à Noël.",
    ],
    "es": [
        "El niño se sentó en el banco del jardín y comió una piña.",
        "¿Dónde está el señor López? ¡Mañana vendrá también!",
        "La canción habló de una montaña pequeña y un corazón.",
        "Según el médico, la niña está mejor que el año pasado.",
    ],
    "pt": [
        "A mãe não comprou pão, porque a padaria já fechara.",
        "As ações do banco caíram, e ninguém sabia a razão.",
        "O coração da cidade é uma praça com três árvores.",
        "Amanhã há uma reunião às nove; você não pode faltar.",
    ],
    "it": [
        "La città è più bella di sera, perché c’è meno rumore.",
        "Così andò a sedersi sulla panca e non parlò più.",
        "Lunedì verrà anche lui, se potrà lasciare l’università.",
        "È già tardi: il caffè è freddo e la banca è chiusa.",
    ],
    "sv": [
        "Det är för sent att gå över bron när ån stiger.",
        "På vårvintern låg båten kvar vid den gamla bänken.",
        "Hon köpte ett hus på ön, och där växte äpplen.",
        "Åskan gick, och fåglarna flög över sjön.",
    ],
    "da": [
        "Hun sad på bænken ved søen og så på de små både.",
        "Bogen lå på bordet, og børnene løb ud for at få frisk luft.",
        "Først på året købte de en gård på øen.",
        "Det blæste hårdt, så færgen måtte blive i havnen.",
    ],
    "pl": [
        "Chłopiec usiadł na ławce i patrzył na rzekę.",
        "Późną jesienią łąki są żółte, a wieczory długie.",
        "Źle się stało, że nie wzięliśmy pieniędzy z banku.",
        "Dziś rano ktoś zgubił klucz pod dębem; może go znajdę.",
    ],
    "cs": [
        "Příliš dlouho seděl na břehu řeky a čekal na loď.",
        "Děti běžely přes zelenou louku k starému dubu.",
        "Večer šel ještě do banky, ale už bylo zavřeno.",
        "Žena koupila čtyři růže a těšila se domů.",
    ],
    "hu": [
        "A fiú a parton ült, és a hűvös vizet nézte.",
        "Az öreg nő kenyeret és tejet vett a bolt előtt.",
        "Később eljött a tűzoltó is, de már nem volt szükség rá.",
        "Őszintén szólva, a pénz a bankban van.",
    ],
}
CODECS = (
    "cp1252", "iso8859-1", "iso8859-15", "mac_roman", "cp850", "cp437", "cp865",
    "cp1250", "iso8859-2", "cp852", "mac_latin2",
)  # fmt: skip
PLAIN = str.maketrans("“”’‘–—", "\"\"''--")
_DETECT: dict[str, Callable[[bytes], str | None]] = {}


def polyseme(data: bytes) -> str | None:
    """Return what Polyseme detects."""
    return detect([data])


def cchardet(data: bytes) -> str | None:
    """Return what faust-cchardet detects."""
    import cchardet as library

    found = library.detect(data)["encoding"]
    return str(found) if found else None


def charset_normalizer(data: bytes) -> str | None:
    """Return what charset-normalizer detects."""
    import charset_normalizer as library

    best = library.from_bytes(data).best()
    return best.encoding if best else None


def chardet(data: bytes) -> str | None:
    """Return what chardet detects."""
    library = importlib.import_module("chardet")
    found = library.detect(data)["encoding"]
    return str(found) if found else None


DETECTORS = (polyseme, cchardet, charset_normalizer, chardet)


def cases() -> list[tuple[str, str, str, bytes]]:
    """Return language, codec, text and bytes of all texts."""
    found = []
    for language, sentences in TEXTS.items():
        for text in (*sentences, "\n".join(sentences)):
            for codec in CODECS:
                for form in dict.fromkeys((text, text.translate(PLAIN))):
                    try:
                        data = form.encode(codec)
                    except UnicodeEncodeError:
                        continue
                    if not data.isascii():
                        found.append((language, codec, form, data))
                        break
    return found


def is_right(detector: Callable[[bytes], str | None], text: str, data: bytes) -> bool:
    """Return whether a detector's encoding gives the text."""
    codec = detector(data)
    try:
        return codec is not None and data.decode(codec) == text
    except (UnicodeDecodeError, LookupError):
        return False


@click.command()
@click.option("--wrong", is_flag=True, help="Show what Polyseme reads wrongly.")
def main(wrong: bool) -> None:
    """Print tables of right texts by encoding and by language."""
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    rows: dict[str, int] = defaultdict(int)
    for language, codec, text, data in cases():
        for key in (codec, language, "sentence" if "\n" not in text else "four sentences", "all"):
            rows[key] += 1
        for detector in DETECTORS:
            try:
                right = is_right(detector, text, data)
            except ImportError:
                continue
            for key in (codec, language, "sentence" if "\n" not in text else "four sentences", "all"):
                counts[detector.__name__][key][0] += right
            if wrong and not right and detector is polyseme:
                found = detect([data])
                print(f"{codec:12} as {found:12} {data.decode(found, 'replace')[:80]!r}")
    print(f"{'texts':16} {'':>5}" + "".join(f" {name:>20}" for name in counts))
    for key, total in rows.items():
        print(f"{key:16} {total:5}" + "".join(f" {100 * counts[name][key][0] / total:19.1f}%" for name in counts))


if __name__ == "__main__":
    main()
