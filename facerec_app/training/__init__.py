"""Training and judging of the networks."""
