"""Profiles: explained, consistent with one another and with the rules, and listed in the README."""

import itertools
import re

import pytest
import yaml

from project import ROOT

PROFILES = sorted(path.parent.name for path in (ROOT / "profiles").glob("*/profile.v9+.yaml"))


def test_profiles_say_what_every_key_is_for():
    for name in PROFILES:
        lines = (ROOT / f"profiles/{name}/profile.v9+.yaml").read_text().splitlines()
        for above, line in itertools.pairwise(lines):
            if re.match(r"[a-z]", line):
                assert above.startswith("#") or re.match(r"[a-z].*:", above), f"{name}: {line}"


def test_profiles_agree_on_what_decides_reruns_and_shares_jobs():
    profiles = {name: yaml.safe_load((ROOT / f"profiles/{name}/profile.v9+.yaml").read_text()) for name in PROFILES}
    assert set(PROFILES) == {"default", "slurm", "slurm-gpu", "generic-cluster", "gridengine"}
    for key in ("rerun-triggers", "rerun-incomplete", "show-failed-logs"):
        assert len({str(profile[key]) for profile in profiles.values()}) == 1, key
    for key in ("groups", "group-components"):
        assert profiles["slurm"][key] == profiles["generic-cluster"][key] == profiles["gridengine"][key], key
    commands = {"cluster-generic-submit-cmd", "cluster-generic-status-cmd", "cluster-generic-cancel-cmd"}
    without = [
        {key: value for key, value in profiles[name].items() if key not in commands}
        for name in ("generic-cluster", "gridengine")
    ]
    assert without[0] == without[1]


@pytest.mark.parametrize("profile", ["slurm", "slurm-gpu", "generic-cluster", "gridengine"])
def test_every_profile_plans_with_the_rules_of_all_groups(recorded, profile):
    settings = yaml.safe_load((ROOT / f"profiles/{profile}/profile.v9+.yaml").read_text())
    rules = set(recorded.run("--list-rules").stdout.split())
    groups = settings.get("groups", {})
    assert set(groups) <= rules
    assert set(groups.values()) == set(settings.get("group-components", {}))
    assert set(settings.get("set-resources", {})) <= rules
    plan = recorded.plan("--forceall", profile=profile)
    assert plan["parity_train"] == 14


def test_readme_says_when_to_use_which():
    readme = (ROOT / "README.md").read_text()
    for name in PROFILES:
        assert f"| `{name}` |" in readme
