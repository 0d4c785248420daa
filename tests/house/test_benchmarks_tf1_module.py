"""TensorFlow 1's own LSTM cell and loop, in a module of the published format, give our encoder's numbers."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.config import BiLMConfig, tensor_shapes
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.training.config import CONFIGS, Size

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "tf1_module.py"
SENTENCES = [["She", "sat", "on", "the", "river", "bank", "."], ["naïve", "東京"], ["x" * 70]]


def random_weights(config: BiLMConfig) -> dict[str, npt.NDArray[np.float32]]:
    rng = np.random.default_rng(3)
    return {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in tensor_shapes(config).items()}


@pytest.mark.filterwarnings("ignore:.*LSTMCell.*is deprecated", "ignore:pkg_resources is deprecated")
def test_module_and_encoder_agree(tiny_model: Model, tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("tf1_module", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = sys.modules["tf1_module"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.write_tf1_module(Model(CONFIGS[Size.TINY], random_weights(CONFIGS[Size.TINY])), tmp_path / "another")
    script.write_tf1_module(tiny_model, tmp_path / "module")  # nothing of the first is left in the second
    module = load_encoder(tmp_path / "module")
    for one, other in zip(module.represent(SENTENCES), tiny_encoder.represent(SENTENCES), strict=True):
        np.testing.assert_allclose(one.layers, other.layers, atol=2e-6)
        np.testing.assert_allclose(one.elmo, other.elmo, atol=2e-6)
        np.testing.assert_allclose(one.default, other.default, atol=2e-6)
    assert script.feed(SENTENCES)["sequence_len"].numpy().tolist() == [7, 2, 1]
