"""Import TensorFlow with fixed thread counts and kernels."""

from __future__ import annotations

import os
import sys

from failures.runtime.imports import missing


def configure_tensorflow(threads: int) -> None:
    """Import TensorFlow with fixed thread counts and kernels, which determine the rounding of its results.

    Args:
        threads: Number of operations that may run at once.

    Raises:
        RuntimeError: TensorFlow has already been imported.
    """
    if "tensorflow" in sys.modules:
        raise RuntimeError(
            "TensorFlow is already imported, so its thread counts are fixed; call configure_tensorflow() first"
        )
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # The networks are too small to split one operation over threads; independent operations run at once instead. Hence
    # the number of threads does not change results.
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)
    # oneDNN selects kernels by processor, and is slower than Eigen on small networks.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    # Allocate GPU memory on demand, so that jobs can share a GPU.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    # Keras imports these packages for image galleries only; they take a fifth of its import time (0.5 s).
    with missing("matplotlib", "IPython"):
        import keras  # noqa: F401


def parallel() -> int:
    """Return the number of parts of a batch that may be computed at once: the threads of this job."""
    return int(os.environ.get("TF_NUM_INTEROP_THREADS", 1))
