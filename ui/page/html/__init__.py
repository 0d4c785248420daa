"""HTML of the page as pure functions."""
