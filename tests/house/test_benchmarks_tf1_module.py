"""A TF1 hub module with TensorFlow's own LSTM cell and loop gives the numbers of our encoder."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.config import BiLMConfig, tensor_shapes
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.training.config import CONFIGS, Size

SENTENCES = [["She", "sat", "on", "the", "river", "bank", "."], ["naïve", "東京"], ["x" * 70]]


def random_weights(config: BiLMConfig) -> dict[str, npt.NDArray[np.float32]]:
    rng = np.random.default_rng(3)
    return {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in tensor_shapes(config).items()}


@pytest.mark.filterwarnings("ignore:.*LSTMCell.*is deprecated", "ignore:pkg_resources is deprecated")
def test_module_and_encoder_give_equal_vectors(tiny_model: Model, tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    from benchmarks.encode import tf1_module  # imports TensorFlow

    tf1_module.write_tf1_module(Model(CONFIGS[Size.TINY], random_weights(CONFIGS[Size.TINY])), tmp_path / "another")
    tf1_module.write_tf1_module(tiny_model, tmp_path / "module")  # a second module has no state of the first
    module = load_encoder(tmp_path / "module")
    for one, other in zip(module.represent(SENTENCES), tiny_encoder.represent(SENTENCES), strict=True):
        np.testing.assert_allclose(one.layers, other.layers, atol=2e-6)
        np.testing.assert_allclose(one.elmo, other.elmo, atol=2e-6)
        np.testing.assert_allclose(one.default, other.default, atol=2e-6)
    assert tf1_module.feed(SENTENCES)["sequence_len"].numpy().tolist() == [7, 2, 1]
