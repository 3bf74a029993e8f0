"""Configuration block `lines`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.config.types import (
    JOINT,
    Family,
    Figure,
    Name,
    Optimizer,
    RateFactors,
    Seeds,
    Settings,
    Single,
    check_figure,
    unique,
)

Steps = Annotated[list[Annotated[int, Field(ge=0, le=100_000_000)]], AfterValidator(unique)]
# A block of images holds whole tuples of every length. For lengths up to 12 a block has at most 27,720 images.
Lengths = Annotated[list[Annotated[int, Field(ge=1, le=12)]], Field(min_length=1), AfterValidator(unique)]


class Problem(Settings):
    """Tuples of images, and the length of training."""

    tuple_length: int = Field(ge=1, le=100)
    """Images per tuple, k."""
    n_tuples: int = Field(500_000, ge=1, le=100_000_000)
    """Number of training tuples, read in order from the pool of images; after the last tuple, training continues with
    the first."""
    rate_factors: RateFactors = Field([1.0])
    """Factors of the learner's learning rate; each replicate is trained once per factor."""
    n_steps: int = Field(20_000, ge=1, le=100_000_000)
    """Training steps per run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Steps between two evaluations; the first follows the update of step 0, and the last step is always evaluated."""
    evaluation: int = Field(2000, ge=1, le=1_000_000)
    """Test tuples per evaluation during training; every evaluation uses the same tuples."""
    checkpoint_every: int = Field(500, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to a multiple of `evaluate_every`; an interrupted run resumes from the
    last checkpoint."""
    snapshots: Steps = Field(default_factory=list)
    """Steps after which the network is saved; each must be an evaluation step. Steps beyond the end of a run are
    ignored."""
    seeds: Seeds | None = None
    """Seeds of this problem's replicates; null uses the shared `seeds`."""

    @model_validator(mode="after")
    def _snapshots_are_evaluated(self) -> Problem:
        for step in self.snapshots:
            if step >= self.n_steps or (step % self.evaluate_every and step != self.n_steps - 1):
                raise ValueError(
                    f"snapshots: no evaluation at step {step}; use a multiple of evaluate_every = {self.evaluate_every}"
                    f" below n_steps = {self.n_steps}, or the last step"
                )
        return self


class Learner(Settings):
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


class Signal(Settings):
    """Figure of the signal-to-noise ratio (SNR) of the gradient at initialisation."""

    tuple_lengths: Lengths = Field([1, 2, 3, 4])
    """Tuple lengths k, in images."""
    n_tuples: int = Field(500_000, ge=100, le=100_000_000)
    """Tuples per estimate of the SNR."""
    seeds: Seeds
    """Seeds of the initial weights."""


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


class Config(Family):
    """Lines: decomposition and end-to-end training compared (section 3.1, Figures 2, 3 and 5)."""

    pool: Pool = Field(default_factory=Pool)
    """Pool of training images, shared by all problems of the family."""
    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; a problem is trained only if a figure selects it."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; a learner is trained only if a figure selects it."""
    fig2: Samples = Field(default_factory=Samples)
    """Figure 2: samples of both classes."""
    fig3: Compared
    """Figure 3: accuracy against training steps."""
    success: Figure
    """Success rate of end-to-end training, and the steps until success. A run succeeds when its test accuracy is half
    way from 1/2 to the highest possible accuracy. The problems must have `snapshots`."""
    fig5: Signal
    """Figure 5: SNR at initialisation against the tuple length k."""
    snr_training: AlongTraining
    """SNR of the networks saved during training; the problems must have `snapshots`. The figure also shows the SNR of
    the initial networks of the runs that `success` selects."""
    snr_depth: Depth
    """SNR at initialisation with residual blocks in N1."""
    fooling: Fooling
    """Adversarial and fooling images for N1. The learners must have `method: decomposition`, the only method that
    trains N1 on the label of every image."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        for name in ("fig3", "success", "snr_training", "fooling"):
            check_figure(getattr(self, name), self.problems, self.learners, name)
        for name in ("success", "snr_training"):
            for problem in getattr(self, name).problems:
                if not self.problems[problem].snapshots:
                    raise ValueError(f"{name}.problems: '{problem}' must have snapshots")
        for learner in self.fooling.learners:
            if self.learners[learner].method != "decomposition":
                raise ValueError(f"fooling.learners: '{learner}' must have the method 'decomposition'")
        self._tuples_fit_into_the_pool()
        return self

    def _tuples_fit_into_the_pool(self) -> None:
        joint = [figure for name in JOINT if (figure := getattr(self, name)) is not None]
        figures = [self.fig3, self.success, self.snr_training, self.fooling, *joint]
        selected = {name for figure in figures for name in figure.problems}
        trained, started = (
            max(self.problems[name].tuple_length for name in figure.problems)
            for figure in (self.snr_training, self.success)
        )
        for key, tuples, length in [
            *(
                (f"problems.{name}", self.problems[name].n_tuples, self.problems[name].tuple_length)
                for name in sorted(selected)
            ),
            ("fig5", self.fig5.n_tuples, max(self.fig5.tuple_lengths)),
            ("snr_depth", self.snr_depth.n_tuples, max(self.snr_depth.tuple_lengths)),
            ("snr_training", self.snr_training.n_tuples, trained),
            ("snr_training", self.snr_training.n_start, started),
        ]:
            if tuples * length > self.pool.n_images:
                needed = f"{tuples} tuples of {length} images"
                raise ValueError(f"{key}: {needed} exceed pool.n_images = {self.pool.n_images}")


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Resolve seeds that are null, and copy shared values to where they are used.

    block: a validated `lines` block. Problems get the key `n_images`. Learners get the key `variant`, which selects
    the images and the labels. Returns a new block.
    """
    problems = {
        name: problem | {"n_images": block["pool"]["n_images"], "seeds": problem["seeds"] or seeds}
        for name, problem in block["problems"].items()
    }
    learners = {name: learner | {"variant": variant} for name, learner in block["learners"].items()}
    return block | {"problems": problems, "learners": learners}
