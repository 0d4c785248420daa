"""TensorFlow without the notes that it prints about the machine: standard error is for our own messages."""

import contextlib
import os
import sys
from collections.abc import Iterator

from .threads import side_by_side

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""oneDNN multiplies half as fast again as what TensorFlow takes by itself on processors without AVX-512."""


def import_tensorflow() -> None:
    """Import TensorFlow and find its devices in silence; who sets TF_CPP_MIN_LOG_LEVEL sees what it says.

    Its notes come from C++ before any log level is read, hence the detour through the file descriptor.
    """
    if "tensorflow" in sys.modules:
        return
    side_by_side()
    os.environ.setdefault(_ONEDNN, "1")
    if _LEVEL in os.environ:
        return
    os.environ[_LEVEL] = "2"
    with _muted():
        import tensorflow as tf

        tf.config.list_logical_devices()
    del os.environ[_LEVEL]  # read once; a child process would take it for its user's wish


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # started without a standard error
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
