"""A training job that is long enough to be disturbed."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import psutil

from project import RESULTS, Project

RUN = f"{RESULTS}/runs/parity/d5/relu/seeds_0-9"
TARGET = f"{RUN}/history.parquet"


class Victim(Project):
    """A copy of the project with one run of some ten seconds, which tests disturb.

    Attributes:
        environment: variables that Snakemake gets beside those of the tests.
    """

    def __init__(self, folder, targets=()):
        super().__init__(folder, targets)
        self.environment = {}
        self.seen = {}
        problem = {"n_steps": 50_000, "evaluate_every": 1000, "checkpoint_every": 2000}
        self.overlay("victim.yaml", {"parity": {"experiments": {"fig1": {"problems": {"d5": problem}}}}})

    def start(self, *arguments, profile):
        """Start Snakemake, and return when the first checkpoint has been written."""
        self.launch(*arguments, profile=profile)
        self.wait_for(lambda: self.seen)

    def launch(self, *arguments, profile):
        """Start Snakemake in a process group of its own."""
        # The plugin's delays are meant for jobs of minutes.
        quick = ["--latency-wait=10"] + ["--slurm-init-seconds-before-status-checks=5"] * profile.startswith("slurm")
        command = self.command(TARGET, *quick, *arguments, overlay="victim.yaml", profile=profile)
        with open(self.folder / "driver.log", "w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=os.environ | self.environment,
                start_new_session=True,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        threading.Thread(target=self._watch, daemon=True).start()

    def pause(self):
        """Stop the script of the running job, so that it cannot end before a test that takes long has ended it."""
        paused = []
        for process in psutil.process_iter(["cmdline", "cwd"]):
            words, folder = process.info["cmdline"] or (), process.info["cwd"]
            if folder == str(self.folder) and words[-1:] and ".snakemake/scripts/" in words[-1]:
                process.suspend()
                paused.append(process)
        assert paused, self.output()

    def wait_for(self, condition, seconds=1800):
        """Wait for a condition while Snakemake runs; its jobs may queue behind those of all other tests."""
        until = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < until, self.output()
            time.sleep(0.25)

    def _watch(self):
        """Follow the evaluations that the checkpoint of each run holds, in `seen`."""
        while self.process.poll() is None:
            for path in (self.folder / RUN.replace("runs", "checkpoints")).glob("[!.]*.npz"):
                try:
                    with np.load(path) as saved:
                        self.seen.setdefault(path.stem, []).append(len(saved["evaluations"]))
                except FileNotFoundError:
                    continue
            time.sleep(0.1)

    def output(self):
        """Return the output of Snakemake."""
        return (self.folder / "driver.log").read_text()

    def finish(self, seconds=900):
        """Wait for a successful end; fail if a step was trained again that a checkpoint holds."""
        assert self.process.wait(seconds) == 0, self.output()
        assert all(done == sorted(done) for done in self.seen.values()), "trained again what had been saved"

    def resume(self, profile):
        """Run what `make resume` runs, and return the completed process."""
        command = self.command(TARGET, "--latency-wait=10", overlay="victim.yaml", profile=profile)
        command = [sys.executable, "-m", "failures.commands.resume", *command]
        environment = os.environ | self.environment | {"PYTHONPATH": "workflow"}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=900
        )
