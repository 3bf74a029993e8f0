"""The set-up script: which Python it takes, what of the user's settings counts, and when an environment is ready."""

import base64
import hashlib
import importlib.util
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
specification = importlib.util.spec_from_file_location("build", ROOT / "envs/build.py")
build = importlib.util.module_from_spec(specification)
specification.loader.exec_module(build)


def write_python(path, version, probe=""):
    """Write a program that answers like an interpreter with this version and this result of the probe."""
    path.write_text(f'#!/bin/sh\ncase "$*" in *--version) echo "{version}";; *--probe) echo "{probe}";; esac\n')
    path.chmod(0o755)
    return path


def refused(tmp_path, **environment):
    """Run the set-up, which must fail in one line and make nothing; return the line."""
    command = [ROOT / "envs/setup.sh", tmp_path / "venv", ROOT / "envs/lock.txt"]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert not (tmp_path / "venv").exists()
    (line,) = done.stderr.splitlines()
    assert line.startswith("No Python 3.11 to 3.13 that can build the environment: ")
    assert "give its path: make PYTHON=" in line
    return line


def test_a_missing_python_is_named(tmp_path):
    assert f"{tmp_path / 'no where'} was not found. Install one" in refused(tmp_path, PYTHON=f"{tmp_path / 'no where'}")


@pytest.mark.parametrize("version", ["Python 2.7.18", "Python 3.10.13", "Python 3.14.0"])
def test_a_python_of_another_version_is_named(tmp_path, version):
    python = write_python(tmp_path / "python", version)
    assert f"{python} is {version}. Install one" in refused(tmp_path, PYTHON=str(python))


def test_a_program_that_is_no_python_is_named(tmp_path):
    python = write_python(tmp_path / "python", "pyenv: python3.13: command not found")
    assert f"{python} does not start: pyenv: python3.13: command not found" in refused(tmp_path, PYTHON=str(python))


def test_every_candidate_is_named_with_its_reason(tmp_path):
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "env", "head", "tail", "sh"):
        (tmp_path / "bin" / tool).symlink_to(f"/bin/{tool}" if Path("/bin", tool).exists() else f"/usr/bin/{tool}")
    write_python(tmp_path / "bin/python3", "Python 3.11.2", "has no module ensurepip")
    write_python(tmp_path / "bin/python3.12", "Python 3.12.1", "is a 32-bit Python")
    line = refused(tmp_path, PATH=str(tmp_path / "bin"), PYTHON="")
    assert (
        "python3 has no module ensurepip; python3.13 was not found; python3.12 is a 32-bit Python; "
        "python3.11 was not found. Install" in line
    )


def test_the_next_candidate_is_tried(tmp_path):
    write_python(tmp_path / "python3", "Python 3.11.2", "has no module venv")
    python = tmp_path / "python3.13"
    python.write_text(
        '#!/bin/sh\ncase "$*" in *--version) echo Python 3.13.1;; *--probe) ;; *) echo "builds $*";; esac'
    )
    python.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": ""}
    command = [ROOT / "envs/setup.sh", "venv", "lock"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"builds -I {ROOT / 'envs/build.py'} venv lock\n"


def test_this_python_is_accepted():
    assert build.probe() == ""


@pytest.mark.parametrize(
    ("place", "name", "value", "reason"),
    [
        ("sys.implementation", "name", "pypy", "not CPython"),
        ("struct", "calcsize", lambda _: 4, "is a 32-bit Python"),
        ("sysconfig", "get_config_var", lambda _: 1, "is a free-threaded Python"),
        ("platform", "machine", lambda: "ppc64le", "ppc64le; the lock has packages for Linux x86_64, Linux aarch64"),
        ("build", "MODULES", ("venv", "no_such_module"), "has no module no_such_module"),
    ],
)
def test_a_python_that_lacks_something_is_refused(monkeypatch, place, name, value, reason):
    owner = build
    for part in place.split(".") if place != "build" else ():
        owner = getattr(owner, part)
    monkeypatch.setattr(owner, name, value)
    assert build.probe().endswith(reason) or reason in build.probe()


@pytest.fixture
def pip_conf(monkeypatch, tmp_path):
    """A file of settings of pip, and no variables but the one that names it."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    return tmp_path / "pip.conf"


def test_settings_of_pip_say_only_where_packages_come_from(monkeypatch, pip_conf, capfd):
    pip_conf.write_text(
        "[global]\nquiet = 2\nproxy = http://file:1\nindex-url = https://file/simple\ntarget = /file\nuser = yes\n"
        "[install]\nindex-url = https://install/simple\nno-deps = true\n[list]\nformat = json\n"
    )
    given = {"PROXY": "http://user:p%40ss@variable:2", "CERT": "/certificate", "NO_BINARY": ":all:", "USER": "1"}
    given |= {"DRY_RUN": "1", "PYTHON": "/nowhere/python", "TARGET": "/variable"}
    for name, value in given.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("PYTHONPATH", "/modules")
    environment = build.pip_environment(sys.executable)
    assert environment["PIP_INDEX_URL"] == "https://install/simple"
    assert environment["PIP_PROXY"] == "http://user:p%40ss@variable:2"
    assert environment["PIP_CERT"] == "/certificate"
    assert environment["PIP_CONFIG_FILE"] == os.devnull
    kept = {f"PIP_{key.replace('-', '_').upper()}" for key in build.KEPT}
    assert {name for name in environment if name.startswith("PIP_")} <= {*kept, "PIP_CONFIG_FILE"}
    assert not [name for name in environment if name.startswith("PYTHON")]
    (line,) = capfd.readouterr().out.splitlines()
    ignored = (
        line.removeprefix("These settings of pip have no effect, because the lock decides: ").rstrip(".").split(", ")
    )
    assert {"dry-run", "no-binary", "no-deps", "python", "target", "user"} <= set(ignored)
    assert not {"quiet", "format", "proxy", "config-file"} & set(ignored)


def test_settings_of_pip_that_cannot_be_read_are_one_line(pip_conf, capfd):
    pip_conf.write_text("index-url = https://file/simple\n")
    with pytest.raises(SystemExit):
        build.pip_environment(sys.executable)
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("pip cannot read its settings: ")
    assert str(pip_conf) in line


@pytest.fixture
def site(monkeypatch, tmp_path):
    """The folder of an environment's packages, empty."""
    monkeypatch.setattr(build.sysconfig, "get_path", lambda _: str(tmp_path))
    return tmp_path


def install(site, name, version, content="x = 1\n", size=None):
    """Write a distribution with one module; `size` is the recorded size of the module."""
    (site / f"{name}.py").write_text(content)
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "RECORD").write_text(f"{name}.py,,{len(content) if size is None else size}\n{folder.name}/RECORD,,\n")
    return folder


