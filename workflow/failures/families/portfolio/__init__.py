"""Portfolio: unbiased end-to-end gradients that are too noisy if there are many stocks (section 3, Figure 4).

d is the number of states of the market, and k the number of stocks. A learner outputs a portfolio p, the share of money
on each stock. p_y is the share on the stock that rises.
"""
