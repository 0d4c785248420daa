"""The user interfaces: the command line and the web page."""

if __name__ == "ui":  # imported from a checkout by its short name
    from polyseme.old_names import take_over

    take_over(__name__)
