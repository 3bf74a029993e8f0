"""Claims of the paper and of its review against the tables, and published against reproduced curves."""
