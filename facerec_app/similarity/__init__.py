"""Judging pairs of features: the similarity network and the plain cosine beside it."""
