"""How good recognition is: protocols that draw trials, metrics that sum them up, reports that show them."""
