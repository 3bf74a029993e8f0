"""Description of the machine and of the package versions."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from importlib.metadata import distributions
from pathlib import Path

from benchmarks.training import PEERS

PACKAGES = {"TensorFlow": ("tensorflow-cpu", "tensorflow"), "Keras": ("keras",), "NumPy": ("numpy",)}
PEER_PACKAGES = {"PyTorch": ("torch",), "JAX": ("jax",)}
# Prints the versions of all packages of an interpreter.
LISTING = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"


def describe() -> dict[str, str]:
    """Return processor, cores, memory and versions; nothing that identifies the machine or its owner."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    hardware = {"processor": _processor(), "cores": str(cores), "memory": f"{memory:.0f} GiB"}
    system = {"system": platform.system(), "Python": platform.python_version()}
    here, peers = {package.name: package.version for package in distributions()}, {}
    if PEERS.exists():
        peers = json.loads(subprocess.run([PEERS, "-c", LISTING], capture_output=True, text=True, check=True).stdout)
    return hardware | system | _versions(PACKAGES, here) | _versions(PEER_PACKAGES, peers)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.+)$", info.read_text(), re.M) if info.exists() else []
    return " ".join(names[0].split()) if names else platform.processor() or platform.machine()


def _versions(packages: dict[str, tuple[str, ...]], installed: dict[str, str]) -> dict[str, str]:
    # Some wheels say tensorflow_cpu in place of tensorflow-cpu.
    installed = {name.replace("_", "-"): version for name, version in installed.items()}
    return {
        title: next((installed[name] for name in names if name in installed), "not installed")
        for title, names in packages.items()
    }
