"""Step functions and their learners against the definitions, and training against NumPy written out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from failures.config.schema import load
from failures.engine.training import run
from failures.families.steps import theory
from failures.families.steps.analyses import prediction
from failures.families.steps.config import Learner, Problem, resolve
from failures.families.steps.objective import StepObjective
from failures.families.steps.problem import (
    OFFSETS,
    costs,
    draw_instances,
    parse_direction,
    smooth_steps,
    step_function,
    values,
)
from failures.families.steps.training import Training, network
from failures.runtime.progress import Progress
from project import ROOT

KINDS = ["non_flat", "end_to_end", "multiclass", "forward_only", "flat"]
ADAM = {"name": "Adam", "learning_rate": 0.01, "arguments": {"beta_2": 0.99, "epsilon": 1e-5}}
SCRIPTS = {"relative": True, "shift": 0.05, "n_logits": 100}


def learner_block(kind, **settings):
    return Learner(kind=kind, width=7, batch_size=16).model_dump() | SCRIPTS | {"optimizer": ADAM} | settings


def begun(kind, n_features=5, initial_biases=None, row=0, **settings):
    problem = Problem(n_features=n_features, input_scale=0.3, n_steps=3, evaluate_every=1, evaluation=200).model_dump()
    training = Training(problem | {"stream": "test"}, learner_block(kind, **settings) | {"stream": kind})
    training.begin(list(draw_instances("test", n_features, initial_biases, [0]).itertuples(index=False))[row])
    return training


def finished(training):
    return run(training.trainer, None, "test", Progress("test", 3))


def test_the_scripts_steps():
    assert len(OFFSETS) == 52
    assert list(OFFSETS[:2]) == [-100, -95]
    assert OFFSETS[-1] == 95
    assert {-0.2, 0, 0.1, 0.15, 0.175} <= set(OFFSETS)
    np.testing.assert_allclose(values(0.3)[:2], [-99.7, -94.7])


def test_u_rounds_down_to_the_nearest_step():
    z = np.array([-1.0, 0.0, 0.5])
    r = np.array([-7.0, -1.0, -0.01, 0.0, 0.49, 0.5, 9.0])
    assert step_function(r, z).tolist() == [-1, -1, -1, 0, 0, 0.5, 0.5]
    by_sum = z[0] + sum((r >= z[i]) * (z[i] - z[i - 1]) for i in (1, 2))
    assert step_function(r, z).tolist() == by_sum.tolist()


def test_the_approximation_is_a_sum_of_sigmoids_that_tends_to_u():
    z = np.array([-1.0, 0.0, 0.5])
    r = np.linspace(-1.5, 1, 11) + 0.013
    expected = [-1 + 1 / (1 + np.exp(-20 * (x - 0.0 + 0.05))) + 0.5 / (1 + np.exp(-40 * (x - 0.5 + 0.025))) for x in r]
    np.testing.assert_allclose(smooth_steps(r, z, 20.0, True, 0.05), expected)
    np.testing.assert_allclose(smooth_steps(r, z, 1e5, False, 0.0), step_function(r, z), atol=1e-12)


def test_graph_and_numpy_agree():
    objective = StepObjective(3, 0.5, 10, learner_block("non_flat"))
    objective.assign(np.array([1.0, 2.0, 3.0]), 0.7, 1, 2)
    inputs, r = objective.sample(400, objective.data_seed, tf.constant(5, tf.int64))
    np.testing.assert_allclose(r.numpy()[:, 0], inputs.numpy() @ [1, 2, 3] + 0.7, rtol=1e-4, atol=1e-5)
    assert abs(inputs.numpy().std() - 0.5) < 0.05
    z = values(0.7).astype(np.float32)
    labels = objective.step_function(r).numpy()
    assert labels.tolist() == step_function(r.numpy(), z).tolist()
    assert z[objective.index(r).numpy()].tolist() == labels.tolist()
    expected = smooth_steps(r.numpy()[:, 0].astype(float), values(0.7), 50.0, True, 0.05)
    np.testing.assert_allclose(objective.smooth_steps(r).numpy()[:, 0], expected, atol=2e-3)


def test_initial_biases_are_counted_from_the_target():
    table = draw_instances("test", 4, [-1.0, 0.0, 0.5], [3])
    assert (table["initial_bias"] - table["bias"]).tolist() == pytest.approx([-1, 0, 0.5])
    assert table["direction"].nunique() == 1
    assert table["trial"].is_unique
    for row, start in enumerate([-1.0, 0.0, 0.5]):
        training = begun("forward_only", initial_biases=[-1.0, 0.0, 0.5], row=row)
        bias = training.trainer.learner.get_weights()[1]
        assert bias == pytest.approx([training.objective.bias.numpy() + start], abs=1e-6)
    assert begun("forward_only").trainer.learner.get_weights()[1] == [0.0]


def numpy_gradients(kind, weights, x, y, classes, z):
    """Gradients of the batch's loss written out (forward_only: with 1 in the place of u')."""
    if kind in ("end_to_end", "multiclass"):
        layers = list(zip(weights[::2], weights[1::2], strict=True))
        hidden = [x]
        for index, (kernel, bias) in enumerate(layers, start=1):
            out = hidden[-1] @ kernel + bias
            hidden.append(np.maximum(out, 0) if index < len(layers) else out)
        if kind == "end_to_end":
            delta = 2 * (hidden[-1] - y) / len(x)
        else:
            p = np.exp(hidden[-1] - hidden[-1].max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            delta = (p - np.eye(p.shape[1])[classes]) / len(x)
        gradients = []
        for index in range(len(layers), 0, -1):
            if index < len(layers):
                delta = delta * (hidden[index] > 0)
            gradients = [hidden[index - 1].T @ delta, delta.sum(axis=0), *gradients]
            delta = delta @ layers[index - 1][0].T
        return gradients
    r = x @ weights[0] + weights[1]
    if kind == "forward_only":
        slope, outputs = 1.0, step_function(r, z)
    elif kind == "flat":
        slope, outputs = 0.0, step_function(r, z)
    else:
        heights = np.diff(z)
        sigmoid = 1 / (1 + np.exp(np.clip(-50 / heights * (r - z[1:] + 0.05 * heights), -500, 500)))
        outputs = smooth_steps(r, z, 50.0, True, 0.05)
        slope = (50 * sigmoid * (1 - sigmoid)).sum(axis=1, keepdims=True)
    delta = 2 * (outputs - y) * slope / len(x)
    return [x.T @ delta, delta.sum(axis=0)]


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_those_of_the_keras_model(kind):
    training = begun(kind)
    model, objective = training.trainer.learner, training.objective
    model.set_weights([weights + 0.1 for weights in model.get_weights()])
    inputs, r = objective.sample(16, objective.data_seed, tf.constant(0, tf.int64))
    np.testing.assert_allclose(objective.outputs(model, inputs, True), model(inputs), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(r, inputs @ objective.direction + objective.bias, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("kind", KINDS)
def test_three_steps_written_out_in_numpy(kind):
    training = begun(kind)
    model, objective = training.trainer.learner, training.objective
    weights = [w.astype(np.float64) for w in model.get_weights()]
    if kind == "non_flat":  # start where u~ is not flat
        weights[1] += objective.bias.numpy()
        model.set_weights(weights)
    z = values(float(objective.bias.numpy()))
    first, second = [0.0] * len(weights), [0.0] * len(weights)
    before = [w.copy() for w in weights]
    for step in range(3):
        inputs, r = objective.sample(16, objective.data_seed, tf.constant(step, tf.int64))
        labels = step_function(r.numpy().astype(float), z)
        gradients = numpy_gradients(
            kind, weights, inputs.numpy().astype(float), labels, objective.index(r).numpy()[:, 0], z
        )
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradients, strict=True)]
        second = [0.99 * v + 0.01 * g**2 for v, g in zip(second, gradients, strict=True)]
        rate = 0.01 * np.sqrt(1 - 0.99 ** (step + 1)) / (1 - 0.9 ** (step + 1))
        weights = [w - rate * m / (np.sqrt(v) + 1e-5) for w, m, v in zip(weights, first, second, strict=True)]
    finished(training)
    for found, expected, start in zip(model.get_weights(), weights, before, strict=True):
        np.testing.assert_allclose(found, expected, atol=3e-4)
        assert np.array_equal(found, start.astype(np.float32)) == (kind == "flat")
    moves = [abs(expected - start).max() for expected, start in zip(weights, before, strict=True)]
    assert max(moves) > 1e-3 or kind == "flat"


def test_the_gradient_through_u_is_exactly_zero_and_that_through_the_approximation_is_not():
    training = begun("flat")
    objective = training.objective
    outputs = tf.constant([[0.31], [-0.4]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(outputs)
        flat, smooth = objective.step_function(outputs), objective.smooth_steps(outputs)
    assert tape.gradient(flat, outputs).numpy().tolist() == [[0.0], [0.0]]
    up, down = (objective.smooth_steps(outputs + e).numpy() for e in (1e-3, -1e-3))
    np.testing.assert_allclose(tape.gradient(smooth, outputs).numpy(), (up - down) / 2e-3, atol=0.05)
    with tf.GradientTape() as tape:
        loss = objective.loss(training.trainer.learner, tf.constant(0, tf.int64))
    gradients = tape.gradient(loss, training.trainer.learner.trainable_variables)
    assert all((g.numpy() == 0).all() for g in gradients)


def test_the_right_affine_map_is_exact():
    training = begun("forward_only", n_features=5)
    objective, model = training.objective, training.trainer.learner
    model.set_weights([objective.direction.numpy(), objective.bias.numpy()[None]])
    found = dict(zip(objective.metrics, objective.evaluate(model, tf.constant(0, tf.int64)).numpy(), strict=True))
    assert found == pytest.approx({"unexplained": 0, "absolute": 0, "exact": 1, "exact_near": 1, "exact_by_u": 1})


def test_errors_of_a_map_that_is_off_by_a_little():
    """Written out in NumPy from the same samples."""
    training = begun("forward_only", n_features=5)
    objective, model = training.objective, training.trainer.learner
    shifted = objective.bias.numpy() + 0.02
    model.set_weights([objective.direction.numpy(), shifted[None]])
    step = tf.constant(0, tf.int64)
    found = dict(zip(objective.metrics, objective.evaluate(model, step).numpy(), strict=True))
    _, r = objective.sample(200, objective.evaluation_seed, step)
    r, z = r.numpy()[:, 0].astype(float), values(float(objective.bias.numpy()))
    truth, guess = step_function(r, z), step_function(r + 0.02, z)
    near = abs(r[:, None] - z[1:]).min(axis=1) < 0.1 * 0.3 * np.linalg.norm(objective.direction.numpy())
    assert 0 < near.sum() < 200
    assert found["unexplained"] == pytest.approx(((guess - truth) ** 2).mean() / truth.var(), rel=1e-3)
    assert found["absolute"] == pytest.approx(abs(guess - truth).mean(), rel=1e-3)
    assert found["exact"] == pytest.approx((guess == truth).mean())
    assert found["exact_near"] == pytest.approx((guess == truth)[near].mean())


@pytest.mark.parametrize("kind", KINDS)
def test_costs_are_those_of_the_network(kind):
    model = network(9, learner_block(kind), "test")
    found = costs(kind, 9, 7, 100)
    assert found["parameters"] == model.count_params()
    products = sum(w.shape[0] * w.shape[1] for w in model.get_weights() if w.ndim == 2)
    assert found["multiply_adds"] == products + (2 * 51 if kind == "non_flat" else 0)


def test_the_variants_differ_as_text_and_scripts_do():
    code, paper = (load(ROOT, variant=variant)["steps"] for variant in ("code", "paper"))
    assert load(ROOT)["steps"] == code
    assert [block["problems"]["steps"]["input_scale"] for block in (code, paper)] == [0.01, 1.0]
    for name in code["learners"]:
        first, second = (block["learners"][name] for block in (code, paper))
        keys = ("relative", "shift", "n_logits")
        assert [first[key] for key in keys[2:]] == [100]
        assert [second[key] for key in keys] == [False, 0.0, 52]
        assert {key for key in first if first[key] != second[key]} <= set(keys)
    assert [code["learners"]["non_flat"][key] for key in keys] == [True, 0.05, 100]
    assert code["problems"]["steps"]["seeds"] == paper["problems"]["steps"]["seeds"] == list(range(10))


def test_a_logit_per_step_is_resolved_to_a_number():
    learners = {"steps": {"n_logits": "steps"}, "scripts": {"n_logits": 100}}
    assert resolve({"learners": learners})["learners"] == {"steps": {"n_logits": 52}, "scripts": {"n_logits": 100}}


def test_predictions_of_a_saved_network(tmp_path):
    table = draw_instances("test", 5, None, [0]).assign(problem="test", learner="fwd")
    table.to_csv(tmp_path / "runs.csv", index=False)
    model = network(5, learner_block("forward_only"), "test")
    direction, bias = parse_direction(table["direction"][0]), table["bias"][0]
    model.set_weights([direction[:, None], np.array([bias])])
    model.save(tmp_path / "seed_0.keras")
    inputs = {"runs": [tmp_path / "runs.csv"], "models": [tmp_path]}
    found = prediction.analyze(inputs, "test", 5, 0.3, 40, {"fwd": learner_block("forward_only")})
    assert len(found) == 40
    assert found["r"].is_monotonic_increasing
    assert (found["truth"] == found["prediction"]).all()
    np.testing.assert_allclose(found["truth"], step_function(found["r"].to_numpy(), values(bias)), atol=1e-5)
    assert keras.models.load_model(tmp_path / "seed_0.keras").count_params() == 6


@pytest.mark.parametrize("lipschitz", [1.0, 4.0, 16.0])
def test_glmtron_against_its_proof(lipschitz):
    """A.7: an iteration brings ||w - v*||^2 down by error / L^2, so the best of T is at most L^2 ||v*||^2 / T."""
    rng = np.random.default_rng(0)
    inputs, (target,) = theory.unit_inputs(300, 8, rng), theory.unit_inputs(1, 8, rng)
    np.testing.assert_allclose(np.linalg.norm(inputs, axis=1), 1)
    errors, distances = theory.glmtron(inputs, target, lipschitz, 2000)
    assert errors[0] == pytest.approx((theory.ramp(inputs @ target, lipschitz) ** 2).mean())
    assert distances[0] == pytest.approx(1)
    assert (np.diff(distances) <= -errors[:-1] / lipschitz**2 + 1e-12).all()
    steps = np.arange(1, 2001)
    assert (np.minimum.accumulate(errors) <= theory.bound(target, lipschitz, steps)).all()
    slope = np.diff(theory.ramp(np.linspace(-1, 2, 3001), lipschitz)) / 1e-3
    assert slope.max() == pytest.approx(lipschitz)
