"""How fast this engine trains beside other ways to do the same work: ``make bench``."""
