"""Tables over several families."""
