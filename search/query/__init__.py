"""Parse and encode queries and filters."""
