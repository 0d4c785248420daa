"""Cut text into sentences and tokens with offsets, lemmas and kinds."""
