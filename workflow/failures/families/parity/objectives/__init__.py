"""Training objectives other than that of Figure 1."""
