"""What the paper left out, over several families at once: very deep networks and today's optimisers. No family of
problems: every family selects runs of its own in its blocks `depth_training` and `optimisers`."""
