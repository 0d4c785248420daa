"""People: the command line and the page."""
