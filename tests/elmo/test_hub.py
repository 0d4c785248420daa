"""TF-Hub modules: a module, our network with its weights, and our exports return the same numbers."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from polyseme.indexer.elmo import ElmoOutputs, load_encoder
from polyseme.indexer.elmo.characters import character_ids
from polyseme.indexer.elmo.config import Activation, BiLMConfig, Normalise, tensor_shapes
from polyseme.indexer.elmo.convert import GRAPH, describe
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.hub import graph as hub_graph
from polyseme.indexer.elmo.hub.encoder import OUTPUTS, HubEncoder, load_hub_encoder
from polyseme.indexer.elmo.hub.files import CONFIG_INSIDE, import_tensorflow_hub
from polyseme.indexer.elmo.hub.weights import our_name, read_hub_weights, read_variables, their_name
from polyseme.indexer.elmo.model import Model, model_id
from polyseme.indexer.errors import ModelError

Reference = dict[str, npt.NDArray[Any]]

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"
needs_shared = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared test data is not here")

CONFIG = BiLMConfig(
    char_dim=4, filters=((1, 6), (2, 6), (3, 8)), n_highway=2, cell=12, projection=8, cell_clip=0.75, proj_clip=0.875
)
TOKENS = [
    ["the", "cat", "sat", "on", "the", "mat"],
    ["naïve", "日本語", "🙂", "x" * 70, "é" * 40],
    ["bank"],
    [],
    ["<S>", "in", "</S>", "", "'"],
]


def random_model(config: BiLMConfig = CONFIG) -> Model:
    """Return a model with an uneven layer mix and weights so large that both clips have an effect."""
    random = np.random.default_rng(7)
    weights = {
        name: np.asarray(random.normal(0, 0.7, shape), np.float32) for name, shape in tensor_shapes(config).items()
    }
    return Model(config, weights)


@pytest.fixture(scope="module")
def model() -> Model:
    return random_model()


@pytest.fixture(scope="module")
def ours(model: Model) -> ElmoEncoder:
    return ElmoEncoder(model, "ours")


@pytest.fixture(scope="module")
def exported(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from polyseme.indexer.elmo.hub.export import export_hub

    folder = tmp_path_factory.mktemp("hub") / "module"
    export_hub(model, folder)
    return folder


@pytest.fixture(scope="module")
def module(exported: Path) -> HubEncoder:
    return load_hub_encoder(str(exported))


@pytest.fixture(scope="module")
def reference() -> Reference:
    with np.load(FIXTURES / "hub_module_reference.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def close(got: npt.NDArray[np.float32], expected: npt.NDArray[np.float32], atol: float = 5e-5) -> bool:
    """Compare two arrays to 5e-5. Random weights make word vectors of up to 24, and each layer adds rounding errors.

    The published module has smaller weights and is compared to 1e-5 below.
    """
    return got.shape == expected.shape and bool(np.allclose(got, expected, rtol=0, atol=atol))


def assert_same_outputs(got: ElmoOutputs, expected: ElmoOutputs) -> None:
    for name in OUTPUTS:
        assert close(getattr(got, name), getattr(expected, name)), name


def refusal(source: object) -> str:
    with pytest.raises(ModelError) as caught:
        load_encoder(str(source))
    assert "\n" not in str(caught.value)
    assert str(source) in str(caught.value)
    return str(caught.value)


# The published format (TF1), compared with reference outputs of other software


@needs_shared
@pytest.mark.parametrize("name", ["hub_module", "hub_module.tar.gz"])
def test_tf1_module_returns_its_reference_outputs_for_both_signatures(name: str, reference: Reference) -> None:
    encoder = load_encoder(FIXTURES / name)
    assert_equals_reference(encoder.default(reference["strings"].tolist()), reference, "default_sig")
    lengths = reference["sequence_len"].tolist()
    assert_equals_reference(encoder.tokens(reference["tokens"].tolist(), lengths), reference, "tokens_sig")


@needs_shared
def test_our_network_with_the_tf1_modules_weights_returns_its_reference_outputs(reference: Reference) -> None:
    model = read_hub_weights(str(FIXTURES / "hub_module"))
    for name, value in reference.items():
        if name.startswith("var/"):
            ours = our_name(name.removeprefix("var/"))
            assert ours is not None
            assert np.array_equal(np.squeeze(model.weights[ours]), np.squeeze(value)), name
    encoder = ElmoEncoder(model, "converted")
    assert_equals_reference(encoder.default(reference["strings"].tolist()), reference, "default_sig")
    lengths = reference["sequence_len"].tolist()
    assert_equals_reference(encoder.tokens(reference["tokens"].tolist(), lengths), reference, "tokens_sig")


def assert_equals_reference(got: ElmoOutputs, reference: Reference, signature: str) -> None:
    for name in OUTPUTS:
        assert close(getattr(got, name), reference[f"{signature}/{name}"], 1e-5), name


# Our exports (TF2)


def test_tensorflow_hub_opens_the_export_and_returns_our_numbers(exported: Path, ours: ElmoEncoder) -> None:
    tensorflow_hub = import_tensorflow_hub()
    import tensorflow as tf

    signatures = tensorflow_hub.load(str(exported)).signatures
    assert set(signatures) == {"default", "tokens"}
    texts = ["the cat sat  on the mat", " bank ", "", "naïve café — “dogs”"]
    found = signatures["default"](strings=tf.constant(texts))
    assert_same_outputs(ElmoOutputs(*(found[name].numpy() for name in OUTPUTS)), ours.default(texts))
    width = max(map(len, TOKENS))
    padded = [[*row, *["pad"] * (width - len(row))] for row in TOKENS]
    lengths = [len(row) for row in TOKENS]
    found = signatures["tokens"](tokens=tf.constant(padded), sequence_len=tf.constant(lengths))
    assert_same_outputs(ElmoOutputs(*(found[name].numpy() for name in OUTPUTS)), ours.tokens(padded, lengths))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=8))
@settings(max_examples=60, deadline=None)
def test_character_ids_inside_the_graph_are_those_of_bilm_tf(tokens: list[str]) -> None:
    import tensorflow as tf
    from polyseme.indexer.elmo.hub import export as hub_export

    inside = hub_export.character_ids(tf.constant(tokens, tf.string), 50)
    assert np.array_equal(inside.numpy(), character_ids(tokens, 50))


def test_module_encodes_like_our_network(module: HubEncoder, ours: ElmoEncoder) -> None:
    for got, expected in zip(module.encode(TOKENS), ours.encode(TOKENS), strict=True):
        assert close(got, expected)
    for one, other in zip(module.represent(TOKENS), ours.represent(TOKENS), strict=True):
        assert close(one.layers, other.layers)
        assert close(one.elmo, other.elmo)
        assert close(one.default, other.default)
    words = [token for row in TOKENS for token in row]
    assert close(module.word_vectors(words), ours.word_vectors(words))
    assert (module.dim, module.sense_dim, module.n_layers) == (ours.dim, ours.sense_dim, ours.n_layers)


def test_sense_vectors_are_ours_with_zeros_for_the_states_at_the_marks(module: HubEncoder, ours: ElmoEncoder) -> None:
    half = module.dim // 2
    for got, expected in zip(module.sense(TOKENS), ours.sense(TOKENS), strict=True):
        assert close(got[1:-1], expected[1:-1])
        assert close(got[:, module.dim :], expected[:, module.dim :])
        assert not got[:1, :half].any()
        assert not got[-1:, half : 2 * half].any()


def test_sentence_longer_than_a_window_is_read_like_our_encoder(module: HubEncoder, ours: ElmoEncoder) -> None:
    long = [f"w{i % 37}" for i in range(1000)]
    for got, expected in zip(module.encode([long, ["a"]]), ours.encode([long, ["a"]]), strict=True):
        assert close(got, expected)
    assert_same_outputs(module.default([" ".join(long), "a"]), ours.default([" ".join(long), "a"]))


def test_call_larger_than_a_batch_returns_the_same_numbers(module: HubEncoder, ours: ElmoEncoder) -> None:
    texts = [" ".join(f"w{i + j}" for j in range(i % 90)) for i in range(40)]
    assert_same_outputs(module.default(texts), ours.default(texts))


@given(st.lists(st.lists(st.sampled_from(["a", "bank", "river", "ü"]), max_size=7), max_size=6), st.randoms())
@settings(max_examples=25, deadline=None)
def test_results_are_independent_of_the_batch(module: HubEncoder, sentences: list[list[str]], random: Any) -> None:
    alone = [module.encode([sentence])[0] for sentence in sentences]
    order = list(range(len(sentences)))
    random.shuffle(order)
    together = module.encode([sentences[i] for i in order])
    for i, got in zip(order, together, strict=True):
        assert close(got, alone[i])


def test_empty_calls_return_empty_arrays(module: HubEncoder) -> None:
    assert module.encode([]) == []
    assert [array.shape for array in module.encode([[]])] == [(3, 0, module.dim)]
    assert module.word_vectors([]).shape == (0, module.dim // 2)
    assert module.default([]).elmo.shape == (0, 0, module.dim)
    assert not module.default(["", " "]).default.any()


def test_export_normalises_what_its_model_normalises(tmp_path: Path) -> None:
    from polyseme.indexer.elmo.hub.export import export_hub

    model = random_model(replace(CONFIG, normalise=(Normalise.STRAIGHT_QUOTES,)))
    export_hub(model, tmp_path / "module")
    encoder, ours = load_hub_encoder(str(tmp_path / "module")), ElmoEncoder(model, "ours")
    assert encoder.config == model.config
    assert close(encoder.encode([["don’t"]])[0], ours.encode([["don't"]])[0])
    assert_same_outputs(encoder.default(["don’t"]), ours.default(["don’t"]))


def test_model_id_is_the_same_for_each_load(module: HubEncoder, exported: Path) -> None:
    again = load_hub_encoder(str(exported))
    assert (again.model_id, again.source) == (module.model_id, str(exported))
    assert len(again.model_id) == 64


# Weights out of a module


@pytest.mark.parametrize("name", tensor_shapes(CONFIG))
def test_every_weight_has_one_name_on_each_side(name: str) -> None:
    assert our_name(their_name(name)) == name
    assert our_name(f"module/{their_name(name)}") == name


@pytest.mark.parametrize("name", ["global_step", "bilm/CNN/W_cnn_0/Adam", "softmax/W", "beta1_power"])
def test_variables_that_are_not_weights_are_ignored(name: str) -> None:
    assert our_name(name) is None


def test_older_names_of_lstm_variables_are_recognised() -> None:
    assert our_name("lm/RNN_1/rnn/multi_rnn_cell/cell_1/lstm_cell/projection/kernel") == "backward.1.projection"
    assert our_name("RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/W_P_0") == "forward.0.projection"


def test_weights_read_from_an_export_are_the_model(exported: Path, model: Model) -> None:
    assert model_id(read_hub_weights(str(exported))) == model_id(model)


def test_configuration_of_a_module_is_found_by_comparison(tmp_path: Path) -> None:
    from polyseme.indexer.elmo.hub.export import export_hub

    config = replace(CONFIG, activation=Activation.TANH, skip=False, cell_clip=3.0, proj_clip=3.0)
    export_hub(random_model(config), tmp_path / "module")
    shutil.rmtree((tmp_path / "module" / CONFIG_INSIDE).parent)
    assert read_hub_weights(str(tmp_path / "module")).config == config


def test_clips_are_read_from_the_graph_of_a_bilm_tf_module(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    folder = tmp_path / "module"
    shutil.copytree(exported, folder)
    shutil.rmtree((folder / CONFIG_INSIDE).parent)
    assert {(config.cell_clip, config.proj_clip) for config in read_variables(folder, "it").candidates} == {
        (3.0, 3.0),
        (None, None),
    }
    graph = tf.Graph()
    with graph.as_default():
        for cell in (0, 1):
            for clip, bound in (("clip_by_value", CONFIG.cell_clip), ("clip_by_value_1", CONFIG.proj_clip)):
                name = f"bilm/RNN_0/RNN/MultiRNNCell/Cell{cell}/rnn/while/lstm_cell/{clip}"
                tf.constant(bound, name=f"{name}/Minimum/y")
                tf.constant(-(bound or 0), name=f"{name}/y")
    monkeypatch.setattr(hub_graph, "graph_nodes", lambda folder: iter(graph.as_graph_def().node))
    assert read_hub_weights(str(folder)).config == CONFIG


def test_module_that_computes_something_else_is_not_converted(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "module"  # without its configuration, and with clips that its graph does not show
    shutil.copytree(exported, folder)
    shutil.rmtree((folder / CONFIG_INSIDE).parent)
    with pytest.raises(ModelError, match=r"computes something else.*use the module itself"):
        read_hub_weights(str(folder))


def test_module_without_readable_variables_still_encodes_but_is_not_converted(tmp_path: Path) -> None:
    folder = save_other_module(tmp_path / "module", ("default", "tokens"), OUTPUTS)
    encoder = load_encoder(folder)
    assert encoder.config is None
    assert encoder.encode([["a", "b"]])[0].shape == (3, 2, 4)
    with pytest.raises(ModelError, match=r"variables of .* cannot be read .*; use the module itself"):
        read_hub_weights(str(folder))


# Errors of a user


def test_module_refuses_what_only_our_network_can_do(module: HubEncoder) -> None:
    with pytest.raises(ModelError, match="carries no state; convert"):
        module.encode([["a"]], carry_state=True)


def test_wrong_input_is_refused_in_one_line(module: HubEncoder) -> None:
    with pytest.raises(ModelError, match="list of tokens, not a text"):
        module.encode(["a text"])
    with pytest.raises(ModelError, match="2 rows of tokens but 1 lengths"):
        module.tokens([["a"], ["b"]], [1])
    with pytest.raises(ModelError, match=r"sequence_len\[0\] is 2, its row has 1 tokens"):
        module.tokens([["a"]], [2])


def test_module_lacking_a_signature_or_an_output_is_refused(tmp_path: Path) -> None:
    one = save_other_module(tmp_path / "one", ("default",), OUTPUTS)
    assert "lacks the signature 'tokens' (it has: default)" in refusal(one)
    poor = save_other_module(tmp_path / "poor", ("default", "tokens"), OUTPUTS[:4])
    assert "lacks the output 'default'" in refusal(poor)


def test_damaged_module_is_refused(exported: Path, tmp_path: Path) -> None:
    for number, (name, kept) in enumerate(
        [("saved_model.pb", 0.5), ("saved_model.pb", 0), ("variables/variables.data-00000-of-00001", 0.5)]
    ):
        folder = tmp_path / str(number)
        shutil.copytree(exported, folder)
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(len(whole) * kept)])
        assert "get it again" in refusal(folder)


def test_export_refuses_existing_folders_and_models_of_another_depth(model: Model, tmp_path: Path) -> None:
    from polyseme.indexer.elmo.hub.export import export_hub

    with pytest.raises(ModelError, match="exists already"):
        export_hub(model, tmp_path)
    with pytest.raises(ModelError, match="room for 2 biLSTM layers, this model has 1"):
        export_hub(random_model(replace(CONFIG, n_lstm=1)), tmp_path / "module")
    assert list(tmp_path.iterdir()) == []


def save_other_module(folder: Path, names: Sequence[str], outputs: Sequence[str]) -> Path:
    """Save a foreign module with google/elmo's inputs, some of its outputs, and one unknown variable."""
    import_tensorflow_hub()
    import tensorflow as tf

    holder = tf.Module()
    holder.odd = tf.Variable(0.5, name="odd")

    def made(tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        size = tf.cast(tf.strings.length(tokens), tf.float32)[:, :, None] * holder.odd  # (b, t, 1)
        wide = tf.tile(size, (1, 1, 4))  # (b, t, 4)
        arrays = dict.fromkeys(outputs, wide) | {"word_emb": wide[:, :, :2], "default": tf.reduce_sum(wide, axis=1)}
        return {name: tf.identity(arrays[name]) for name in outputs}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])  # type: ignore[untyped-decorator]
    def default(text: tf.Tensor) -> dict[str, tf.Tensor]:
        return made(tf.strings.split(text, " ").to_tensor(""))

    @tf.function(  # type: ignore[untyped-decorator]
        input_signature=[
            tf.TensorSpec((None, None), tf.string, name="tokens"),
            tf.TensorSpec((None,), tf.int32, name="sequence_len"),
        ]
    )
    def tokens(tokens: tf.Tensor, sequence_len: tf.Tensor) -> dict[str, tf.Tensor]:
        return made(tf.where(tf.sequence_mask(sequence_len, tf.shape(tokens)[1]), tokens, ""))

    signatures = {"default": default, "tokens": tokens}
    tf.saved_model.save(holder, str(folder), signatures={name: signatures[name] for name in names})
    return folder


