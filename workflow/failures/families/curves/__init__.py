"""Section 4: architecture and conditioning decide how fast the pieces of a piecewise linear curve are found."""
