"""Random parities: targets about which the gradient carries almost no information (section 2, Theorem 1).

v* is the indicator vector of the relevant bits, |v*| is their number, and d is the number of all bits.
"""
