"""Modellix."""
