"""Measures of the claims: one module per family, one function per claim."""
