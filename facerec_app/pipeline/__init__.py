"""The path of a frame, from pixels to names, and what is made of its results."""
