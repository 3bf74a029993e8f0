"""Training of networks: random streams, losses, networks, gradients and the training loop."""