ENTRY = "some-package==1.0 ; python_version < '4' \\\n    --hash=sha256:00"


def test_an_environment_with_the_distributions_of_the_lock_is_complete(site):
    install(site, "Some_Package", "1.0")
    install(site, "further", "3")
    assert build.difference([ENTRY, "other==2 ; python_version < '3' \\\n    --hash=sha256:00"]) == []


def test_a_missing_distribution_is_named(site, monkeypatch):
    elsewhere = site / "elsewhere"
    elsewhere.mkdir()
    install(elsewhere, "some_package", "1.0")
    monkeypatch.syspath_prepend(elsewhere)
    assert build.difference([ENTRY]) == ["some-package==1.0 is missing"]


def test_another_version_is_named(site):
    install(site, "some_package", "1.0.1")
    assert build.difference([ENTRY]) == ["some-package==1.0 is 1.0.1"]


def test_two_versions_are_named(site):
    install(site, "some_package", "1.0")
    install(site, "some_package", "0.9")
    assert build.difference([ENTRY])[0] in (
        "some-package==1.0 is 1.0 and 0.9",
        "some-package==1.0 is 0.9 and 1.0",
    )


@pytest.mark.parametrize("fault", ["shorter", "module", "RECORD", "METADATA"])
def test_a_half_installed_distribution_is_named(site, fault):
    folder = install(site, "some_package", "1.0", size=100 if fault == "shorter" else None)
    if fault == "module":
        (site / "some_package.py").unlink()
    elif fault != "shorter":
        (folder / fault).unlink()
    (text,) = build.difference([ENTRY])
    assert text == ("some-package==1.0 is missing" if fault == "METADATA" else "some-package is damaged")


def test_the_lock_is_read_whole():
    for name in ("lock.txt", "lock-gpu.txt"):
        lock = ROOT / "envs" / name
        entries = build.requirements(lock)
        assert "\n".join(entries) == lock.read_text("utf-8").rstrip("\n")
        assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize(("text", "words"), [(None, "No such file or directory"), ("# nothing", "names no package")])
def test_a_wrong_lock_is_one_line_and_makes_nothing(tmp_path, text, words):
    lock = tmp_path / "lock.txt"
    if text is not None:
        lock.write_text(text)
    command = [sys.executable, "-I", ROOT / "envs/build.py", tmp_path / "venv", lock]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert words in line
    assert str(lock) in line
    assert not (tmp_path / "venv").exists()


@pytest.fixture
def environment(tmp_path):
    """A folder that looks like a finished environment of this Python."""
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "lib/python{}.{}".format(*sys.version_info[:2])).mkdir(parents=True)
    (venv / "bin/python").symlink_to(sys.executable)
    (venv / "pyvenv.cfg").write_text(f"home = /usr/bin\ncommand = /usr/bin/python3 -I -m venv {venv}\n")
    return venv


