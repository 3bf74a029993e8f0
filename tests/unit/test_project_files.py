"""What git and make do with the project's files: line ends of a clone, and what `make clean` removes."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_a_clone_keeps_line_ends_whatever_git_is_told(tmp_path):
    """With core.autocrlf, as on WSL, git would write CR LF into scripts, locks and the Makefile."""
    names = ("Makefile", "envs/setup.sh", "envs/lock.txt", ".gitattributes")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost"]
    (tmp_path / "project/envs").mkdir(parents=True)
    for name in names:
        shutil.copy(ROOT / name, tmp_path / "project" / name)
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=all"]):
        subprocess.run([*git, *command], cwd=tmp_path / "project", check=True)
    clone = ["git", "-c", "core.autocrlf=true", "clone", "--quiet", "project", "clone"]
    subprocess.run(clone, cwd=tmp_path, check=True)
    assert {name: (tmp_path / "clone" / name).read_bytes() for name in names} == {
        name: (ROOT / name).read_bytes() for name in names
    }


CLEAN = ("figures", "tables", "preview/figures", "preview/paper/tables", "paper/tables", "my scale/figures")
KEPT = ("runs/parity/figures", "instances/parity/tables", "logs/tables", "provenance/paper/tables", "my")


@pytest.fixture(params=["folder", "link"])
def project(tmp_path, request):
    """A project whose results are a folder, or a symbolic link to one elsewhere."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    results = folder / "results"
    if request.param == "link":
        (tmp_path / "scratch").mkdir()
        results.symlink_to(tmp_path / "scratch")
    for name in (*CLEAN, *KEPT, "../scale/figures", "../important"):
        (results / name).mkdir(parents=True) if not name.startswith("..") else (folder / name[3:]).mkdir(parents=True)
    for name in ("README.md", "index.html", "report.zip", "runs/parity/README.md"):
        (results / name).touch()
    (results / "linked").symlink_to(folder / "important")
    (folder / "important/thesis.tex").touch()
    return folder


def make(folder, target):
    return subprocess.run(["make", target], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_clean_removes_figures_and_tables_of_every_scale(project):
    make(project, "clean")
    results = project / "results"
    assert not [name for name in (*CLEAN, "index.html", "report.zip") if (results / name).exists()]
    assert all((results / name).exists() for name in (*KEPT, "README.md"))
    assert (project / "scale/figures").is_dir()


def test_clean_all_leaves_the_readme_and_what_links_name(project):
    shown = make(project, "clean-all")
    assert [path.name for path in (project / "results").iterdir()] == ["README.md"]
    assert (project / "important/thesis.tex").is_file()
    assert f"results/linked is a link; its target stays: {project / 'important'}" in shown


def test_clean_without_results_does_nothing(project):
    results = project / "results"
    results.unlink() if results.is_symlink() else shutil.rmtree(results)
    make(project, "clean")
    make(project, "clean-all")
    assert not results.exists()
