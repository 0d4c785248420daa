"""Sense spaces are fitted, adapted, centred and made without labels. They separate senses and read back unchanged."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.allennlp import write_allennlp
from polyseme.indexer.elmo.formats.model_folder import (
    SENSE_SPACE,
    SOFTMAX,
    WEIGHTS,
    read_card,
    read_model,
    read_output_layer,
    verify_model,
    write_model,
)
from polyseme.indexer.elmo.lexical_substitution import log_scores
from polyseme.indexer.elmo.model import Model, OutputLayer
from polyseme.indexer.elmo.sense_space import Block, BlockKind, SenseSpace, Topics
from polyseme.indexer.errors import DocumentError, ModelError
from polyseme.indexer.gold.sense_text import SenseText, SenseToken, read_judged, read_semcor
from polyseme.indexer.training.sense_space.expected import TEMPERATURE, alphabetic_words, group_expected
from polyseme.indexer.training.sense_space.fit import adapt, centre, fit, recipe_for
from polyseme.indexer.training.sense_space.topics import DIM, learn_topics
from polyseme.indexer.training.sense_space.train import UNLABELLED, FitMethod, SenseConfig, train_sense_space
from polyseme.indexer.training.sense_space.unlabelled import fit_unlabelled
from polyseme.indexer.vectors.arrays import Array
from polyseme.ui.cli.main import run_command
from safetensors.numpy import load_file

RIVER = ("water", "boats", "trees", "mud", "fish")
MONEY = ("loan", "clerk", "cash", "shares", "credit")
OPENINGS = ("We", "They", "You", "She", "Nobody")


def sentences(word: str, neighbours: Sequence[str], ending: str) -> list[list[str]]:
    """Return 25 sentences with a word whose neighbours determine its sense."""
    return [[opening, "saw", "the", near, word, ending, "."] for opening in OPENINGS for near in neighbours]


def gold(words: Sequence[str] = ("bank", "bar")) -> SenseText:
    """Return each word in two senses, 25 uses each."""
    texts: list[tuple[str, ...]] = []
    tokens: list[SenseToken] = []
    for word in words:
        for sense, neighbours, ending in (("river", RIVER, "below"), ("money", MONEY, "office")):
            for sentence in sentences(word, neighbours, ending):
                tokens.append(SenseToken(len(texts), 4, word, f"{word} {sense}"))
                texts.append(tuple(sentence))
    return SenseText(tuple(texts), tuple(tokens))


def quiet(done: int, total: int) -> None:
    assert 0 < done <= total


def with_space(encoder: ElmoEncoder, space: SenseSpace) -> ElmoEncoder:
    return ElmoEncoder(replace(encoder.model, sense_space=space), "fitted")


def margin(encoder: ElmoEncoder, word: str) -> float:
    """Return the mean cosine of uses of one sense minus that of uses of different senses."""
    groups: list[Array] = []
    for neighbours, ending in ((RIVER, "below"), (MONEY, "office")):
        rows = np.stack([sense[4] for sense in encoder.sense(sentences(word, neighbours, ending))])
        groups.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    same = np.mean([(rows @ rows.T).mean() for rows in groups])
    return float(same - (groups[0] @ groups[1].T).mean())


@pytest.fixture(scope="module")
def output(tiny_folder: Path) -> OutputLayer:
    found = read_output_layer(tiny_folder)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def fitted(tiny_encoder: ElmoEncoder, output: OutputLayer) -> SenseSpace:
    space = tiny_encoder.model.sense_space
    assert space is not None
    return fit(tiny_encoder, gold(), space.counts, recipe_for(tiny_encoder, output, space.counts), quiet)


def test_a_fitted_space_separates_senses_of_words_it_was_not_fitted_to(
    tiny_encoder: ElmoEncoder, fitted: SenseSpace
) -> None:
    assert [str(block) for block in fitted.blocks.blocks] == ["context 2", "bag", "expected", "own 1"]
    assert margin(with_space(tiny_encoder, fitted), "port") > margin(tiny_encoder, "port") + 0.3


@pytest.fixture(scope="module")
def with_topics(tiny_encoder: ElmoEncoder, output: OutputLayer) -> SenseSpace:
    """A fitted space with topic vectors of five numbers for all words of the output layer except one."""
    space = tiny_encoder.model.sense_space
    assert space is not None
    places = {word: row for row, word in enumerate(output.words)}
    vectors = np.random.default_rng(4).integers(-127, 127, (len(places), 5), np.int8, endpoint=True)
    vectors[places["on"]] = 0
    topics = Topics(places, vectors)
    return fit(tiny_encoder, gold(), space.counts, recipe_for(tiny_encoder, output, space.counts, topics), quiet)


@pytest.mark.parametrize("which", ["fitted", "with_topics"])
def test_sense_vectors_equal_the_formula_on_the_card(
    tiny_encoder: ElmoEncoder, which: str, request: pytest.FixtureRequest
) -> None:
    fitted: SenseSpace = request.getfixturevalue(which)
    tokens = ["on", "the", "bank", "of", "THE", "Don"]
    (layers,), (sense,) = tiny_encoder.encode([tokens]), with_space(tiny_encoder, fitted).sense([tokens])
    blocks, half = fitted.blocks, tiny_encoder.dim // 2
    assert blocks.word_mean is not None
    assert blocks.expected is not None
    centred = layers[0, :, :half] - blocks.word_mean
    if blocks.topics is not None:  # a word is looked up unchanged, then in lower case
        centred = np.zeros((len(tokens), 5))
        for j, token in enumerate(tokens):
            place = blocks.topics.words.get(token, blocks.topics.words.get(token.lower()))
            centred[j] = 0 if place is None else blocks.topics.vectors[place]
    words = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    for t in range(1, len(tokens) - 1):
        before, after = layers[2, t - 1, :half], layers[2, t + 1, half:]
        others = [j for j in range(len(tokens)) if j != t]
        rarity = [0.001 / (0.001 + fitted.counts.counts.get(tokens[j], 0) / fitted.counts.total) for j in others]
        share = np.array(rarity) / np.array([2 + abs(t - j) for j in others])
        share *= np.any(words[others], axis=1)
        bag = share @ words[others] / share.sum()
        likely = np.exp(blocks.expected.keys @ (before + after) + blocks.expected.bias)
        expected = likely @ blocks.expected.values / likely.sum()
        row = np.concatenate([before, after, bag, expected, layers[1, t]])
        np.testing.assert_allclose(sense[t], row @ fitted.map - fitted.shift, atol=1e-4)


@pytest.fixture(scope="module")
def unread(with_topics: SenseSpace, tiny_encoder: ElmoEncoder) -> SenseSpace:
    """A space with topics, without the block that has read the word."""
    blocks = with_topics.blocks
    fewer = replace(blocks, blocks=blocks.blocks[:-1])
    return replace(with_topics, blocks=fewer, map=with_topics.map[: fewer.width(tiny_encoder.dim)])


@pytest.fixture(scope="module")
def plain(unread: SenseSpace, tiny_encoder: ElmoEncoder) -> SenseSpace:
    """A space with only layer 0 and context states."""
    fewer = replace(unread.blocks, blocks=unread.blocks.blocks[:2], topics=None, expected=None)
    return replace(unread, blocks=fewer, map=unread.map[: fewer.width(tiny_encoder.dim)])


@pytest.mark.parametrize(("which", "number"), [("plain", 1), ("unread", 1), ("with_topics", 1), ("fitted", 1)])
def test_a_space_reads_back_as_it_was_fitted(
    tmp_path: Path,
    tiny_encoder: ElmoEncoder,
    output: OutputLayer,
    which: str,
    number: int,
    request: pytest.FixtureRequest,
) -> None:
    fitted: SenseSpace = request.getfixturevalue(which)
    write_model(tmp_path / "m", replace(tiny_encoder.model, sense_space=fitted), "", output_layer=output)
    verify_model(tmp_path / "m")
    assert load_file(tmp_path / "m" / SENSE_SPACE)["format"] == number
    tokens = [["the", "river", "bank"], ["bank"], []]
    back = load_encoder(tmp_path / "m")
    for one, other in zip(back.sense(tokens), with_space(tiny_encoder, fitted).sense(tokens), strict=True):
        np.testing.assert_array_equal(one, other)
    assert back.model_id == with_space(tiny_encoder, fitted).model_id != tiny_encoder.model_id


def test_spaces_of_newer_formats_and_other_sizes_are_refused(
    tmp_path: Path, tiny_encoder: ElmoEncoder, fitted: SenseSpace
) -> None:
    from safetensors.numpy import save_file

    write_model(tmp_path / "m", replace(tiny_encoder.model, sense_space=fitted), "")
    (tmp_path / "m" / "SHA256SUMS").unlink()
    tensors = load_file(tmp_path / "m" / SENSE_SPACE)
    save_file(tensors | {"format": np.asarray(2)}, tmp_path / "m" / SENSE_SPACE)
    with pytest.raises(ModelError, match="has format 2, this Polyseme reads 1"):
        read_model(tmp_path / "m")
    for harm, message in (
        ({"map": tensors["map"][:-1]}, "of another size"),
        ({"word_mean": tensors["word_mean"][:-1]}, "of another size"),
        ({"blocks": np.asarray([[0, 7]])}, "of another size"),
        ({"blocks": np.asarray([[9, 0]])}, "is not a sense space"),
        ({"topics": np.zeros((2, 5), np.int8)}, "topics do not fit"),
        ({"topics": np.zeros((len(tensors["counts"]), 5), np.int8)}, "of another size"),
    ):
        save_file(tensors | harm, tmp_path / "m" / SENSE_SPACE)
        with pytest.raises(ModelError, match=message):
            read_model(tmp_path / "m")
    save_file({name: t for name, t in tensors.items() if name != "expected.bias"}, tmp_path / "m" / SENSE_SPACE)
    with pytest.raises(ModelError, match=r"lacks the tensor 'expected\.bias'"):
        read_model(tmp_path / "m")


def test_expected_words_with_one_group_per_word_equal_the_softmax(tiny_encoder: ElmoEncoder) -> None:
    random = np.random.default_rng(2)
    words = ("<S>", "</S>", "<UNK>", "bank", "shore", "7", "edge", "side")
    rows = random.normal(0, 3, (len(words), 6)).astype(np.float32)
    output = OutputLayer(words, rows, random.normal(size=len(words)).astype(np.float32))
    proper = alphabetic_words(words)
    assert [words[i] for i in proper] == ["bank", "shore", "edge", "side"]
    vectors = random.normal(size=(4, 6)).astype(np.float32)
    (contexts,) = tiny_encoder.contexts([["on", "the", "bank"]])  # (t, dim)
    found = group_expected(output, proper, vectors).rows(contexts)
    for context, row in zip(contexts, found, strict=True):
        scores = rows[proper] @ (context[:6] + context[6:]) + log_scores(output)[proper]
        likely = np.exp(scores / TEMPERATURE)
        np.testing.assert_allclose(row, likely @ vectors / likely.sum(), rtol=1e-4, atol=1e-5)


def test_words_with_equal_vectors_are_grouped_despite_different_output_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("polyseme.indexer.training.sense_space.expected.GROUPS", 2)
    random = np.random.default_rng(7)
    words = tuple(f"{'ab'[n % 2]}{n}" for n in range(40))
    kind = np.where(np.arange(40) % 2, 1.0, -1.0).astype(np.float32)  # (words,)
    output = OutputLayer(words, random.normal(size=(40, 6)).astype(np.float32), np.zeros(40, np.float32))
    groups = group_expected(output, range(40), np.outer(kind, np.eye(6)[0]).astype(np.float32))
    np.testing.assert_allclose(sorted(groups.values[:, 0]), [-1, 1], atol=1e-6)


def test_topics_of_words_in_similar_contexts_are_similar(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    sentences = []
    for kind in rng.integers(2, size=4000):
        context = [f"{'ab'[kind]}{n}" for n in rng.integers(40, size=6)]
        word = (("Cat", "dog", "cow"), ("slate", "chalk", "flint"))[kind][rng.integers(3)]
        sentences.append([*context[:3], word, *context[3:]])
    fractions: list[float] = []
    words = ["cat", "Cat", "dog", "cow", "slate", "chalk", "flint", "unseen", ",", *(f"a{n}" for n in range(40))]
    topics = learn_topics(sentences, words, fractions.append)
    assert topics.vectors.shape == (len(words), DIM)
    assert fractions == sorted(fractions)
    rows = topics.rows(["cat", "dog", "cow", "slate", "chalk", "flint"])
    cosines = rows @ rows.T
    assert cosines[:3, :3].min() > cosines[:3, 3:].max() + 0.2
    assert cosines[3:, 3:].min() > cosines[:3, 3:].max() + 0.2
    np.testing.assert_array_equal(*topics.rows(["cat", "Cat"]))
    assert not topics.rows(["unseen", ",", "nowhere"]).any()
    np.testing.assert_array_equal(learn_topics(sentences, words, fractions.append).vectors, topics.vectors)


def test_expected_rows_of_no_tokens_are_empty(fitted: SenseSpace) -> None:
    assert fitted.blocks.expected is not None
    assert fitted.blocks.expected.rows(np.zeros((0, 12), np.float32)).shape == (0, 6)


def test_adapting_to_many_labels_helps_and_to_two_changes_little(tiny_encoder: ElmoEncoder, fitted: SenseSpace) -> None:
    before = tiny_encoder.model.sense_space
    assert before is not None
    many = adapt(tiny_encoder, before, gold(("bank", "bar", "pool", "stock")), quiet)
    assert margin(with_space(tiny_encoder, many), "port") > margin(tiny_encoder, "port")
    whole = gold()
    two = SenseText(whole.sentences, (whole.tokens[0], whole.tokens[30]))
    few = adapt(tiny_encoder, before, two, quiet)
    assert (few.map.shape, few.blocks) == (before.map.shape, before.blocks)
    (old,), (new,) = (e.sense([["on", "the", "bank", "."]]) for e in (tiny_encoder, with_space(tiny_encoder, few)))
    cosines = [rows @ rows.T / np.outer(*[np.linalg.norm(rows, axis=1)] * 2) for rows in (old, new)]
    np.testing.assert_allclose(cosines[1], cosines[0], atol=0.05)


def test_adapting_to_senses_judged_once_does_no_harm(tiny_encoder: ElmoEncoder, fitted: SenseSpace) -> None:
    whole = gold()
    for count in (2, 10, 50):  # each use has its own sense, so there is no variance within senses
        single = [replace(token, sense=f"{token.sense} {n}") for n, token in enumerate(whole.tokens[:count])]
        adapted = adapt(tiny_encoder, fitted, replace(whole, tokens=tuple(single)), quiet)
        assert np.isfinite(adapted.map).all()
        assert margin(with_space(tiny_encoder, adapted), "bow") > 0.8 * margin(with_space(tiny_encoder, fitted), "bow")


def test_gold_without_two_senses_of_a_word_is_refused(tiny_encoder: ElmoEncoder, fitted: SenseSpace) -> None:
    whole = gold()
    single = SenseText(whole.sentences, whole.tokens[:20])
    recipe = recipe_for(tiny_encoder, None, fitted.counts)
    with pytest.raises(ModelError, match="no word in the gold data has two senses"):
        fit(tiny_encoder, single, fitted.counts, recipe, quiet)
    with pytest.raises(ModelError, match="no word in the gold data has two senses"):
        adapt(tiny_encoder, fitted, single, quiet)


def words_of(text: SenseText) -> SenseText:
    """Return the text with each token labelled with itself."""
    tokens = [SenseToken(i, n, word, word) for i, words in enumerate(text.sentences) for n, word in enumerate(words)]
    return SenseText(text.sentences, tuple(tokens))


def test_text_alone_centres_a_space_or_makes_one(tiny_encoder: ElmoEncoder, fitted: SenseSpace) -> None:
    plain = words_of(gold())
    centred = centre(tiny_encoder, fitted, plain, quiet)
    recipe = recipe_for(tiny_encoder, None, fitted.counts)
    made, choice = fit_unlabelled(tiny_encoder, plain, fitted.counts, recipe, quiet)
    for space in (centred, made):
        sense = with_space(tiny_encoder, space).sense(plain.sentences)
        of_word: dict[str, list[Array]] = {}
        for token in plain.tokens:
            of_word.setdefault(token.lemma, []).append(sense[token.sentence][token.position])
        means = np.stack([np.mean(rows, axis=0) for rows in of_word.values()])
        np.testing.assert_allclose(means.mean(0), 0, atol=1e-3 * float(np.abs(means).max()) + 1e-4)
    assert choice.precision is not None
    assert 0.5 < choice.precision <= 1
    assert set(choice.blocks) <= {Block(BlockKind.CONTEXT, 2), Block(BlockKind.BAG)}
    again, _ = fit_unlabelled(tiny_encoder, plain, fitted.counts, recipe, quiet)
    np.testing.assert_array_equal(again.map, made.map)


def test_a_short_text_makes_a_space_without_measuring_it(tiny_encoder: ElmoEncoder, fitted: SenseSpace) -> None:
    little = words_of(SenseText(gold().sentences[:3], ()))
    recipe = recipe_for(tiny_encoder, None, fitted.counts)
    made, choice = fit_unlabelled(tiny_encoder, little, fitted.counts, recipe, quiet)
    assert choice.precision is None
    assert np.isfinite(made.map).all()
    assert choice.blocks == recipe.without(BlockKind.OWN).blocks.blocks


def markup() -> str:
    """Return the gold above as SemCor markup."""
    lines = ["<contextfile concordance=brown>", "<context filename=br-a99 paras=yes>", "<p pnum=1>"]
    for token in gold().tokens:
        lines.append("<s snum=1>")
        for position, word in enumerate(gold().sentences[token.sentence]):
            if position == token.position:
                key = "1:17:01::" if token.sense.endswith("river") else "1:14:00::"
                lines.append(f"<wf cmd=done pos=NN lemma={word} wnsn=1 lexsn={key}>{word}</wf>")
            else:
                lines.append(f"<wf cmd=ignore pos=XX>{word}</wf>" if word != "." else "<punc>.</punc>")
        lines.append("</s>")
    return "\n".join([*lines, "</p>", "</context>", "</contextfile>"])


@pytest.fixture(scope="module")
def semcor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gold") / "semcor.tar.xz"
    with tarfile.open(path, "w:xz") as out:
        member = tarfile.TarInfo("s/brown1/tagfiles/br-a99")
        member.size = len(markup().encode())
        out.addfile(member, io.BytesIO(markup().encode()))
    return path


def test_semcor_is_read_as_sentences_and_labelled_tokens(semcor: Path) -> None:
    found = read_semcor(semcor)
    assert [found.sentences[token.sentence][token.position] for token in found.tokens] == ["bank"] * 50 + ["bar"] * 50
    assert {(token.lemma, token.sense) for token in found.tokens} == {
        (f"{word}%1", f"{word}%{key}") for word in ("bank", "bar") for key in ("1:17:01::", "1:14:00::")
    }
    assert found.missed == 0


def test_the_command_adds_a_space_and_changes_nothing_else(
    tmp_path: Path, semcor: Path, tiny_folder: Path, tiny_encoder: ElmoEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    command = ["train", "--sense-space", str(semcor), "--model", str(tiny_folder), "--out", str(out)]
    assert run_command(command) == 0
    assert "fitted to words with senses: 100 words, 4 senses of 2 lemmas" in capsys.readouterr().err
    verify_model(out)
    for name in (WEIGHTS, SOFTMAX):
        assert (out / name).read_bytes() == (tiny_folder / name).read_bytes()
    card = read_card(out)
    assert card.startswith("# tiny_elmo\n")
    assert card.count("## Sense vectors") == 1
    assert f"--sense-space {semcor.name}" in card
    loaded = load_encoder(out)
    assert isinstance(loaded, ElmoEncoder)
    assert margin(loaded, "port") > margin(tiny_encoder, "port") + 0.3
    assert run_command(command) == 1
    assert "exists already" in capsys.readouterr().err
    assert run_command([*command[:-1], str(tmp_path / "again"), "--quiet"]) == 0
    assert (tmp_path / "again" / SENSE_SPACE).read_bytes() == (out / SENSE_SPACE).read_bytes()


def test_a_text_given_with_semcor_trains_topics_that_later_runs_keep(
    tmp_path: Path, semcor: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("".join(" ".join(sentence) + "\n" for sentence in gold(("bank", "bar", "the")).sentences * 4))
    command = ["train", str(text), "--tokenized", "--sense-space", str(semcor), "--model", str(tiny_folder)]
    assert run_command([*command, "--out", str(tmp_path / "one")]) == 0
    card = read_card(tmp_path / "one")
    assert f"--model {tiny_folder.name} --tokenized" in card
    assert "`text.txt`" in card
    assert "the mean of `topics` of the other tokens" in card
    topics = load_file(tmp_path / "one" / SENSE_SPACE)["topics"]
    known = dict(zip((tmp_path / "one" / "vocab.txt").read_text().split("\n"), topics.any(axis=1), strict=False))
    assert known["bank"]
    assert not known["<S>"]
    again = SenseConfig(str(semcor), str(tmp_path / "one"))
    train_sense_space(again, tmp_path / "two")
    np.testing.assert_array_equal(load_file(tmp_path / "two" / SENSE_SPACE)["topics"], topics)
    assert load_encoder(tmp_path / "two").sense([["the", "bank"]])[0].shape[0] == 2
    capsys.readouterr()
    senses = tmp_path / "senses.tsv"
    senses.write_text("document_id\tstart\tend\tlemma\tsense\n")
    command[command.index("--sense-space") + 1] = str(senses)
    assert run_command([*command, "--out", str(tmp_path / "three")]) == 1
    assert "leave --tokenized out" in capsys.readouterr().err


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of two documents, and a table of gold senses of their words."""
    folder = tmp_path_factory.mktemp("judged")
    texts = folder / "texts"
    texts.mkdir()
    text, rows = "", []
    for token in gold().tokens:
        for position, word in enumerate(gold().sentences[token.sentence]):
            if position == token.position:
                rows.append(f"a.txt\t{len(text)}\t{len(text) + len(word)}\t{word}\t{token.sense}")
            text += f"{word} "
    (texts / "a.txt").write_text(text)
    (texts / "b.txt").write_text("Nothing here.")
    table = folder / "senses.tsv"
    table.write_text("\n".join(["document_id\tstart\tend\tlemma\tsense", *rows, "b.txt\t0\t12\tno\tx"]) + "\n")
    return texts, table


