"""Configuration block `lines`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from failures.settings import (
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
# Blocks of images hold whole tuples of each length: up to 12, these are 27,720 images at most.
Lengths = Annotated[list[Annotated[int, Field(ge=1, le=12)]], Field(min_length=1), AfterValidator(unique)]


class Problem(Settings):
    """Tuples of images, and how long a learner trains on them."""

    tuple_length: int = Field(ge=1, le=100)
    """Images in a tuple, k."""
    n_tuples: int = Field(500_000, ge=1, le=100_000_000)
    """Training tuples, read in order, again and again, from the pool of images."""
    rate_factors: RateFactors = Field([1.0])
    """Each replicate is trained once for each of these multiples of the learner's learning rate."""
    n_steps: int = Field(20_000, ge=1, le=100_000_000)
    """Training steps of a run."""
    evaluate_every: int = Field(100, ge=1, le=1_000_000)
    """Evaluate after the update at steps 0, this, twice this, ... and the last."""
    evaluation: int = Field(2000, ge=1, le=1_000_000)
    """Test tuples of an evaluation along training, always the same."""
    checkpoint_every: int = Field(500, ge=1, le=100_000_000)
    """Steps between two checkpoints, rounded up to whole evaluations; an interrupted run resumes from the last."""
    snapshots: Steps = Field(default_factory=list)
    """Steps after whose update the network is kept; each must be one with an evaluation. Those after the end of a
    learner's runs are passed over."""
    seeds: Seeds | None = None
    """Replicates of this problem; the shared `seeds` if left out."""

    @model_validator(mode="after")
    def _snapshots_are_evaluated(self) -> Problem:
        for step in self.snapshots:
            if step >= self.n_steps or (step % self.evaluate_every and step != self.n_steps - 1):
                raise ValueError(f"snapshots: there is no evaluation after step {step}")
        return self


class Learner(Settings):
    """How N1 and N2 are trained."""

    method: Literal["end_to_end", "decomposition"]
    """`end_to_end`: hinge loss of the tuple's label; `decomposition`: that of every image's label in addition."""
    blocks: int = Field(0, ge=0, le=100)
    """Residual blocks in N1 behind its second maximum: a convolution of 3 x 3 and a ReLU, added to their input. None in
    the paper."""
    n_steps: int | None = Field(None, ge=1, le=100_000_000)
    """Steps at which this learner's runs end, if the problem's do not end before."""
    batch_size: int = Field(200, ge=1, le=100_000)
    """Tuples for each step."""
    optimizer: Optimizer = Field(default_factory=Optimizer)
    """The optimiser."""


class Pool(Settings):
    """The training images, which all problems share."""

    n_images: int = Field(2_000_000, ge=1, le=100_000_000)
    """Number of images; each takes 116 bytes."""


class Samples(Settings):
    """What a figure of samples shows."""

    tuple_lengths: Lengths = Field([1, 2, 3])
    """Images in a tuple, k; a row of samples each."""
    n_samples: int = Field(4, ge=1, le=20)
    """Samples of each class."""


class Compared(Figure):
    """What a comparison of the methods shows."""

    n_test: int = Field(10_000, ge=1, le=1_000_000)
    """Test tuples for the final accuracy."""


class Signal(Settings):
    """The signal-to-noise ratio at random initial weights."""

    tuple_lengths: Lengths = Field([1, 2, 3, 4])
    """Images in a tuple, k."""
    n_tuples: int = Field(500_000, ge=100, le=100_000_000)
    """Tuples that it is estimated from."""
    seeds: Seeds
    """Initialisations."""


class Depth(Signal):
    """The same for networks with residual blocks."""

    blocks: Annotated[list[Annotated[int, Field(ge=0, le=100)]], Field(min_length=1), AfterValidator(unique)] = Field(
        [0, 1, 4]
    )
    """Residual blocks in N1; a network each, of otherwise the same weights."""


class Fooling(Single):
    """How trained networks are fooled: by flipped pixels, by small changes, by images made from noise."""

    n_images: int = Field(100, ge=1, le=10_000)
    """Test images that are changed: the first that the network labels rightly, without those along an axis."""
    largest_flips: int = Field(10, ge=1, le=100)
    """Pixels that are flipped at most, one after the other."""
    n_pairs: int = Field(4, ge=0, le=1000)
    """Images that no single pixel fools, of which all pairs of pixels are tried."""
    n_iterations: int = Field(30, ge=1, le=1000)
    """Iterations of the search for the smallest change."""
    n_noise: int = Field(100, ge=2, le=10_000)
    """Images of noise, half of them for each label."""
    n_ascent: int = Field(100, ge=1, le=10_000)
    """Steps of gradient ascent from each."""
    n_examples: int = Field(4, ge=1, le=10)
    """Examples that the figure shows."""


class AlongTraining(Figure):
    """The signal-to-noise ratio along training, and what it predicts."""

    n_tuples: int = Field(100_000, ge=100, le=100_000_000)
    """Tuples that it is estimated from along training."""
    n_start: int = Field(500_000, ge=100, le=100_000_000)
    """Tuples that it is estimated from at the start of the runs of `success`."""


class Config(Family):
    """Lines: decomposition against end-to-end training (section 3.1, Figures 2, 3 and 5), and what fools networks."""

    pool: Pool = Field(default_factory=Pool)
    """The training images."""
    problems: dict[Name, Problem] = Field(min_length=1)
    """Problems by name; only those that a figure selects are trained."""
    learners: dict[Name, Learner] = Field(min_length=1)
    """Learners by name; only those that a figure selects are trained."""
    fig2: Samples = Field(default_factory=Samples)
    """Samples of both classes."""
    fig3: Compared
    """Accuracy against steps."""
    success: Figure
    """How often end-to-end training learns, and when."""
    fig5: Signal
    """The signal-to-noise ratio against k."""
    snr_training: AlongTraining
    """The signal-to-noise ratio along training (problems with `snapshots`), and at the start of the runs of
    `success` (which need the snapshot 0)."""
    snr_depth: Depth
    """The signal-to-noise ratio with residual blocks in N1."""
    fooling: Fooling
    """What fools N1 of trained networks; only the decomposition tells it the label of every image."""

    @model_validator(mode="after")
    def _selections_are_defined(self) -> Config:
        for name in ("fig3", "success", "snr_training", "fooling"):
            check_figure(getattr(self, name), self.problems, self.learners, name)
        for name in ("success", "snr_training"):
            for problem in getattr(self, name).problems:
                if not self.problems[problem].snapshots:
                    raise ValueError(f"{name}.problems: '{problem}' needs snapshots")
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
                raise ValueError(f"{key}: {needed} are more than pool.n_images = {self.pool.n_images}")


def resolve(block: dict[str, Any], variant: str, seeds: list[int]) -> dict[str, Any]:
    """Replace the values that stand for others (`variant`, no seeds) by what they stand for.

    block: a validated `lines` block. Learners get the key `variant`, which decides images and labels. Returns a new
    block.
    """
    problems = {
        name: problem | {"n_images": block["pool"]["n_images"], "seeds": problem["seeds"] or seeds}
        for name, problem in block["problems"].items()
    }
    learners = {name: learner | {"variant": variant} for name, learner in block["learners"].items()}
    return block | {"problems": problems, "learners": learners}
