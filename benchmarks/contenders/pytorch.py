"""PyTorch in eager mode, with fused optimisers; PyTorch draws the samples."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def make(row, arrays):
    """Return an eager training loop, and the number of weights."""
    torch.set_num_threads(row.threads)
    task = TASKS[row.family](row, {name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()})
    name, rate, beta_1, beta_2, epsilon = row.optimizer
    weights = [weight for weight in task.parameters() if weight.requires_grad]
    if name == "Adam":
        optimizer = torch.optim.Adam(weights, rate, (beta_1, beta_2), epsilon, fused=True)
    else:
        optimizer = torch.optim.SGD(weights, rate, fused=True)

    def train(windows):
        for _ in range(windows):
            for _ in range(row.every):
                optimizer.zero_grad()
                task.loss(*task.sample(row.batch)).backward()
                optimizer.step()
            with torch.no_grad():
                loss = task.loss(*task.held_out()).item()
        return loss

    return train, sum(weight.numel() for weight in weights)


def _layers(*sizes):
    """Build linear layers with ReLU between them."""
    layers = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _hinge(labels, scores):
    return torch.relu(1 - labels * scores).mean()


class Task(nn.Module):
    """A network with its samples and loss; evaluations are on fresh samples by default."""

    def __init__(self, row, arrays):
        super().__init__()
        self.row, self.problem, self.arrays = row, row.problem, arrays
        self.build()

    def held_out(self):
        """Draw fresh samples."""
        return self.sample(self.problem["evaluation"])


class Parity(Task):
    """Parities."""

    def build(self):
        """Build one hidden layer."""
        self.d, self.size = self.problem["n_features"], int(self.arrays["size"])
        self.network = _layers(self.d, 10 * self.d, 1)

    def sample(self, n):
        """Draw inputs and labels."""
        x = torch.randint(0, 2, (n, self.d), dtype=torch.float32).mul_(2).sub_(1)
        return x, x[:, : self.size].prod(dim=1, keepdim=True)

    def loss(self, x, y):
        """Return the hinge loss."""
        return _hinge(y, self.network(x))


class Portfolio(Task):
    """Portfolios: a product with a unit vector selects a row."""

    def build(self):
        """Build a table of rows and a bias."""
        self.d, self.k = self.problem["n_features"], self.problem["n_stocks"]
        self.table = nn.Parameter(torch.randn(self.d, self.k) * self.d**-0.5)
        self.bias = nn.Parameter(torch.zeros(self.k))

    def sample(self, n):
        """Draw states and rewards."""
        states = torch.randint(0, self.d, (n,))
        rewards = torch.randint(0, 2, (n, self.k), dtype=torch.float32).mul_(2).sub_(1)
        rewards[torch.arange(n), self.arrays["labels"][states]] = 1
        return states, rewards

    def loss(self, states, rewards):
        """Return minus the mean return."""
        portfolio = torch.softmax(functional.embedding(states, self.table) + self.bias, dim=1)
        return -(rewards * portfolio).sum() / len(states)


class Curves(Task):
    """Curves."""

    def build(self):
        """Build a matrix, a filter, or dense layers."""
        n_points, self.kind = self.problem["n_points"], self.row.learner["architecture"]
        sizes = (n_points, 500, 100, 2 * self.problem["n_pieces"], 100, 100, n_points)
        match self.kind:
            case "linear":
                self.weight = nn.Parameter(torch.zeros(n_points, n_points))
            case "convolution":
                self.weight = nn.Parameter(torch.zeros(3))
                self.root = self.arrays["root"] if self.row.learner["conditioned"] else None
            case "autoencoder":
                self.network = _layers(*sizes)

    def sample(self, n):
        """Draw training curves with replacement."""
        chosen = torch.randint(0, len(self.arrays["curves"]), (n,))
        return self.arrays["curves"][chosen], self.arrays["changes"][chosen]

    def held_out(self):
        """Return all validation curves."""
        return self.arrays["validation_curves"], self.arrays["validation_changes"]

    def loss(self, curves, changes):
        """Return the squared error."""
        match self.kind:
            case "linear":
                return ((curves @ self.weight - changes) ** 2).sum(dim=1).mean()
            case "convolution":
                taps = self.weight if self.root is None else self.root @ self.weight
                outputs = taps[0] * curves[:, 2:] + taps[1] * curves[:, 1:-1] + taps[2] * curves[:, :-2]
                return ((outputs - changes[:, 2:]) ** 2).sum() / curves.numel()
        return functional.mse_loss(self.network(curves), curves)


class Steps(Task):
    """Step functions."""

    def build(self):
        """Build dense layers or an affine map."""
        d, width, self.kind = self.problem["n_features"], self.row.learner["width"], self.row.learner["kind"]
        sizes = {"end_to_end": [width] * 3 + [1], "multiclass": [width] * 2 + [self.row.learner["n_logits"]]}
        self.network = _layers(d, *sizes.get(self.kind, [1]))
        self.direction = self.arrays["direction"].float()[:, None]
        self.bias, self.z = float(self.arrays["bias"]), self.arrays["z"].float()
        self.heights = self.z.diff()
        self.slopes, self.shifted = 50 / self.heights, self.z[1:] - self.row.learner["shift"] * self.heights

    def sample(self, n):
        """Draw inputs, and values or indices of the steps."""
        x = self.problem["input_scale"] * torch.randn(n, len(self.direction))
        index = self.step_index(x @ self.direction + self.bias)
        return x, index[:, 0] if self.kind == "multiclass" else self.z[index]

    def step_index(self, r):
        """Return the indices of the steps that r, the affine map of the inputs, lies on."""
        return (torch.bucketize(r, self.z, right=True) - 1).clamp_(min=0)

    def loss(self, x, y):
        """Return the squared error or the cross-entropy."""
        outputs = self.network(x)
        match self.kind:
            case "multiclass":
                return functional.cross_entropy(outputs, y)
            case "non_flat":
                sigmoids = torch.sigmoid(self.slopes * (outputs - self.shifted))
                outputs = self.z[0] + (sigmoids @ self.heights)[:, None]
            case "forward_only":
                outputs = outputs + (self.z[self.step_index(outputs.detach())] - outputs).detach()
        return functional.mse_loss(outputs, y)


class Lines(Task):
    """Tuples of images, channels last, which is a little faster than channels first."""

    layout = torch.channels_last

    def build(self):
        """Build N1 and N2."""
        self.k, self.place = self.problem["tuple_length"], 0
        convolutions = [nn.Conv2d(1, 16, 5, padding=2), nn.MaxPool2d(2), nn.Conv2d(16, 16, 5, padding=2)]
        self.n1 = nn.Sequential(*convolutions, nn.MaxPool2d(2), nn.Flatten(), _layers(784, 50, 100, 1))
        self.n2 = _layers(self.k, 100, 1)
        self.n1 = self.n1.to(memory_format=self.layout)
        self.train_set, self.test_set = self._set("train"), self._set("test")

    def _set(self, name):
        images = self.arrays[f"{name}_images"].float().permute(0, 3, 1, 2).contiguous(memory_format=self.layout)
        sign = -1 if self.k % 2 == 0 else 1
        return images, sign * self.arrays[f"{name}_labels"].reshape(-1, self.k).prod(dim=1, keepdim=True)

    def sample(self, n):
        """Return the next tuples."""
        images, labels = self.train_set
        self.place = 0 if self.place + n > len(labels) else self.place
        start, self.place = self.place, self.place + n
        return images[self.k * start : self.k * self.place], labels[start : self.place]

    def held_out(self):
        """Return the test tuples."""
        return self.test_set

    def loss(self, images, labels):
        """Return the hinge loss of the labels of tuples."""
        return _hinge(labels, self.n2(torch.sigmoid(self.n1(images).reshape(-1, self.k))))


TASKS = {"parity": Parity, "portfolio": Portfolio, "curves": Curves, "steps": Steps, "lines": Lines}
