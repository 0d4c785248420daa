"""Gold data: sense-tagged corpora and tables of gold senses."""
