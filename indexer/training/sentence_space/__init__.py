"""Fit a sentence space: distil the vectors of a sentence transformer into a weighted mean over an ELMo's states."""
