"""The whole workflow on a cluster: the same bytes as on this machine, in a few jobs."""

import itertools
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from cluster.faults import on_a_card
from project import ROOT, Project

PROFILES = sorted(path.parent.name for path in (ROOT / "profiles").glob("*/profile.v9+.yaml"))
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


def test_profiles_say_what_every_key_is_for():
    for name in PROFILES:
        lines = (ROOT / f"profiles/{name}/profile.v9+.yaml").read_text().splitlines()
        for above, line in itertools.pairwise(lines):
            if re.match(r"[a-z]", line):
                assert above.startswith("#") or re.match(r"[a-z].*:", above), f"{name}: {line}"


def test_profiles_agree_on_what_decides_reruns_and_shares_jobs():
    profiles = {name: yaml.safe_load((ROOT / f"profiles/{name}/profile.v9+.yaml").read_text()) for name in PROFILES}
    assert set(PROFILES) == {"default", "slurm", "slurm-gpu", "generic-cluster"}
    for key in ("rerun-triggers", "rerun-incomplete", "show-failed-logs"):
        assert len({str(profile[key]) for profile in profiles.values()}) == 1, key
    for key in ("groups", "group-components"):
        assert profiles["slurm"][key] == profiles["generic-cluster"][key], key


@pytest.mark.parametrize("profile", ["slurm", "slurm-gpu", "generic-cluster"])
def test_every_profile_plans_with_the_rules_of_all_groups(finished, profile, tmp_path):
    settings = yaml.safe_load((ROOT / f"profiles/{profile}/profile.v9+.yaml").read_text())
    rules = set(finished.run("--list-rules").stdout.split())
    groups = settings.get("groups", {})
    assert set(groups) <= rules
    assert set(groups.values()) == set(settings.get("group-components", {}))
    assert set(settings.get("set-resources", {})) <= rules
    plan = finished.plan("--forceall", profile=profile)
    assert plan["parity_train"] == 14


def test_readme_says_when_to_use_which():
    readme = Path(ROOT / "README.md").read_text()
    for name in PROFILES:
        assert f"| `{name}` |" in readme
