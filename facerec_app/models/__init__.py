"""The shipped model files: what they are, and proof that they are whole."""
