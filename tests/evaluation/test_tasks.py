"""Scores of each task equal a plain computation, and no sentence is encoded twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from dictionary_files import write_wordnet
from fakes import FakeEncoder
from gold_data import (
    KEYS,
    USES,
    make_all,
    make_beir,
    make_coarsewsd,
    make_dwug,
    make_semcor,
    make_sts,
    make_trec,
    make_unified,
    make_usim,
    make_wic,
    make_wordnet,
    write,
)
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import Layer, SentenceKind
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.vectorise import SentenceVectors, Vectoriser, fit_transforms
from polyseme.indexer.vectors.arrays import unit
from polyseme.indexer.vectors.transforms import Normalisation, fit_centring, fit_whitening
from polyseme.search.evaluation import Score, Span, accuracy, best_threshold, mean_average_precision, measures, spearman
from polyseme.search.evaluation.datasets.pairs import read_coarsewsd, read_sts_splits, read_usim, read_wic
from polyseme.search.evaluation.datasets.retrieval import read_retrieval
from polyseme.search.evaluation.datasets.wsd import read_wsd
from polyseme.search.evaluation.measures import ndcg
from polyseme.search.evaluation.run import Task, TaskName, TaskOptions, evaluate, parse_tasks
from polyseme.search.evaluation.tasks.dictionary_wsd import encode_wordnet, senses_by_word
from polyseme.search.evaluation.tasks.retrieval import cut_documents, cut_queries, evaluate_retrieval, keyword_rankings
from polyseme.search.evaluation.tasks.sentences import evaluate_sts
from polyseme.search.evaluation.tasks.usage_graphs import evaluate_dwug
from polyseme.search.evaluation.tasks.words import draw, evaluate_coarsewsd, evaluate_usim, evaluate_wic
from polyseme.search.evaluation.tasks.wsd import FREQUENCY, evaluate_wsd
from polyseme.search.evaluation.vectors import batches, represent
from polyseme.search.searcher import Searcher
from scipy import stats

NAMES = ["layer 0", "layer 1", "layer 2", "elmo", "sense"]


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use few bootstrap rounds. test_measures.py tests the bootstrap."""
    monkeypatch.setattr(measures, "ROUNDS", 40)


def value(scores: list[Score], metric: str, representation: str) -> float:
    (score,) = [s for s in scores if (s.metric, s.representation) == (metric, representation)]
    assert score.low <= score.high
    return score.value


def vector(name: str, sentence: tuple[str, ...], position: int) -> np.ndarray:
    (found,) = FakeEncoder().represent([sentence])
    if name.startswith("layer"):
        return np.asarray(found.layers[int(name[-1]), position], np.float64)
    return np.asarray(found.elmo[position] if name == "elmo" else found.sense[position], np.float64)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_each_distinct_sentence_is_encoded_once_and_spans_are_means() -> None:
    encoder = FakeEncoder()
    long = ("a", "river", "bank", "here")
    spans = [Span(long, 1, 2), Span(long, 1, 3), Span(("bank",), 0, 1), Span(long, 1, 2), Span(long, 0, 4)]
    progress: list[tuple[int, int]] = []
    found = represent(encoder, spans, lambda done, total: progress.append((done, total)))
    assert encoder.encoded == 2
    assert progress == [(2, 2)]
    assert found.names == NAMES
    (whole,) = FakeEncoder().represent([long])
    np.testing.assert_array_equal(found("layer 1", spans)[0], whole.layers[1, 1])
    np.testing.assert_allclose(found("sense", spans)[1], whole.sense[1:3].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found("elmo", spans)[4], whole.default, rtol=1e-5, atol=1e-6)
    half = represent(encoder, spans, half=True)
    np.testing.assert_allclose(half("elmo", spans), found("elmo", spans), rtol=2e-3, atol=1e-3)


def test_batches_have_a_maximum_number_of_tokens_and_hold_each_sentence_once() -> None:
    sentences = [("w",) * n for n in (3, 4, 5, 20, 1)]
    cut = list(batches(sentences, tokens=8))
    assert [sum(map(len, batch)) for batch in cut] == [7, 5, 20, 1]
    assert [sentence for batch in cut for sentence in batch] == sentences


