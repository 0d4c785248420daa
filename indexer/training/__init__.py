"""Training: ELMo models from text, and sense spaces for them."""
