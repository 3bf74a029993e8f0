"""Build a virtual environment from a lock file and compare the two; `setup.sh` selects the interpreter.

Usage: python -I build.py VENV LOCK, or --probe, which prints why this interpreter cannot build the environment.
"""

import fcntl
import importlib
import json
import os
import platform
import re
import struct
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

READY, UNFINISHED = ".ready", ".unfinished"
PLATFORMS = ("Linux x86_64", "Linux aarch64", "Darwin arm64")
# Modules that a Python without its development libraries, or Debian's without python3-venv, lacks.
MODULES = ("venv", "ensurepip", "ssl", "zlib", "bz2", "lzma", "ctypes", "sqlite3")
# The user's settings of pip that stay in force: where packages come from, and how to reach them. All others could
# change what is installed or where: target, user, no-deps, constraint, no-binary, dry-run, python and so on.
KEPT = (
    *("index-url", "pypi-url", "extra-index-url", "no-index", "find-links", "trusted-host", "keyring-provider"),
    *("proxy", "cert", "client-cert", "use-deprecated", "use-feature", "timeout", "default-timeout", "retries"),
    *("resume-retries", "cache-dir", "no-cache-dir", "no-input"),
)
# Settings that are left out without a word.
HARMLESS = (
    "config-file",
    "disable-pip-version-check",
    "quiet",
    "verbose",
    "no-color",
    "progress-bar",
    "root-user-action",
)
# Variables of macOS' Python launcher and of an active environment.
ACTIVE = ("__PYVENV_LAUNCHER__", "VIRTUAL_ENV")


def probe():
    """Return why this interpreter cannot build the environment, or an empty string."""
    machine = f"{platform.system()} {platform.machine()}"
    if sys.implementation.name != "cpython":
        return f"is {platform.python_implementation()}, not CPython"
    if struct.calcsize("P") != 8:
        return "is a 32-bit Python"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "is a free-threaded Python"
    if machine not in PLATFORMS:
        return f"runs on {machine}; the lock has packages for {', '.join(PLATFORMS)}"
    for module in MODULES:
        try:
            importlib.import_module(module)
        except ImportError:
            return f"has no module {module}"
    return ""


def report(text):
    """Print a line; a terminal or a reader that is gone is no error."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def clean_environment():
    """Return the environment variables without those of Python and pip."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PIP_")) and name not in ACTIVE
    }


def pip_settings():
    """Return the user's settings of pip by option, from its files and variables; later sections win, as in pip.

    The command `pip config list` takes these settings for its own options: after PIP_USER=1 it reads one file only.
    """
    from pip._internal.configuration import Configuration
    from pip._internal.exceptions import PipError

    configuration = Configuration(isolated=False)
    try:
        configuration.load()
    except PipError as error:
        sys.exit(f"pip cannot read its settings: {' '.join(str(error).split())}")
    # Newer versions of pip have one mapping per file.
    entries = [
        entry
        for name, value in configuration.items()
        for entry in (value.items() if isinstance(value, dict) else [(name, value)])
    ]
    return {
        name.removeprefix(section): value
        for section in ("global.", "install.", ":env:.")
        for name, value in entries
        if name.startswith(section)
    }


def pip_environment(python):
    """Return environment variables with only those settings of pip that stay in force.

    Args:
        python: interpreter of the environment.
    """
    given = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    done = _run_here(python, "--settings", variables=clean_environment() | given)
    if done.returncode:
        sys.exit(done.returncode)
    settings = json.loads(done.stdout)
    if ignored := sorted(settings.keys() - set(KEPT) - set(HARMLESS)):
        report(f"These settings of pip have no effect, because the lock decides: {', '.join(ignored)}.")
    kept = {f"PIP_{key.replace('-', '_').upper()}": settings[key] for key in KEPT if key in settings}
    return clean_environment() | kept | {"PIP_CONFIG_FILE": os.devnull}


def _run_here(python, *arguments, variables):
    """Run this file with the interpreter of the environment, which has pip."""
    command = [python, "-I", __file__, *arguments]
    return subprocess.run(command, env=variables, stdout=subprocess.PIPE, text=True, check=False)


def requirements(lock):
    """Return the entries of a lock, each with its hashes."""
    entries = []
    for line in lock.read_text("utf-8").splitlines():
        if line[:1].isalnum():
            entries.append(line)
        elif line.startswith(" "):
            entries[-1] += f"\n{line}"
    if not entries:
        sys.exit(f"{lock} names no package: give a lock, such as envs/lock.txt")
    return entries


