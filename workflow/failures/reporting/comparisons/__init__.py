"""Comparisons over several families: very deep networks and current optimisers.

These figures train no problem of their own. Each family selects runs in its blocks `depth_training` and
`optimisers`.
"""
