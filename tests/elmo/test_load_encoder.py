"""Models are found by name and by path, errors have one line, and TensorFlow is imported late."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from polyseme.indexer.elmo import Encoder, Precision, load_encoder
from polyseme.indexer.elmo.bundled import bundled_folder, bundled_names, english_counts
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import read_card, read_output_layer, verify_model
from polyseme.indexer.errors import ModelError
from polyseme.search.evaluation import TokenPair, accuracy, best_threshold, read_usim, read_wic, spearman


def test_bundled_model_is_complete() -> None:
    folder = bundled_folder("default")
    assert folder is not None
    verify_model(folder)
    assert "default" in bundled_names()
    assert "share-alike" in read_card(folder)
    layer = read_output_layer(folder)
    assert layer is not None
    assert layer.weights.shape == (60000, 128)
    assert layer.words[:3] == ("<S>", "</S>", "<UNK>")


def test_bundled_model_is_the_published_small_size(default_encoder: ElmoEncoder) -> None:
    assert (default_encoder.source, default_encoder.n_layers, default_encoder.dim) == ("default", 3, 256)
    assert (default_encoder.sense_dim, default_encoder.has_sense_space) == (64, True)
    assert sum(array.size for array in default_encoder.model.weights.values()) == pytest.approx(13.6e6, rel=0.01)


def test_english_counts_separate_common_words_from_rare_ones() -> None:
    the, bank, unseen = english_counts().frequencies(["the", "bank", "xyzzyplugh"])
    assert 0.03 < the < 0.08
    assert 1e-5 < bank < 1e-3
    assert unseen == 0


def test_loading_from_elsewhere_needs_no_tensorflow_and_encoding_is_silent(tmp_path: Path) -> None:
    code = (
        "import sys; from polyseme.indexer.elmo import load_encoder; e = load_encoder(); "
        "assert not {'tensorflow', 'h5py'} & set(sys.modules); "
        "print(e.model_id, e.represent([['a', 'bank']])[0].sense.shape)"
    )
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == f"{load_encoder().model_id} (2, 64)\n"


def test_source_loads_the_same_model_again(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tiny_folder.parent)
    encoder = load_encoder("tiny_elmo", Precision.BFLOAT16)
    monkeypatch.chdir(tmp_path)
    assert load_encoder(encoder.source).model_id == encoder.model_id


def test_missing_models_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("not a model", encoding="utf-8")
    with pytest.raises(ModelError, match=r"no model 'nowhere': .* \(default"):
        load_encoder("nowhere")
    for name in ("empty", "text.txt"):
        with pytest.raises(ModelError, match=f"{name} is not a model"):
            load_encoder(tmp_path / name)
    with pytest.raises(ModelError, match="unknown precision 'float8'; use float32 or bfloat16"):
        load_encoder("default", "float8")
    with tarfile.open(tmp_path / "module.tar.gz", "w:gz"):
        pass
    with pytest.raises(ModelError, match=r"module\.tar\.gz"):
        load_encoder(tmp_path / "module.tar.gz")


def cosines(encoder: Encoder, pairs: list[TokenPair]) -> list[float]:
    texts = list({text for pair in pairs for text in (pair.sentence1, pair.sentence2)})
    sense = dict(zip(texts, encoder.sense(texts), strict=True))
    both = [(sense[pair.sentence1][pair.position1], sense[pair.sentence2][pair.position2]) for pair in pairs]
    return [float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in both]


def test_bundled_model_is_as_good_as_its_card_says(default_encoder: ElmoEncoder, shared_eval: Path) -> None:
    wic, usim = read_wic(shared_eval / "wic" / "dev"), read_usim(shared_eval / "usim" / "usim_en.txt")
    scores, gold = cosines(default_encoder, wic), [pair.gold for pair in wic]
    assert accuracy(scores, gold, best_threshold(scores, gold)) >= 0.66
    assert spearman(cosines(default_encoder, usim), [pair.gold for pair in usim]) >= 0.44


def test_bundled_model_is_better_than_the_model_it_continues(default_encoder: ElmoEncoder, shared_eval: Path) -> None:
    folder = shared_eval.parent / "models" / "small-interim"
    if not folder.is_dir():
        pytest.skip("the shared models are not here")
    interim = load_encoder(folder)
    usim = read_usim(shared_eval / "usim" / "usim_en.txt")
    gold = [pair.gold for pair in usim]
    assert spearman(cosines(default_encoder, usim), gold) >= spearman(cosines(interim, usim), gold) + 0.03
