"""ELMo: tokens in, vectors out. The one door is `load_encoder`."""
