import re
import subprocess
import sys
import textwrap
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.text import Sentence, TextAnalyser, TokenKind, fold
from polyseme.indexer.text import tokeniser as tokens
from polyseme.indexer.text.marks import is_mark
from polyseme.indexer.text.tokeniser import Ending, Tokeniser

ENGLISH = TextAnalyser()
LANGUAGES = {code: TextAnalyser(code) for code in ("en", "de", "fr", "zh", "xq")}


def sentences(text: str, analyser: TextAnalyser = ENGLISH) -> list[str]:
    return [text[sentence.start : sentence.end] for sentence in analyser.sentences(text)]


def forms(text: str, analyser: TextAnalyser = ENGLISH) -> list[str]:
    return [token.text for token in analyser.tokens(text)]


def lemmas(text: str, analyser: TextAnalyser = ENGLISH) -> list[str]:
    return [token.lemma for token in analyser.tokens(text)]


def kinds(text: str, analyser: TextAnalyser = ENGLISH) -> dict[str, TokenKind]:
    return {token.text: token.kind for token in analyser.tokens(text)}


def is_visible(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf")


def assert_whole(text: str, found: list[Sentence]) -> None:
    covered = bytearray(len(text))
    end_of_sentence = 0
    for sentence in found:
        assert sentence.tokens
        assert end_of_sentence <= sentence.start < sentence.end <= len(text)
        end_of_sentence = end_of_token = sentence.start
        for token in sentence.tokens:
            assert token.text == text[token.start : token.end]
            assert end_of_token <= token.start < token.end <= sentence.end
            assert token.lemma
            assert is_mark(token.text) or not any(map(str.isspace, token.text))
            covered[token.start : token.end] = b"\1" * (token.end - token.start)
            end_of_token = token.end
        end_of_sentence = sentence.end
    assert [c for c, is_covered in zip(text, covered, strict=True) if is_visible(c) and not is_covered] == []


# Any Unicode text, and pieces at which sentence splitters and tokenisers often err.
SIGNS = "aZ0.!?…'\"’“”()[]-–—/:;,*@#%$ \n\t\r\f\0"
SEAMS = [
    *(
        "Dr.",
        "U.S.",
        "n't",
        "it’s",
        "e\u0301",
        "\u200d",
        "\u200f",
        "\ufeff",
        "👩\u200d🔬",
        "🇩🇪",
        "𝔘",
        "银行",
        "かな",
        "ไทย",
    ),
    *("\n\n", "\u2029", "http://a.b/c?d=e", "x@y.org", "3.5%", "1,234", "....", "。"),
    *(
        "bank.[2]",
        "[3]",
        "¹²",
        "[note 4]",
        "[citation needed]",
        "[^5]",
        "Bank†",
        "m²",
        " »",
        "« ",
        "!«",
        " . ",
        "--",
        "—",
    ),
    *(" -who", "late- ", "Vor-", "cf. ", "A. ", " ' t", "''", "“", "§"),
]
PIECES = st.sampled_from([*SIGNS, *SEAMS])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@settings(deadline=None, max_examples=300)
@given(TEXTS, st.sampled_from(sorted(LANGUAGES)))
def test_tokens_are_exact_ordered_slices_that_cover_all_visible_text(text: str, language: str) -> None:
    assert_whole(text, list(LANGUAGES[language].sentences(text)))


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_tokens_of_one_sentence_cover_all_visible_text(text: str) -> None:
    tokens = ENGLISH.tokens(text)
    assert_whole(text, [Sentence(0, len(text), tokens)] if tokens else [])
    assert tokens or not any(map(is_visible, text))


@settings(deadline=None, max_examples=100)
@example("。-A")
@example("。[citation needed]A")
@given(TEXTS)
def test_tokens_of_a_stored_sentence_are_the_same_when_cut_again(text: str) -> None:
    for sentence in ENGLISH.sentences(text):
        again = ENGLISH.tokens(text[sentence.start : sentence.end])
        assert [token.text for token in again] == [token.text for token in sentence.tokens]


@settings(deadline=None, max_examples=10)
@given(TEXTS)
def test_analysers_agree_for_every_content_of_their_caches(text: str) -> None:
    assert list(TextAnalyser().sentences(text)) == list(ENGLISH.sentences(text))


@settings(deadline=None, max_examples=100)
@given(st.text(), st.sampled_from(sorted(LANGUAGES)))
def test_every_form_has_a_folded_lemma(form: str, language: str) -> None:
    assert LANGUAGES[language].lemma(form) == fold(LANGUAGES[language].lemma(form), language)


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Lowe saw Mrs. Pym at St. Mary's.", "She was ill."],
        ["It opened in the U.S.", "The rest of the world waited."],
        ["We left at 5 p.m. and slept.", "They left at 6 p.m.", "He did not."],
        ["See p. 5 and pp. 12 to 14.", "Then read fig. 3 again."],
        ["J. R. Hale and T. S. Orme wrote it.", "Nobody read it."],
        ["The rate rose by 3.5 points.", "It fell by 0.25."],
        ["He asked for lot No. 12, not No. 13.", "No.", "Never."],
        ["It happened on Feb. 3, 1971.", "All was lost by Aug. 9."],
        ["Sen. Gray met Gov. Holt and Rev. Finch.", "They talked."],
        ["Apples, pears, etc. are sold here.", "Bring a bag."],
        ["Smith & Co. and Ames Inc. merged.", "Both lost money."],
        ['"Where is it?" she asked.', '"Over there!" cried the boy.'],
        ['He said, "I saw the crane."', '"Which one?"', "Nobody knew."],
        ["“It’s late.”", "“Is it?”", "The lamp went out."],
        ["It rained (as it does here).", "(The roof leaked.)", "We moved."],
        ["Is it?", "Yes!", "No..."],
        ["Wait... what was that?", "Nothing."],
        ["We met on June 30.", "All of them came."],
        ["She drew a line through T.", "The line was straight."],
        ["Hale et al. (1951) saw it.", "It took 200 ms.", "The rest is known."],
        ["Go to example.org for more.", "It is free."],
    ],
    ids=lambda expected: expected[0],
)
def test_english_sentence_boundaries(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't say they'll've won't.", "Do n't say they 'll 've wo n't ."),
        ("It’s Anna’s; I’m sure you’d’ve seen.", "It ’s Anna ’s ; I ’m sure you ’d ’ve seen ."),
        ("We're here, you've gone, the dogs' bowls", "We 're here , you 've gone , the dogs ' bowls"),
        ("a well-known state-of-the-art test", "a well-known state-of-the-art test"),
        ("$1,234.50 or 3.5% of 10:30", "$ 1,234.50 or 3.5 % of 10:30"),
        ('("Yes," he said.)', '( " Yes , " he said . )'),
        ("1914–18—that is -- war...", "1914 – 18 — that is -- war ..."),
        ("cats/dogs [sic] {x}", "cats / dogs [ sic ] { x }"),
        ("Dr. Lowe, e.g. in the U.S. army.", "Dr. Lowe , e.g. in the U.S. army ."),
        ("pears, etc. and so on, etc.", "pears , etc. and so on , etc ."),
        ("at 5 p.m. we met; see No. 7, p. 12", "at 5 p.m. we met ; see No. 7 , p. 12"),
        ("No. I said no.", "No . I said no ."),
        ("See https://example.org/a-b?c=d, or write to a.b@example.co.uk.", None),
        ("I cannot, gonna, Im", "I cannot , gonna , Im"),
        ("the 1990s, the 21st", "the 1990s , the 21st"),
        ("Really?!", "Really ? !"),
        ("word(s) end.Next", "word ( s ) end . Next"),
        ("at five o'clock O'Hara left", "at five o'clock O'Hara left"),
    ],
)
def test_tokens_follow_the_penn_treebank(text: str, expected: str | None) -> None:
    if expected is None:
        expected = "See https://example.org/a-b?c=d , or write to a.b@example.co.uk ."
    assert forms(text) == expected.split()


