"""Configuration block `lines`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.memory import Footprint
from failures.config.types import (
    Family,
    Figure,
    JointExperiments,
    Name,
    Optimizer,
    Replicated,
    Saved,
    Settings,
    Single,
    Streamed,
    unique,
)

# A block of images holds whole tuples of every length. For lengths up to 12 a block has at most 27,720 images.
Lengths = Annotated[list[Annotated[int, Field(ge=1, le=12)]], Field(min_length=1), AfterValidator(unique)]


class Problem(Saved):
    """Tuples of images, and the length of training."""

    n_steps: int = Field(20_000, ge=1, le=100_000_000)
    """Training steps per run."""
    checkpoint_every: int = Field(500, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to a multiple of `evaluate_every`; an interrupted run resumes from the
    last checkpoint."""
    tuple_length: int = Field(ge=1, le=100)
    """Images per tuple, k."""
    n_tuples: int = Field(500_000, ge=1, le=100_000_000)
    """Number of training tuples, read in order from the pool of images; after the last tuple, training continues with
    the first."""
    evaluation: int = Field(2000, ge=1, le=1_000_000)
    """Test tuples per evaluation during training; every evaluation uses the same tuples."""


class Learner(Streamed):
    """Training of N1, the network that scores one image, and N2, which turns the k scores into the tuple's score."""

    method: Literal["end_to_end", "decomposition"]
    """Training loss. `end_to_end`: hinge loss of the tuple's label. `decomposition`: hinge loss of the tuple's label
    plus the mean hinge loss of the images' labels."""
    blocks: int = Field(0, ge=0, le=100)
    """Number of residual blocks in N1 after its second pooling layer; the paper has none. A block adds a 3 x 3
    convolution with ReLU to its input."""
    n_steps: int | None = Field(None, ge=1, le=100_000_000)
    """Upper limit on the training steps of this learner; null applies the problem's `n_steps` alone."""
    batch_size: int = Field(200, ge=1, le=100_000)
    """Tuples per step."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """Keras optimiser and its arguments."""


class Pool(Settings):
    """Pool of training images, shared by all problems."""

    n_images: int = Field(2_000_000, ge=1, le=100_000_000)
    """Number of images, at 116 bytes per image."""


class Samples(Settings):
    """Figure of samples."""

    tuple_lengths: Lengths = Field([1, 2, 3])
    """Tuple lengths k; one row of samples per length."""
    n_samples: int = Field(4, ge=1, le=20)
    """Samples per class."""


class Compared(Figure):
    """Figure that compares the training methods."""

    n_test: int = Field(10_000, ge=1, le=1_000_000)
    """Test tuples for the accuracy at the end of training."""


class Signal(Replicated):
    """Figure of the signal-to-noise ratio (SNR) of the gradient at initialisation."""

    tuple_lengths: Lengths = Field([1, 2, 3, 4])
    """Tuple lengths k, in images."""
    n_tuples: int = Field(500_000, ge=100, le=100_000_000)
    """Tuples per estimate of the SNR."""


class Depth(Signal):
    """Figure of the signal-to-noise ratio (SNR) at initialisation for networks with residual blocks in N1."""

    blocks: Annotated[list[Annotated[int, Field(ge=0, le=100)]], Field(min_length=1), AfterValidator(unique)] = Field(
        [0, 1, 4]
    )
    """Numbers of residual blocks in N1; the networks share all other initial weights."""


class Fooling(Single):
    """Figure of adversarial and fooling images: flipped pixels, small changes, and images synthesised from noise."""

    n_images: int = Field(100, ge=1, le=10_000)
    """Number of test images to change. They are the first test images that the network classifies correctly. Images
    whose black pixels all lie in one row or all in one column are skipped, because such a line may have either
    label."""
    largest_flips: int = Field(10, ge=1, le=100)
    """Largest number of pixels flipped per image. The search is greedy: each step flips the pixel that lowers the score
    for the true label most."""
    n_pairs: int = Field(4, ge=0, le=1000)
    """Number of images for which every pair of pixels is tried. They are the first images whose label no single pixel
    changes."""
    n_iterations: int = Field(30, ge=1, le=1000)
    """Iterations of the search for the smallest change, in L2 norm, that alters the label."""
    n_noise: int = Field(100, ge=2, le=10_000)
    """Number of images of uniform noise. Gradient ascent changes half of them towards the label +1 and half towards
    -1."""
    n_ascent: int = Field(100, ge=1, le=10_000)
    """Steps of gradient ascent per image of noise; each step raises the score for the image's intended label."""
    n_examples: int = Field(4, ge=1, le=10)
    """Number of examples that the figure shows."""


class AlongTraining(Figure):
    """Figure of the signal-to-noise ratio (SNR) during training, and of the correlation between the initial SNR and the
    steps until success."""

    n_tuples: int = Field(100_000, ge=100, le=100_000_000)
    """Tuples per estimate of the SNR during training."""
    n_start: int = Field(500_000, ge=100, le=100_000_000)
    """Tuples per estimate of the SNR of the initial networks of the runs that `success` selects."""