def install(python, entries):
    """Install all entries of a lock; four pip processes at once take two thirds of the time of one."""
    command = [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--require-hashes", "--no-deps", "-r", "/dev/stdin"]
    variables = pip_environment(python)

    def run(part):
        return subprocess.run(command, env=variables, input="\n".join(part) + "\n", text=True, check=False).returncode

    with ThreadPoolExecutor(4) as pool:
        if any(pool.map(run, filter(None, (entries[start::4] for start in range(4))))):
            sys.exit("pip could not install all packages: see its messages above, then run the same command again")


def difference(entries):
    """Return how this environment differs from a lock: one text per distribution that is missing, other or damaged.

    Args:
        entries: entries of the lock.
    """
    # Only in an environment: `setup.sh` also runs this file with interpreters that have no pip.
    from pip._vendor.packaging.requirements import Requirement
    from pip._vendor.packaging.utils import canonicalize_name

    found = {}
    for distribution in metadata.distributions(
        path=sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    ):
        name = distribution.metadata["Name"] or ""
        found.setdefault(canonicalize_name(name), []).append(distribution)
    texts = []
    for entry in entries:
        requirement = Requirement(entry.splitlines()[0].rstrip(" \\"))
        if requirement.marker and not requirement.marker.evaluate():
            continue
        installed = found.get(canonicalize_name(requirement.name), [])
        versions = [distribution.version for distribution in installed]
        if len(versions) != 1 or not requirement.specifier.contains(versions[0], prereleases=True):
            texts.append(f"{requirement.name}{requirement.specifier} is {' and '.join(versions) or 'missing'}")
        elif not installed[0].files or not all(map(_is_complete, installed[0].files)):
            texts.append(f"{requirement.name} is damaged")
    return texts


def _is_complete(file):
    path = file.locate()
    if file.size is None or path.suffix == ".pyc":
        return True
    return path.is_file() and path.stat().st_size == file.size


def is_stale(venv):
    """Return whether an environment must be built from scratch: interrupted, moved, or of another Python.

    Raises:
        SystemExit: The folder is something else.
    """
    if not venv.exists() or (venv.is_dir() and not any(venv.iterdir())):
        return False
    configuration = venv / "pyvenv.cfg"
    if not configuration.is_file():
        sys.exit(f"{venv} is not a virtual environment: remove it or give another folder")
    moved = not re.search(rf"^command = .* {re.escape(str(venv))}$", configuration.read_text("utf-8"), re.M)
    library = "lib/python{}.{}".format(*sys.version_info[:2])
    same = (venv / "bin/python").exists() and (venv / library).is_dir()
    return moved or not same or (venv / UNFINISHED).exists()


@contextmanager
def locked(file):
    """Hold a lock on a file; the value is whether another process had it. Some network file systems have no locks."""
    with open(file) as handle:
        waited = False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("Waiting for another set-up from the same lock.")
            waited = True
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            pass
        yield waited


def build(venv, lock):
    """Create the environment, install the lock, compare the two, and then write VENV/.ready.

    Args:
        venv: absolute path of the environment.
        lock: path of the lock.
    """
    entries = requirements(lock)
    python, ready, unfinished = venv / "bin/python", venv / READY, venv / UNFINISHED
    create = [sys.executable, "-I", "-m", "venv", *(["--clear"] if is_stale(venv) else []), venv]
    version = platform.python_version()
    report(f"Setting up {venv} from {lock} with {sys.executable} ({version}); this takes a few minutes, once.")
    ready.unlink(missing_ok=True)
    if subprocess.run(create, env=clean_environment(), check=False).returncode:
        sys.exit(f"{sys.executable} could not make the virtual environment {venv}: see the message above")
    unfinished.touch()
    install(python, entries)
    done = _run_here(python, "--compare", lock, variables=clean_environment())
    if done.returncode or done.stdout:
        found = "; ".join(done.stdout.splitlines()[:5]) or "the comparison failed"
        sys.exit(f"{venv} differs from {lock}: {found}; remove this folder and run the same command again")
    # Importing TensorFlow takes 15 s without bytecode and 6 s with it.
    compile_all = [python, "-I", "-m", "compileall", "-q", "-j", "0", venv / "lib"]
    subprocess.run(compile_all, env=clean_environment(), stdout=subprocess.DEVNULL, check=False)
    unfinished.unlink()
    ready.touch()


def main(arguments):
    """Run the command line."""
    if arguments == ["--probe"]:
        print(probe(), end="")
    elif arguments == ["--settings"]:
        print(json.dumps(pip_settings()))
    elif arguments[:1] == ["--compare"]:
        print(*difference(requirements(Path(arguments[1]))), sep="\n", end="")
    elif len(arguments) == 2:
        venv, lock = Path(os.path.abspath(arguments[0])), Path(arguments[1])
        with locked(lock) as waited:
            newest = max(file.stat().st_mtime for file in (lock, Path(__file__), Path(__file__).with_name("setup.sh")))
            ready = venv / READY
            if not (waited and ready.exists() and ready.stat().st_mtime >= newest):
                build(venv, lock)
    else:
        sys.exit("usage: [PYTHON=/path/to/python3] setup.sh VENV LOCK")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        sys.exit(f"the environment could not be built: {error}")
