"""Prepare the training text and measure the speed of training."""
