"""Get the files of a TF-Hub module from a handle, a folder or an archive, within a bounded time.

`tensorflow_hub` downloads without a time limit, and waits ten minutes for the lock of a dead download. So a thread asks
the server first and is abandoned if no answer comes, and every read of the download has a timeout. A cached module is
never requested again. The cache is `TFHUB_CACHE_DIR`, or else the system's temporary folder.
"""

import contextlib
import hashlib
import os
import queue
import shutil
import socket
import ssl
import tarfile
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from types import ModuleType

from ...errors import ModelError
from ...runtime import import_tensorflow
from ..sources import ARCHIVE_SUFFIXES, SAVED_MODEL_NAMES, holds_saved_model, is_handle

CONFIG_INSIDE = Path("assets.extra", "config.json")  # configuration inside our own exports
ANSWER_SECONDS = 10.0  # maximum time for the server's first answer, name resolution and TLS included
READ_SECONDS = 30.0  # maximum time for each read of a download
_DIGESTED = (*SAVED_MODEL_NAMES, "variables", "assets")  # files and folders that decide a module's numbers
_BLOCK = 1 << 20  # number of bytes in a read


@contextlib.contextmanager
def module_folder(source: str) -> Iterator[Path]:
    """Yield the local folder of a module. An archive is unpacked, and its files are removed when the block ends.

    Raises:
        ModelError: The source does not exist or is not a module, the archive is broken, or the download fails.
    """
    if is_handle(source):
        yield _fetched(source)
    elif "://" in source:
        raise ModelError(f"{source} cannot be fetched: only https:// handles can; give a downloaded .tar.gz")
    elif source.endswith(ARCHIVE_SUFFIXES):
        with tempfile.TemporaryDirectory(prefix="polyseme-hub-") as unpacked:
            yield _unpacked(Path(source).expanduser(), Path(unpacked))
    else:
        yield _checked_folder(Path(source).expanduser())


def module_digest(folder: Path) -> str:
    """Return the digest (sha256, hexadecimal) of the files that decide a module's numbers.

    A folder and its archive have the same digest.
    """
    digest = hashlib.sha256()
    parts = [folder / name for name in _DIGESTED]
    files = [file for part in parts for file in ([part] if part.is_file() else part.rglob("*")) if file.is_file()]
    for file in sorted(files, key=lambda each: each.relative_to(folder).as_posix()):
        digest.update(f"{file.relative_to(folder).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def import_tensorflow_hub() -> ModuleType:
    """Import `tensorflow_hub` without the warnings about its own use of pkg_resources. No other code imports it.

    Raises:
        ModelError: It is not installed, or one of the two old packages that it needs is not.
    """
    import_tensorflow()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
            warnings.filterwarnings("ignore", message="Deprecated call to `pkg_resources")
            import tensorflow_hub
    except ImportError as error:
        needed = "'tensorflow-hub>=0.16' tf-keras 'setuptools<82'"
        raise ModelError(f"TF-Hub modules cannot be read: {one_line(error)}; pip install {needed}") from error
    module: ModuleType = tensorflow_hub
    return module


def decode_error() -> type[Exception]:
    """Return the error that protocol buffers raise for damaged bytes. The package comes with TensorFlow, untyped."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    error: type[Exception] = DecodeError
    return error


def one_line(error: BaseException | str) -> str:
    """Return the first line of another library's error, shortened, as our own messages have one line."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text if len(text) <= 200 else f"{text[:197]}..."


def _checked_folder(folder: Path) -> Path:
    if not folder.exists():
        raise ModelError(f"{folder} does not exist; give a module's folder, its .tar.gz or its https:// handle")
    if not holds_saved_model(folder):
        raise ModelError(f"{folder} is not a TF-Hub module: it holds no saved_model.pb; give the folder that does")
    return folder


def _unpacked(archive: Path, destination: Path) -> Path:
    """Unpack `archive` into `destination` and return the folder of the module in it."""
    if not archive.is_file():
        raise ModelError(f"{archive} does not exist; give a module's folder, its .tar.gz or its https:// handle")
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                _unpack_member(tar, member, archive, destination)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ModelError(
            f"{archive} cannot be unpacked ({one_line(error)}); it may be cut short: fetch it again"
        ) from error
    folders = [destination, *sorted(path for path in destination.iterdir() if path.is_dir())]
    found = [folder for folder in folders if holds_saved_model(folder)]
    if len(found) != 1:
        raise ModelError(f"{archive} is not a TF-Hub module: it holds {len(found)} saved_model.pb; give one that does")
    return found[0]


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, archive: Path, destination: Path) -> None:
    """Write one plain file of an archive. Links, devices and paths that leave `destination` are refused."""
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
        raise ModelError(f"{archive} holds {member.name!r}, which no module needs; do not trust this archive")
    target = destination.joinpath(*name.parts)
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None  # a plain file always has contents
    with source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy, _BLOCK)


