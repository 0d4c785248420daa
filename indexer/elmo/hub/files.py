"""Get the files of a TF-Hub module from a handle, a folder or an archive, within a bounded time and bounded sizes.

A server may not answer, so a thread asks it first and is abandoned if no answer comes. Every read of the download has
a timeout. A cached module is never requested again. The cache is that of `tensorflow_hub`: `TFHUB_CACHE_DIR`, or else
the system's temporary folder.
"""

import contextlib
import gzip
import hashlib
import http.client
import io
import os
import queue
import shutil
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
from typing import IO, Any

from ...errors import ModelError
from ...runtime import import_tensorflow
from ..limits import MAX_FILES, MAX_UNPACKED_BYTES, fits_packed, one_line, shown
from ..sources import ARCHIVE_SUFFIXES, SAVED_MODEL_NAMES, holds_saved_model, is_handle

CONFIG_INSIDE = Path("assets.extra", "config.json")  # configuration inside our own exports
ANSWER_SECONDS = 10.0  # maximum time for the server's first answer, name resolution and TLS included
READ_SECONDS = 30.0  # maximum time for each read of a download
_DIGESTED = (*SAVED_MODEL_NAMES, "variables", "assets")  # files and folders that decide a module's numbers
_BLOCK = 1 << 20  # number of bytes in a read
_GZIP = b"\x1f\x8b"  # first bytes of a compressed file


@contextlib.contextmanager
def module_folder(source: str, may_fetch: bool = True) -> Iterator[Path]:
    """Yield the local folder of a module. An archive is unpacked, and its files are removed when the block ends.

    Args:
        may_fetch: Whether a handle may be downloaded. If not, only the cache is read.

    Raises:
        ModelError: The source does not exist or is not a module, the archive is broken, or the download fails.
    """
    if is_handle(source):
        yield _fetched(source, may_fetch)
    elif "://" in source:
        raise ModelError(f"{source} cannot be fetched: only https:// handles can; give a downloaded .tar.gz")
    elif source.endswith(ARCHIVE_SUFFIXES):
        with tempfile.TemporaryDirectory(prefix="polyseme-hub-") as unpacked:
            yield _unpacked(Path(source).expanduser(), Path(unpacked), source)
    else:
        yield _checked_folder(Path(source).expanduser())


def full_name(source: str) -> str:
    """Return the source that finds a module from any working directory."""
    return source if is_handle(source) else str(Path(source).expanduser().resolve())


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


def _checked_folder(folder: Path) -> Path:
    if not folder.exists():
        raise ModelError(f"{folder} does not exist; give a module's folder, its .tar.gz or its https:// handle")
    if not holds_saved_model(folder):
        raise ModelError(f"{folder} is not a TF-Hub module: it holds no saved_model.pb; give the folder that does")
    return folder


def _unpacked(archive: Path, destination: Path, name: str) -> Path:
    """Unpack an archive into `destination` and return the folder of the module in it. Messages call it `name`."""
    if not archive.is_file():
        raise ModelError(f"{name} does not exist; give a module's folder, its .tar.gz or its https:// handle")
    packed, declared = archive.stat().st_size, 0
    try:
        with (
            archive.open("rb") as file,
            _decompressed(file) as content,
            # Without a limit, a header of the archive could ask for memory before the first member is seen.
            tarfile.open(fileobj=_Limited(content, packed, name), mode="r|") as tar,
        ):
            for number, member in enumerate(tar):
                declared += max(member.size, 0)
                if number >= MAX_FILES or not fits_packed(declared, packed):
                    raise _trap(name)
                _unpack_member(tar, member, name, destination)
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError(
            f"{name} cannot be unpacked ({one_line(error)}); it may be cut short: fetch it again"
        ) from error
    folders = [destination, *sorted(path for path in destination.iterdir() if path.is_dir())]
    found = [folder for folder in folders if holds_saved_model(folder)]
    if len(found) != 1:
        raise ModelError(f"{name} is not a TF-Hub module: it holds {len(found)} saved_model.pb; give one that does")
    return found[0]


