"""Documents -> a collection on disk."""
