"""Validation: bad values end in one line that names the key as it is written; good ones have settled types."""

import re

import pytest

from failures.config.expand import expand
from failures.config.layers import read_layers
from failures.config.schema import family_module, load, validate
from failures.config.types import ConfigError
from failures.packages import families
from project import ROOT

LEARNER = "parity.learners.relu"
# Key, bad value, words that the message must hold beside the key.
BAD_VALUES = [
    ("scale", "Huge", "allowed: name of lower-case letters"),
    ("variant", "text", "allowed: 'code', 'paper'"),
    ("families", ["parity", "poker"], "unknown family 'poker'; allowed: curves, lines, parity"),
    ("families", [], "allowed: list of strings (at least 1), or null"),
    ("families", "parity", "list"),
    ("seeds", [], "allowed: list of integers from 0 to 999,999 (at least 1)"),
    ("seeds", [3, 3], "duplicate value 3; list each value once"),
    ("seeds", [-1], "allowed: integer from 0 to 999,999"),
    ("seeds", [0.5], "integer"),
    ("seeds", 3, "list"),
    ("threads", 0, "allowed: integer from 1 to 64"),
    ("threads", True, "integer"),
    ("style.dpi", 10, "allowed: integer from 50 to 600"),
    ("style.palette", "rainbow", "'colorblind'"),
    ("style.colour", "red", "unknown key; allowed: dpi, palette"),
    ("poker", {}, "unknown key; allowed: curves, families, largest_memory, lines"),
    ("parity", [], "allowed: mapping"),
    ("parity.gradient_variance.initial", {"depth": 3}, "unknown key; allowed: encoding"),
    ("parity.fig_1", {}, "parity.fig_1: unknown key; allowed: defaults, experiments, learners, problems"),
    ("parity.problems.d5.n_features", 0, "allowed: integer from 1 to 1,024"),
    ("parity.problems.d5.n_features", -3, "allowed: integer from 1 to 1,024"),
    ("parity.problems.d5.n_features", 5.0, "integer"),
    ("parity.problems.d5.n_features", "5", "integer"),
    ("parity.problems.d5.n_features", float("nan"), "integer"),
    ("parity.problems.d5.n_feature", 5, "unknown key; allowed: checkpoint_every"),
    ("parity.problems.d5.encoding", "ternary", "allowed: 'signed', 'binary'"),
    ("parity.problems.d5.subset_sizes", [6], "6 is more than n_features = 5"),
    ("parity.problems.d5.subset_sizes", [0], "allowed: integer >= 1"),
    ("parity.problems.d5.subset_sizes", [2, 2], "duplicate value 2; list each value once"),
    (
        "parity.problems.d5.subset_sizes",
        "some",
        "allowed: 'random', 'all', 'full', or list of integers >= 1",
    ),
    ("parity.problems.d5.n_steps", 0, "allowed: integer from 1 to 100,000,000"),
    ("parity.problems.d5.n_steps", "1e5", "integer"),
    ("parity.problems.d5.evaluation", "sphere", "'cube'"),
    ("parity.problems.d30.evaluation", "cube", "at most 14, not 30"),
    ("parity.problems.d5.seeds", [], "allowed: list of integers from 0 to 999,999 (at least 1), or null"),
    ("parity.problems.D5", {"n_features": 5}, "allowed: name of lower-case letters"),
    (f"{LEARNER}.width", "d10", "allowed: integer from 1 to 100,000, or multiple of the input dimension such as '10d'"),
    (f"{LEARNER}.width", 0, "allowed: integer from 1 to 100,000, or multiple of the input dimension such as '10d'"),
    (f"{LEARNER}.depth", -1, "allowed: integer from 0 to 256"),
    (f"{LEARNER}.activation", "rleu", "'relu'"),
    (f"{LEARNER}.loss", "mse", "allowed: 'hinge', 'square', 'logistic'"),
    (f"{LEARNER}.optimizer.name", "SDG", "'SGD'"),
    (f"{LEARNER}.optimizer.learning_rate", "1e-5", "this is a string: write the number without quotes"),
    (f"{LEARNER}.optimizer.learning_rate", float("nan"), "allowed: number > 0 and <= 1,000"),
    (f"{LEARNER}.optimizer.learning_rate", float("inf"), "allowed: number > 0 and <= 1,000"),
    (f"{LEARNER}.optimizer.learning_rate", 0, "allowed: number > 0 and <= 1,000"),
    (f"{LEARNER}.optimizer.arguments", {"momentum": 1.5}, "less than 1"),
    (
        f"{LEARNER}.optimizer",
        {"name": "Muon"},
        "Muon requires the argument 'adam_weight_decay' (Keras' default is 0.004)",
    ),
    (f"{LEARNER}.optimizer", {"name": "Muon", "arguments": {"weight_decay": 0.0}}, "argument 'adam_weight_decay'"),
    (f"{LEARNER}.optimizer", {"name": "Muon", "arguments": {"adam_weight_decay": 0.1}}, "argument 'weight_decay'"),
    (f"{LEARNER}.optimizer.arguments", {"beta_1": 0.9}, "SGD takes no argument 'beta_1'; allowed: clipnorm"),
    ("parity.fig1.problems", ["d7"], "unknown problem 'd7'; defined: d10"),
    ("parity.fig1.learners", ["tanks"], "unknown learner 'tanks'; defined: adam, convolutional"),
    ("parity.parity_size.problems", ["d5"], "'d5' has subset_sizes: random"),
    ("parity.problems.d30.samples", "cube", "at most 14, not 30"),
    ("parity.problems.d5.snapshots", [5], "no evaluation at step 5; use a multiple of evaluate_every = 10 below"),
    ("parity.problems.d5.snapshots", [50_000], "no evaluation at step 50000"),
    (
        "parity.problems.d5.kind",
        "pairs",
        "allowed: 'targets', 'statistical_queries', 'target_pairs', 'mixed', 'prefix_labels'",
    ),
    ("parity.problems.d5_sizes_signed.kind", "target_pairs", "subset_sizes: random"),
    (
        "parity.problems.d5_queries.queries",
        {"noise": [], "tolerance": []},
        "requires a value in queries.noise or queries.tolerance",
    ),
    ("parity.problems.d5_queries.queries", {"noise": [-1.0]}, "allowed: number from 0 to 1,000"),
    ("parity.learners.residual.architecture", "dense", "unknown architecture 'dense'; allowed: convolutional"),
    ("parity.learners.normalised.normalization", "batch", "allowed: 'none', 'layer'"),
    ("parity.fig1.problems", ["d5_queries"], "'d5_queries' must be of the kind 'targets'"),
    ("parity.queries.problems", ["d5"], "'d5' must be of the kind 'statistical_queries'"),
    ("parity.target_blindness.problems", ["d5"], "'d5' must be of the kind 'target_pairs'"),
    ("parity.gradient_variance.initial.learners", ["tanks"], "unknown learner 'tanks'"),
    ("parity.gradient_variance.initial.largest_transform", 30, "allowed: integer from 0 to 18"),
    ("parity.gradient_variance.trained.problems", ["d5"], "'d5' must have snapshots"),
    ("parity.elimination.label_noise", [0.6], "allowed: number from 0 to 0.5"),
    ("lines.learners.end_to_end_1.blocks", -1, "allowed: integer from 0 to 100"),
    ("lines.learners.end_to_end_1.blocks", 1.5, "integer"),
    ("lines.snr_depth.blocks", [], "allowed: list of integers from 0 to 100 (at least 1)"),
    ("lines.snr_depth.n_tuples", 900_000, "exceed pool.n_images"),
    ("lines.fooling.problems", ["k1", "k2"], "allowed: list of names of lower-case letters"),
    ("lines.fooling.learners", ["end_to_end"], "'end_to_end' must have the method 'decomposition'"),
    ("lines.fooling.learners", ["tanks"], "unknown learner 'tanks'"),
    ("lines.fooling.n_noise", 1, "allowed: integer from 2 to 10,000"),
    ("parity.problems.d30_mixed.samples", "cube", "at most 14, not 30"),
    ("parity.problems.d30_mixed", {"n_features": 5, "kind": "mixed", "samples": "cube"}, "mixed requires samples"),
    ("parity.rescues.uniform.problems", ["d10_sparse"], "'d10_sparse' must have subset_sizes: random"),
    ("parity.rescues.sparse.problems", ["d30"], "'d30' has subset_sizes: random"),
    ("parity.rescues.mixed.problems", ["d30"], "'d30' must be of the kind 'mixed'"),
    (
        "parity.rescues.prefix_labels.learners",
        ["deep", "residual"],
        "'residual' must have the architecture 'fully_connected'",
    ),
    ("parity.depth_signal.learners", ["tanks"], "unknown learner 'tanks'"),
    ("parity.depth_signal.depths", [0], "allowed: integer from 1 to 256"),
    ("parity.depth_signal.n_features", [15], "allowed: integer from 2 to 14"),
    ("parity.learners.residual.branch_scale", "half", "allowed: 'one', 'depth'"),
    ("parity.depth_training.problems", ["d7"], "unknown problem 'd7'"),
    ("parity.optimisers.learners", ["tanks"], "unknown learner 'tanks'"),
    ("parity.optimisers.problems", ["d5_queries"], "'d5_queries' must be of the kind 'targets'"),
]


