"""Closed forms for parities."""