def test_sense_blocks_without_a_sense_space_are_named_uncentred() -> None:
    found = represent(FakeEncoder(has_sense_space=False), [Span(("a", "b"), 0, 1)])
    assert found.names == [*NAMES[:-1], "sense, uncentred"]


@pytest.mark.parametrize("name", NAMES)
def test_wic_threshold_comes_from_another_split(tmp_path: Path, name: str) -> None:
    folder = make_wic(tmp_path)
    # Change the train split, so that its threshold differs from that of dev.
    data = (folder / "train" / "train.data.txt").read_text(encoding="utf-8").splitlines()
    write(folder / "train" / "train.data.txt", "\n".join(data[:6]) + "\n")
    gold = (folder / "train" / "train.gold.txt").read_text(encoding="utf-8").splitlines()
    write(folder / "train" / "train.gold.txt", "\n".join(reversed(gold[:6])) + "\n")
    scores = evaluate_wic(FakeEncoder(), folder)
    cosines, answers = {}, {}
    for split in ("train", "dev"):
        pairs = read_wic(folder / split)
        vectors = [(vector(name, p.sentence1, p.position1), vector(name, p.sentence2, p.position2)) for p in pairs]
        cosines[split] = np.round([cosine(a, b) for a, b in vectors], 5)
        answers[split] = [p.gold for p in pairs]
    expected = accuracy(cosines["dev"], answers["dev"], best_threshold(cosines["train"], answers["train"]))
    assert value(scores, "accuracy dev", name) == pytest.approx(expected)
    own = accuracy(cosines["dev"], answers["dev"], best_threshold(cosines["dev"], answers["dev"]))
    assert value(scores, "accuracy dev, own threshold", name) == pytest.approx(own)
    assert {(s.task, s.baseline_name, s.baseline) for s in scores} == {("wic", "majority", 9 / 15)}


def test_usage_similarity_equals_scipys_correlation(tmp_path: Path) -> None:
    path = make_usim(tmp_path / "usim.txt")
    pairs = read_usim(path)
    scores = evaluate_usim(FakeEncoder(), path)
    for name in NAMES:
        cosines = [
            cosine(vector(name, p.sentence1, p.position1), vector(name, p.sentence2, p.position2)) for p in pairs
        ]
        # Layer 0 has one vector for each word form, so its cosines are constant.
        constant = name == "layer 0"
        expected = 0 if constant else stats.spearmanr(np.round(cosines, 5), [p.gold for p in pairs]).statistic
        assert value(scores, "Spearman", name) == pytest.approx(expected, abs=1e-9)
    assert {score.baseline for score in scores} == {value(scores, "Spearman", "layer 0")}


def test_coarsewsd_scores_equal_brute_force(tmp_path: Path) -> None:
    folder = make_coarsewsd(tmp_path)
    rows = (folder / "seal" / "train.data.txt").read_text(encoding="utf-8").splitlines()
    write(folder / "seal" / "train.data.txt", "\n".join(rows[2:]) + "\n")
    write(folder / "seal" / "train.gold.txt", "0\n1\n1\n1\n")
    scores = evaluate_coarsewsd(FakeEncoder(), folder)
    for name in NAMES:
        right, precisions = [], []
        for word in read_coarsewsd(folder):
            train = [vector(name, u.span.sentence, u.span.start) for u in word.train]
            test = [vector(name, u.span.sentence, u.span.start) for u in word.test]
            nearest = [max(range(len(train)), key=lambda j: round(cosine(v, train[j]), 6)) for v in test]
            right.append(np.mean([word.train[j].sense == u.sense for j, u in zip(nearest, word.test, strict=True)]))
            precisions.append(mean_average_precision(np.array(test), [u.sense for u in word.test]))
        assert value(scores, "1-NN accuracy", name) == pytest.approx(np.mean(right))
        assert value(scores, "MAP", name) == pytest.approx(np.mean(precisions))
    assert {score.baseline for score in scores if score.metric == "1-NN accuracy"} == {0.5}


