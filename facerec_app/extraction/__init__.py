"""Networks that turn aligned faces into vectors."""
