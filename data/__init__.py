"""Bundled data, installed as `polyseme.data`: sample documents, their gold senses and gold sentences, and models."""
