"""Invalid configurations on the command line: one error line, no job, no changed file."""

import resource

import pytest

ESCAPE = "parity:\n  problems:\n    {name}: {{n_features: 5}}\n"
# A value of the command line or the text of an overlay, and words of the error line. tests/unit/config/test_config.py
# has more cases.
BAD = {
    "a value that is not allowed": (["variant=text"], "config: variant = 'text'"),
    "no core": (["--cores=0"], "--cores 0: must be a whole number of at least 1"),
    "a negative number of cores": (["--cores=-1"], "--cores -1: must be a whole number of at least 1"),
    "an unknown family": (["families=[parity,poker]"], "config: families: unknown family 'poker'"),
    "a repeated key": ("scale: test\nscale: test\n", "line 2: duplicate key 'scale'; keep one of them"),
    "an unknown key": ("parity:\n  problem: {}\n", "config: parity.problem: unknown key; allowed: defaults"),
    "a key that moved": ("parity: {fig1: {problems: [d5]}}\n", "experiments stand under parity.experiments"),
    "a number as a string": (
        "parity:\n  learners:\n    relu: {optimizer: {learning_rate: 1e-5}}\n",
        "config: parity.learners.relu.optimizer.learning_rate = '1e-5'",
    ),
    "a folder above": (ESCAPE.format(name='"../../up"'), "allowed: name of lower-case letters"),
    "a shell command": (ESCAPE.format(name='"; touch x"'), "allowed: name of lower-case letters"),
    "a command in a value": ("style: {palette: $(touch x)}\n", "config: style.palette = '$(touch x)'"),
    "too many features": (
        "parity: {experiments: {fig1: {problems: {d5: {n_features: 100000}}}}}\n",
        "config: parity.experiments.fig1.problems.d5.n_features = 100000",
    ),
    "a cycle": (
        "parity: {learners: {relu: {extends: deep}}}\n",
        "cycle of `extends`",
    ),
    "an experiment without a kind": ("parity: {experiments: {mine: {}}}\n", "add `like: NAME`"),
    "a list as mapping": ("parity: [d5, d10]\n", "config: parity = ['d5', 'd10']"),
    "no YAML": ("parity: [d5\n", "bad.yaml, line 2: while parsing a flow sequence"),
    "a tag that would run": ("scale: !!python/object/apply:os.system ['touch x']\n", "bad.yaml, line 1: unknown tag"),
    "an anchor in itself": (
        "parity: &x\n  learners: *x\n",
        "bad.yaml, line 1: the value of 'parity.learners'",
    ),
    "an empty file": ("# scale: test\n", "bad.yaml: has no keys"),
    "an unknown target": (["fig8"], "target 'fig8': no rule has this name or makes this file; similar: fig7"),
    "a truth value in lower case": (["xla=false"], "write false without quotes, or False after --config"),
    "a size beyond any machine": (
        "parity: {learners: {relu: {width: 100000, depth: 256, batch_size: 1000000}}}\n",
        "more than largest_memory = 64,000",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_before_any_work_with_one_line(recorded, case):
    given, words = BAD[case]
    overlay, arguments = None, given
    if not isinstance(given, list):
        overlay, arguments = "bad.yaml", []
        (recorded.folder / overlay).write_text(given)
    before, files = recorded.artifacts(), {path.name for path in recorded.folder.iterdir()}
    began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = recorded.run(*arguments, check=False, overlay=overlay)
    assert done.returncode != 0
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - began < 5
    assert len([line for line in done.stderr.splitlines() if words in line]) == 1, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert recorded.artifacts() == before
    assert {path.name for path in recorded.folder.iterdir()} == files
    assert "touch x" not in done.stdout


def test_settings_from_outside_are_named_in_one_line_and_run_nothing(recorded, tmp_path):
    """A package of another version on PYTHONPATH is not the one that jobs import, so nothing runs again."""
    (tmp_path / "keras-1.0.dist-info").mkdir()
    (tmp_path / "keras-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: keras\nVersion: 1.0\n")
    hostile = {"PYTHONPATH": str(tmp_path), "KERAS_BACKEND": "jax", "XLA_FLAGS": "--unknown"}
    done = recorded.run("--dry-run", environment=hostile)
    assert "Nothing to be done" in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("environment: ")]
    for words in ("KERAS_BACKEND=jax (the workflow trains with TensorFlow)", "PYTHONPATH=", "XLA_FLAGS=--unknown"):
        assert words in line
