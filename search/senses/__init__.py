"""Induce the senses of words, label them, name them, and count them over time."""
