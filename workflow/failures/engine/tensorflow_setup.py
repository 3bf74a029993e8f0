"""Import TensorFlow with fixed thread counts and kernels."""

from __future__ import annotations

import os
import sys

from failures.runtime import environment
from failures.runtime.imports import missing

# Values of the variables that `failures.runtime.environment` removes; they determine results, unless noted otherwise.
FIXED = {
    "KERAS_BACKEND": "tensorflow",
    # Without a folder there is no keras.json, the user's file of floatx, epsilon and image_data_format.
    "KERAS_HOME": os.devnull,
    # The networks are too small to split one operation over threads; independent operations run at once instead. Hence
    # the number of threads does not change results.
    "TF_NUM_INTRAOP_THREADS": "1",
    # oneDNN selects kernels by processor, and is slower than Eigen on small networks.
    "TF_ENABLE_ONEDNN_OPTS": "0",
    # Allocate GPU memory on demand, so that jobs can share a GPU; results do not depend on it.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}


def configure_tensorflow(threads: int) -> None:
    """Import TensorFlow with fixed thread counts and kernels, which determine the rounding of its results.

    Args:
        threads: Number of operations that may run at once.

    Raises:
        RuntimeError: TensorFlow has already computed something.
    """
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context.context()._initialized:
        raise RuntimeError(
            "TensorFlow has already computed something, so its threads are fixed; call configure_tensorflow() first"
        )
    import_keras()
    # TensorFlow reads this variable at its first operation.
    os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)


def import_keras() -> None:
    """Import Keras and TensorFlow with fixed kernels."""
    environment.clean()
    os.environ.update(FIXED)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    # Keras imports these packages for image galleries only; they take a fifth of its import time (0.5 s).
    with missing("matplotlib", "IPython"):
        import keras  # noqa: F401


def parallel() -> int:
    """Return the number of parts of a batch that may be computed at once: the threads of this job."""
    return int(os.environ.get("TF_NUM_INTEROP_THREADS", 1))
