"""A collection and a query -> hits."""
