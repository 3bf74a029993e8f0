import copy
import re

import pytest
import yaml

from failures.commands.reference import documents
from failures.config.schema import ConfigError, check_repeated_keys, families, load, validate

LEARNER = "parity.learners.relu"
# Key, bad value, words that the message must hold beside the key.
BAD_VALUES = [
    ("scale", "huge", "'full', 'preview' or 'test'"),
    ("variant", "text", "'code' or 'paper'"),
    ("families", ["parity", "poker"], "unknown family 'poker'; allowed: curves, lines, parity"),
    ("families", [], "at least 1 item"),
    ("families", "parity", "list"),
    ("seeds", [], "at least 1 item"),
    ("seeds", [3, 3], "duplicate value 3; list each value once"),
    ("seeds", [-1], "greater than or equal to 0"),
    ("seeds", [0.5], "integer"),
    ("seeds", 3, "list"),
    ("threads", 0, "greater than or equal to 1"),
    ("threads", True, "integer"),
    ("style.dpi", 10, "greater than or equal to 50"),
    ("style.palette", "rainbow", "'colorblind'"),
    ("style.colour", "red", "unknown key; allowed: dpi, palette"),
    ("poker", {}, "unknown key; allowed: curves, families, lines, parity"),
    ("parity", [], "should be a valid mapping"),
    ("parity.fig1", {"problems": ["d5"]}, "parity.fig1.learners: missing required key"),
    ("parity.problems", {}, "at least 1 item"),
    ("parity.problems.d5.n_features", 0, "greater than or equal to 1"),
    ("parity.problems.d5.n_features", -3, "greater than or equal to 1"),
    ("parity.problems.d5.n_features", 5.0, "integer"),
    ("parity.problems.d5.n_features", "5", "integer"),
    ("parity.problems.d5.n_features", float("nan"), "integer"),
    ("parity.problems.d5.n_feature", 5, "unknown key; allowed: checkpoint_every"),
    ("parity.problems.d5.encoding", "ternary", "'variant', 'signed' or 'binary'"),
    ("parity.problems.d5.subset_sizes", [6], "6 is more than n_features = 5"),
    ("parity.problems.d5.subset_sizes", [0], "greater than or equal to 1"),
    ("parity.problems.d5.subset_sizes", [2, 2], "duplicate value 2; list each value once"),
    ("parity.problems.d5.subset_sizes", "some", "'random' or 'all'"),
    ("parity.problems.d5.n_steps", 0, "greater than or equal to 1"),
    ("parity.problems.d5.n_steps", "1e5", "integer"),
    ("parity.problems.d5.evaluation", "sphere", "'cube'"),
    ("parity.problems.d30.evaluation", "cube", "at most 14, not 30"),
    ("parity.problems.d5.seeds", [], "at least 1 item"),
    ("parity.problems.D5", {"n_features": 5}, "parity.problems: invalid name 'D5'; string should match pattern"),
    ("parity.problems.../escape", {"n_features": 5}, "match pattern"),
    (f"{LEARNER}.width", "d10", "match pattern"),
    (f"{LEARNER}.width", 0, "greater than or equal to 1"),
    (f"{LEARNER}.depth", -1, "greater than or equal to 0"),
    (f"{LEARNER}.activation", "rleu", "'relu'"),
    (f"{LEARNER}.loss", "mse", "'hinge', 'square' or 'logistic'"),
    (f"{LEARNER}.optimizer.name", "SDG", "'SGD'"),
    (f"{LEARNER}.optimizer.learning_rate", "1e-5", "this is a string: write the number without quotes"),
    (f"{LEARNER}.optimizer.learning_rate", float("nan"), "finite number"),
    (f"{LEARNER}.optimizer.learning_rate", float("inf"), "finite number"),
    (f"{LEARNER}.optimizer.learning_rate", 0, "greater than 0"),
    (f"{LEARNER}.optimizer.arguments", {"momentum": 1.5}, "less than 1"),
    (f"{LEARNER}.optimizer.arguments", {"beta_1": 0.9}, "SGD takes no argument 'beta_1'; allowed: clipnorm"),
    ("parity.fig1.problems", ["d7"], "unknown problem 'd7'; defined: d10"),
    ("parity.fig1.learners", ["tanks"], "unknown learner 'tanks'; defined: adam, convolutional"),
    ("parity.parity_size.problems", ["d5"], "'d5' has subset_sizes: random"),
    ("parity.problems.d30.samples", "cube", "at most 14, not 30"),
    ("parity.problems.d5.snapshots", [5], "no evaluation at step 5; use a multiple of evaluate_every = 10 below"),
    ("parity.problems.d5.snapshots", [50_000], "no evaluation at step 50000"),
    ("parity.problems.d5.kind", "pairs", "'targets', 'queries', 'comparison', 'mixed' or 'running'"),
    ("parity.problems.d5_sizes_signed.kind", "comparison", "subset_sizes: random"),
    ("parity.problems.d5_queries.queries", {"noise": []}, "requires a value in queries.noise or queries.tolerance"),
    ("parity.problems.d5_queries.queries", {"noise": [-1.0]}, "greater than or equal to 0"),
    ("parity.learners.residual.architecture", "dense", "unknown architecture 'dense'; allowed: convolutional"),
    ("parity.learners.normalized.normalization", "batch", "'none' or 'layer'"),
    ("parity.fig1.problems", ["d5_queries"], "'d5_queries' must be of the kind 'targets'"),
    ("parity.queries.problems", ["d5"], "'d5' must be of the kind 'queries'"),
    ("parity.target_blindness.problems", ["d5"], "'d5' must be of the kind 'comparison'"),
    ("parity.gradient_variance.initial.learners", ["tanks"], "unknown learner 'tanks'"),
    ("parity.gradient_variance.initial.largest_transform", 30, "less than or equal to 18"),
    ("parity.gradient_variance.trained.problems", ["d5"], "'d5' must have snapshots"),
    ("parity.elimination.label_noise", [0.6], "less than or equal to 0.5"),
    ("lines.learners.end_to_end_1.blocks", -1, "greater than or equal to 0"),
    ("lines.learners.end_to_end_1.blocks", 1.5, "integer"),
    ("lines.snr_depth.blocks", [], "at least 1 item"),
    ("lines.snr_depth.n_tuples", 900_000, "exceed pool.n_images"),
    ("lines.fooling.problems", ["k1", "k2"], "at most 1 item"),
    ("lines.fooling.learners", ["end_to_end"], "'end_to_end' must have the method 'decomposition'"),
    ("lines.fooling.learners", ["tanks"], "unknown learner 'tanks'"),
    ("lines.fooling.n_noise", 1, "greater than or equal to 2"),
    ("parity.problems.d30_mixed.samples", "cube", "at most 14, not 30"),
    ("parity.problems.d30_mixed", {"n_features": 5, "kind": "mixed", "samples": "cube"}, "mixed requires samples"),
    ("parity.rescues.uniform.problems", ["d10_sparse"], "'d10_sparse' must have subset_sizes: random"),
    ("parity.rescues.sparse.problems", ["d30"], "'d30' has subset_sizes: random"),
    ("parity.rescues.mixed.problems", ["d30"], "'d30' must be of the kind 'mixed'"),
    (
        "parity.rescues.running.learners",
        ["deep", "residual"],
        "'residual' must have the architecture 'fully_connected'",
    ),
    ("parity.depth_signal.learners", ["tanks"], "unknown learner 'tanks'"),
    ("parity.depth_signal.depths", [0], "greater than or equal to 1"),
    ("parity.depth_signal.n_features", [15], "less than or equal to 14"),
    ("parity.learners.residual.branch_scale", "half", "'one' or 'depth'"),
    ("parity.depth_training.problems", ["d7"], "unknown problem 'd7'"),
    ("parity.optimisers.learners", ["tanks"], "unknown learner 'tanks'"),
    ("parity.optimisers.problems", ["d5_queries"], "'d5_queries' must be of the kind 'targets'"),
]


