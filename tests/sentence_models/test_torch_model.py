"""A folder of sentence-transformers, run by that library. It is not among our requirements, so tests may be skipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import ModelError
from polyseme.indexer.sentence_models import SentenceModel, load_sentence_model
from polyseme.indexer.sentence_models.torch_model import TorchModel
from polyseme.indexer.vectors.arrays import Array, unit
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher
from tiny_sentence_models import DIM, TEXTS, VOCABULARY

torch: Any = pytest.importorskip("torch", reason="sentence-transformers is not installed")
transformers: Any = pytest.importorskip("transformers", reason="sentence-transformers is not installed")
sentence_transformers: Any = pytest.importorskip(
    "sentence_transformers", reason="sentence-transformers is not installed"
)
LENGTH = 16


def small_bert(folder: Path) -> None:
    """Write a transformer with random weights and its tokeniser, as `transformers` does."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    sizes = {"hidden_size": DIM, "intermediate_size": 2 * DIM, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.BertConfig(vocab_size=len(VOCABULARY), max_position_embeddings=LENGTH, **sizes)
    transformers.BertModel(config, add_pooling_layer=False).eval().save_pretrained(folder)
    words = folder / "vocab.txt"
    words.write_text("\n".join(VOCABULARY), encoding="utf-8")
    transformers.BertTokenizerFast(vocab=str(words), model_max_length=LENGTH).save_pretrained(folder)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model in the files that older versions wrote, as published models have them."""
    folder = tmp_path_factory.mktemp("torch") / "older"
    small_bert(folder)
    names = ("Transformer", "Pooling", "Normalize")
    steps = [
        {"idx": n, "name": str(n), "path": f"{n}_{name}" if n else "", "type": f"sentence_transformers.models.{name}"}
        for n, name in enumerate(names)
    ]
    pooling = {"word_embedding_dimension": DIM, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    for name, content in (
        ("modules.json", steps),
        ("sentence_bert_config.json", {"max_seq_length": LENGTH, "do_lower_case": False}),
        ("1_Pooling/config.json", pooling),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def saved(older: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same model as the installed version of sentence-transformers saves it."""
    folder = tmp_path_factory.mktemp("torch") / "saved"
    sentence_transformers.SentenceTransformer(str(older), device="cpu", local_files_only=True).save(str(folder))
    return folder


def by_hand(folder: Path) -> Array:
    """Return the unit vectors of the texts: each alone through the network, then the mean over its tokens."""
    network = transformers.AutoModel.from_pretrained(folder).eval()
    rows = []
    for text in TEXTS:
        words = [VOCABULARY.get(word, VOCABULARY["[UNK]"]) for word in pieces(text)][: LENGTH - 2]
        ids = torch.tensor([[VOCABULARY["[CLS]"], *words, VOCABULARY["[SEP]"]]])
        with torch.no_grad():
            rows.append(network(input_ids=ids).last_hidden_state[0].mean(0).numpy())
    return unit(np.stack(rows))


def pieces(text: str) -> list[str]:
    """Return the words and signs of a text in small letters. All are apart in the texts."""
    return text.lower().split()


@pytest.mark.parametrize("kind", ["saved", "older"])
def test_vectors_are_the_means_of_the_networks_states(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    model = load_sentence_model(folder)
    assert isinstance(model, TorchModel)
    assert model.dim == DIM
    found = model.vectors([*TEXTS, " "])
    np.testing.assert_allclose(found[:-1], by_hand(folder), atol=1e-5)
    assert not found[-1].any()


def test_a_text_has_its_vector_in_any_company(saved: Path) -> None:
    model: SentenceModel = load_sentence_model(saved)
    together = model.vectors([*TEXTS, *reversed(TEXTS)])
    alone = np.concatenate([model.vectors([text]) for text in TEXTS])
    np.testing.assert_allclose(together[: len(TEXTS)], alone, atol=1e-4)
    np.testing.assert_allclose(together[len(TEXTS) :], alone[::-1], atol=1e-4)


def test_the_id_is_that_of_the_files(saved: Path, older: Path) -> None:
    assert load_sentence_model(saved).id == load_sentence_model(saved).id
    assert load_sentence_model(saved).id != load_sentence_model(older).id


def test_a_collection_is_made_searched_and_verified(
    older: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))
    path = tmp_path / "c.pol"
    build(path, [Document("a", " ".join(TEXTS[:3]))], BuildConfig(sentence_model=older), FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as searcher:
        assert searcher.sentences(TEXTS[1], k=1, order="meaning")[0].sentence == TEXTS[1]
        report = verify(searcher.collection, FakeEncoder(), sentence_model=load_sentence_model(older))
    assert report.problems == ()
    assert not any("not compared" in notice for notice in report.notices)


def test_loading_shows_nothing(saved: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_sentence_model(saved)
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""


def test_damaged_weights_are_one_line(older: Path, tmp_path: Path) -> None:
    for file in older.rglob("*"):
        if file.is_file():
            (tmp_path / file.relative_to(older)).parent.mkdir(exist_ok=True)
            (tmp_path / file.relative_to(older)).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(ModelError, match="cannot be loaded") as raised:
        load_sentence_model(tmp_path)
    assert "\n" not in str(raised.value)