def test_drawn_occurrences_are_reproducible_and_quick_mode_does_not_encode_train(tmp_path: Path) -> None:
    word = read_coarsewsd(make_coarsewsd(tmp_path))[0]
    assert draw(word.test, 4, "bank") == draw(word.test, 4, "bank")
    assert len(set(draw(word.test, 4, "bank"))) == 4
    assert draw(word.test, 6, "bank") == list(word.test)
    for path in tmp_path.glob("*/train.*"):
        write(path, path.read_text(encoding="utf-8").replace("the", "that"))
    encoder = FakeEncoder()
    task = Task(TaskName.COARSEWSD, (tmp_path,))
    scores = evaluate(encoder, task, TaskOptions(quick=True))
    assert {score.metric for score in scores} == {"MAP"}
    assert encoder.encoded == 12


def test_usage_graphs_of_one_cluster_are_left_out(tmp_path: Path) -> None:
    folder = make_dwug(tmp_path)
    scores = evaluate_dwug(FakeEncoder(), folder)
    assert [score.representation for score in scores] == NAMES
    clusters = folder / "clusters" / "opt" / "bank_nn.csv"
    write(clusters, clusters.read_text(encoding="utf-8").replace("\t1\n", "\t0\n"))
    with pytest.raises(DocumentError, match="no word has uses in two clusters"):
        evaluate_dwug(FakeEncoder(), folder)


def test_wsd_answer_is_the_nearest_centroid(tmp_path: Path) -> None:
    training = [*USES, ("a bank of clouds .", "bank%1:17:02::"), ("a bank of clouds and mist .", "bank%1:17:02::")]
    asked = [("she left the {} of the lake .", "river"), ("the {} closed at noon .", "money")]
    asked += [("clouds like a {} of wool .", "bank%1:17:02::"), ("the {} is muddy .", "river")]
    make_unified(tmp_path / "semcor", training)
    make_unified(tmp_path / "se2", [(text.format("bank"), sense) for text, sense in asked])
    scores = evaluate_wsd(FakeEncoder(), [tmp_path])
    data = read_wsd([tmp_path])
    for name in NAMES:
        groups: dict[str, list[np.ndarray]] = {}
        for instance in data.training[1]:
            groups.setdefault(instance.senses[0], []).append(vector(name, instance.span.sentence, instance.span.start))
        centroids = {key: np.mean(vectors, axis=0) for key, vectors in groups.items()}
        # The most frequent sense wins a tie. Layer 0 always ties, because it does not depend on the sentence.
        order = sorted(centroids, key=lambda key: (-len(groups[key]), key))
        share = {key: len(groups[key]) / len(data.training[1]) for key in groups}
        for metric, weight in (("accuracy se2", 0.0), ("accuracy se2, by frequency too", FREQUENCY)):
            right = []
            for instance in data.tests["se2"]:
                own = vector(name, instance.span.sentence, instance.span.start)
                score = {key: cosine(own, centroids[key]) + weight * np.log(share[key]) for key in order}
                best = max(order, key=lambda key: round(score[key], 6))
                right.append(best in instance.senses)
            assert value(scores, metric, name) == pytest.approx(np.mean(right))
    assert {score.baseline for score in scores} == {0.25}  # money, the first of two equally frequent senses


def test_wsd_falls_back_to_wordnets_first_sense_for_unseen_words(tmp_path: Path) -> None:
    make_unified(tmp_path / "semcor", USES)
    path = make_unified(tmp_path / "se2", [USES[0], USES[0]])
    text = (
        path.read_text(encoding="utf-8")
        .replace('lemma="bank"', 'lemma="Walk"', 1)
        .replace('pos="NOUN"', 'pos="VERB"', 1)
    )
    write(path, text)
    write(tmp_path / "se2.gold.key.txt", f"d000.s000.t000 walk%2:38:00::\nd001.s001.t000 {KEYS['river']}\n")
    wordnet = make_wordnet(tmp_path / "wordnet")
    scores = evaluate_wsd(FakeEncoder(), [tmp_path / "se2.data.xml", tmp_path / "semcor.data.xml"], wordnet)
    assert value(scores, "accuracy se2", "layer 2") == 1
    assert value(scores, "accuracy se2, no fall-back", "layer 2") == 0.5
    assert value(scores, "accuracy se2, where seen", "layer 2") == 1
    without = evaluate_wsd(FakeEncoder(), [tmp_path / "se2.data.xml", tmp_path / "semcor.data.xml"])
    assert value(without, "accuracy se2", "layer 2") == 0.5


