"""Measure how fast and how exactly sentences are encoded."""
