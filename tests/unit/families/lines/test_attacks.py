"""Attacks on classifiers whose answers are known: linear scores in closed form, and enumeration."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize

from failures.families.lines import networks, problem
from failures.families.lines.analyses import attacks
from failures.families.lines.analyses.fooling import Network, analyze

RNG = np.random.default_rng(0)
WEIGHTS = RNG.standard_normal(attacks.PIXELS)


def grey(images):
    return problem.unpack(images)[0].reshape(len(images), attacks.PIXELS).astype(float)


def linear(offset=0.0, weights=WEIGHTS):
    """A linear score, for packed and for grey images, with its gradient."""

    def score(images):
        return (grey(images) if images.shape[1] == problem.COLUMNS else images) @ weights + offset

    def gradient(images):
        return score(images), np.tile(weights, (len(images), 1))

    return score, gradient


def lines(n=6):
    return problem.draw_images(n, "scripts", np.random.default_rng(1))


def test_flips_change_just_these_pixels():
    images = lines(3)
    pixels = np.array([[0, 783], [27, 28], [400, 401]])
    changed = grey(attacks.flipped(images, pixels)) != grey(images)
    for number, (one, other) in enumerate(pixels):
        assert np.flatnonzero(changed[number]).tolist() == [one, other]
    assert (attacks.flipped(images, pixels)[:, problem.SIZE] == images[:, problem.SIZE]).all()


def test_greedy_flips_of_a_linear_score_are_the_fewest():
    """Each flip adds its own amount: the fewest are those with the largest amounts."""
    images = lines()
    score, _ = linear(offset=20.0)
    labels = np.sign(score(images))
    pixels, flips, single = attacks.greedy_flips(score, images, labels, 30)
    for number in range(len(images)):
        black = grey(images[number : number + 1])[0]
        gains = np.sort(labels[number] * WEIGHTS * (1 - 2 * black))
        margin = labels[number] * score(images[number : number + 1])[0]
        assert flips[number] == np.argmax(margin + gains.cumsum() <= 0) + 1
        assert single[number] == np.sum(margin + gains <= 0)
        assert len(set(pixels[number, : flips[number]])) == flips[number]
    assert (attacks.greedy_flips(score, images, labels, 2)[1] == 0).any(), "two are not enough for all"


def test_all_pairs_are_tried(monkeypatch):
    """A score that only one pair of pixels, of small weight each, brings down."""
    monkeypatch.setattr(attacks, "PIXELS", 60)
    monkeypatch.setattr(attacks, "BATCH", 100)
    image = np.zeros(problem.COLUMNS, np.int32)

    def score(images):
        black = problem.unpack(images)[0].reshape(len(images), -1)
        return 1.0 - 0.1 * black[:, :60].sum(axis=1) - 1.5 * black[:, 7] * black[:, 41]

    assert attacks.pair_that_flips(score, image, 1.0).tolist() == [7, 41]
    assert attacks.pair_that_flips(lambda images: score(images) + 5, image, 1.0) is None
    least = min(score(attacks.flipped(image[None], np.array([pair])))[0] for pair in combinations(range(60), 2))
    assert least == pytest.approx(1 - 0.2 - 1.5)


def test_projections_into_the_box_are_those_of_an_optimiser():
    rng = np.random.default_rng(2)
    images, normals = rng.random((5, 4)), rng.standard_normal((5, 4))
    inside = rng.random((5, 4))
    levels = np.einsum("nd,nd->n", normals, inside)
    found = attacks.project(images, normals, levels)
    for point, image, normal, level in zip(found, images, normals, levels, strict=True):
        best = minimize(
            lambda w, image=image: np.sum((w - image) ** 2),
            np.full(4, 0.5),
            bounds=[(0, 1)] * 4,
            constraints={"type": "eq", "fun": lambda w, normal=normal, level=level: normal @ w - level},
            options={"ftol": 1e-12},
        )
        assert normal @ point == pytest.approx(level, abs=1e-6)
        np.testing.assert_allclose(point, best.x, atol=1e-4)


def test_the_smallest_change_of_a_linear_score_is_its_distance_from_the_plane():
    """|score| / ||weights|| where the box does not matter."""
    weights = np.random.default_rng(3).standard_normal(50)
    images = 0.4 + 0.2 * np.random.default_rng(4).random((8, 50))
    score, gradient = linear(-(images @ weights).mean(), weights)
    labels = np.sign(score(images))
    changed = attacks.smallest_change(score, gradient, images, labels, [images], 5)
    distances = np.linalg.norm(changed - images, axis=1)
    assert (labels * score(changed) <= 0).all()
    np.testing.assert_allclose(distances, np.abs(score(images)) / np.linalg.norm(weights), rtol=2e-3)


def test_a_circle_is_reached_at_its_nearest_point_from_either_start():
    """Label +1 inside of a circle of radius .3 around (.5, .5); a start beyond it must be brought back."""

    def score(points):
        return 0.09 - ((points - 0.5) ** 2).sum(axis=1)

    def gradient(points):
        return score(points), -2 * (points - 0.5)

    images, labels = np.array([[0.6, 0.5], [0.5, 0.3]]), np.ones(2)
    far = np.array([[0.0, 0.0], [1.0, 1.0]])
    for starts in ([images], [far], [images, far]):
        changed = attacks.smallest_change(score, gradient, images, labels, starts, 40)
        np.testing.assert_allclose(np.linalg.norm(changed - images, axis=1), [0.2, 0.1], rtol=0.02)


def test_what_cannot_be_fooled_is_said_so():
    images = np.full((2, 3), 0.5)
    changed = attacks.smallest_change(
        lambda points: np.ones(len(points)), lambda points: (np.ones(len(points)), points * 0 + 1e-3), images,
        np.ones(2), [images], 3,
    )  # fmt: skip
    assert np.isnan(changed).all()


def test_ascent_of_a_linear_score_ends_in_its_corner():
    _, gradient = linear()
    images, labels = np.random.default_rng(5).random((2, attacks.PIXELS)), np.array([1.0, -1.0])
    after = attacks.ascend(gradient, images, labels, 4000, 0.5)
    clear = np.abs(WEIGHTS) > 0.05
    np.testing.assert_array_equal(after[0, clear], WEIGHTS[clear] > 0)
    np.testing.assert_array_equal(after[1, clear], WEIGHTS[clear] < 0)
    one = attacks.ascend(gradient, images * 0 + 0.5, labels, 1, 0.5)
    assert np.linalg.norm(one - 0.5, axis=1) == pytest.approx([0.5, 0.5])


def test_nearest_images_are_those_of_all_distances(monkeypatch):
    monkeypatch.setattr(attacks, "BATCH", 70)
    images, pool = lines(10), problem.draw_images(300, "scripts", np.random.default_rng(6))
    number, least, median = attacks.nearest(images, pool)
    different = (grey(images)[:, None] != grey(pool)[None]).sum(axis=2)
    for image in range(10):
        usable = (pool[:, problem.SIZE] != images[image, problem.SIZE]) & ~problem.is_aligned(pool)
        distances = np.sort(different[image, usable])
        assert least[image] == distances[0] == different[image, number[image]]
        assert usable[number[image]]
        assert median[image] == distances[(len(distances) - 1) // 2]


@pytest.fixture(scope="module")
def model():
    """Random weights, and a bias of N1's score that lets half of the images have either label."""
    learner = networks.learner(1, "test")
    n1 = learner.get_layer("n1")
    bias = n1.get_layer("score").bias
    bias.assign(bias - np.median(n1.predict(problem.unpack(lines(200))[0], verbose=0)))
    return learner