def test_wsd_by_dictionary_is_measured_with_wordnets_files(tmp_path: Path) -> None:
    keys = {"money": "bank%1:14:02::", "river": "bank%1:17:00::"}
    uses = [(text, keys[sense]) for text, sense in USES]
    make_unified(tmp_path / "semcor", uses)
    make_unified(tmp_path / "se2", uses)
    wordnet = write_wordnet(tmp_path / "wordnet")
    scores = evaluate_wsd(FakeEncoder(), [tmp_path], wordnet)
    assert value(scores, "accuracy se2, by dictionary", "sense") == 1
    encoded = encode_wordnet(FakeEncoder(), wordnet, {("bank", "1")})
    vectors = unit(np.stack([vector("sense", i.span.sentence, i.span.start) for i in read_wsd([tmp_path]).training[1]]))
    lines = list(zip([(sense,) for _, sense in uses], vectors, strict=True))
    found = {sense.id: sense for sense in senses_by_word(encoded, lines)["bank", "1"]}
    for key, sense in found.items():
        (texts,) = [one.total for one in encoded if one.sense.id == key]
        assert texts is not None
        own = vectors[[sense == key for _, sense in uses]]
        assert sense.frequency == len(own)
        assert sense.vector == pytest.approx(unit(own.sum(axis=0) + texts), abs=1e-5)
    without = evaluate_wsd(FakeEncoder(has_sense_space=False), [tmp_path], wordnet)
    assert not [score for score in without if "by dictionary" in score.metric]


def test_semcor_alone_is_split_into_folds_of_documents(tmp_path: Path) -> None:
    # Each document has a money sense of its own, which the other documents cannot teach.
    uses = [(text, f"bank%1:14:0{n % 3}::" if sense == "money" else sense) for n, (text, sense) in enumerate(USES)]
    make_unified(tmp_path / "semcor", uses)
    scores = evaluate_wsd(FakeEncoder(), [tmp_path])
    assert value(scores, "accuracy semcor by folds", "layer 2") == 0.5
    same = evaluate_wsd(FakeEncoder(), [make_semcor(tmp_path / "a" / "semcor3.0.tar.xz")])
    # Three documents have the same text, so each sentence has a copy in the training folds.
    assert value(same, "accuracy semcor by folds", "layer 2") == 1


@pytest.mark.parametrize("name", ["layer 0", "elmo"])
def test_sts_is_fitted_on_the_other_split_and_separately_on_itself(tmp_path: Path, name: str) -> None:
    folder = make_sts(tmp_path)
    rows = (folder / "sts-train.csv").read_text(encoding="utf-8").replace("river", "stream").replace("bank", "shore")
    write(folder / "sts-train.csv", rows)
    scores = evaluate_sts(FakeEncoder(), [folder])
    analyser = TextAnalyser("en")
    splits = read_sts_splits([folder], lambda text: [token.text for token in analyser.tokens(text)])

    def mean(sentence: tuple[str, ...]) -> np.ndarray:
        return np.asarray(np.mean([vector(name, sentence, n) for n in range(len(sentence))], axis=0))

    def sample(split: str) -> np.ndarray:
        distinct = dict.fromkeys(s for pair in splits[split] for s in (pair.sentence1, pair.sentence2))
        return np.array([mean(sentence) for sentence in distinct], np.float32)

    gold = [pair.gold for pair in splits["dev"]]
    first = np.array([mean(pair.sentence1) for pair in splits["dev"]], np.float32)
    second = np.array([mean(pair.sentence2) for pair in splits["dev"]], np.float32)
    for fitted, label in (("train", ""), ("dev", ", fitted on itself")):
        for kind, fit in (("centred", fit_centring), ("whitened", fit_whitening)):
            transform = fit(sample(fitted))
            cosines = np.round((transform(first) * transform(second)).sum(axis=1), 5)
            expected = spearman(cosines, gold)
            assert value(scores, f"Spearman dev{label}", f"{name}, {kind}") == pytest.approx(expected, abs=0.02)
    alone = evaluate_sts(FakeEncoder(), [folder / "sts-dev.csv"])
    assert {score.metric for score in alone} == {"Spearman dev", "Spearman dev, fitted on itself"}
    raw = {f"{name}, raw" for name in NAMES}
    assert {s.representation for s in alone if s.metric == "Spearman dev"} == {"product", "default"} | raw