def test_scripts_without_spaces_and_emoji_are_cut_into_searchable_units() -> None:
    assert forms("银行在河边。") == list("银行在河边。")
    assert forms("バスを待つ") == ["バス", "を", "待", "つ"]
    assert forms("ok👩\u200d🔬👍🏽🇩🇪🇫🇷!") == ["ok", "👩\u200d🔬", "👍🏽", "🇩🇪", "🇫🇷", "!"]
    assert forms("cafe\u0301 नदी") == ["cafe\u0301", "नदी"]
    assert sentences("银行在河边。他坐下。", TextAnalyser("zh")) == ["银行在河边。", "他坐下。"]


def test_invisible_characters_split_no_word_and_make_no_token() -> None:
    assert forms("\ufeff\u200friver\u200f bank\u00ad ri\u00adver \u200b\u200d") == ["river", "bank", "ri\u00adver"]
    assert lemmas("ri\u00advers") == ["river"]
    assert forms("one\0two\u200bthree") == ["one", "two", "three"]


def test_very_long_words_are_tokens() -> None:
    assert forms("a" * 10_000 + " b") == ["a" * 10_000, "b"]
    assert forms("." * 10_000) == ["." * 10_000]
    mixed = "a.b-(c)'" * 5_000
    assert "".join(forms(mixed)) == mixed


