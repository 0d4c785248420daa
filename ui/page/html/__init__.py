"""HTML of the page, built by pure functions."""
