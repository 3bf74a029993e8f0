"""Random parities: targets whose gradient carries almost no information about them (section 2).

v* is the indicator vector of the relevant bits, |v*| their number, and d the number of all bits.
"""
