"""Choices that depend on the model: run them again when the bundled model is replaced."""
