"""Bundled data (installed as ``polyseme_data``): the sample documents, their gold senses, and the models."""
