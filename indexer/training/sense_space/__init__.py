"""Fit sense spaces."""
