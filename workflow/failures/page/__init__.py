"""One page of all results, for people who look rather than read; self-contained, made on demand, and no family."""