def test_lone_surrogates_are_kept() -> None:
    assert forms("bank \ud800 x\udfff.") == ["bank", "\ud800", "x", "\udfff", "."]


PARAGRAPHS = [
    "The committee met on the first Tuesday of the month to hear from Mr. Dale about the state of the river bank, "
    "which had been undercut by the floods of the winter before. Nobody doubted that it would cost more than the bank "
    "would lend. The clerk wrote everything down.",
    "Afterwards they walked out to look at the damage for themselves, and found that a crane had been left standing in "
    "the shallows by the contractor. It was rusty; its cables hung slack. They went home without having decided "
    "anything at all.",
]


@pytest.mark.parametrize("width", [45, 60, 72, 79, 100])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_hard_wrapped_text_has_the_same_sentences_as_unwrapped_text(width: int, newline: str) -> None:
    wrapped = "\n\n".join(textwrap.fill(paragraph, width) for paragraph in PARAGRAPHS).replace("\n", newline)
    unwrapped = "\n".join(PARAGRAPHS)
    expected = [[token.text for token in sentence.tokens] for sentence in ENGLISH.sentences(unwrapped)]
    assert [[token.text for token in sentence.tokens] for sentence in ENGLISH.sentences(wrapped)] == expected
    assert len(expected) == 6


def test_headings_are_separate_sentences() -> None:
    wrapped = textwrap.fill(PARAGRAPHS[0], 70)
    text = f"The state of the river\n\n{wrapped}\n\n2. What was done\n{wrapped}"
    found = sentences(text)
    assert found[0] == "The state of the river"
    assert found[4] == "2. What was done"
    assert found[1].startswith("The committee")
    assert found[5].startswith("The committee")


def test_a_blank_line_always_ends_a_sentence() -> None:
    assert sentences("we went to the\n \t\nbank of the river\r\n\r\nand sat") == [
        "we went to the",
        "bank of the river",
        "and sat",
    ]


def test_lines_of_one_paragraph_each_are_not_joined() -> None:
    assert sentences("\n".join(PARAGRAPHS)) == [
        sentence for paragraph in PARAGRAPHS for sentence in sentences(paragraph)
    ]
    assert sentences("Minutes of the meeting\nThe chair opened it. No one spoke.") == [
        "Minutes of the meeting",
        "The chair opened it.",
        "No one spoke.",
    ]


VERSE = """The ferry leaves before the light,
The rope is coiled, the lamp is low,
And those who watched it all the night
Have nothing more to say, and go;
A gull is crying on the mast.
"The water closes on the keel,"
He said, "and nobody can feel
The cold that rises from the stone." """.rstrip()


def test_a_sentence_of_verse_goes_on_over_its_lines() -> None:
    found = sentences(VERSE)
    assert [sentence.count("\n") for sentence in found] == [4, 2]
    assert "\n".join(found) == VERSE
    prose = textwrap.fill(PARAGRAPHS[0], 60)
    assert sentences(f"{prose}\n\n{VERSE}\n\n{prose}")[-len(sentences(prose)) - 2 : -len(sentences(prose))] == found


