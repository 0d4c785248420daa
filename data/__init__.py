"""Bundled data (installed as `polyseme.data`): the sample documents, their gold senses, and the models."""
