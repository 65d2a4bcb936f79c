"""Jimmy AI, simulated."""
