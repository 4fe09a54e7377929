"""The speed of the whole program in one JSON file; ``python -m tests.benchmarks.speed --help``."""
