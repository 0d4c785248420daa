"""Measure the page in a browser."""
