"""Section 5: a flat activation has no gradient; what is done about it, and what that costs."""