def test_a_finished_environment_is_kept(environment):
    assert not build.is_stale(environment)
    assert not build.is_stale(environment / "missing")


def test_an_interrupted_environment_is_built_from_scratch(environment):
    (environment / build.UNFINISHED).touch()
    assert build.is_stale(environment)


def test_a_moved_environment_is_built_from_scratch(environment):
    assert build.is_stale(environment.rename(environment.with_name("other")))


def test_an_environment_without_its_python_is_built_from_scratch(environment):
    (environment / "bin/python").unlink()
    (environment / "bin/python").symlink_to("/nowhere/python3.12")
    assert build.is_stale(environment)


def test_an_environment_of_another_python_is_built_from_scratch(environment):
    (library,) = (environment / "lib").iterdir()
    library.rename(library.with_name("python3.9"))
    assert build.is_stale(environment)


def test_a_folder_that_is_no_environment_is_refused(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(SystemExit, match=r"is not a virtual environment: remove it or give another folder$"):
        build.is_stale(tmp_path)
    with pytest.raises(SystemExit, match=r"is not a virtual environment"):
        build.is_stale(tmp_path / "thesis.tex")


def test_a_second_set_up_waits_for_the_first(tmp_path, capsys):
    (tmp_path / "lock").touch()
    order = []

    def second():
        with build.locked(tmp_path / "lock") as waited:
            order.append(f"second, waited: {waited}")

    thread = threading.Thread(target=second)
    with build.locked(tmp_path / "lock") as waited:
        thread.start()
        thread.join(0.3)
        order.append(f"first, waited: {waited}")
    thread.join()
    assert order == ["first, waited: False", "second, waited: True"]
    assert capsys.readouterr().out == "Waiting for another set-up from the same lock.\n"


@pytest.fixture
def wheels(tmp_path):
    """A folder with the wheel of a distribution `sixty` 1.0, and a lock with its hash."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    files = {
        "sixty.py": "here = __file__\n",
        "sixty-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: sixty\nVersion: 1.0\n",
        "sixty-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for name, text in files.items()}
    rows = [f"{name},sha256={digests[name].decode().rstrip('=')},{len(text)}" for name, text in files.items()]
    files["sixty-1.0.dist-info/RECORD"] = "\n".join([*rows, "sixty-1.0.dist-info/RECORD,,"]) + "\n"
    wheel = folder / "sixty-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (tmp_path / "lock.txt").write_text(f"sixty==1.0 \\\n    --hash=sha256:{digest}\n")
    return folder


@pytest.mark.slow
def test_the_environment_is_complete_whatever_the_user_has_set(tmp_path, wheels, pip_conf):
    """Modules on PYTHONPATH count as installed for pip; its settings install elsewhere, other things or nothing."""
    module = tmp_path / "module"
    module.mkdir()
    install(module, "sixty", "1.0")
    (tmp_path / "constraints.txt").write_text("sixty<1\n")
    pip_conf.write_text(f"[global]\nfind-links = {wheels}\ntarget = {tmp_path}\ndry-run = yes\n")
    given = {"PYTHONPATH": str(module), "PYTHONHOME": str(module), "PYTHON": str(BASE)}
    settings = {"NO_INDEX": 1, "PREFIX": tmp_path / "prefix", "USER": 1}
    settings |= {"NO_BINARY": ":all:", "CONSTRAINT": tmp_path / "constraints.txt", "PYTHON": "/nowhere/python"}
    given |= {f"PIP_{name}": str(value) for name, value in settings.items()}
    venv, lock = tmp_path / "venv", tmp_path / "lock.txt"

    def set_up(**environment):
        command = [ROOT / "envs/setup.sh", venv, lock]
        variables = os.environ | given | environment
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    failed = set_up(PIP_FIND_LINKS=str(module))
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("pip could not install all packages")
    assert not (venv / ".ready").exists()
    (venv / "left").touch()
    done = set_up()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (venv / ".ready").exists()
    assert not (venv / "left").exists()
    code = "import sixty; print(sixty.here)"
    shown = subprocess.run([venv / "bin/python", "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    assert Path(shown.strip()).is_relative_to(venv)


@pytest.mark.slow
def test_an_incomplete_environment_is_not_ready(tmp_path, wheels, monkeypatch):
    monkeypatch.setattr(build, "install", lambda *_: None)
    with pytest.raises(SystemExit, match=r"differs from .*: sixty==1\.0 is missing; remove this folder and run"):
        build.build(tmp_path / "venv", tmp_path / "lock.txt")
    assert not (tmp_path / "venv/.ready").exists()
