"""Read gold data: sense-tagged corpora and judgements."""