def written(key):
    """Return the path of keys in the files: problems and learners stand in the block that defines them."""
    family, *rest = key.split(".")
    if family not in families() or not rest:
        return key.split(".")
    module, layers = family_module(family), read_layers(ROOT)
    if rest[0] in ("problems", "learners"):
        models = {"problems": module.Problem, "learners": module.Learner}
        known = list(module.Experiments.model_fields)
        origins = expand(family, layers[family], models, known, layers["optimizers"]).origins
        place = origins.get((rest[0], rest[1]), ".".join(rest[:2])).split(".")
        return [family, *place[:-1], rest[1], *rest[2:]]
    if rest[0] in module.Experiments.model_fields:
        return [family, "experiments", *rest]
    return [family, *rest]


def changed(key, value):
    """Validate the configuration with one value changed by an overlay."""
    overlay = value
    for part in reversed(written(key)):
        overlay = {part: overlay}
    return validate(read_layers(ROOT, given=overlay))


@pytest.mark.parametrize(("key", "value", "words"), BAD_VALUES)
def test_a_bad_value_is_refused_with_one_line(key, value, words):
    with pytest.raises(ConfigError) as caught:
        changed(key, value)
    message = str(caught.value)
    assert "\n" not in message
    assert words in message
    for part in key.split(".")[:2]:
        assert part in message


