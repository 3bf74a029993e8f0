"""Two spirals: the more turns, the longer a network needs to tell them apart."""