def _fetched(handle: str) -> Path:
    """Return the folder of a handle's module in the cache. It is downloaded if the cache does not have it."""
    cached = _cache_folder(handle)
    if not (cached.is_dir() and any(cached.iterdir())):
        _refuse_if_locked(cached.with_name(f"{cached.name}.lock"), handle)
        _ask_server(handle)
        _download(handle)
    if not holds_saved_model(cached):
        raise ModelError(f"{cached}, the cache of {handle}, holds no saved_model.pb; remove that folder and try again")
    return cached


def _cache_folder(handle: str) -> Path:
    """Return the folder in which `tensorflow_hub` caches a handle's module. Its name is the SHA-1 of the handle."""
    root = os.environ.get("TFHUB_CACHE_DIR") or str(Path(tempfile.gettempdir()) / "tfhub_modules")
    return Path(root) / hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()


def _refuse_if_locked(lock: Path, handle: str) -> None:
    """Raise if another process has locked the download, or died during it. `tensorflow_hub` would wait ten minutes."""
    if lock.exists():
        raise ModelError(
            f"another process is downloading {handle}, or died while it did; try again later, or remove {lock}"
        )


def _ask_server(handle: str) -> None:
    """Raise unless the server of `handle` answers within `ANSWER_SECONDS`.

    Name resolution cannot be interrupted, so it runs in a thread, which is abandoned when the time is over.
    """
    answer: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: answer.put(_refusal(handle)), daemon=True).start()
    try:
        refusal = answer.get(timeout=ANSWER_SECONDS)
    except queue.Empty:
        refusal = f"no answer within {ANSWER_SECONDS:g} seconds"
    if refusal:
        raise ModelError(f"{handle} cannot be reached: {refusal}; check the address, or give a downloaded .tar.gz")


def _refusal(handle: str) -> str:
    """Return why the server does not deliver the module of `handle`, or an empty text if it does."""
    address = urllib.parse.urlparse(handle)
    asked = urllib.parse.urlencode([*urllib.parse.parse_qsl(address.query), ("tf-hub-format", "compressed")])
    context = ssl.create_default_context()
    if os.environ.get("TFHUB_DISABLE_CERT_VALIDATION") == "true":  # tensorflow_hub's own switch
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(address._replace(query=asked).geturl(), timeout=ANSWER_SECONDS, context=context):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return f"the server answers {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return one_line(error.reason)
    except (OSError, ValueError) as error:
        return one_line(error)


def _download(handle: str) -> None:
    """Download a module into the cache of `tensorflow_hub`, with a timeout for each read."""
    hub = import_tensorflow_hub()
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(READ_SECONDS)
    try:
        hub.resolve(handle)
    except (OSError, EOFError, ValueError, RuntimeError, tarfile.TarError, zlib.error) as error:
        raise ModelError(
            f"{handle} could not be downloaded ({one_line(error)}); try again, or give a downloaded .tar.gz"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
