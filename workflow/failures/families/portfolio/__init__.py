"""Section 3, portfolio: unbiased gradients of an end-to-end reward, too noisy when there are many stocks.

d is the number of states of the market, and k the number of stocks. A learner outputs a portfolio p, the share of money
on each stock. p_y is the share on the stock that rises.
"""
