"""Local features of pictures, and what two pictures have in common."""
