"""The files of a module are found, or refused in one line, and no server can block the caller."""

import gc
import hashlib
import http.server
import io
import socket
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from polyseme.indexer.elmo.hub import files as hub_files
from polyseme.indexer.elmo.hub.files import module_digest, module_folder
from polyseme.indexer.elmo.sources import is_hub_source
from polyseme.indexer.errors import ModelError

Reply = Callable[[http.server.BaseHTTPRequestHandler], None]
Serve = Callable[[Reply], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the layout of a module. This layer does not read its contents."""
    folder = tmp_path / "module"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(range(256)) * 4000)
    return folder


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "module.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder, arcname=".")
    return path


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Return a function that starts a local server with the given reply. `TFHUB_CACHE_DIR` is an empty folder."""
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    servers = []

    def start(reply: Reply) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                reply(self)

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/elmo/3"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler: http.server.BaseHTTPRequestHandler, body: bytes, announced: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) if announced is None else announced))
    handler.end_headers()
    handler.wfile.write(body)


def refusal(source: object) -> str:
    """Return the message that refuses `source`. It has one line and comes within seconds."""
    before = time.monotonic()
    with pytest.raises(ModelError) as caught, module_folder(str(source)):
        pass
    assert time.monotonic() - before < 60  # a server that never ends would take for ever
    assert "\n" not in str(caught.value)
    message = str(caught.value)
    assert str(source) in message
    del caught
    gc.collect()
    return message


def test_folder_archive_and_archived_folder_have_one_digest(folder: Path, archive: Path, tmp_path: Path) -> None:
    nested = tmp_path / "nested.tgz"
    with tarfile.open(nested, "w:gz") as tar:
        tar.add(folder, arcname="elmo")
    digests = []
    for source in (folder, archive, nested):
        with module_folder(str(source)) as found:
            digests.append(module_digest(found))
    assert len(set(digests)) == 1


def test_digest_changes_with_every_file_that_decides_the_numbers(folder: Path) -> None:
    before = module_digest(folder)
    (folder / "README.md").write_text("notes")
    assert module_digest(folder) == before
    (folder / "variables" / "variables.index").write_bytes(b"other")
    assert module_digest(folder) != before


def test_unpacked_archive_is_removed_afterwards(archive: Path) -> None:
    with module_folder(str(archive)) as found:
        assert (found / "saved_model.pb").read_bytes() == b"graph"
    assert not found.exists()


def test_hub_sources_are_recognised(folder: Path, tmp_path: Path) -> None:
    assert is_hub_source("https://tfhub.dev/google/elmo/3")
    assert is_hub_source("elmo.tar.gz")
    assert is_hub_source(str(folder))
    assert not is_hub_source(str(tmp_path))
    assert not is_hub_source("default")


def test_missing_folder_and_archive_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nowhere")
    assert "does not exist" in refusal(tmp_path / "nowhere.tar.gz")


def test_addresses_that_cannot_be_fetched_are_refused() -> None:
    assert "only https:// handles" in refusal("gs://bucket/elmo")


def test_folder_or_archive_without_saved_model_is_refused(tmp_path: Path) -> None:
    assert "saved_model.pb" in refusal(tmp_path)
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    assert "saved_model.pb" in refusal(tmp_path / "empty.tar.gz")


@pytest.mark.parametrize("kept", [0, 0.01, 0.5, 0.9])
def test_truncated_archive_is_refused(archive: Path, kept: float) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(kept * len(whole))])
    assert "cannot be unpacked" in refusal(archive)


def test_file_that_is_not_an_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.tar.gz").write_text("<html>not found</html>")
    assert "cannot be unpacked" in refusal(tmp_path / "page.tar.gz")


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_archive_cannot_write_outside_its_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    assert "do not trust" in refusal(path)
    assert not list(tmp_path.glob("**/outside"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_archive_with_links_or_devices_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "links.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo("variables")
        member.type, member.linkname = kind, "/etc"
        tar.addfile(member)
    assert "do not trust" in refusal(path)


def test_handle_is_downloaded_once_and_then_needs_no_network(serve: Serve, folder: Path, archive: Path) -> None:
    asked = []

    def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        send(handler, archive.read_bytes())

    handle = serve(reply)
    with module_folder(handle) as found:
        assert module_digest(found) == module_digest(folder)
    assert set(asked) == {"/elmo/3?tf-hub-format=compressed"}
    before = len(asked)
    with module_folder(handle) as found:
        assert module_digest(found) == module_digest(folder)
    assert len(asked) == before


def test_unknown_module_is_refused(serve: Serve) -> None:
    assert "404" in refusal(serve(lambda handler: handler.send_error(404)))


def test_unreachable_handle_is_refused(serve: Serve) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "cannot be reached" in refusal(f"http://127.0.0.1:{port}/elmo/3")


def test_silent_server_times_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_files, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "cannot be reached" in refusal(f"http://127.0.0.1:{silent.getsockname()[1]}/elmo/3")


def test_name_resolution_times_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_files, "ANSWER_SECONDS", 0.3)
    released = threading.Event()
    monkeypatch.setattr(hub_files, "_refusal", lambda handle: str(released.wait(20)))
    assert "no answer within 0.3 seconds" in refusal("https://polyseme.invalid/elmo/3")
    released.set()


def test_stalled_download_times_out(serve: Serve, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_files, "READ_SECONDS", 0.3)
    released = threading.Event()
    whole = archive.read_bytes()

    def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
        send(handler, whole[: len(whole) // 2], announced=len(whole))
        released.wait(20)

    assert "could not be downloaded" in refusal(serve(reply))
    released.set()
    assert socket.getdefaulttimeout() is None


def test_download_cut_short_is_refused_and_leaves_nothing_behind(serve: Serve, archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    handle = serve(lambda handler: send(handler, whole[: len(whole) // 2]))
    assert "could not be downloaded" in refusal(handle)
    assert not list((tmp_path / "cache").iterdir())


def test_reply_that_is_not_an_archive_is_refused(serve: Serve) -> None:
    assert "could not be downloaded" in refusal(serve(lambda handler: send(handler, b"<html>Sign in</html>")))


def test_lock_of_a_dead_download_does_not_block(serve: Serve, folder: Path, archive: Path, tmp_path: Path) -> None:
    handle = serve(lambda handler: send(handler, archive.read_bytes()))
    lock = tmp_path / "cache" / f"{hashlib.sha1(handle.encode()).hexdigest()}.lock"
    lock.parent.mkdir()
    lock.write_text("elsewhere.1.x")
    with module_folder(handle) as found:
        assert module_digest(found) == module_digest(folder)


def test_cache_folder_without_a_module_is_reported(serve: Serve, tmp_path: Path) -> None:
    handle = serve(lambda handler: handler.send_error(500))
    cached = tmp_path / "cache" / hashlib.sha1(handle.encode()).hexdigest()
    cached.mkdir(parents=True)
    (cached / "leftover").touch()
    assert str(cached) in refusal(handle)