class _Limited(io.RawIOBase):
    """The content of an archive. Reading far more than the archive's size is refused."""

    def __init__(self, content: IO[bytes], packed: int, name: str) -> None:
        super().__init__()
        self._content, self._packed, self._name, self._read = content, packed, name, 0

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes.

        Raises:
            ModelError: The content is too large for the archive.
        """
        block = self._content.read(min(size, _BLOCK) if size >= 0 else _BLOCK)
        self._read += len(block)
        if not fits_packed(self._read, self._packed):
            raise _trap(self._name)
        return block


def _decompressed(file: IO[bytes]) -> IO[bytes]:
    is_packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if is_packed else file  # type: ignore[return-value]


def _trap(name: str) -> ModelError:
    return ModelError(f"{name} unpacks to far more files or bytes than a module has; do not trust this archive")


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, archive: str, destination: Path) -> None:
    """Write one plain file of an archive. Links, devices and paths that leave `destination` are refused."""
    name = PurePosixPath(member.name)
    is_inside = not name.is_absolute() and ".." not in name.parts and not any(sign in member.name for sign in "\\:\0")
    if not is_inside or member.issparse() or not (member.isfile() or member.isdir()):
        raise ModelError(f"{archive} holds {shown(member.name)}, which no module needs; do not trust this archive")
    target = destination.joinpath(*name.parts)
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None  # a plain file always has contents
    with source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy, _BLOCK)


def _fetched(handle: str, may_fetch: bool) -> Path:
    """Return the folder of a handle's module in the cache. It is downloaded if the cache does not have it."""
    cached = _cache_folder(handle)
    if not (cached.is_dir() and any(cached.iterdir())):
        if not may_fetch:
            raise ModelError(f"{handle} is not in the cache any more; name it with --model, and it is fetched again")
        _ask_server(handle)
        _download(handle, cached)
    if not holds_saved_model(cached):
        raise ModelError(f"{cached}, the cache of {handle}, holds no saved_model.pb; remove that folder and try again")
    if os.name == "posix" and cached.stat().st_uid not in (0, os.geteuid()):
        raise ModelError(f"{cached}, the cache of {handle}, belongs to another user; set TFHUB_CACHE_DIR to a folder")
    return cached


def _cache_folder(handle: str) -> Path:
    """Return the folder in which `tensorflow_hub` caches a handle's module. Its name is the SHA-1 of the handle."""
    root = os.environ.get("TFHUB_CACHE_DIR") or str(Path(tempfile.gettempdir()) / "tfhub_modules")
    return Path(root) / hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()


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
    try:
        with _asked(handle, ANSWER_SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return f"the server answers {error.code} {one_line(error.reason)}"
    except urllib.error.URLError as error:
        return one_line(error.reason)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return one_line(error)


def _asked(handle: str, seconds: float) -> Any:
    """Ask the server for a module as an archive and return the reply. Each read has a time limit."""
    address = urllib.parse.urlparse(handle)
    query = urllib.parse.urlencode([*urllib.parse.parse_qsl(address.query), ("tf-hub-format", "compressed")])
    context = ssl.create_default_context()
    if os.environ.get("TFHUB_DISABLE_CERT_VALIDATION") == "true":  # tensorflow_hub's own switch
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _SafeRedirects)
    return opener.open(address._replace(query=query).geturl(), timeout=seconds)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects that stay encrypted, or that were not encrypted in the first place."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https://") and not (newurl.startswith("http://") and req.type == "http"):
            raise urllib.error.URLError("it redirects to an address without https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(handle: str, cached: Path) -> None:
    """Download a module into its folder of the cache, which appears complete or not at all."""
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent, prefix=f"{cached.name}.") as folder:
            archive, destination = Path(folder, "module.tar.gz"), Path(folder, "module")
            destination.mkdir()
            with _asked(handle, READ_SECONDS) as reply, archive.open("wb") as copy:
                while block := reply.read(_BLOCK):
                    copy.write(block)
                    if copy.tell() > MAX_UNPACKED_BYTES:
                        raise _trap(handle)
            _unpacked(archive, destination, handle).replace(cached)
    except (OSError, EOFError, ValueError, http.client.HTTPException, ModelError) as error:
        if not holds_saved_model(cached):  # another process may have downloaded it in the meantime
            raise ModelError(
                f"{handle} could not be downloaded ({one_line(error)}); try again, or give a downloaded .tar.gz"
            ) from error