@pytest.fixture
def raw(request):
    return yaml.safe_load((request.config.rootpath / "config.yaml").read_text())


def put(raw, key, value):
    *path, last = key.split(".") if ".." not in key else ["parity", "problems", "../escape"]
    block = raw
    for part in path:
        block = block[part]
    block[last] = value
    return raw


@pytest.mark.parametrize(("key", "value", "words"), BAD_VALUES)
def test_a_bad_value_is_refused_with_one_line(raw, key, value, words):
    with pytest.raises(ConfigError) as caught:
        validate(put(raw, key, value))
    message = str(caught.value)
    assert "\n" not in message
    assert words in message
    for part in key.replace("../", "").split(".")[:2]:
        assert part in message


def test_a_string_that_looks_like_a_number_gets_a_hint(raw):
    with pytest.raises(ConfigError, match=r"such as 1\.0e-5"):
        validate(put(raw, f"{LEARNER}.optimizer.learning_rate", "1e-5"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: duplicate key 'a'"),
        ("a:\n  b: 1\n  b: 2\n", r"line 3: duplicate key 'a\.b'"),
        ("a: [1\n", "expected"),
    ],
)
def test_repeated_keys_and_broken_files_are_refused(tmp_path, text, words):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        check_repeated_keys(path)
    assert "\n" not in str(caught.value)


def test_validation_settles_types_and_changes_nothing_given(raw):
    before = copy.deepcopy(put(raw, f"{LEARNER}.optimizer.learning_rate", 1))
    validated = validate(raw)
    assert raw == before
    rate = validated["parity"]["learners"]["relu"]["optimizer"]["learning_rate"]
    assert isinstance(rate, float)


def test_validated_values_stand_for_themselves(raw):
    problems = validate(raw)["parity"]["problems"]
    assert problems["d5"]["encoding"] == "signed"
    assert problems["d5"]["seeds"] == list(range(10))
    assert problems["d5_sizes_binary"]["subset_sizes"] == [1, 2, 3, 4, 5]
    assert validate(put(raw, "variant", "paper"))["parity"]["problems"]["d5"]["encoding"] == "binary"


