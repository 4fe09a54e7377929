"""The library: pages for looking into the gallery, searching it and judging what is in it."""