def test_a_string_that_looks_like_a_number_gets_a_hint():
    with pytest.raises(ConfigError, match=r"such as 1\.0e-5"):
        changed(f"{LEARNER}.optimizer.learning_rate", "1e-5")


@pytest.mark.parametrize("name", ["../escape", "; touch x", "D5", "5d", "a" * 41, ""])
@pytest.mark.parametrize("key", ["problems", "learners"])
def test_a_name_that_is_no_folder_is_refused(key, name):
    with pytest.raises(ConfigError, match="allowed: name of lower-case letters"):
        validate(
            read_layers(ROOT, given={"parity": {key: {name: {"n_features": 5} if key == "problems" else {"depth": 1}}}})
        )


def test_an_experiment_outside_experiments_gets_a_hint():
    with pytest.raises(
        ConfigError, match=r"parity\.fig1: unknown key; .*; experiments stand under parity\.experiments$"
    ):
        load(ROOT, parity={"fig1": {"learners": ["relu"]}})


def test_a_member_of_a_grid_is_changed_in_its_own_block():
    words = r"experiments\.fig1\.problems\.d\{n_features\}: the problem 'd5' is also defined at parity\.problems\.d5"
    with pytest.raises(ConfigError, match=words):
        load(ROOT, parity={"problems": {"d5": {"n_steps": 10}}})


def test_an_experiment_needs_its_selections():
    block = {"parity": {"experiments": {"mine": {"like": "elimination", "label_noise": [0.7]}}}}
    with pytest.raises(ConfigError, match=r"allowed: number from 0 to 0\.5"):
        validate(read_layers(ROOT, given=block))


