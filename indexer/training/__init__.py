"""Train ELMo models from text."""
