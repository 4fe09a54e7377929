"""Face detectors: boxes, scores and five landmarks."""
