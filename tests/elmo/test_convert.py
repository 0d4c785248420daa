"""Conversion between formats keeps the numbers, overwrites nothing, and reports what it leaves out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.config import BiLMConfig, Normalise, tensor_shapes
from polyseme.indexer.elmo.convert import Layout, convert, describe, read_any
from polyseme.indexer.elmo.formats.model_folder import SUMS, read_card, read_output_layer, write_model
from polyseme.indexer.elmo.model import Model, OutputLayer, model_id
from polyseme.indexer.elmo.sense_space import Block, BlockKind, Blocks, SenseSpace, WordCounts
from polyseme.indexer.elmo.sources import ModelKind
from polyseme.indexer.errors import ModelError

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"
needs_shared = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared test data is not here")

CONFIG = BiLMConfig(
    char_dim=3,
    filters=((1, 4), (2, 5)),
    n_highway=1,
    cell=6,
    projection=4,
    normalise=(Normalise.STRAIGHT_QUOTES,),
)
WORDS = ("the", "bank", "river")
SENTENCES = [["the", "river", "bank"], ["naïve", "don’t", "“", "x" * 60]]


@pytest.fixture(scope="module")
def model() -> Model:
    random = np.random.default_rng(3)
    shapes = tensor_shapes(CONFIG)
    weights = {name: np.asarray(random.normal(0, 0.5, shape), np.float32) for name, shape in shapes.items()}
    blocks = Blocks((Block(BlockKind.CONTEXT, 2), Block(BlockKind.BAG, 0)))
    space = SenseSpace(
        blocks,
        map=np.asarray(random.normal(size=(blocks.width(CONFIG.dim), 5)), np.float32),
        shift=np.ones(5, np.float32),
        counts=WordCounts(dict(zip(WORDS, (50, 3, 2), strict=True)), 100),
    )
    return Model(CONFIG, weights, space)


@pytest.fixture(scope="module")
def folder(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with every optional part."""
    folder = tmp_path_factory.mktemp("models") / "full"
    layer = OutputLayer(WORDS, np.ones((3, CONFIG.projection), np.float16), np.zeros(3, np.float16))
    write_model(folder, model, "# A card\n", output_layer=layer)
    return folder


