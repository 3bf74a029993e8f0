"""How Snakemake may be started: paths, storage, shared file systems, and Snakefiles without a clone around them."""

import functools
import http.server
import os
import subprocess
import sys
import threading

import pytest

from project import RESULTS, ROOT, SCALE, Project

# A storage plugin that is refused before Snakemake uses it.
PLUGIN = """
from snakemake_interface_storage_plugins.storage_object import StorageObjectRead, StorageObjectWrite
from snakemake_interface_storage_plugins.storage_provider import StorageProviderBase


class StorageProvider(StorageProviderBase):
    pass


StorageProvider.__abstractmethods__ = frozenset()


class StorageObject(StorageObjectRead, StorageObjectWrite):
    pass
"""
MODULE = """
module failures:
    snakefile:
        {snakefile}
    config:
        {{"scale": "test"}}


use rule * from failures
"""
TABLE = f"{RESULTS}/tables/elimination.csv"


def last_line(done):
    """Return the last line of an error that left nothing behind but Snakemake's own folder."""
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr.splitlines()[-1]


def snakemake(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["a space", "brace{", "brace}", "colon:"])
def test_make_refuses_a_path_that_cannot_work_with_one_line(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "Makefile").write_text((ROOT / "Makefile").read_text())
    done = subprocess.run(["make", "help"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert f"{name}' contains white space, a brace or a colon" in done.stderr


@pytest.mark.parametrize("name", ["a space", "brace{", pytest.param("{x}", marks=pytest.mark.slow)])
def test_snakemake_refuses_a_path_that_cannot_work_with_one_line(tmp_path, name):
    folder = Project.copied_to(tmp_path / name).folder
    line = last_line(snakemake(folder, "--config", f"scale={SCALE}", "--", TABLE))
    assert line.startswith("path '")
    assert line.endswith("; move the project folder")
    assert not (folder / RESULTS).exists()


@pytest.mark.slow
def test_a_path_with_characters_of_shells_and_wildcards_works(tmp_path):
    """The project and the working directory both have all of them in their paths."""
    name = "-a$HOME'\"#%20&;*?[bc]\\n~(é)!|`=@,<results>"
    (tmp_path / "other").mkdir()
    (tmp_path / "project").mkdir()
    project = Project.copied_to(tmp_path / "project" / name)
    project.run(f"{RESULTS}/figures/elimination.png", f"{RESULTS}/figures/fig2.png")
    assert (project.results / "figures/elimination.png").is_file()
    # The captions and the published curves are named relative to the working directory.
    directory = tmp_path / "other" / f"a b{{c}}:{name}"
    project.run(f"{RESULTS}/figures/elimination.png", f"{RESULTS}/figures/fig2.png", directory=directory)
    assert project.artifacts(directory) == project.artifacts()
    assert project.sidecars(directory) == project.sidecars()


def test_nodes_that_share_nothing_are_refused_with_one_line(recorded):
    line = last_line(recorded.run("--dry-run", "--shared-fs-usage=none", check=False))
    assert line.startswith(
        "--shared-fs-usage lacks persistence, input-output, sources: the workflow needs a file system"
    )


def test_a_storage_provider_is_refused_with_one_line(recorded, tmp_path):
    plugin = tmp_path / "snakemake_storage_plugin_nodes/__init__.py"
    plugin.parent.mkdir()
    plugin.write_text(PLUGIN)
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    before = recorded.artifacts()
    options = ["--default-storage-provider=nodes", "--default-storage-prefix=x"]
    line = last_line(recorded.run(*options, "--forceall", check=False, environment={"PYTHONPATH": path}))
    assert line.startswith("--default-storage-provider nodes is not supported: the workflow needs a file system")
    assert recorded.artifacts() == before


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """The project as a git repository with a tag, as a hosting service has it."""
    folder = Project.copied_to(tmp_path_factory.mktemp("hosted") / "failures").folder
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=all"], ["tag", "v1"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def address(repository):
    """The address of a server on this machine with the project's files."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(repository))
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/Snakefile"
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("use", ["module", "snakefile"])
@pytest.mark.parametrize("host", ["git", "http"])
def test_a_snakefile_without_a_clone_is_refused_with_one_line(repository, address, tmp_path, host, use):
    if use == "module":
        hosted = f'gitfile("{repository}", path="Snakefile", tag="v1")' if host == "git" else f'"{address}"'
        (tmp_path / "Snakefile").write_text(MODULE.format(snakefile=hosted))
        done = snakemake(tmp_path)
    else:
        name = f"git+file://{repository}/Snakefile@v1" if host == "git" else address
        done = snakemake(tmp_path, "--snakefile", name, "--config", f"scale={SCALE}")
    line = last_line(done)
    assert line.startswith(f"the workflow cannot run from {'git+file' if host == 'git' else 'http'}://")
    assert "clone the repository and name the Snakefile of the clone" in line
    assert not (tmp_path / "results").exists()