@pytest.mark.parametrize("sentence_space", ["first", ""])
def test_sts_compares_the_vectors_that_a_collection_stores(tmp_path: Path, sentence_space: str) -> None:
    encoder = FakeEncoder(sentence_space=sentence_space)
    folder = make_sts(tmp_path)
    rows = (folder / "sts-train.csv").read_text(encoding="utf-8").replace("river", "stream").replace("bank", "shore")
    write(folder / "sts-train.csv", rows)
    scores = evaluate_sts(encoder, [folder])
    analyser = TextAnalyser("en")
    splits = read_sts_splits([folder], lambda text: [token.text for token in analyser.tokens(text)])
    raw = {
        sentence: encoder.represent([sentence])[0]
        for pairs in splits.values()
        for pair in pairs
        for sentence in (pair.sentence1, pair.sentence2)
    }
    for scored, fitted in (("dev", "train"), ("train", "dev")):
        sample = list(dict.fromkeys(s for pair in splits[fitted] for s in (pair.sentence1, pair.sentence2)))
        kind = SentenceKind.LEARNED if sentence_space else SentenceKind.POOLED
        own = [SentenceVectors(raw[s].sentence, raw[s].sense, raw[s].default) for s in sample]
        words = encoder.word_vectors(["bank"])
        transforms = fit_transforms(encoder, Layer.SENSE, Normalisation.WHITENED, None, own, words, kind)
        vectoriser = Vectoriser(encoder, Layer.SENSE, transforms, kind)
        first = vectoriser([pair.sentence1 for pair in splits[scored]])
        second = vectoriser([pair.sentence2 for pair in splits[scored]])
        gold = [pair.gold for pair in splits[scored]]
        for name, stored in (("product", "sentence"), ("default", "default")):
            pairs = zip(first, second, strict=True)
            cosines = np.round([float(getattr(a, stored) @ getattr(b, stored)) for a, b in pairs], 5)
            found = value(scores, f"Spearman {scored}", name)
            assert found == pytest.approx(spearman(cosines, gold), abs=0.02), (scored, name)


def test_retrieval_ranks_documents_by_their_best_sentence(tmp_path: Path) -> None:
    folder = make_beir(tmp_path)
    data, analyser = read_retrieval(folder), TextAnalyser("en")
    scores = evaluate_retrieval(FakeEncoder(), folder)
    cut, queries = cut_documents(analyser, data.documents), cut_queries(analyser, data)
    assert Counter(cut.document.tolist()) == Counter(dict.fromkeys(range(6), 3))  # the title, two sentences
    values = []
    for query in queries:
        asked = FakeEncoder().represent([query.span.sentence])[0].default
        best: dict[str, float] = {}
        for span, place in zip(cut.spans, cut.document, strict=True):
            own = FakeEncoder().represent([span.sentence])[0].default
            best[cut.ids[place]] = max(best.get(cut.ids[place], -2), round(cosine(asked, own), 6))
        order = sorted(best, key=lambda key: -best[key])
        gains = [max(query.judged.get(key, 0), 0) / np.log2(n + 2) for n, key in enumerate(order[:10])]
        ideal = sorted(query.judged.values(), reverse=True)
        values.append(sum(gains) / sum(g / np.log2(n + 2) for n, g in enumerate(ideal)))
    assert value(scores, "nDCG@10, best sentence", "elmo, raw") == pytest.approx(np.mean(values), abs=1e-6)


