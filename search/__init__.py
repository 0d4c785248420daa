"""Search a collection: queries in, hits out."""

if __name__ == "search":  # imported from a checkout by its short name
    from polyseme.old_names import take_over

    take_over(__name__)
