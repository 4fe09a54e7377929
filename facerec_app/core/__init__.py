"""Types, protocols, errors and geometry that every layer shares; NumPy and the standard library only."""
