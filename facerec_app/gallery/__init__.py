"""Enrolled people and faces on disk, their embeddings as a cache, and the search for the nearest of them."""