@pytest.mark.parametrize(
    ("own_space", "labels", "method"),
    [
        (True, True, FitMethod.ADAPTED),
        (False, True, FitMethod.ADAPTED),
        (True, False, FitMethod.CENTRED),
        (False, False, FitMethod.UNLABELLED),
    ],
)
def test_gold_or_text_of_a_collection_fits_models_with_and_without_a_space(
    tmp_path: Path,
    judged: tuple[Path, Path],
    tiny_folder: Path,
    tiny_model: Model,
    own_space: bool,
    labels: bool,
    method: FitMethod,
) -> None:
    source = tiny_folder
    if not own_space:
        source = tmp_path / "pair"
        write_allennlp(source, tiny_model)
    texts, table = judged
    config = SenseConfig(str(table) if labels else UNLABELLED, str(source), (texts,))
    report = train_sense_space(config, tmp_path / "out")
    assert report.method is method
    verify_model(tmp_path / "out")
    loaded = load_encoder(tmp_path / "out")
    assert loaded.has_sense_space
    assert np.isfinite(loaded.sense([["the", "bank"]])[0]).all()
    assert str(method) in read_card(tmp_path / "out")
    if labels:
        assert (report.tokens, report.senses, report.lemmas) == (100, 4, 2)
        assert any("not one token" in notice for notice in report.notices)


