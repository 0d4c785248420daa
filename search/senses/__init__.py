"""Induce, label, name and follow the senses of words."""
