"""Modellix, simulated."""
