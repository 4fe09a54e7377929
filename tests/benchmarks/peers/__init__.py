"""Other programs on the same film with the same people; ``python -m tests.benchmarks.peers --help``."""
