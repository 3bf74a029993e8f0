"""Description of the machine and of the package versions."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.training import PEERS

PACKAGES = {"TensorFlow": ("tensorflow-cpu", "tensorflow"), "Keras": ("keras",), "NumPy": ("numpy",)}
PEER_PACKAGES = {"PyTorch": "torch", "JAX": "jax"}


def describe() -> dict[str, str]:
    """Return processor, cores, memory and versions; nothing that identifies the machine or its owner."""
    found = {"processor": _processor(), "cores": str(_cores()), "memory": _memory(), "system": platform.system()}
    found["Python"] = platform.python_version()
    for name, candidates in PACKAGES.items():
        found[name] = next((v for v in map(_version, candidates) if v), "not installed")
    return found | _peers()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.+)$", info.read_text(), re.M) if info.exists() else []
    return " ".join(names[0].split()) if names else platform.processor() or platform.machine()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _peers() -> dict[str, str]:
    if not PEERS.exists():
        return dict.fromkeys(PEER_PACKAGES, "not installed")
    code = (
        "import json, sys; from importlib.metadata import version as v; print(json.dumps([v(p) for p in sys.argv[1:]]))"
    )
    done = subprocess.run([PEERS, "-c", code, *PEER_PACKAGES.values()], capture_output=True, text=True, check=False)
    versions = json.loads(done.stdout) if done.returncode == 0 else ["not installed"] * len(PEER_PACKAGES)
    return dict(zip(PEER_PACKAGES, versions, strict=True))
