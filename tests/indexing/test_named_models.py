"""A collection does not choose its model's place: the user names it once, and a received collection contacts nobody."""

import json
import shutil
import socket
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import stored
from polyseme.indexer.build import build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import write_model
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.elmo.named_models import MAX_SOURCES, named_models_file, named_sources, remember_model
from polyseme.indexer.errors import CollectionError, ModelError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.vectorise import fitting_encoder
from polyseme.search.searcher import Searcher
from polyseme.ui.cli.main import run_command

DOCUMENTS = [Document("a", "She sat on the river bank. The bank refused a loan.")]
ODD_SOURCES = [
    "evil.pol/model",
    "http://127.0.0.1:9/elmo/1",
    "https://models.invalid/elmo/3",
    "gs://bucket/elmo",
    "//host/share/model",
    r"\\host\share\model",
    "model.tar.gz",
    "~/model",
    "x" * 5000,
    "a\nb\x1b[2J",
]


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of named models of a user who has named none."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))
    return tmp_path / "config" / "polyseme" / "models.json"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """Return a folder with a model, and a collection that another user has made with it."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(tiny_folder, folder / "model")
    build(folder / "my.pol", DOCUMENTS, model=str(folder / "model"))
    return folder


@pytest.fixture
def model(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "model", tmp_path / "model"))


@pytest.fixture
def received(made: Path, model: Path, tmp_path: Path, configuration: Path) -> Path:
    """Return a collection that the user has received, with the place of its model on this machine."""
    collection = Path(shutil.copytree(made / "my.pol", tmp_path / "my.pol"))
    settings_of(collection, model=str(model))
    assert not configuration.exists()
    return collection


def settings_of(collection: Path, **values: str) -> None:
    for key, value in values.items():
        stored.change(collection, "UPDATE settings SET value = ? WHERE key = ?", json.dumps(value), key)


def refusal(collection: Path, model: str | None = None) -> str:
    with pytest.raises(CollectionError) as caught:
        Searcher.open(collection, model)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    return str(caught.value)


def test_own_collection_opens_without_naming_its_model_again(tmp_path: Path, model: Path, configuration: Path) -> None:
    build(tmp_path / "my.pol", DOCUMENTS, model=str(model))
    build(tmp_path / "my.pol", DOCUMENTS)
    with Searcher.open(tmp_path / "my.pol") as searcher:
        assert searcher.encoder.source == str(model)
    assert json.loads(configuration.read_text()) == {
        "format": 1,
        "models": {load_encoder(model).model_id: [str(model)]},
    }
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o600


def test_encoder_that_the_user_has_loaded_counts_as_named(tmp_path: Path, model: Path) -> None:
    build(tmp_path / "my.pol", DOCUMENTS, model=load_encoder(model))
    with Searcher.open(tmp_path / "my.pol") as searcher:
        assert searcher.encoder.source == str(model)


def test_received_collection_opens_only_after_its_model_was_named(received: Path, model: Path) -> None:
    message = refusal(received)
    assert f"needs the model '{model}', which you have not named on this machine" in message
    assert "name it once with --model SOURCE" in message
    Searcher.open(received, str(model)).close()
    Searcher.open(received).close()


def test_received_collection_with_a_bundled_model_opens(tmp_path: Path, configuration: Path) -> None:
    build(tmp_path / "my.pol", DOCUMENTS)
    Searcher.open(tmp_path / "my.pol").close()
    assert not configuration.exists()


def test_a_model_named_for_one_collection_serves_every_collection_of_that_digest(
    received: Path, model: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(model, tmp_path / "moved"))
    shutil.rmtree(model)
    Searcher.open(received, str(moved)).close()
    other = Path(shutil.copytree(received, tmp_path / "other.pol"))
    settings_of(other, model="http://127.0.0.1:9/elmo")
    for collection in (received, other):
        with Searcher.open(collection) as searcher:
            assert searcher.encoder.source == str(moved)


def test_a_model_that_does_not_fit_is_not_remembered(received: Path, tmp_path: Path, tiny_model: Model) -> None:
    write_model(tmp_path / "plain", replace(tiny_model, sense_space=None), "")
    assert "pass --model SOURCE" in refusal(received, str(tmp_path / "plain"))
    assert not named_models_file().exists()


def test_no_place_that_a_collection_names_is_looked_at(received: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def contacted(*_: object, **__: object) -> None:
        raise AssertionError("the place was looked at")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, contacted)
    monkeypatch.setattr(socket, "getaddrinfo", contacted)
    monkeypatch.setattr("polyseme.indexer.elmo.sources.find_model", contacted)
    start = threading.Thread.start
    # The database is compared with its checksums in a thread. No other one may begin.
    monkeypatch.setattr(
        threading.Thread, "start", lambda self: start(self) if self.name == "database check" else contacted()
    )
    for source in ODD_SOURCES:
        settings_of(received, model=source)
        message = refusal(received)
        is_text = len(source) <= 4096 and source.isprintable()
        reason = "which you have not named on this machine" if is_text else "has a value that it cannot have"
        assert reason in message
        assert len(message) <= 300 + 2 * len(str(received))
    settings_of(received, model=ODD_SOURCES[0])
    with pytest.raises(CollectionError, match="not named on this machine"):
        reencode(received)
    with pytest.raises(CollectionError, match="not named on this machine"):
        build(received, DOCUMENTS)


def test_a_model_beside_or_inside_a_received_collection_is_not_loaded(
    received: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(model, received / "model")
    monkeypatch.chdir(received.parent)
    for source in (f"{received.name}/model", str(received / "model"), "model"):
        settings_of(received, model=source)
        assert "not named on this machine" in refusal(received)


def test_reencoding_records_the_new_model(received: Path, model: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(model, tmp_path / "moved"))
    reencode(received, model=str(moved))
    with Searcher.open(received) as searcher:
        assert searcher.encoder.source == str(moved)
    reencode(received)


def test_changed_model_is_named_with_the_next_step(received: Path, model: Path, tiny_model: Model) -> None:
    Searcher.open(received, str(model)).close()
    shutil.rmtree(model)
    write_model(model, replace(tiny_model, sense_space=None), "")
    assert "another version of model" in refusal(received)


def test_changed_module_is_not_read(received: Path, tmp_path: Path) -> None:
    (tmp_path / "module").mkdir()
    (tmp_path / "module" / "saved_model.pb").write_bytes(b"another program")
    with Collection.open(received) as opened:
        remember_model(opened.settings.model_id, str(tmp_path / "module"))
    assert "has changed since you named it" in refusal(received)


def test_module_behind_a_handle_is_not_fetched_again_by_opening(received: Path, tmp_path: Path) -> None:
    handle = "https://models.invalid/elmo/3"
    with Collection.open(received) as opened:
        remember_model(opened.settings.model_id, handle)
    message = refusal(received)
    assert f"{handle} is not in the cache any more" in message


def test_folder_that_cannot_be_written_costs_a_warning(
    tmp_path: Path, model: Path, configuration: Path, caplog: pytest.LogCaptureFixture
) -> None:
    configuration.parent.parent.write_text("not a folder")
    build(tmp_path / "my.pol", DOCUMENTS, model=str(model))
    assert f"{configuration} cannot be written" in caplog.text


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "[" * 9999, '{"format": 2, "models": {}}', '{"format": 1, "models": {"a": [1]}}']
)
def test_damaged_list_of_models_is_reported(content: str, received: Path, configuration: Path) -> None:
    configuration.parent.mkdir(parents=True)
    configuration.write_text(content)
    with pytest.raises(ModelError, match="your list of named models, cannot be read"):
        named_sources("x")
    with pytest.raises(ModelError, match=r"cannot be read .*; remove or correct it") as caught:
        Searcher.open(received)
    assert str(configuration) in str(caught.value)


def test_what_needs_no_model_is_verified_before_the_model_is_named(
    received: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = next(received.rglob("tokens.faiss"))
    index.write_bytes(b"damaged")
    assert run_command(["verify", str(received)]) == 1
    shown = capsys.readouterr()
    assert "tokens.faiss" in shown.out
    assert "nothing was encoded again, since you have not named its model" in shown.err
    assert run_command(["verify", str(received), "--repair"]) == 0
    assert "0 sentences encoded again: no problems" in capsys.readouterr().out
    assert run_command(["verify", str(received), "--model", str(model)]) == 0
    assert "2 sentences encoded again" in capsys.readouterr().out


def test_latest_places_are_kept() -> None:
    for number in range(MAX_SOURCES + 3):
        remember_model("digest", f"/models/{number}")
    remember_model("digest", "/models/4")
    remember_model("digest", "default")
    assert named_sources("digest") == tuple(f"/models/{n}" for n in (4, 10, 9, 8, 7, 6, 5, 3))


def test_writers_at_the_same_time_lose_nothing() -> None:
    threads = [threading.Thread(target=remember_model, args=(f"digest {n}", f"/models/{n}")) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [named_sources(f"digest {n}") for n in range(12)] == [(f"/models/{n}",) for n in range(12)]


def test_default_encoder_needs_no_list(received: Path, tiny_encoder: ElmoEncoder) -> None:
    with Collection.open(received) as opened:
        assert fitting_encoder(opened, tiny_encoder).model_id == tiny_encoder.model_id