def test_errors_name_gold_that_does_not_fit_the_texts(tmp_path: Path, judged: tuple[Path, Path]) -> None:
    texts, table = judged
    skipped: list[str] = []
    (tmp_path / "c.txt").write_text("short")
    with pytest.raises(DocumentError, match=r"has rows for a\.txt, which is not among the texts"):
        read_judged(table, [tmp_path / "c.txt"], "en", skipped.append)
    (tmp_path / "a.txt").write_text("short")
    with pytest.raises(DocumentError, match=r"is outside a\.txt"):
        read_judged(table, [tmp_path / "a.txt"], "en", skipped.append)
    header = "document_id\tstart\tend\tlemma\tsense\n"
    for content, message in (
        ("a\tb\n", "has no column 'document_id'"),
        ("", "has no column 'document_id'"),
        (header, "has no rows"),
    ):
        (tmp_path / "t.tsv").write_text(content)
        with pytest.raises(DocumentError, match=message):
            read_judged(tmp_path / "t.tsv", [texts], "en", skipped.append)
    (tmp_path / "t.tsv").write_text(header + "a.txt\tx\t3\tbank\t1\n")
    with pytest.raises(DocumentError, match=r"t\.tsv, row 2: not 5 columns with two offsets"):
        read_judged(tmp_path / "t.tsv", [texts], "en", skipped.append)
    with pytest.raises(ModelError, match=r"none\.tsv does not exist"):
        train_sense_space(SenseConfig(str(tmp_path / "none.tsv"), "default"), tmp_path / "out")
    with pytest.raises(ModelError, match="needs the texts that it is about"):
        train_sense_space(SenseConfig(str(table), "default"), tmp_path / "out")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--out", "m"],
        ["--out", "m", "--sense-space", "gold", "--steps", "3"],
        ["--out", "m", "--sense-space", "gold", "--from", "default"],
        ["text", "--out", "m", "--model", "default"],
    ],
)
def test_options_that_exclude_each_other_are_a_usage_error(arguments: list[str]) -> None:
    assert run_command(["train", *arguments]) == 2
