"""Faces cut out so that eyes, nose and mouth lie where an extractor expects them."""
