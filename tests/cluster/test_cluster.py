"""The whole workflow on a cluster: the same bytes as on this machine, in a few jobs."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.faults import on_a_card
from project import Project

# The profiles' delays are meant for jobs of minutes.
QUICK = {"slurm": ["--slurm-init-seconds-before-status-checks=5"], "generic-cluster": []}


# The same jobs in both, but with `generic-cluster` those of two families alone, unless CLUSTER=all.
WHOLE = os.environ.get("CLUSTER") == "all"
TARGETS = {"slurm": ["all"], "generic-cluster": ["all"] if WHOLE else ["lines", "steps"]}
JOBS = {"slurm": 19, "generic-cluster": 19 if WHOLE else 10}


@pytest.fixture(scope="module")
def runs(cluster, together, finished, tmp_path_factory):
    """The workflow's runs on the cluster, both at once; meanwhile the faults of `together` do their waiting."""

    def run(profile):
        project = Project.copied_to(tmp_path_factory.mktemp(profile))
        return project, project.run(*TARGETS[profile], "--latency-wait=10", *QUICK[profile], profile=profile)

    with ThreadPoolExecutor(len(QUICK)) as pool:
        yield {profile: pool.submit(run, profile) for profile in QUICK}


@pytest.mark.parametrize("profile", QUICK)
def test_a_cluster_gives_the_same_bytes(cluster, finished, runs, profile):
    project, done = runs[profile].result()
    made, expected = project.artifacts(), finished.artifacts()
    assert "figures/snr_training.svg" in made
    assert made == (expected if TARGETS[profile] == ["all"] else {name: expected[name] for name in made})
    submitted = re.findall(r"SLURM jobid (\d+)|external jobid '(\d+)'", done.stdout + done.stderr)
    # Short learners share jobs; none was submitted twice.
    assert len(submitted) == JOBS[profile]
    assert cluster.queue(project.folder) == []


def test_a_training_job_gets_a_card_where_there_are_some(together, undisturbed):
    assert together[on_a_card].result() == undisturbed