@pytest.mark.parametrize("overlay", ["preview", "test", "paper"])
def test_overlays_are_valid_and_write_elsewhere(request, overlay):
    config = load(request.config.rootpath / "config.yaml", request.config.rootpath / f"config/{overlay}.yaml")
    assert (config["scale"], config["variant"]) != ("full", "code")


def test_the_reference_is_up_to_date():
    for path, text in documents().items():
        assert path.read_text() == text, f"{path.name} is out of date: run `make reference`"


def test_every_key_is_described():
    reference = next(text for path, text in documents().items() if path.suffix == ".md")
    rows = [line.strip("|").split("|") for line in reference.splitlines() if line.startswith("| `")]
    assert len(rows) > 25
    for key, allowed, default, meaning in rows:
        assert all(cell.strip() for cell in (allowed, default, meaning)), key


def test_every_link_of_the_reference_has_its_heading():
    reference = next(text for path, text in documents().items() if path.suffix == ".md")
    headings = {re.sub(r"[^\w -]", "", line[3:].lower()).replace(" ", "-") for line in reference.splitlines()}
    links = re.findall(r"\]\(#([^)]+)\)", reference)
    assert len(links) > 25
    assert set(links) <= headings


def test_the_overlay_that_the_reference_shows_is_valid(request, tmp_path):
    reference = next(text for path, text in documents().items() if path.suffix == ".md")
    (tmp_path / "mine.yaml").write_text(re.search(r"```yaml\n(.*?)```", reference, re.S)[1])
    config = load(request.config.rootpath / "config.yaml", tmp_path / "mine.yaml")
    assert config["parity"]["problems"]["d10"]["n_steps"] == 100_000
    assert config["parity"]["problems"]["d10"]["evaluate_every"] == 50
    assert config["parity"]["fig1"]["problems"] == ["d10"]


def test_families_are_the_folders_with_a_configuration():
    assert "parity" in families()


def test_all_families_with_a_block_are_made_unless_some_are_named(raw):
    assert validate(raw)["families"] == [name for name in families() if name in raw]
    assert validate(raw | {"families": ["parity"]})["families"] == ["parity"]
    with pytest.raises(ConfigError, match="'parity' is selected, but has no block"):
        validate(raw | {"families": ["parity"], "parity": None})
    with pytest.raises(ConfigError, match="no family has a block"):
        validate({key: value for key, value in raw.items() if key not in families()})


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("portfolio.fig4.problems", ["k10", "k10_rates"], "two problems have the same n_stocks"),
        ("portfolio.estimator_variance.trained.problems", ["k10_rates"], "'k10_rates' must have a single value"),
        ("portfolio.learners.end_to_end.method", "both", "portfolio.learners.end_to_end.method = 'both'"),
        ("curves.fig6.steps", [500, 600], "fig6.steps: 600 is not among the snapshots of 'pieces'"),
        ("curves.fig6.problems", ["pieces", "few"], "curves.fig6.problems"),
        ("curves.problems.pieces.snapshots", [501], "no evaluation at step 501; use a multiple of"),
        ("curves.learners.autoencoder.conditioned", True, "not supported for the architecture autoencoder"),
        ("curves.curve_errors.training.problems", ["few"], "'few' must have a single value in n_curves"),
        ("curves.condition_numbers.fitted_from", 2000, "fewer than two values of n_points"),
        ("steps.bias_sensitivity.learners", ["flat"], "'flat' must be of the kind 'non_flat'"),
        ("steps.bias_sensitivity.problems", ["steps"], "'steps' must have initial_biases"),
        ("steps.fig7.problems", ["starts"], "'starts' must not have initial_biases"),
        ("steps.learners.multiclass.n_logits", 10, "steps.learners.multiclass.n_logits = 10"),
        ("curves.learners.autoencoder.depth", 3, "depth = 3 must be even"),
        ("curves.learners.linear.depth", 2, "depth: only supported for the architecture autoencoder, not linear"),
        ("curves.learners.autoencoder.residual", True, "residual: requires a depth of at least 2"),
        ("curves.depth_training", {"problems": ["deep"], "learners": ["autoencoder"]}, "unknown problem 'deep'"),
        (
            "steps.learners.multiclass.depth",
            4,
            "depth: only supported for the kinds end_to_end and forward_only, not multiclass",
        ),
        (
            "steps.learners.forward_only.residual",
            True,
            "residual: only supported for the kind end_to_end, not forward_only",
        ),
        ("steps.learners.forward_only.hidden", "relu", "steps.learners.forward_only.hidden = 'relu'"),
        ("steps.depth_training", {"problems": ["steps"], "learners": ["tanks"]}, "unknown learner 'tanks'"),
        ("curves.optimisers.problems", ["n11"], "optimisers.problems: unknown problem 'n11'"),
        ("lines.problems.k1_rates.n_tuples", 3_000_000, "problems.k1_rates: 3000000 tuples of 1 images exceed"),
    ],
)
def test_a_value_that_does_not_fit_its_family_is_named(raw, path, value, words):
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        validate(put(raw, path, value))
    assert "\n" not in str(caught.value)
