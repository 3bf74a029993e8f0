"""Import TensorFlow with fixed threads and kernels."""

from __future__ import annotations

import os
import sys

from failures.runtime.imports import missing


def configure_tensorflow(threads: int) -> None:
    """Import TensorFlow with fixed threads and kernels, which decide the last digits of its results.

    Must be called before TensorFlow is imported: RuntimeError otherwise.
    """
    if "tensorflow" in sys.modules:
        raise RuntimeError(
            "TensorFlow is already imported, so its thread counts are fixed; call configure_tensorflow() first"
        )
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # Networks are too small to share one operation between threads: the parts of a batch can be shared. So the number
    # of threads changes no result, either.
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)
    # oneDNN chooses kernels by processor, and is slower than Eigen on networks as small as ours.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    # Take the memory of a GPU as it is needed, so that jobs can share one.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    # For galleries of images Keras would import these, a fifth of all that it takes to import (0.5 s).
    with missing("matplotlib", "IPython"):
        import keras  # noqa: F401


def parallel() -> int:
    """Parts of a batch that may be computed at once: the threads of this job."""
    return int(os.environ.get("TF_NUM_INTEROP_THREADS", 1))
