"""Dictionaries: read the senses of words from files, and make a centroid vector of each sense."""
