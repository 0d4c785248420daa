"""Readers of published evaluation sets."""
