"""Training engine: random streams, losses, networks, per-sample gradients and the training loop."""
