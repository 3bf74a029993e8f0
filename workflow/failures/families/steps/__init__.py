"""Section 5: a flat activation has no gradient; what is done about it, and what that costs.

The target is y = u(r) with r = ⟨v*, x⟩ + b*, where u is a step function. *Non-flat* learners replace u by ũ, a sum of
sigmoids.
"""
