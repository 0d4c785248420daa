"""Train a tagger on a treebank and add it to a model."""