@pytest.fixture(scope="module")
def module(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    destination = tmp_path_factory.mktemp("models") / "module"
    convert(str(folder), destination, Layout.HUB)
    return destination


def assert_same_vectors(one: Path, other: Path) -> None:
    for got, expected in zip(load_encoder(one).encode(SENTENCES), load_encoder(other).encode(SENTENCES), strict=True):
        assert np.allclose(got, expected, rtol=0, atol=1e-5)


def test_folder_to_folder_keeps_everything(folder: Path, model: Model, tmp_path: Path) -> None:
    done = convert(str(folder), tmp_path / "copy")
    assert done.left_out == ()
    assert model_id(read_any(str(tmp_path / "copy"))) == model_id(model)
    assert read_card(tmp_path / "copy") == "# A card\n"
    layer = read_output_layer(tmp_path / "copy")
    assert layer is not None
    assert layer.words == WORDS


def test_half_precision_is_smaller_and_keeps_the_vectors(folder: Path, tmp_path: Path) -> None:
    convert(str(folder), tmp_path / "half", half=True)
    names = "half/weights.safetensors", "whole/weights.safetensors"
    convert(str(folder), tmp_path / "whole")
    small, large = ((tmp_path / name).stat().st_size for name in names)
    assert small < 0.8 * large
    half, whole = (read_output_layer(tmp_path / name) for name in ("half", "whole"))
    assert half is not None
    assert whole is not None
    assert [str(array.dtype) for array in (half.weights, half.bias)] == ["float16", "float16"]
    np.testing.assert_allclose(half.weights, whole.weights, rtol=1e-3, atol=1e-4)
    got, expected = (load_encoder(path).encode(SENTENCES)[0].ravel() for path in (tmp_path / "half", folder))
    assert got @ expected / np.sqrt((got @ got) * (expected @ expected)) > 0.9999


def test_round_trip_through_allennlp_keeps_the_numbers(folder: Path, model: Model, tmp_path: Path) -> None:
    out = convert(str(folder), tmp_path / "pair", Layout.ALLENNLP)
    assert out.left_out == ("the sense space", "the output layer", "the normalisation of tokens")
    (tmp_path / "pair" / "MODEL_CARD.md").write_text("# A card beside the pair\n")
    convert(str(tmp_path / "pair"), tmp_path / "again")
    assert read_card(tmp_path / "again") == "# A card beside the pair\n"
    plain = Model(replace(CONFIG, normalise=()), model.weights)
    assert model_id(read_any(str(tmp_path / "again"))) == model_id(plain)


def test_round_trip_through_a_module_keeps_the_numbers(
    folder: Path, module: Path, model: Model, tmp_path: Path
) -> None:
    assert_same_vectors(module, folder)
    convert(str(module), tmp_path / "again")
    assert_same_vectors(tmp_path / "again", folder)
    assert model_id(read_any(str(tmp_path / "again"))) == model_id(Model(CONFIG, model.weights))
    assert "Converted by Polyseme from `module`" in read_card(tmp_path / "again")


def test_export_to_a_module_reports_what_it_leaves_out(folder: Path, tmp_path: Path) -> None:
    done = convert(str(folder), tmp_path / "module", Layout.HUB)
    assert done.left_out == ("the sense space", "the output layer")


@needs_shared
@pytest.mark.parametrize("to", [Layout.FOLDER, Layout.ALLENNLP])
def test_tf1_module_converted_gives_its_reference_outputs(to: Layout, tmp_path: Path) -> None:
    convert(str(FIXTURES / "hub_module.tar.gz"), tmp_path / "model", to)
    encoder = load_encoder(tmp_path / "model")
    with np.load(FIXTURES / "hub_module_reference.npz", allow_pickle=False) as reference:
        by_text = encoder.default(reference["strings"].tolist())
        by_token = encoder.tokens(reference["tokens"].tolist(), reference["sequence_len"].tolist())
        for name in ("word_emb", "lstm_outputs1", "lstm_outputs2", "elmo", "default"):
            expected = reference[f"default_sig/{name}"], reference[f"tokens_sig/{name}"]
            for outputs, array in zip((by_text, by_token), expected, strict=True):
                assert np.allclose(getattr(outputs, name), array, rtol=0, atol=1e-5), name


@needs_shared
def test_published_allennlp_model_survives_every_layout(tmp_path: Path) -> None:
    source = FIXTURES / "elmo_allennlp"
    convert(str(source), tmp_path / "folder")
    convert(str(tmp_path / "folder"), tmp_path / "module", Layout.HUB)
    convert(str(tmp_path / "module"), tmp_path / "pair", Layout.ALLENNLP)
    assert model_id(read_any(str(tmp_path / "pair"))) == model_id(read_any(str(source)))
    assert_same_vectors(tmp_path / "pair", source)


@pytest.mark.parametrize("to", Layout)
def test_nothing_is_overwritten(to: Layout, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("notes")
    for occupied in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ModelError, match="exists already and is not empty"):
            convert(str(folder), occupied, to)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert (tmp_path / "mine.txt").read_text() == "notes"


@pytest.mark.parametrize("to", [Layout.FOLDER, Layout.ALLENNLP])
def test_an_empty_folder_may_be_the_destination(to: Layout, folder: Path, tmp_path: Path) -> None:
    convert(str(folder), tmp_path, to)
    assert_same_vectors(tmp_path, folder) if to is Layout.FOLDER else describe(str(tmp_path))


def test_a_source_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model"):
        convert(str(tmp_path / "nowhere"), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_half_precision_is_for_our_layout_only(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="half precision"):
        convert(str(folder), tmp_path / "pair", Layout.ALLENNLP, half=True)


def test_description_of_a_model_folder(folder: Path, model: Model) -> None:
    info = describe(str(folder))
    assert (info.kind, info.model_id, info.config) == (ModelKind.FOLDER, model_id(model), CONFIG)
    assert info.n_weights == sum(array.size for array in model.weights.values())
    assert (info.n_layers, info.dim, info.sense_dim, info.n_words) == (3, 8, 5, 3)
    assert set(info.verified) == {path.name for path in folder.iterdir()} - {SUMS}


def test_description_finds_a_damaged_file(folder: Path, tmp_path: Path) -> None:
    convert(str(folder), tmp_path / "copy")
    (tmp_path / "copy" / "MODEL_CARD.md").write_text("# Another card\n")
    with pytest.raises(ModelError, match=r"MODEL_CARD.md is not what SHA256SUMS says"):
        describe(str(tmp_path / "copy"))


def test_description_of_a_pair_and_of_a_module(folder: Path, module: Path, tmp_path: Path) -> None:
    convert(str(folder), tmp_path / "pair", Layout.ALLENNLP)
    pair, hub = describe(str(tmp_path / "pair")), describe(str(module))
    assert (pair.kind, pair.config, pair.verified) == (ModelKind.ALLENNLP, replace(CONFIG, normalise=()), ())
    assert (hub.kind, hub.config, hub.n_weights, hub.unread) == (ModelKind.HUB, CONFIG, pair.n_weights, None)
    assert hub.model_id == load_encoder(module).model_id
    assert (pair.sense_dim, pair.n_words, hub.sense_dim, hub.n_words) == (None, None, None, None)
