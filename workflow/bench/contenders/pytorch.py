"""PyTorch, eager, samples drawn by PyTorch."""

import torch

from bench.worker import BATCH, EVALUATION, RATE, WINDOW


def make(d):
    """An eager training loop."""
    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(d, 10 * d), torch.nn.ReLU(), torch.nn.Linear(10 * d, 1))
    optimizer = torch.optim.SGD(model.parameters(), RATE)

    def loss_of(n):
        x = torch.randint(0, 2, (n, d), dtype=torch.float32).mul_(2).sub_(1)
        y = x[:, : d // 2].prod(dim=1, keepdim=True)
        return torch.relu(1 - y * model(x)).mean()

    def train(windows):
        for _ in range(windows):
            for _ in range(WINDOW):
                optimizer.zero_grad()
                loss_of(BATCH).backward()
                optimizer.step()
            with torch.no_grad():
                loss_of(EVALUATION).item()

    return train