@pytest.mark.parametrize(
    "text",
    [
        "The Old Mill House,\nUpper River Lane,\nBath",
        "Two large eggs,\nSome milk,\nSalt",
        '{"name": "a",\n"value": 2,\n"other": 3,\n}',
        "apples from the garden,\npears from the wall,\nplums",
        "Name: Ada Quill,\nTown: Bath Spa,\nDate: May 1",
        "first we went home,\nthen we slept,\nand then",
    ],
)
def test_lists_and_data_with_commas_keep_their_lines(text: str) -> None:
    assert sentences(text) == text.split("\n")


def test_wrapped_text_in_capitals_is_joined() -> None:
    upper = PARAGRAPHS[0].upper()
    assert sentences(textwrap.fill(upper, 60).replace("\n", " ")) == [
        " ".join(sentence.split()) for sentence in sentences(textwrap.fill(upper, 60))
    ]


def test_verse_and_lists_keep_their_lines() -> None:
    verse = "The moon climbs over the mill and the weir\nAnd silver runs thin on the stones\nThe owl has gone out"
    assert sentences(verse) == verse.split("\n")
    items = "flour\ntwo eggs\na pinch of salt"
    assert sentences(items) == items.split("\n")
    wrapped_items = textwrap.fill(PARAGRAPHS[0], 60) + "\n- one bat\n- two mice\n* a crane"
    assert sentences(wrapped_items)[-3:] == ["- one bat", "- two mice", "* a crane"]


def test_a_run_of_signs_is_a_sentence_of_punctuation() -> None:
    [row] = ENGLISH.sentences("* * *")
    assert {token.kind for token in row.tokens} == {TokenKind.PUNCTUATION}
    assert [
        token.text for sentence in ENGLISH.sentences("He left.\n\n----------\n\nShe came.") for token in sentence.tokens
    ] == [*("He", "left", ".", "-" * 10, "She", "came", ".")]


def test_very_long_sentences_are_not_cut() -> None:
    text = "and the river ran on " * 1000
    [sentence] = ENGLISH.sentences(text)
    assert len(sentence.tokens) == 5000


def test_invisible_text_has_no_sentences() -> None:
    for text in ("", "  \n\n\t", "\0\0", "\ufeff", "\u200b \u200e"):
        assert list(ENGLISH.sentences(text)) == []
        assert ENGLISH.tokens(text) == ()


@pytest.mark.parametrize(
    "pairs",
    [
        "mice:mouse bats:bat banks:bank Banks:bank BANKS:bank charged:charge springs:spring Springs:spring cells:cell",
        "courts:court viruses:virus seasons:season matches:match leaves:leaf better:good pythons:python pupils:pupil",
        "scales:scale stars:star bows:bow branches:branch nails:nail fans:fan irons:iron cranes:crane plants:plant",
        "wives:wife thieves:thief calves:calf lives:life children:child geese:goose masses:mass boxes:box buses:bus",
        "developed:develop playing:play growing:grow fixed:fix mixed:mix singing:sing thinking:think gone:go won:win",
        "was:be Has:have did:do n't:not n’t:not 'll:will ’re:be 'm:be 've:have us:us cm:cm",
    ],
)
def test_english_lemmas(pairs: str) -> None:
    for form, lemma in (pair.split(":") for pair in pairs.split()):
        assert (form, ENGLISH.lemma(form)) == (form, lemma)
        assert ENGLISH.lemma(lemma) == lemma or lemma in ("good",)


def test_token_lemmas_equal_lemma_of_their_form() -> None:
    text = "The Banks of Colorado Springs weren’t charging the children’s bats 3.5 times."
    assert (
        lemmas(text)
        == "the bank of colorado spring be not charge the child 's bat 3.5 time .".replace(
            "'s", ENGLISH.lemma("’s")
        ).split()
    )
    assert all(token.lemma == ENGLISH.lemma(token.text) for token in ENGLISH.tokens(text))


def test_kind_of_a_token_follows_from_its_form() -> None:
    found = kinds("The US bank didn't lend them 1,500 or 3rd-rate loans , and IT showed 21st 🙂")
    assert {form for form, kind in found.items() if kind is TokenKind.FUNCTION} == {
        "The",
        "did",
        "n't",
        "them",
        "or",
        "and",
    }
    assert {form for form, kind in found.items() if kind is TokenKind.NUMBER} == {"1,500", "21st"}
    assert {form for form, kind in found.items() if kind is TokenKind.PUNCTUATION} == {",", "🙂"}


