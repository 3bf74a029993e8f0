"""Comparisons over several families, of runs that each family trains: very deep networks and current optimisers."""