# Without running the module


def test_variables_are_read_and_the_graph_is_not_run(
    exported: Path, module: HubEncoder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> None:
        raise AssertionError("the module was run")

    monkeypatch.setattr("polyseme.indexer.elmo.hub.encoder._loaded", run)
    with caplog.at_level("INFO", "polyseme"):
        encoder = load_encoder(exported)
        describe(str(exported))
        read_hub_weights(str(exported))
    assert "its variables are read, its graph is not run" in caplog.text
    assert (encoder.model_id, encoder.source, encoder.config) == (module.model_id, module.source, CONFIG)
    assert (encoder.sense_dim, encoder.has_sense_space) == (module.sense_dim, module.has_sense_space)
    for one, other in zip(encoder.represent(TOKENS), module.represent(TOKENS), strict=True):
        assert close(one.layers, other.layers)
        assert close(one.elmo, other.elmo)
        assert close(one.sense, other.sense)  # a collection of the module answers as before
        assert close(one.default, other.default)
    assert_same_outputs(encoder.default(["the cat sat", ""]), module.default(["the cat sat", ""]))
    long = [[f"w{i % 37}" for i in range(600)]]
    assert close(encoder.sense(long)[0], module.sense(long)[0])


def test_module_that_must_be_run_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = save_other_module(tmp_path / "module", ("default", "tokens"), OUTPUTS)
    assert isinstance(load_encoder(folder), HubEncoder)
    assert f"{folder} runs as a program of its author, with all of your rights" in caplog.text
    assert describe(str(folder)).runs == GRAPH
    with pytest.raises(ModelError, match="float32 only"):
        load_encoder(folder, precision="bfloat16")


@needs_shared
def test_configuration_of_a_published_module_is_read_from_its_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    read = read_variables(FIXTURES / "hub_module", "it")
    assert read.is_certain
    (config,) = read.candidates
    assert (config.activation, config.skip, config.cell_clip, config.proj_clip) == (Activation.RELU, True, 3.0, 3.0)
    nodes = {node.name: node for node in hub_graph.graph_nodes(FIXTURES / "hub_module")}
    monkeypatch.setattr(hub_graph, "graph_nodes", lambda folder: iter(nodes.values()))
    for name, node in nodes.items():
        if name.endswith("lstm_cell/add/y"):  # another bias of the forget gate: not the cell that our network has
            node.attr["value"].tensor.float_val[:] = [0.5]
    assert not read_variables(FIXTURES / "hub_module", "it").is_certain


@pytest.mark.parametrize("harm", ["integers", "sparse"])
def test_checkpoint_that_declares_more_than_its_files_hold_is_not_read(harm: str, tmp_path: Path) -> None:
    import tensorflow as tf

    class Claims:
        def get_variable_to_shape_map(self) -> dict[str, list[int]]:
            return {"bilm/char_embed": [261, 1 << 40]}

        def get_variable_to_dtype_map(self) -> dict[str, Any]:
            return {"bilm/char_embed": tf.int64 if harm == "integers" else tf.float32}

        def has_tensor(self, name: str) -> bool:
            return False

        def get_tensor(self, name: str) -> None:
            raise AssertionError("memory was asked for")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf.train, "load_checkpoint", lambda prefix: Claims())
        expected = "is of int64" if harm == "integers" else "they declare 286,"
        with pytest.raises(ModelError, match=f"cannot be read .*{expected}"):
            read_variables(tmp_path, "it")
