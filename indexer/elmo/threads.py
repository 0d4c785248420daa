"""How many threads products run on."""

import functools
import os
from contextlib import AbstractContextManager

from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[object]:
    """Small products gain nothing from a second thread, and lose much where another program holds it."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def side_by_side() -> None:
    """Have TensorFlow, when it is loaded, run the two directions beside each other on half the processors.

    Threads that share each product wait for one another at its end. Who sets TensorFlow's own variables is obeyed.
    """
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max((os.cpu_count() or 1) // 2, 1)))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "2")
