"""Choice of the precision in which training multiplies matrices."""

from pathlib import Path

from ..elmo import Precision
from ..runtime import import_tensorflow
from .config import Size

_AMPERE = (8, 0)
"""Compute capability of the first NVIDIA GPUs that multiply in bfloat16."""


def fast_precision(size: Size) -> Precision:
    """Return bfloat16 if this machine multiplies it fast and the size is large enough to gain, else float32."""
    if size is Size.TINY:
        return Precision.FLOAT32
    import_tensorflow()
    import tensorflow as tf

    for device in tf.config.list_physical_devices("GPU"):
        capability = tf.config.experimental.get_device_details(device).get("compute_capability", (0, 0))
        return Precision.BFLOAT16 if capability >= _AMPERE else Precision.FLOAT32
    return Precision.BFLOAT16 if _cpu_has_bfloat16() else Precision.FLOAT32


def _cpu_has_bfloat16() -> bool:
    """Return whether the CPU has instructions for bfloat16 products. Known on Linux only."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
