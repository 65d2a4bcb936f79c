"""Jimmy AI."""
