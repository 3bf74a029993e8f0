"""Section 3, portfolio: unbiased gradients of an end-to-end reward, too noisy when there are many stocks."""