def test_packed_and_grey_images_have_the_scores_of_the_model(model):
    images = lines(130)
    network = Network(model.get_layer("n1"))
    expected = model.get_layer("n1").predict(problem.unpack(images)[0], verbose=0)[:, 0]
    np.testing.assert_allclose(network.grey(grey(images)), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(network.packed(images), expected, rtol=1e-4, atol=1e-5)
    assert network.packed(images[:0]).shape == network.grey(grey(images[:0])).shape == (0,)


def test_slopes_are_finite_differences(model):
    network = Network(model.get_layer("n1"))
    points = np.random.default_rng(7).random((2, attacks.PIXELS))
    directions = np.random.default_rng(8).standard_normal((2, attacks.PIXELS))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    scores, slopes = network.slopes(points)
    np.testing.assert_allclose(scores, network.grey(points), rtol=1e-4, atol=1e-6)
    step = 0.02
    rise = (network.grey(points + step * directions) - network.grey(points - step * directions)) / (2 * step)
    np.testing.assert_allclose(np.einsum("nd,nd->n", slopes, directions), rise, rtol=0.1, atol=1e-3)


def test_the_analysis_reports_what_it_shows(model, tmp_path):
    """Examples have the flips and the distances of their rows, and labels that are lost."""
    (tmp_path / "models").mkdir()
    model.save(tmp_path / "models/seed_0.keras")
    (tmp_path / "runs.csv").write_text("problem,learner,trial,seed\nk1,decomposition,seed_0,0\n")
    np.save(tmp_path / "pool.npy", problem.draw_images(500, "scripts", np.random.default_rng(9)))
    inputs = {"pool": tmp_path / "pool.npy", "runs": [tmp_path / "runs.csv"], "models": [tmp_path / "models"]}
    sizes = {"n_images": 3, "largest_flips": 4, "n_pairs": 0, "n_iterations": 4, "n_noise": 4, "n_ascent": 5}
    table = analyze(inputs, sizes | {"n_examples": 2}, "scripts")
    network = Network(model.get_layer("n1"))
    image, real, noise, pixel = (table[table["part"] == part] for part in ("image", "real", "noise", "pixel"))
    assert len(image) == 3
    assert (image["label"] * image["score"] > 0).all()
    assert image["l2"].between(0, 28, inclusive="neither").all()
    assert (image["largest"] <= image["l2"]).all()
    assert len(real) == 1000
    shown = {}
    for (kind, number), own in pixel.groupby(["kind", "number"]):
        shown[kind, number] = np.zeros(attacks.PIXELS)
        shown[kind, number][(28 * own["row"] + own["column"]).astype(int)] = own["value"]
    for row in image[image["number"].isin(pixel.loc[pixel["kind"] == "l2", "number"])].itertuples():
        line, flips, l2 = (shown[kind, row.number] for kind in ("line", "flips", "l2"))
        assert (line != flips).sum() == row.flips
        assert np.linalg.norm(l2 - line) == pytest.approx(row.l2, abs=2e-3)
        assert line.sum() == row.n_pixels
        assert row.label * network.grey(line[None])[0] > 0
        assert row.label * network.grey(flips[None])[0] <= 1e-4
    assert noise["label"].tolist() == [1, -1, 1, -1]
    assert (noise["label"] * (noise["score"] - noise["start_score"]) > 0).all()
