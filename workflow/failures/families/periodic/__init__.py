"""Linear-periodic targets: gradients that hardly depend on the direction to be learnt (section 2, Theorem 2)."""
