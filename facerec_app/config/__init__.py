"""Settings, paths and defaults."""
