"""A copy of the project in which tests run the workflow."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

import forked
from failures.packages import families

ROOT = Path(__file__).resolve().parents[1]
# Every test runs the workflow at this scale, which writes its results to this folder.
SCALE = "test"
RESULTS = f"results/{SCALE}"
# Targets of the small finished workflow: all scripts, training, an analysis, a pool of images, and theory.
SMALL = ("fig1", "fig2", "fig7", "elimination")
# Rules that only collect files; no plan counts them.
COLLECTIONS = ("all", "comparisons", *families())


class Project:
    """The project's files in a folder of their own.

    Attributes:
        folder: path of the copy.
        targets: what `make` makes; everything by default.
    """

    def __init__(self, folder, targets=()):
        self.folder, self.targets = folder, targets
        self.results = folder / RESULTS

    @classmethod
    def copied_to(cls, folder, targets=()):
        """Copy the files that git tracks, or would add, to `folder`."""
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        files = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        for name in files:
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        return cls(folder, targets)

    def command(self, *arguments, overlay=None, cores=2, directory=None, profile=None):
        """Return Snakemake's command line.

        Args:
            arguments: options, which start with a dash; values of the configuration, such as `variant=paper`; targets.
            overlay: names of overlays, separated by spaces.
            cores: number of cores; ignored with a profile.
            directory: Snakemake's working directory; the project's folder by default.
            profile: name of a folder in profiles/.
        """
        options = ["--cores", str(cores)] if profile is None else ["--workflow-profile", f"profiles/{profile}"]
        if overlay is not None:
            options += ["--configfile", *overlay.split()]
        if directory is not None:
            options += ["--directory", str(directory)]
        options += [word for word in arguments if word.startswith("-")]
        words = [word for word in arguments if not word.startswith("-")]
        given = [word for word in words if "=" in word]
        targets = [word for word in words if "=" not in word]
        return [sys.executable, "-m", "snakemake", *options, "--config", f"scale={SCALE}", *given, "--", *targets]

    def run(self, *arguments, check=True, **settings):
        """Run Snakemake and return the completed process; a non-zero exit fails the test unless `check` is false."""
        environment = os.environ | settings.pop("environment", {})
        command = self.command(*arguments, **settings)
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def make(self):
        """Run the project's targets."""
        return self.run(*self.targets)

    def fork(self, *arguments, **settings):
        """Run Snakemake without jobs, in a fork, and return its output; a non-zero exit fails the test."""
        code, output = forked.snakemake(self.command(*arguments, **settings)[3:], self.folder, os.environ)
        assert code == 0, f"{output}{code}"
        return output

    def record(self):
        """Record every output as up to date without running a job.

        Creates the outputs empty. Snakemake then records the code, the parameters and the inputs of their rules as a
        run does (`--touch`), so that a plan after an edit is that of a finished project.
        """
        for name in re.findall(r"^(results/\S+)\t", self.fork("--summary"), re.M):
            path = self.folder / name
            (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
            if path.suffix:
                path.touch()
        self.fork("--touch", "--forceall")

    def plan(self, *arguments, **settings):
        """Return the number of jobs per rule that a run would start, from a dry run."""
        output = self.fork("--dry-run", *arguments, **settings)
        table = re.search(r"^job +count\n[- ]+\n(.*?)^total", output, re.M | re.S)
        rows = (line.split() for line in table[1].splitlines()) if table else ()
        return {rule: int(count) for rule, count in rows if rule not in COLLECTIONS}

    def artifacts(self, directory=None, costs=False):
        """Return the bytes of every artifact by its path below the results: instances, runs, analyses, tables, figures.

        Args:
            directory: Snakemake's working directory, if it was not the project's folder.
            costs: whether to include artifacts of the target costs, which depend on the clock.
        """
        root = directory / RESULTS if directory else self.results
        return {
            str(path.relative_to(root)): path.read_bytes()
            for folder in ("instances", "runs", "gradients", "decoded", "predictions", "tables", "figures")
            for path in sorted((root / folder).rglob("*"))
            if path.is_file() and path.name != ".snakemake_timestamp" and (costs or not path.name.startswith("costs"))
        }

    def sidecars(self, directory=None):
        """Return the texts of all sidecars except those of the targets costs and page, which depend on the clock."""
        root = (directory or self.folder) / "results/provenance"
        paths = [path for path in sorted(root.rglob("*.json")) if not path.name.startswith(("costs", "index.html"))]
        return {str(path.relative_to(root)): path.read_text() for path in paths}

    def edit(self, name, change):
        """Replace the text of a file by `change(text)`, which must differ."""
        path = self.folder / name
        text = path.read_text()
        assert change(text) != text, f"the edit of {name} changes nothing"
        path.write_text(change(text))

    def overlay(self, name, block):
        """Write an overlay with these values, and return its name."""
        (self.folder / name).write_text(yaml.safe_dump(block))
        return name