def test_content_words_are_never_function_words() -> None:
    traps = """bank call show bottom name front side make full move part top like well mean means go see say take
    serious amount empty used using various keep give become made hundred ten first last cell court past round still
    second"""
    assert set(kinds(traps).values()) == {TokenKind.WORD}


@pytest.mark.parametrize(
    ("language", "text", "expected", "lemma", "function"),
    [
        (
            "de",
            "Die Banken z.B. in Köln-Deutz sind zu.",
            "Die Banken z.B. in Köln-Deutz sind zu .",
            ("Banken", "bank"),
            "sind",
        ),
        ("fr", "L'eau qu’elle boit vient d'ici.", "L' eau qu’ elle boit vient d' ici .", ("boit", "boire"), "qu’"),
        ("it", "L'acqua dell'isola è buona.", "L' acqua dell' isola è buona .", ("buona", "buono"), "dell'"),
        ("es", "¿Dónde están los bancos?", "¿ Dónde están los bancos ?", ("bancos", "banco"), "los"),
        ("nl", "De banken liggen aan de rivier.", "De banken liggen aan de rivier .", ("banken", "bank"), "aan"),
        ("ru", "Он сидел на берегу.", "Он сидел на берегу .", ("сидел", "сидеть"), None),
    ],
)
def test_tokens_lemmas_and_kinds_of_other_languages(
    language: str, text: str, expected: str, lemma: tuple[str, str], function: str | None
) -> None:
    analyser = TextAnalyser(language)
    assert analyser.has_lemmas
    assert forms(text, analyser) == expected.split()
    assert analyser.lemma(lemma[0]) == lemma[1]
    marked = {form for form, kind in kinds(text, analyser).items() if kind is TokenKind.FUNCTION}
    assert function in marked if function else not marked


def test_a_language_without_lemmatiser_folds_the_form() -> None:
    analyser = TextAnalyser("xq")
    assert not analyser.has_lemmas
    assert lemmas("The BANKS of Straße", analyser) == ["the", "banks", "of", "straße"]


def test_a_region_code_does_not_change_the_language() -> None:
    assert TextAnalyser("en-GB").language == TextAnalyser("EN").language == "en"
    assert TextAnalyser("no").has_lemmas


@pytest.mark.parametrize("code", ["", " ", "xx123", "e", "english please", "../en", "e\nn"])
def test_an_invalid_language_code_is_refused_with_the_list_of_codes(code: str) -> None:
    with pytest.raises(PolysemeError, match=r"with lemmas: .*\bde\b.*\ben\b") as refusal:
        TextAnalyser(code)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("language", ["en", "de", "fr", "it", "tr", "xx"])
def test_shortcut_for_plain_words_equals_spacy(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tokeniser = Tokeniser(language)
    rules: Any = tokens._make_pipeline(language).tokenizer  # compiled, without types
    exceptions = {form.rstrip(".,;:!?") for form in rules.rules}
    words = {form for form in exceptions if re.fullmatch("[A-Za-z]*[a-z]", form)}
    words |= {"bank", "etc", "kg", "km", "Mr", "McDonald", "iPhone", "GmbH", "gotta", "pm", "lorsqu", "a", "usw"}
    asked = [(word + sign, ending) for word in sorted(words) for sign in ".,;:!?" for ending in Ending]
    found = [tokeniser.cut(chunk, ending) for chunk, ending in asked]
    monkeypatch.setattr(tokens, "_WORD_AND_SIGN", re.compile("(?!)"))
    for (chunk, ending), spans in zip(asked, found, strict=True):
        assert spans == tokeniser.cut(chunk, ending), (chunk, ending)


def test_a_plain_sentence_does_not_import_spacy() -> None:
    program = (
        "import sys; from polyseme.indexer.text.analyser import TextAnalyser;"
        "found = TextAnalyser('en').tokens('She sat, alone, on the river bank.');"
        "print([token.text for token in found], 'spacy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['She', 'sat', ',', 'alone', ',', 'on', 'the', 'river', 'bank', '.'] False\n"
