"""Steps: activations whose gradient is 0 almost everywhere, and the cost of alternatives (section 5, Figure 7).

The target is y = u(r) with r = ⟨v*, x⟩ + b*, where u is a step function. *Non-flat* learners replace u by ũ, a sum of
sigmoids.
"""