@pytest.mark.parametrize("sentence_space", ["first", ""])
def test_retrieval_reports_what_the_product_answers(tmp_path: Path, sentence_space: str) -> None:
    encoder = FakeEncoder(sentence_space=sentence_space)
    folder = make_beir(tmp_path)
    data, analyser = read_retrieval(folder), TextAnalyser("en")
    scores = evaluate_retrieval(encoder, folder)
    names = ["product", "product, hybrid", "product, keywords", "product, words", "default"]
    assert [score.representation for score in scores if score.metric == "nDCG@10"] == [*names, "bm25"]
    best = [score.representation for score in scores if score.metric == "nDCG@10, best sentence"]
    assert best[:6] == [*names, "bm25"]
    queries = cut_queries(analyser, data)
    documents = [Document(key, text) for key, text in data.documents.items()]
    build(tmp_path / "own.pol", documents, BuildConfig(), encoder)

    def mean(rankings: list[list[str]]) -> float:
        both = zip(rankings, queries, strict=True)
        return float(np.mean([ndcg([q.judged.get(key, 0) for key in ids], list(q.judged.values())) for ids, q in both]))

    with Searcher(Collection.open(tmp_path / "own.pol"), encoder) as searcher:
        for order in ("meaning", "hybrid", "keywords", "words"):
            name = "product" if order == "meaning" else f"product, {order}"
            found = [[hit.document_id for hit in searcher.documents(q.text, 10, order=order)] for q in queries]
            assert value(scores, "nDCG@10", name) == pytest.approx(mean(found)), name
            hits = [searcher.sentences(q.text, 100, order=order, alike=False) for q in queries]
            by_sentence = [list(dict.fromkeys(hit.document_id for hit in some))[:10] for some in hits]
            assert value(scores, "nDCG@10, best sentence", name) == pytest.approx(mean(by_sentence)), name
        defaults = [searcher.sentences(q.text, 100, by="default", alike=False) for q in queries]
        by_default = mean([list(dict.fromkeys(hit.document_id for hit in some))[:10] for some in defaults])
        assert value(scores, "nDCG@10, best sentence", "default") == pytest.approx(by_default)
        whole = [[hit.document_id for hit in searcher.documents(q.text, 10, by="default")] for q in queries]
        assert value(scores, "nDCG@10", "default") == pytest.approx(mean(whole))
    # ELMo's default vectors are the mean of its mixed layers, which a collection whitens.
    assert value(scores, "nDCG@10, best sentence", "elmo, whitened") == pytest.approx(by_default, abs=1e-3)
    by_keywords = keyword_rankings(analyser, list(data.documents.values()), queries, 10)
    ids = list(data.documents)
    expected = mean([[ids[row] for row in rows] for rows in by_keywords])
    assert value(scores, "nDCG@10", "bm25") == pytest.approx(expected)
    assert {s.baseline for s in scores if s.metric == "nDCG@10"} == {value(scores, "nDCG@10", "bm25")}


def test_retrieval_without_layers_has_the_product_alone(tmp_path: Path) -> None:
    scores = evaluate_retrieval(FakeEncoder(), make_trec(tmp_path), layers=False)
    assert {score.representation.partition(",")[0] for score in scores} == {"product", "default", "bm25"}


def test_keyword_rankings_match_stems(tmp_path: Path) -> None:
    analyser = TextAnalyser("en")
    data = read_retrieval(make_trec(tmp_path))
    (first, second) = cut_queries(analyser, data)
    texts = ["He lends moneys.", "Reed beds.", "None of it."]
    found = keyword_rankings(analyser, texts, [first, second], 10)
    assert [ids.tolist() for ids in found] == [[0], [1]]


def test_tasks_are_parsed_and_paths_of_one_name_joined(tmp_path: Path) -> None:
    places = make_all(tmp_path)
    tasks = parse_tasks([*(f"{name}={path}" for name, path in places.items()), f"sts={places['usim']}"])
    assert [task.name for task in tasks] == ["wic", "usim", "coarsewsd", "dwug", "wsd", "sts", "retrieval"]
    assert tasks[5].paths == (places["sts"], places["usim"])
    (both,) = parse_tasks([f"sts={places['sts']}/sts-dev.csv,{places['sts']}/sts-train.csv"])
    assert [path.name for path in both.paths] == ["sts-dev.csv", "sts-train.csv"]
    with pytest.raises(DocumentError, match="wic was given 2 times"):
        evaluate(FakeEncoder(), Task(TaskName.WIC, (tmp_path, tmp_path)))
    for wrong in ("wic", "wic=", "wik=x", "=x"):
        with pytest.raises(DocumentError, match="is not a task; give NAME=PATH, NAME one of wic, usim"):
            parse_tasks([wrong])
    with pytest.raises(DocumentError, match="does not exist; give the path of the gold data of usim"):
        parse_tasks(["usim=none/here.txt"])
