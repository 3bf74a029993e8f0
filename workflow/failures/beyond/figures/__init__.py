"""Figures over several families."""
