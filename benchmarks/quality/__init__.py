"""Measure how well vectors, senses, explanations and text segmentation agree with gold data."""
