"""Families of problems, one folder per family; `config.families` finds them by their `config.py`."""