def test_validation_settles_types_and_changes_nothing_given():
    given = {"parity": {"learners": {"relu": {"optimizer": {"learning_rate": 1}}}}}
    layers = read_layers(ROOT, given=given)
    before = repr(layers)
    rate = validate(layers)["parity"]["learners"]["relu"]["optimizer"]["learning_rate"]
    assert isinstance(rate, float)
    assert repr(layers) == before


def test_placeholders_are_replaced():
    problems = load(ROOT)["parity"]["problems"]
    assert problems["d5"]["encoding"] == "signed"
    assert problems["d5"]["seeds"] == list(range(10))
    assert problems["d5_sizes_binary"]["subset_sizes"] == [1, 2, 3, 4, 5]
    assert problems["d6_queries"]["subset_sizes"] == [6]
    assert load(ROOT, variant="paper")["parity"]["problems"]["d5"]["encoding"] == "binary"
    assert load(ROOT, variant="paper")["steps"]["learners"]["multiclass"]["n_logits"] < 100


@pytest.mark.parametrize("scale", ["full", "preview", "test", "mine"])
@pytest.mark.parametrize("variant", ["code", "paper"])
def test_every_scale_and_variant_is_valid(scale, variant):
    config = load(ROOT, scale=scale, variant=variant)
    assert (config["scale"], config["variant"]) == (scale, variant)
    assert config["families"] == list(families())


@pytest.mark.parametrize(
    ("family", "name", "like", "words"),
    [
        ("parity", "all", "fig1", "'all' is a target"),
        ("parity", "lines", "fig1", "'lines' is a target"),
        ("parity", "fig7", "fig1", "'fig7' is an experiment of its own"),
        ("parity", "fig1_table", "fig1", "'fig1_table' is a target"),
        ("steps", "mine", "depth_training", "this figure compares families; change `depth_training` itself"),
    ],
)
def test_an_experiment_of_the_user_s_own_has_a_name_of_its_own(family, name, like, words):
    with pytest.raises(ConfigError, match=words):
        load(ROOT, **{family: {"experiments": {name: {"like": like}}}})


def test_two_families_cannot_share_the_name_of_an_experiment():
    own = {"parity": {"experiments": {"mine": {"like": "fig1"}}}, "lines": {"experiments": {"mine": {"like": "fig2"}}}}
    with pytest.raises(ConfigError, match="'mine' is an experiment of lines"):
        load(ROOT, **own)


def test_families_are_selected_by_name():
    assert load(ROOT)["families"] == list(families())
    assert load(ROOT, families=["parity"])["families"] == ["parity"]
    with pytest.raises(ConfigError, match="no family has a block"):
        validate({"seeds": [0]})
    with pytest.raises(ConfigError, match="'parity' is selected, but has no block"):
        validate({"families": ["parity"], "lines": {"experiments": {}}})


@pytest.mark.parametrize("scale", ["figures", "paper", "Full", "a/b", ".."])
def test_a_scale_is_a_new_folder_of_results(scale):
    with pytest.raises(ConfigError, match="scale"):
        load(ROOT, scale=scale)


def test_a_misspelt_scale_is_no_run_at_the_paper_s_scale():
    with pytest.raises(ConfigError, match="unknown scale; did you mean 'preview'"):
        load(ROOT, scale="previev")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("portfolio.fig4.problems", ["k10", "k10_rates"], "two problems have the same n_stocks"),
        ("portfolio.estimator_variance.trained.problems", ["k10_rates"], "'k10_rates' must have a single value"),
        ("portfolio.learners.end_to_end.method", "both", "portfolio.learners.end_to_end.method = 'both'"),
        ("curves.fig6.steps", [500, 600], "fig6.steps: 600 is not among the snapshots of 'pieces'"),
        ("curves.fig6.problems", ["pieces", "few"], "curves.experiments.fig6.problems"),
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
def test_a_value_that_does_not_fit_its_family_is_named(path, value, words):
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        changed(path, value)
    assert "\n" not in str(caught.value)
