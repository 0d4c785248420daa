"""Fixtures of several test files: encoders (a tiny one with random weights, the bundled one), a searcher, the page."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faults import figures
from hypothesis import settings
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import read_model
from polyseme.indexer.elmo.model import Model
from polyseme.search.searcher import Searcher

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

# A deadline per example measures the machine, not the code: a slow first import would fail a test.
# The same examples in every run, so that a change alone decides whether it passes. `make faults` draws new ones.
settings.register_profile("polyseme", deadline=None, derandomize="POLYSEME_FUZZ" not in os.environ)
settings.load_profile("polyseme")

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as in the product, in every order of tests
# Tests name models, which is recorded in the user's configuration: not in that of the developer.
CONFIGURATION = Path(tempfile.mkdtemp(prefix="polyseme-config-"))
os.environ["XDG_CONFIG_HOME"] = os.environ["APPDATA"] = str(CONFIGURATION)
TINY = Path(__file__).parent / "fixtures" / "tiny_elmo"
SHARED = Path(__file__).parents[2] / "shared"


def pytest_configure(config: pytest.Config) -> None:
    """Print the figures of the fault suite at the end, also of tests that run in worker processes."""
    config.pluginmanager.register(figures, "figures of the fault suite")


@pytest.fixture(scope="session")
def tiny_folder() -> Path:
    """Return our tiny ELMo: random weights, 3 layers of 12, sense vectors of 5. `make_tiny_elmo.py` makes it."""
    return TINY


@pytest.fixture(scope="session")
def tiny_model() -> Model:
    return read_model(TINY)


@pytest.fixture(scope="session")
def tiny_encoder() -> ElmoEncoder:
    encoder = load_encoder(TINY)
    assert isinstance(encoder, ElmoEncoder)
    return encoder


@pytest.fixture(scope="session")
def default_encoder() -> ElmoEncoder:
    encoder = load_encoder("default")
    assert isinstance(encoder, ElmoEncoder)
    return encoder


@pytest.fixture(scope="session")
def allennlp_fixture() -> Path:
    """Return AllenNLP's published ELMo fixture, a folder beside the repository. Skip the test without it."""
    folder = SHARED / "fixtures" / "elmo_allennlp"
    if not folder.is_dir():
        pytest.skip("the shared test data is not here")
    return folder


@pytest.fixture(scope="session")
def shared_eval() -> Path:
    """Return the evaluation sets, a folder beside the repository. Skip the test without it."""
    folder = SHARED / "eval"
    if not folder.is_dir():
        pytest.skip("the shared test data is not here")
    return folder


@pytest.fixture(scope="module")
def searcher(collection: Path) -> Iterator[Searcher]:
    """Yield a searcher on the collection that the test's own file makes."""
    with Searcher.open(collection) as found:
        yield found


@pytest.fixture
def page(collection: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Return the page on the collection that the test's own file makes."""
    from pages import app  # Streamlit comes late: most files do without

    return app(collection, monkeypatch)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of training first and those of the page last.

    TensorFlow has crashed once in a training step, in a process in which the page's tests had run before.
    """
    order = {"training": 0, "page": 2}
    items.sort(key=lambda item: order.get(item.path.parent.name, 1))


def pytest_unconfigure() -> None:
    shutil.rmtree(CONFIGURATION, ignore_errors=True)
