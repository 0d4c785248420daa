"""Read published evaluation sets."""
