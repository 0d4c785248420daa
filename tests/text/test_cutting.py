"""Signs beside words: note marks, dashes, quotes, hyphens, apostrophes and abbreviations, in several languages."""

from __future__ import annotations

import lzma
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from effort import grows_linearly
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.text import TextAnalyser, TokenKind
from polyseme.indexer.text.abbreviations import abbreviations
from polyseme.indexer.text.marks import is_mark, mark_spans, note_mark
from polyseme.indexer.text.plain_signs import plain_signs

from benchmarks.quality import cutting


@cache
def analyser(language: str) -> TextAnalyser:
    return TextAnalyser(language)


def sentences(text: str, language: str = "en") -> list[str]:
    return [text[sentence.start : sentence.end] for sentence in analyser(language).sentences(text)]


def forms(text: str, language: str = "en") -> list[str]:
    return [token.text for token in analyser(language).tokens(text)]


def marks(text: str) -> list[str]:
    return [text[start:end] for start, end in mark_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the mill.[4] Then", ["[4]"]),
        ("the mill[4][15] and", ["[4]", "[15]"]),
        ("the mill,[b] and", ["[b]"]),
        ("the mill[b,c] and weir[a, d] [b,c]", ["[b,c]", "[a, d]"]),
        ("the mill.[iv] Then", ["[iv]"]),
        ("the mill[note 2] and", ["[note 2]"]),
        ("the mill[lower-alpha 2] and", ["[lower-alpha 2]"]),
        ("the mill.[page needed] Then", ["[page needed]"]),
        ("the mill.[by whom?] Then", ["[by whom?]"]),
        ("The mill[edit] The", ["[edit]"]),
        ("the mill.[^1] Then[^fn-a].", ["[^1]", "[^fn-a]"]),
        ("[^1]: The text of a note", ["[^1]"]),
        ("the mill.[1, 2] Then[3–5]", ["[1, 2]", "[3–5]"]),
        ("the mill.¹² Then weir¹³", ["¹²", "¹³"]),
        ("the mill.¹,² Then", ["¹,²"]),
        ("the mill.[7]:12 Then[8]:p. 3–4", ["[7]:12", "[8]:p. 3–4"]),
        ("the mill.[1],[2]–[3] Then.²˒³ Then weir.⁴⁾", ["[1]", "[2]", "[3]", "²˒³", "⁴⁾"]),
        ("“mill”³ (weir)⁴ 50%⁵ it⁶ UK⁷ 1987⁸", ["³", "⁴", "⁵", "⁶", "⁷", "⁸"]),
        ("the mill* and weir.† Then lock‡ price**", ["*", "†", "‡", "**"]),
        ("m² km² 10³ x² CO₂ H₂O 5m² mc² 10⁻³ cm³. Ca²⁺ ¹⁴C Alpha² R² sin²", []),
        ("th[e]y m[ill]s [t]he mill[ing]", []),
        ("as [2] shows, [sic] and [A] in [1984]", []),
        ("a mill[text](https://example.org)", []),
        ("a*b 5*3 C* *mill", []),
        ("[[[[ []] [ ]", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_marks_are_found_and_powers_and_editors_letters_are_not(text: str, expected: list[str]) -> None:
    assert marks(text) == expected
    assert all(is_mark(mark) or mark[0] in "*†‡§¶" for mark in expected)


@pytest.mark.parametrize("mark", ["7", "12", "a", "iv", "*", "†", "[3]", "note 2", "[citation needed]"])
@pytest.mark.parametrize("sign", ["", ".", ",", ".”", '."'])
def test_a_written_mark_is_a_token_of_its_own_without_a_vector(mark: str, sign: str) -> None:
    written = note_mark(mark)
    text = f"We saw the mill{sign}{written} Later it burned."
    [found] = [
        token for sentence in analyser("en").sentences(text) for token in sentence.tokens if token.text == written
    ]
    assert found.kind is TokenKind.PUNCTUATION
    assert "mill" in forms(text)
    if "." in sign:
        assert sentences(text) == [f"We saw the mill{sign}{written}", "Later it burned."]
    else:
        assert sentences(text) == [text]


@pytest.mark.parametrize(
    "expected",
    [
        ["It was open, with few exceptions.[1]", "The mill is old.[2][3]", "Later it grew."],
        ["It was old. [2]", "Later it grew."],
        ["It was ruined.1", "Later it grew.12", "“It fell.”3", "Orme left."],
        ["It was old.[2],[3]", "Later it grew.[4]–[6]", "Then it fell.[7], [8]", "Nobody knew.[9]:12", "All slept."],
        ["This is known.", "[2] shows that it is."],
        ["See the U.S.[7]", "The rest is known."],
        ["She saw mills, locks, etc.¹²", "Then she slept."],
        ["Is it true?[who?]", "It is.[by whom?]"],
        ["It burned.†", "No one knew.*", "Nobody asked."],
        ["The paper by Hale et al.[4] says so.", "Others agree."],
        ["He met Dr.[1] Orme there.", "They spoke."],
        ["It was old.(1)", "Later it grew (2) tall.", "“It fell.”(12)", "Orme left.(3)"],
    ],
    ids=lambda expected: expected[0],
)
def test_marks_belong_to_the_sentence_before_them(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


def test_a_mark_ends_its_sentence_where_the_space_was_lost() -> None:
    assert sentences("It was old.[2]Later it grew.") == ["It was old.[2]", "Later it grew."]


def test_a_list_of_references_keeps_its_numbers() -> None:
    assert sentences("[1] Hale, The Mill. [2] Orme, The Weir.")[0].startswith("[1] Hale")
    assert sentences("[1] Hale, The Mill. [2] Orme, The Weir.")[-1] == "[2] Orme, The Weir."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the mill,--and the weir;—then", "the mill , -- and the weir ; — then"),
        ('"Not the mill!"--he said', '" Not the mill ! " -- he said'),
        ("'Tis late.--'Land!'--", "' Tis late . -- ' Land ! ' --"),
        ('Anna --who left-- said:--"Come!"', 'Anna -- who left -- said : -- " Come ! "'),
        ("it's--well, he'd--no", "it 's -- well , he 'd -- no"),
        ("don’t—I’m", "do n’t — I ’m"),
        ("roughly 30%—of £5—them", "roughly 30 % — of £ 5 — them"),
        ('mill,"he weir.)"she', 'mill , " he weir . ) " she'),
        ("(the clerk): no", "( the clerk ) : no"),
        ("Ben -who came late- was not", "Ben - who came late - was not"),
        ("-What? he said", "- What ? he said"),
        ("pre- and post-war, mid-, or late", "pre- and post-war , mid- , or late"),
        ("-5 to an A- (homo- = same; -ness = state)", "-5 to an A- ( homo- = same ; -ness = state )"),
        ("She did n't; John 's didn 't I 'll", "She did n't ; John 's didn 't I 'll"),
        ("the boys ' mill", "the boys ' mill"),
        ("``Well'', -``no'", "`` Well '' , - `` no '"),
        ("=Mill= or |weir| ~lock~", "= Mill = or | weir | ~ lock ~"),
        ("DON'T, WE’LL; IT'S O'NEIL", "DO N'T , WE ’LL ; IT 'S O'NEIL"),
        ("don´t donʼt she`s Don‘t Anna‘s", "do n´t do nʼt she `s Do n‘t Anna ‘s"),
        ("see q.v. and s.v. mill", "see q.v. and s.v. mill"),
        ("J.-P. Hale", "J.-P. Hale"),
        ("the mill,4 and p.12 and a.5", "the mill , 4 and p.12 and a.5"),
        ("mills &c. and so on", "mills &c. and so on"),
        ("http://example.org/a--b", "http://example.org/a--b"),
    ],
)
def test_signs_are_cut_from_the_words_beside_them(text: str, expected: str) -> None:
    assert forms(text) == expected.split()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Vor- und Nachteile, Eingang und -ausgang", "Vor- und Nachteile , Eingang und -ausgang"),
        ("de", "Ben -der kam- war da", "Ben - der kam - war da"),
        ("fr", "AUJOURD'HUI L'EAU", "AUJOURD'HUI L' EAU"),
        ("es", "dijo.¿Qué?¡No!", "dijo . ¿ Qué ? ¡ No !"),
        ("fr", "l' eau qu' il boit", "l' eau qu' il boit"),
        ("it", "dall'avv. Bianchi", "dall' avv. Bianchi"),
    ],
)
def test_hyphens_and_apostrophes_of_other_languages(language: str, text: str, expected: str) -> None:
    assert forms(text, language) == expected.split()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["We went to the sea.", "—She stayed!"]),
        ("en", ['"Who?"', '--"I."', "We left."]),
        ("en", ['"No!" -- he said.', "Mr.—Smith; we left."]),
        ("en", ["She came .", "He left .", 'Mr . Orme said " no . "', "We left ."]),
        ("en", ['" Come here . "', "She left ."]),
        ("en", ["im going out. anyone who wants can come.", "thats it."]),
        ("fr", ["Anne dit : « Bonsoir !", "Et vous ? »", "Luc part."]),
        ("fr", ["« Oui.\u00a0»", "Elle part.", "« Non !\u202f», dit-il."]),
        ("fr", ["« Oui. »", "– Non."]),
        ("de", ["»Komm!«", "Sie ging.", "„Wer?“", "Niemand kam.", "»Was?«, fragte er."]),
        ("da", ["Se s. 5.", "»Hvem?«", "Hun lo."]),
        ("es", ["—¿Qué quieres? —preguntó Ana—.", "Nada."]),
        ("it", ["Aveva 12 anni nel 1850.", "Poi andò via."]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_closing_signs_stay_with_their_sentence(language: str, expected: list[str]) -> None:
    if expected[0].startswith("im going"):
        assert sentences(" ".join(expected)) == ["im going out.", "anyone who wants can come.", "thats it."]
        return
    if expected[0].startswith("We went"):
        assert sentences("We went to the sea.—She stayed!") == expected
        return
    if expected[0] == '"Who?"':
        assert sentences('"Who?"--"I." We left.') == expected
        return
    assert sentences(" ".join(expected), language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["It is so, cf. Hale 1999.", "Hale et al. 1999 saw it.", "See viz. Orme."]),
        ("en", ["Wm. Hale, Chas. Orme and the Rt. Hon. Jas. Pitt met.", "They left."]),
        ("en", ["J.-J. Hale and Orme & Co. Ltd. met.", "See chap. xii. 3 of it.", "Poems, ed. Hale (trans. Orme)."]),
        ("en", ["He gave £5 10s. 6d. for it.", "She gave 3l. 4s. 2d.", "It cost 6s.", "He left."]),
        ("tr", ["Dr. Aydın ve Prof. Kaya geldi.", "Sonra gitti."]),
        ("hu", ["Dr. Szabó és Mrs. Hale jött.", "Vége."]),
        ("pl", ["Czytała, pisała itd.", "Konie spały."]),
        ("fr", ["J.-J. Roux naquit en 12 av. J.-C.", "Il vint."]),
        ("nl", ["Wij zagen ir. De Boer en mr. Van Dam.", "Zij gingen."]),
        ("ru", ["Проф. Иванов жил на ул. Ленина.", "См. рис. 3 и стр. 5.", "Он пришёл."]),
        ("de", ["Vgl. Abb. 3 und die Goethestr. 5.", "Dr. jur. Huber bzw. Frau Kunz wohnt in der Bahnhofstr. Nr. 4."]),
        ("de", ["Es steht auf S. 5.", "Peter las es.", "Er kam am 3. Mai.", "Dort ist es laut."]),
        ("fr", ["Cf. Martin, p. ex. Paris, art. 3.", "M. Roux et Mgr. Blanc, av. J.-C., env. 30.", "Elle part."]),
        ("es", ["El Sr. García y la Sra. López.", "EE. UU. ganó.", "Vive en la Avda. Mayor núm. 5.", "Luego salió."]),
        ("it", ["Il sig. Rossi andò dall'avv. Bianchi.", "Cfr. Manzoni, pag. 5, e l'on. Neri.", "Poi tornò."]),
        ("nl", ["Dhr. De Vries las P.C. Hooft.", "Mevr. Bos woont in de Kerkstr. 5, m.a.w. Utrecht."]),
        ("pt", ["O Exmo. Sr. Dr. Lopes e a Profa. Costa.", "Ver pág. 3, p. ex. Lisboa.", "Depois saiu."]),
        ("cs", ["Mgr. Jan Hus bydlí v ul. Karlově.", "Viz str. 5.", "Sv. Václav, např. Petr, J. A. Komenský."]),
        ("pl", ["Prof. Kowalski, ul. Długa.", "Zob. s. 12.", "Tzw. Zachód, m.in. Kraków, św. Piotr."]),
        ("sv", ["Prof. Lind, t.ex. Anna, jfr Ek.", "Kungl. Biblioteket, dvs. Stockholm.", "Hon log."]),
        ("da", ["Hr. Holm, f.eks. Anna.", "Skt. Peter, jf. Holm.", "Hun lo."]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_no_sentence_ends_after_an_abbreviation(language: str, expected: list[str]) -> None:
    assert sentences(" ".join(expected), language) == expected


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl", "pt", "cs", "pl", "sv", "da"])
def test_lists_are_case_folded_and_their_periods_stay(language: str) -> None:
    known = abbreviations(language)
    listed = known.titles | known.leading | known.inner | known.numbered | known.others
    assert len(listed) > 100
    assert all(word == word.casefold() and not word.endswith(".") for word in listed)
    assert all(known.keeps_period(word, before_number=True) for word in listed)
    assert known.starters


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from("aA.[2]¹*†»« \n\"—-!?'") | st.just("[note 3]")).map("".join)))
def test_plain_signs_have_the_length_of_the_text(text: str) -> None:
    assert len(plain_signs(text)) == len(text)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "piece", ["[a", "x. [1] A", "b.[note 1] ", '. " a ', " .  ", "aaa- ", " -aaa", f" .{' ' * 9_000}1"]
)
def test_hostile_runs_of_signs_are_cut_in_linear_time(piece: str, language: str) -> None:
    def work(characters: int) -> None:
        assert list(analyser(language).sentences("a " + piece * (characters // len(piece))))

    assert grows_linearly(work, 10_000)


TREEBANK = """# newdoc id = one
# newpar
# text = We can't go. Well-known dons cannot.
1\tWe\twe\tPRON\t_\t_\t0\troot\t_\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_
2\tca\tcan\tAUX\t_\t_\t0\troot\t_\t_
3\tn't\tnot\tPART\t_\t_\t0\troot\t_\t_
4\tgo\tgo\tVERB\t_\t_\t0\troot\t_\tSpaceAfter=No
5\t.\t.\tPUNCT\t_\t_\t0\troot\t_\t_

# text = Well-known dons cannot.
1\tWell\twell\tADV\t_\t_\t0\troot\t_\tSpaceAfter=No
2\t-\t-\tPUNCT\t_\t_\t0\troot\t_\tSpaceAfter=No
3\tknown\tknow\tVERB\t_\t_\t0\troot\t_\t_
4\tdons\tdon\tNOUN\t_\t_\t0\troot\t_\t_
5-6\tcannot\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
5\tcan\tcan\tAUX\t_\t_\t0\troot\t_\t_
6\tnot\tnot\tPART\t_\t_\t0\troot\t_\t_
6.1\tgo\tgo\tVERB\t_\t_\t0\troot\t_\t_
7\t.\t.\tPUNCT\t_\t_\t0\troot\t_\t_

# newpar
1\tYes\tyes\tINTJ\t_\t_\t0\troot\t_\t_

# newdoc
1\tNo\tno\tINTJ\t_\t_\t0\troot\t_\t_
"""


def test_a_treebank_is_read_as_running_text_and_scored(tmp_path: Path) -> None:
    path = tmp_path / "small.conllu.xz"
    path.write_bytes(lzma.compress(TREEBANK.encode()))
    documents = list(cutting.read_treebank(path))
    assert [gold.text.rstrip() for gold in documents] == ["We can't go. Well-known dons cannot. \n\nYes", "No"]
    first = documents[0]
    assert [first.text[slice(*span)] for span in first.sentences] == ["We can't go.", "Well-known dons cannot.", "Yes"]
    assert "ca n't go" in " ".join(first.text[slice(*span)] for span in first.tokens)
    assert "cannot" in [first.text[slice(*span)] for span in first.tokens]
    done = CliRunner().invoke(cutting.main, [str(path), "--language", "en", "--diff", str(tmp_path / "diff.txt")])
    assert done.exit_code == 0
    assert done.output.count("1.0000 1.0000 1.0000") == 2
    assert (tmp_path / "diff.txt").read_text(encoding="utf-8").strip() == ""


def test_a_treebank_without_sentences_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.conllu"
    path.write_text("# newdoc\n", encoding="utf-8")
    done = CliRunner().invoke(cutting.main, [str(path), "--language", "en"])
    assert done.exit_code == 1
    assert "holds no sentence in CoNLL-U" in done.output