class Experiments(JointExperiments):
    """Experiments on lines; each is one figure."""

    fig2: Samples | None = None
    """Figure 2: samples of both classes."""
    fig3: Compared | None = None
    """Figure 3: accuracy against training steps."""
    success: Figure | None = None
    """Success rate of end-to-end training, and the steps until success. A run succeeds when its test accuracy is half
    way from 1/2 to the highest possible accuracy. The problems must have `snapshots`."""
    fig5: Signal | None = None
    """Figure 5: SNR at initialisation against the tuple length k."""
    snr_training: AlongTraining | None = None
    """SNR of the networks saved during training; the problems must have `snapshots`. The figure also shows the SNR of
    the initial networks of the runs that `success` selects, so it needs the experiment `success`."""
    snr_depth: Depth | None = None
    """SNR at initialisation with residual blocks in N1."""
    fooling: Fooling | None = None
    """Adversarial and fooling images for N1. The learners must have `method: decomposition`, the only method that
    trains N1 on the label of every image."""


class Config(Family):
    """Lines: decomposition and end-to-end training compared (section 3.1, Figures 2, 3 and 5)."""

    conventions: Literal["scripts", "text"] = "scripts"
    """How images are drawn and tuples labelled. `scripts`, as in the authors' scripts: centres in [0, 28]^2,
    coordinates truncated, and the label of an even number of images negated. `text`, as in the paper's text: centres in
    [0, 27]^2, coordinates rounded."""
    pool: Pool = Field(default_factory=Pool)
    """Pool of training images, shared by all problems of the family."""
    problems: dict[Name, Problem] = Field(default_factory=dict)
    """Problems that several experiments share, by name."""
    learners: dict[Name, Learner] = Field(default_factory=dict)
    """Learners that several experiments share, by name."""
    experiments: Experiments
    """Experiments by name; each is one figure."""

    @model_validator(mode="after")
    def _networks_exist(self) -> Config:
        for name, figure in self.experiments.of_kind("success", "snr_training"):
            for problem in figure.problems:
                if not self.problems[problem].snapshots:
                    raise ValueError(f"experiments.{name}.problems: '{problem}' must have snapshots")
        for name, _ in self.experiments.of_kind("snr_training"):
            if self.experiments.success is None:
                raise ValueError(f"experiments.{name}: needs the experiment success")
        for name, figure in self.experiments.of_kind("fooling"):
            for learner in figure.learners:
                if self.learners[learner].method != "decomposition":
                    raise ValueError(f"experiments.{name}.learners: '{learner}' must have the method 'decomposition'")
        return self

    @model_validator(mode="after")
    def _tuples_fit_into_the_pool(self) -> Config:
        for where, tuples, length in self._demands():
            if tuples * length > self.pool.n_images:
                needed = f"{tuples} tuples of {length} images"
                raise ValueError(f"{where}: {needed} exceed pool.n_images = {self.pool.n_images}")
        return self

    def _demands(self) -> Iterator[tuple[str, int, int]]:
        """Yield what reads the pool: its place in the block, tuples, and images per tuple."""
        blocks = {name: getattr(self.experiments, name) for name in self.experiments.kinds}
        for name in sorted({problem for block in blocks.values() for problem in getattr(block, "problems", ())}):
            yield f"problems.{name}", self.problems[name].n_tuples, self.problems[name].tuple_length
        for name, block in blocks.items():
            if isinstance(block, Signal):
                yield f"experiments.{name}", block.n_tuples, max(block.tuple_lengths)
            elif isinstance(block, AlongTraining):
                for tuples, figure in ((block.n_tuples, block), (block.n_start, self.experiments.success)):
                    length = max(self.problems[problem].tuple_length for problem in figure.problems)
                    yield f"experiments.{name}", tuples, length


def footprint(problem: dict[str, Any], learner: dict[str, Any]) -> Footprint:
    """Return the numbers that the training of a learner on a problem holds.

    Args:
        problem: Validated block of a problem.
        learner: Validated block of a learner.
    """
    # N1 has 51,300 weights and a block of 3 x 3 filters 2,320. Outputs per image are an upper limit, because images are
    # processed in parts.
    weights, per_image = 51_300 + 2_320 * learner["blocks"], 5_000 + 2_450 * learner["blocks"]
    images = learner["batch_size"] * problem["tuple_length"]
    evaluated = problem["evaluation"] * problem["tuple_length"]
    return Footprint(weights, per_image, 5_000, images, evaluated // 10, 29 * problem["n_images"] // 4)


def resolve(block: dict[str, Any]) -> dict[str, Any]:
    """Return a validated `lines` block in which problems have the pool's `n_images`, and learners the `conventions`."""
    problems = {name: problem | {"n_images": block["pool"]["n_images"]} for name, problem in block["problems"].items()}
    learners = {name: learner | {"conventions": block["conventions"]} for name, learner in block["learners"].items()}
    return block | {"problems": problems, "learners": learners}
