"""Sense spaces: the maps from a model's states to sense vectors, fitted to text with or without sense labels."""
