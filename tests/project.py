"""A copy of the project, in which tests run the workflow."""

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


class Project:
    """The project's files in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder

    @classmethod
    def copied_to(cls, folder):
        """Copy the files that git knows, or would add, to `folder`."""
        files = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for name in files:
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        return cls(folder)

    def command(self, *arguments, overlay="config/test.yaml", cores=2, directory=None, profile=None):
        """Snakemake's command line. arguments: options, which start with a dash, and targets."""
        where = ["--cores", str(cores)] if profile is None else ["--workflow-profile", f"profiles/{profile}"]
        options = [*where, "--configfile", *overlay.split()]
        if directory is not None:
            options += ["--directory", str(directory)]
        targets = [argument for argument in arguments if not argument.startswith("-") and "=" not in argument]
        options += [argument for argument in arguments if argument not in targets]
        return [sys.executable, "-m", "snakemake", *options, "--", *targets]

    def run(self, *arguments, check=True, **settings):
        """Run Snakemake; an error fails the test unless `check` is false."""
        environment = os.environ | settings.pop("environment", {})
        command = self.command(*arguments, **settings)
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def plan(self, *arguments, **settings):
        """Jobs of each rule that a run would start, from a dry run."""
        command = self.command("--dry-run", *arguments, **settings)
        code, output = forked.snakemake(command[3:], self.folder, os.environ)
        assert code == 0, output
        table = re.search(r"^job +count\n[- ]+\n(.*?)^total", output, re.M | re.S)
        rows = (line.split() for line in table[1].splitlines()) if table else ()
        return {rule: int(count) for rule, count in rows if rule not in ("all", "comparisons", "claims", *families())}

    def artifacts(self, directory=None, costs=False):
        """Bytes of every artifact: instances, runs, analyses, tables, figures; those of `costs` if asked."""
        root = (directory or self.folder) / "results/test"
        return {
            str(path.relative_to(root)): path.read_bytes()
            for folder in ("instances", "runs", "gradients", "decoded", "predictions", "tables", "figures")
            for path in sorted((root / folder).rglob("*"))
            if path.is_file() and path.name != ".snakemake_timestamp" and (costs or not path.name.startswith("costs"))
        }

    def sidecars(self, directory=None):
        """Texts of the sidecars of all artifacts but those of the targets costs and page, which depend on the clock."""
        root = (directory or self.folder) / "results/provenance"
        paths = [path for path in sorted(root.rglob("*.json")) if not path.name.startswith(("costs", "index.html"))]
        return {str(path.relative_to(root)): path.read_text() for path in paths}

    def edit(self, name, change):
        """Change the text of a file by a function."""
        path = self.folder / name
        text = path.read_text()
        assert change(text) != text, f"the edit of {name} changes nothing"
        path.write_text(change(text))

    def overlay(self, name, change):
        """Write a variation of the tests' overlay, changed by a function, and return its name."""
        block = yaml.safe_load((self.folder / "config/test.yaml").read_text())
        change(block)
        (self.folder / name).write_text(yaml.safe_dump(block))
        return name
