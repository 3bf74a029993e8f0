"""Section 3.1: tuples of images of lines; training end-to-end against training its parts (Figures 2, 3 and 5)."""
