"""Lines: end-to-end training and decomposition on tuples of images of lines (section 3.1, Figures 2, 3 and 5).

k is the number of images per tuple. N1 is the network that scores one image; N2 turns the k scores into the tuple's
score. SNR is the signal-to-noise ratio of the gradient. The *ceiling* is the highest possible accuracy. It is below 1,
because a horizontal or vertical line has either label with equal probability.
"""
