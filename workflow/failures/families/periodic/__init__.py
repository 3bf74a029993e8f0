"""Linear-periodic targets: gradients that hardly depend on the direction to be learnt (section 2, Theorem 2).

A target is psi(<v, x>) for normal inputs x in d dimensions; r is the norm of v.
"""
