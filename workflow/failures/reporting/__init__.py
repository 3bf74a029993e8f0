"""Figures and pages over several families: comparisons, claims, costs, captions and the page of results."""
