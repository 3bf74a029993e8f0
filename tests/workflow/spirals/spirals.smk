# Two spirals.
registry.add_training(
    "spirals",
    instances=["n_turns"],
    problem=["n_turns", "n_steps", "evaluate_every", "checkpoint_every"],
    memory=1200,
    minutes=15,
    sources=architecture("spirals"),
)
registry.add_figures("spirals", "spiral_accuracy", files=["history"])
