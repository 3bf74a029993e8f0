"""Curves: architecture and conditioning decide how fast a piecewise linear curve is learnt (section 4, Figure 6).

A curve f = W p has n points. p holds the changes of slope. W is the decoder matrix; its singular values are S_11
(largest) to S_nn (smallest). *Conditioned* learners multiply their inputs by C^(-1/2), where C is the second-moment
matrix of the inputs.
"""
